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

"""The command heat-upgrade check."""

import dataclasses
import json
import pathlib

import ddt
import fixtures

from heat_upgrade.checks import check_context
from heat_upgrade.checks import registry
from heat_upgrade.checks.resources import model
from heat_upgrade import errors
from heat_upgrade.results import findings
from heat_upgrade.tests.unit.support import cli_case

GONE = check_context.error(
    'config.option-removed-unannounced', '[a] b', '[a] b is removed',
    'no deprecation', remedy='Take it out.')
CHANGED = check_context.warning('config.default-changed', '[a] c',
                                'the default of [a] c changed', '1')

NARROWED = model.Difference(
    'resources.property-values-narrowed', 'OS::A::B c',
    'OS::A::B: property c accepts less: values', (), model.ALWAYS)
NOT_DONE = findings.make('both.program-fails', 'rows', 'neither can',
                         step='check-rpc')


@ddt.ddt
class TestCheck(cli_case.CliCase):

    def setUp(self):
        super().setUp()
        self.asked = []
        self.found = [CHANGED, GONE]
        self.replace_checks(self.run_checks)

    def run_checks(self, names, base, target, context):
        self.asked.append((names, base.name, target.name,
                           context.operator_inputs))
        if isinstance(self.found, BaseException):
            raise self.found
        return self.found

    def check(self, *words):
        return self.call('check', *words)

    def test_unsafe_finding_comes_first_and_sets_the_status(self):
        self.assertEqual(1, self.check('-f', 'json'))
        rows = json.loads(self.out)
        self.assertEqual(['[a] b is removed', 'the default of [a] c changed'],
                         [row['Finding'] for row in rows])
        self.assertEqual(
            {'Rule': GONE.rule, 'Subject': '[a] b', 'Remedy':
             'Take it out.', 'Impact': GONE.impact,
             'Evidence': 'no deprecation'},
            {name: rows[0][name] for name in (
                'Rule', 'Subject', 'Remedy', 'Impact', 'Evidence')})
        self.assertIn('1 make the upgrade unsafe, 1 to know', self.err)

    def test_warnings_alone_are_no_failure(self):
        self.found = [CHANGED]
        self.assertEqual(0, self.check())

    def test_a_check_that_could_not_be_done_is_no_pass(self):
        self.found = [CHANGED, NOT_DONE]
        self.assertEqual(3, self.check())
        self.assertIn('1 could not be checked', self.err)
        self.assertIn('0 make the upgrade unsafe, 1 to know', self.err)

    def test_unsafe_finding_comes_before_a_broken_check(self):
        self.found = [NOT_DONE, GONE]
        self.assertEqual(1, self.check())

    def test_a_file_that_both_releases_refuse_is_a_failure(self):
        self.found = [findings.make('both.input-fails', 'config_paste', 'x',
                                    step='check-config')]
        self.assertEqual(1, self.check())

    def test_a_table_has_the_evidence_on_request(self):
        self.check()
        self.assertNotIn('no deprecation', self.out)
        self.check('--long')
        self.assertIn('no deprecation', self.out)

    def test_all_are_done_unless_one_is_named(self):
        self.check()
        self.check('rpc', '--from', '2025.2', '--to', '27.0.1')
        self.assertEqual(
            [(registry.NAMES, '26.0.2', '27.0.1'),
             (('rpc',), '25.0.2', '27.0.1')],
            [asked[:3] for asked in self.asked])

    def known_failures(self):
        file = self.home / 'known.yaml'
        file.write_text('''
- id: gone
  rules: [config.option-removed-unannounced,
          resources.property-values-narrowed]
  subjects: '*'
  base: '>=26,<27'
  target: '>=27,<28'
  cause: compared
  ceiling: {at_most: 9}
  measured: 1 of 1
  reason: because
  bug: LP 1
  expires: 2999-01-01
''')
        return file

    def test_known_failure_does_not_count(self):
        self.assertEqual(0, self.check('--known-failures',
                                       self.known_failures()))
        self.assertIn('1 known', self.err)

    def test_finding_about_own_files_always_counts(self):
        self.found = [
            model.own(NARROWED, ['lit.yaml'], ()),
            model.own(dataclasses.replace(NARROWED, subject='OS::A::B d'),
                      ['lit.yaml', 'other.yaml'], ()),
            dataclasses.replace(GONE, own_files=True)]
        self.assertEqual(1, self.check(
            '--known-failures', self.known_failures(), '--template',
            self.file('lit.yaml')))
        self.assertIn('2 of your templates break\n'
                      'your configuration files break in 1 place\n'
                      '3 make the upgrade unsafe, 0 to know, 0 known',
                      self.err)

    def test_clean_files_are_counted(self):
        self.found = [CHANGED]
        self.assertEqual(0, self.check(
            '--config-file', self.file('heat.conf'), '--template',
            self.file('a.yaml'), '--template', self.directory('stacks')))
        self.assertIn('your files were checked: 2 files and 1 directory, '
                      'nothing breaks\n0 make the upgrade unsafe', self.err)

    def test_no_file_is_called_checked_after_a_check_without_files(self):
        self.found = [CHANGED]
        self.check()
        self.assertNotIn('your files', self.err)

    def test_no_file_is_called_checked_if_its_check_did_not_run(self):
        self.found = [CHANGED]
        self.check('rpc', '--config-file', self.file('heat.conf'))
        self.assertNotIn('your files', self.err)

    @ddt.data(NOT_DONE, dataclasses.replace(GONE, own_files=True))
    def test_files_are_not_called_clean_after(self, finding):
        self.found = [finding]
        self.check('--config-file', self.file('heat.conf'))
        self.assertNotIn('nothing breaks', self.err)

    def test_one_template_that_breaks_is_named(self):
        self.found = [model.own(NARROWED, ['lit.yaml'], ())]
        self.assertEqual(1, self.check(
            '-f', 'json', '--known-failures', self.known_failures()))
        self.assertIn('1 of your templates breaks\n', self.err)
        self.assertEqual(
            '1 of your templates breaks (lit.yaml): OS::A::B: property c '
            'accepts less: values', json.loads(self.out)[0]['Finding'])

    def test_equal_findings_are_a_row_of_a_table_and_each_is_of_a_list(self):
        self.found = [dataclasses.replace(
            GONE, subject=f'[a] {name}', title=f'[a] {name} is removed',
            evidence=f'proof of {name}') for name in 'bcd']
        self.check('--long', '--fit-width')
        words = ' '.join(self.out.split())
        self.assertIn('3 options of', words)
        for name in 'bcd':
            self.assertIn(f'proof of {name}', self.out)
        self.check('-f', 'json')
        self.assertEqual(['[a] b', '[a] c', '[a] d'], [
            row['Subject'] for row in json.loads(self.out)])

    def directory(self, name):
        path = self.home / name
        path.mkdir()
        return path

    def file(self, name):
        path = self.home / name
        path.touch()
        return path

    def test_an_operators_files_reach_the_checks(self):
        a, b, d, f = map(self.file, 'abdf')
        c = self.home / 'c'
        c.mkdir()
        self.check('--config-file', a, '--config-file', b,
                   '--config-dir', c, '--template', d, '--stacks-from',
                   'e', '--environment', f, '--postgresql')
        self.assertEqual(check_context.OperatorInputs(
            config_files=(a, b), config_dirs=(c,),
            templates=(d,), environments=(f,),
            stacks_from=pathlib.Path('e'), postgresql=True),
            self.asked[0][3])

    @ddt.data('--config-file', '--template', '--environment')
    def test_missing_file_is_refused_before_any_check(self, option):
        self.assertIn('none-1, none-2 do not exist', self.refused(
            'check', option, 'none-1', option, 'none-2'))
        self.assertEqual([], self.asked)

    def test_all_invalid_configuration_files_are_named_before_any_check(self):
        for name in ('a.conf', 'b.conf'):
            (self.home / name).write_text('SECRET\n')
        text = self.refused('check', '--config-file', self.home / 'a.conf',
                            '--config-file', self.home / 'b.conf')
        self.assertIn('a.conf:1: ', text)
        self.assertIn('b.conf:1: ', text)
        self.assertNotIn('SECRET', text)
        self.assertEqual([], self.asked)

    def test_a_report_says_what_to_change_and_overwrites_nothing(self):
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.checks.config.check.advice',
            lambda base, target, context: 'remove line 3\n'))
        place = self.home / 'advice.md'
        words = ('--config-file', self.file('a'), '--write-report', place)
        self.assertEqual(1, self.check(*words))
        self.assertEqual('remove line 3\n', place.read_text())
        self.assertIn('already exists', self.refused('check', *words))

    @ddt.data(('--write-report', 'x'), ('nothing',), ('--from', '1.2.3'))
    def test_bad_words_are_refused(self, words):
        self.refused('check', *words)
        self.assertEqual([], self.asked)

    @ddt.data(errors.UsageError('heat.conf:3: not a section'),
              KeyboardInterrupt(), ValueError('x'))
    def test_temporary_files_are_removed(self, raised):
        self.found = raised
        self.assertNotIn(self.check(), (0, 1))
        self.assertEqual([], list(self.home.glob('heat-upgrade*')))

    def test_log_of_a_broken_check_is_kept(self):
        self.found = errors.LabError('cannot be read')
        self.assertEqual(3, self.check())
        self.assertEqual(1, len(list(self.home.glob('heat-upgrade-check*'))))
