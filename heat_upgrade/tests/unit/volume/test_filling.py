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

"""The stacks that are cloned, and how many clones there are."""

import contextlib
import types

import ddt
import fixtures
import testtools

from heat_upgrade import errors
from heat_upgrade.lab import heat_client
from heat_upgrade.volume import cloning
from heat_upgrade.volume import filling
from heat_upgrade.volume import source_stacks


class Heat:
    """An API whose operations are complete at once."""

    def __init__(self, refused='', failed=''):
        self.refused, self.failed = refused, failed
        self.statuses, self.calls = {}, []

    def call(self, method, path, body=None):
        self.calls.append((method, path.split('/')[-2:][0]))
        if method == 'POST':
            name = body['stack_name']
            if name == self.refused:
                return self.answer(403, 'no quota')
            self.statuses[name] = ('CREATE_FAILED' if name == self.failed
                                   else 'CREATE_COMPLETE')
            return self.answer(201, {'stack': {'id': f'id-{name}'}})
        name = path.split('/')[1] if '/' in path else ''
        if method == 'PUT':
            self.statuses[name] = 'UPDATE_COMPLETE'
        elif method == 'DELETE':
            del self.statuses[name]
        return self.answer(200, {'stacks': [
            {'stack_name': name, 'stack_status': status}
            for name, status in self.statuses.items()]})

    def answer(self, status, body):
        return heat_client.Answer(status, body, '', 0.0, 0.0)


class TestSourceStacks(testtools.TestCase):

    def test_stacks_are_created_changed_and_deleted(self):
        heat = Heat()
        source_stacks.create(heat)
        self.assertEqual(
            {'plain': 'CREATE_COMPLETE', 'group': 'CREATE_COMPLETE',
             'deep': 'CREATE_COMPLETE', 'wide': 'CREATE_COMPLETE',
             'changed': 'UPDATE_COMPLETE'}, heat.statuses)

    def test_refused_stack_is_named_with_the_answer(self):
        exc = self.assertRaises(errors.LabError, source_stacks.create,
                                Heat(refused='wide'))
        self.assertIn('403: no quota', str(exc))

    def test_failed_stack_ends_the_wait_at_once(self):
        exc = self.assertRaises(errors.LabError, source_stacks.create,
                                Heat(failed='deep'))
        self.assertIn('deep, which is to be cloned, is CREATE_FAILED',
                      str(exc))

    def test_missing_stack_is_a_timeout_that_names_the_wish(self):
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.volume.source_stacks.TIMEOUT', 0))
        exc = self.assertRaises(errors.WaitTimeout, source_stacks._wait,
                                Heat(), {'plain': 'CREATE_COMPLETE'})
        self.assertIn("{'plain': 'CREATE_COMPLETE'}", str(exc))


@ddt.ddt
class TestFill(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.made, self.added = [], []
        identity = types.SimpleNamespace(project_id=lambda: 'the-project')
        self.cloud = types.SimpleNamespace(
            user=lambda name: identity,
            nodes={'node-1': types.SimpleNamespace(api_url='http://api')},
            mariadb=types.SimpleNamespace(
                execute=lambda statement: None,
                connection=lambda name: contextlib.nullcontext('connection')))
        cloner = types.SimpleNamespace(
            stacks=10, source=lambda name: f'id of {name}',
            clone=self.clone,
            add_events=lambda *arguments: self.added.append(arguments))
        for name, fake in (
                ('source_stacks.create', lambda api: None),
                ('cloning.Cloner', lambda connection, **options: cloner)):
            self.useFixture(fixtures.MonkeyPatch(
                f'heat_upgrade.volume.{name}', fake))

    def clone(self, generations):
        self.made.append(generations)
        return {'stack': 10 * generations, 'event': 100 * generations}

    @ddt.unpack
    @ddt.data((1, 1), (10, 1), (11, 2), (1000, 100))
    def test_clones_are_whole_generations(self, stacks, generations):
        volume = filling.fill(self.cloud, stacks=stacks, events=0, seed=7)
        self.assertEqual(([generations], 10 * generations),
                         (self.made, volume.stacks))

    def test_additional_events_are_counted(self):
        volume = filling.fill(self.cloud, stacks=20, events=5, seed=7)
        self.assertEqual([('id of plain', 5, 2)], self.added)
        self.assertEqual(205, volume.rows['event'])

    def test_the_first_clone_is_shown(self):
        volume = filling.fill(self.cloud, stacks=20, events=0, seed=7)
        self.assertEqual(
            ('plain-1', cloning.clone_of(7, 'id of plain', 1)), volume.shown)

    def test_volume_of_zero_has_a_project_and_no_clone(self):
        volume = filling.fill(self.cloud, stacks=0, events=0, seed=7)
        self.assertEqual(([], 0, None),
                         (self.made, volume.stacks, volume.shown))
