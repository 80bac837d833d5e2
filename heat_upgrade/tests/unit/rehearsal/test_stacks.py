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

"""Judgement of the stacks that a rehearsal loads."""

import json
import pathlib

import ddt
import fixtures
import testtools

from heat_upgrade.rehearsal import stacks
from heat_upgrade.results import findings

COUNTS = {'stacks': 99, 'encrypted': 0, 'failed': 0, 'decrypted': 0,
          'undecrypted': 0}
FAILURES = tuple(stacks.Failure(f'id-{number}', 'resources', 'heat.NoType',
                                'heat/x.py:1') for number in range(30))
# As with the dump and the key of a public report: every stack's template and
# credentials, by both releases.
WRONG_KEY = tuple(
    stacks.Failure(f'id-{number}', part,
                   'heat.common.exception.InvalidEncryptionKey',
                   'heat/common/crypt.py:168, in decrypted_dict', True)
    for number in range(3) for part in ('credentials', 'stack'))


@ddt.ddt
class TestStacks(testtools.TestCase):

    def judge(self, failures=(), base=None, *, unchanged=True, key=True,
              **counts):
        return stacks.judge(
            stacks.Loaded({**COUNTS, **counts}, tuple(failures)),
            None if base is None else stacks.Loaded(COUNTS, tuple(base)),
            unchanged=unchanged, key=key)

    def rules(self, *failures, **more):
        return [found.rule.partition('.')[2]
                for found in self.judge(*failures, **more)]

    def test_stacks_that_all_load_are_no_finding(self):
        self.assertEqual([], self.judge())

    def test_failure_of_the_target_alone_is_an_error(self):
        found, = self.judge(FAILURES, [])
        self.assertEqual(findings.ERROR, found.severity)
        self.assertIn('stacks: 30; heat.NoType', found.evidence)
        self.assertIn('stack id-0\n', found.evidence)
        self.assertIn('and 10 more', found.evidence)

    def test_failure_of_the_base_too_is_a_warning(self):
        found = self.judge(FAILURES[:2], FAILURES[:1])
        self.assertEqual([findings.ERROR, findings.WARNING],
                         [one.severity for one in found])

    def test_the_base_proves_nothing_on_rows_that_changed(self):
        found, = self.judge(FAILURES[:2], FAILURES[:2], unchanged=False)
        self.assertEqual(findings.ERROR, found.severity)

    def test_encrypted_stacks_without_a_key_are_counted(self):
        found, = self.judge(key=False, encrypted=4)
        self.assertEqual(findings.WARNING, found.severity)
        self.assertIn('4 stacks of 99', found.evidence)
        self.assertIn('--config-file', found.remedy)

    def test_key_that_decrypts_nothing_is_one_error(self):
        found, = self.judge(WRONG_KEY, WRONG_KEY, undecrypted=6, failed=3)
        self.assertEqual(
            ('rehearsal.key-does-not-decrypt', findings.ERROR),
            (found.rule, found.severity))
        self.assertIn('encrypted values: 6, decrypted: 0', found.evidence)
        self.assertIn('stacks with such values: 3', found.evidence)

    def test_key_that_decrypts_nothing_of_a_few_stacks_is_an_error(self):
        self.assertEqual(['key-does-not-decrypt'], self.rules(
            WRONG_KEY[:1], WRONG_KEY[:1], undecrypted=1, failed=1))

    def test_wrong_key_does_not_hide_another_failure(self):
        self.assertEqual(
            ['key-does-not-decrypt', 'stack-does-not-load'],
            self.rules((*WRONG_KEY, FAILURES[0]), WRONG_KEY, undecrypted=6,
                       failed=4))

    def test_key_that_decrypts_other_values_is_the_right_one(self):
        self.assertEqual(['stack-never-loaded'], self.rules(
            WRONG_KEY[:1], WRONG_KEY[:1], undecrypted=1, decrypted=5,
            failed=1))

    def test_failure_on_all_stacks_by_both_is_an_error(self):
        self.assertEqual(
            ['stack-never-loaded', 'no-stack-loads'],
            self.rules(FAILURES, FAILURES, stacks=30, failed=30))

    def test_failure_on_all_stacks_but_one_is_no_further_error(self):
        self.assertEqual(['stack-never-loaded'], self.rules(
            FAILURES, FAILURES, stacks=31, failed=30))

    def test_failure_of_the_target_on_all_stacks_is_told_once(self):
        self.assertEqual(['stack-does-not-load'], self.rules(
            FAILURES, [], stacks=30, failed=30))

    def test_database_without_stacks_passes(self):
        self.assertEqual([], self.rules(stacks=0))

    @ddt.data(
        ('/etc/heat/plugins/my_alarm.py',
         "ImportError: cannot import name 'monasca'", 'my_alarm.py'),
        ('', '', 'its plug-ins'))
    @ddt.unpack
    def test_plug_in_that_cannot_be_loaded_is_named(self, plugin, text, said):
        failure = {'error': 'builtins.ImportError', 'plugin': plugin,
                   'where': 'heat/common/plugin_loader.py:75', 'text': text}
        found, = stacks.judge(
            stacks.Loaded(dict.fromkeys(COUNTS, 0), (), failure),
            stacks.Loaded(dict.fromkeys(COUNTS, 0)), unchanged=True, key=True)
        self.assertEqual(findings.ERROR, found.severity)
        self.assertIn(said, found.title)
        self.assertIn(text or 'ImportError', found.evidence)
        self.assertNotIn('The base cannot load it', found.evidence)

    def test_plug_in_that_neither_release_loads_is_an_error_too(self):
        failed = stacks.Loaded(dict.fromkeys(COUNTS, 0), (), {
            'error': 'builtins.SyntaxError', 'plugin': '/p/a.py',
            'where': '', 'text': 'SyntaxError: invalid syntax'})
        found, = stacks.judge(failed, failed, unchanged=True, key=True)
        self.assertEqual(findings.ERROR, found.severity)
        self.assertIn('The base cannot load it either', found.evidence)

    def test_output_of_a_program_is_read_line_by_line(self):
        out = pathlib.Path(self.useFixture(fixtures.TempDir()).path, 'out')
        one = json.dumps(vars(FAILURES[0]))
        out.write_text(f'{one}\n{{"done": 50}}\n{one[:9]}')
        done, failures = [0], []
        position = stacks._read(out, 0, done, 0, failures)
        out.write_text(f'{one}\n{{"done": 50}}\n{one}\n')
        stacks._read(out, position, done, 0, failures)
        self.assertEqual(([50], [FAILURES[0]] * 2), (done, failures))
