# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""A manifest is written atomically, and rejected with a reason."""

import json
import os
import stat

import ddt
import fixtures
import testtools

from heat_integrationtests import manifest
from heat_integrationtests import scenario_record


@ddt.ddt
class ManifestTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.directory = os.path.join(
            self.useFixture(fixtures.TempDir()).path, 'state')

    def write(self, text):
        os.makedirs(self.directory, exist_ok=True)
        with open(manifest.path(self.directory, 'one'), 'w') as file:
            file.write(text)

    def test_saved_content_is_loaded(self):
        manifest.save(self.directory, 'one', {'text': 'tæg', 'list': [1]})
        self.assertEqual(
            {'schema': manifest.SCHEMA, 'text': 'tæg', 'list': [1]},
            manifest.load(self.directory, 'one'))

    def test_only_the_owner_may_read_a_manifest(self):
        manifest.save(self.directory, 'one', {})
        mode = os.stat(manifest.path(self.directory, 'one')).st_mode
        self.assertEqual(0o600, stat.S_IMODE(mode))
        self.assertEqual(
            0o700, stat.S_IMODE(os.stat(self.directory).st_mode))

    def test_a_missing_manifest_raises_missing(self):
        error = self.assertRaises(manifest.Missing, manifest.load,
                                  self.directory, 'one')
        self.assertIn('nothing was recorded for one', str(error))

    @ddt.data('', '{"schema": 1', '[]', '{"no": "schema"}', '"text"',
              '{"schema": "1"}')
    def test_a_damaged_manifest_raises_damaged(self, text):
        self.write(text)
        self.assertRaises(manifest.Damaged, manifest.load, self.directory,
                          'one')

    def test_a_manifest_of_a_newer_release_is_refused(self):
        self.write(json.dumps({'schema': manifest.SCHEMA + 1}))
        error = self.assertRaises(manifest.Newer, manifest.load,
                                  self.directory, 'one')
        self.assertIn(f'schema version {manifest.SCHEMA + 1}', str(error))

    def test_a_failed_write_keeps_the_old_manifest_and_no_other_file(self):
        manifest.save(self.directory, 'one', {'first': True})
        self.assertRaises(TypeError, manifest.save, self.directory, 'one',
                          {'not json': object()})
        self.assertTrue(manifest.load(self.directory, 'one')['first'])
        self.assertEqual(['one.json'], os.listdir(self.directory))

    def test_a_failed_rename_keeps_the_old_manifest(self):
        manifest.save(self.directory, 'one', {'first': True})
        self.useFixture(fixtures.MockPatchObject(
            os, 'rename', side_effect=OSError))
        self.assertRaises(OSError, manifest.save, self.directory, 'one',
                          {'first': False})
        self.assertTrue(manifest.load(self.directory, 'one')['first'])
        self.assertEqual(['one.json'], os.listdir(self.directory))

    def test_names_lists_manifests_only(self):
        self.assertEqual([], manifest.names(self.directory))
        manifest.save(self.directory, 'two', {})
        manifest.save(self.directory, 'one', {})
        for other in ('.one.tmp', '.hidden.json', 'lock'):
            open(os.path.join(self.directory, other), 'w').close()
        self.assertEqual(['one', 'two'], manifest.names(self.directory))

    def test_archived_manifests_are_moved_and_kept(self):
        manifest.save(self.directory, 'one', {})
        kept = manifest.archive(self.directory, 'done')
        self.assertEqual([], manifest.names(self.directory))
        self.assertEqual(['one'], manifest.names(kept))
        self.assertIsNone(manifest.archive(self.directory, 'done'))


class RecordTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.directory = self.useFixture(fixtures.TempDir()).path

    def begun(self):
        return scenario_record.Record.begin(self.directory, 'one')

    def loaded(self):
        return scenario_record.Record.load(self.directory, 'one')

    def add_stack(self, begun):
        return begun.add_stack('main', 'name', as_operator=False,
                               request={})

    def test_the_name_of_a_stack_is_saved_before_the_request(self):
        self.add_stack(self.begun())
        entry = self.loaded().content['stacks']['main']
        self.assertEqual(('name', None), (entry['name'], entry['id']))

    def test_a_stack_without_an_id_is_not_recorded(self):
        self.add_stack(self.begun())
        self.assertRaises(manifest.Damaged, self.loaded().stack)

    def test_a_stack_without_facts_is_not_recorded(self):
        begun = self.begun()
        self.add_stack(begun)['id'] = 'id'
        begun.save()
        self.assertEqual('id', self.loaded().stack()['id'])
        error = self.assertRaises(manifest.Damaged, self.loaded().facts)
        self.assertIn('facts of the stack main', str(error))

    def test_notes_and_owed_entities_are_kept(self):
        begun = self.begun()
        begun.note('text', 'here')
        begun.owe('projects', 'id')
        self.assertEqual('here', self.loaded().noted('text'))
        self.assertEqual([['projects', 'id']],
                         self.loaded().content['owed'])
        self.assertRaises(manifest.Damaged, self.loaded().noted, 'other')

    def test_a_record_is_not_created_twice(self):
        self.begun().save()
        error = self.assertRaises(manifest.Exists, self.begun)
        self.assertIn('heat_integrationtests.destroy', str(error))

    def test_a_manifest_of_another_kind_is_not_a_record(self):
        manifest.save(self.directory, 'one', {'own': True})
        self.assertRaises(manifest.Damaged, self.loaded)
