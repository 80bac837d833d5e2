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

"""Options of earlier releases, and misspellings."""

import json

import testtools

from heat_upgrade.checks.config import option_history
from heat_upgrade.checks.config import options
from tools import record_option_history


def of(*keys):
    return {key: options.Option(*key) for key in keys}


class TestHistory(testtools.TestCase):

    def test_old_name_leads_to_the_option_of_the_target(self):
        known = of(('database', 'connection_recycle_time'))
        for key in (('database', 'idle_timeout'),
                    ('DEFAULT', 'sql_idle_timeout')):
            self.assertEqual(('database', 'connection_recycle_time'),
                             option_history.retired(key, known).new)

    def test_replacement_that_the_target_lacks_is_not_named(self):
        self.assertIsNone(option_history.retired(
            ('database', 'idle_timeout'), {}).new)

    def test_value_without_a_meaning_for_the_new_name_is_removed(self):
        self.assertIsNone(option_history.retired(
            ('DEFAULT', 'db_backend'), of(('database', 'backend'))).new)

    def test_name_that_never_was_an_option_has_no_history(self):
        for key in (('DEFAULT', 'my_own'), ('trustee', 'auth_version'),
                    ('limits', 'workers')):
            self.assertIsNone(option_history.retired(key, {}))

    def test_section_of_a_client_that_is_gone_has_a_history(self):
        self.assertEqual(
            'Heat 22.0.1',
            option_history.retired_section('clients_sahara').described)
        for group in ('clients_nova', 'heat_api', 'own'):
            self.assertIsNone(option_history.retired_section(group))

    def test_option_of_an_api_that_is_gone_has_no_replacement(self):
        self.assertEqual('remove it', option_history.retired(
            ('heat_api_cloudwatch', 'workers'), {}).remedy)

    def test_each_replacement_says_what_it_is_about(self):
        for entry in option_history._replacements():
            self.assertEqual(bool(entry.owner), bool(entry.until), entry)

    def test_recorded_data_is_sorted_and_complete(self):
        data = json.loads(option_history.FILE.read_text())
        self.assertEqual(sorted(data), list(data))
        for owner, until, _ in data.values():
            self.assertIn(until, record_option_history.RELEASES[owner])


class TestRecording(testtools.TestCase):

    def test_last_release_that_read_a_name_is_recorded(self):
        self.assertEqual({'a/x': ['o', '2', None], 'a/y': ['o', '1', 'a/z']},
                         record_option_history.history({
                             ('o', '1'): {'a/x': None, 'a/y': 'a/z'},
                             ('o', '2'): {'a/x': None, 'a/z': None},
                             ('o', '3'): {'a/z': None}}))


class TestMisspellings(testtools.TestCase):

    def misspelt(self, name, *others):
        near = option_history.misspelt(
            ('a', name), [('a', other) for other in others] + [('b', name)])
        return near and near[1]

    def test_one_or_two_edits_are_a_misspelling(self):
        for name in ('num_engine_wrokers', 'num_engine_worker',
                     'num_engin_workerss', 'num-engine_workers'):
            self.assertEqual('num_engine_workers',
                             self.misspelt(name, 'num_engine_workers', 'x'))

    def test_another_word_is_no_misspelling(self):
        for name, other in (('auth_version', 'auth_section'),
                            ('idle_timeout', 'pool_timeout'),
                            ('rpc_backend', 'cloud_backend'),
                            ('instance_user', 'instance_format'),
                            ('heat_watch_server_url',
                             'heat_waitcondition_server_url'),
                            ('url', 'uri')):
            self.assertIsNone(self.misspelt(name, other))

    def test_other_section_is_not_searched(self):
        self.assertIsNone(self.misspelt('size'))
