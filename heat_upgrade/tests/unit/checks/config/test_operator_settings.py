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

"""An operator's settings, against the options of two releases."""

import dataclasses
import pathlib

import testtools

from heat_upgrade.checks.config import comparison
from heat_upgrade.checks.config import config_files
from heat_upgrade.checks.config import deprecations
from heat_upgrade.checks.config import operator_settings
from heat_upgrade.checks.config import options
from heat_upgrade.checks.config import remediation

HISTORY = deprecations.History('26.0.2', '27.0.1')
PATH = pathlib.Path('/etc/heat/heat.conf')
SECRET = 'hunter2'

TAKEN = {'known': True, 'secret': False, 'error': None}
UNKNOWN = {**TAKEN, 'known': False}


def refused(text='Not a number'):
    return {**TAKEN, 'error': text}


SIZE = options.Option('limits', 'size', default=1)
WIDTH = options.Option('limits', 'width')
DEPTH = options.Option('limits', 'depth')


def of(*opts):
    return {option.key: option for option in opts}


def setting(name, value='1', section='limits', line=3):
    return config_files.Setting(PATH, line, line, section, name, value)


class SettingsCase(testtools.TestCase):
    """Two releases that differ, and the settings of a file."""

    base = of(SIZE, WIDTH, DEPTH)
    target = base

    def given(self, *settings, in_base=TAKEN, in_target=TAKEN):
        changes = comparison.changes(self.base, self.target)
        answers = [[in_base] * len(settings), [in_target] * len(settings)]
        return (settings, answers, changes, HISTORY,
                (self.base, self.target))

    def findings(self, *settings, **answers):
        return operator_settings.findings(*self.given(*settings, **answers))

    def titles(self, *settings, **answers):
        return [(finding.severity, finding.title)
                for finding in self.findings(*settings, **answers)]

    def lines(self, *settings, **answers):
        return [(line.place, line.old, line.new) for line
                in remediation.lines(*self.given(*settings, **answers))]


class TestSettings(SettingsCase):

    target = of(dataclasses.replace(SIZE, default=2), WIDTH)

    def test_removed_option_affects_operators_who_set_it(self):
        self.assertEqual(
            [('error', '[limits] depth is removed without a deprecation')],
            self.titles(setting('depth'), setting('size')))
        self.assertEqual([], self.titles(setting('size')))

    def test_evidence_shows_the_setting_and_its_line(self):
        finding, = self.findings(setting('depth', 'x', line=7),
                                 setting('size'))
        self.assertIn(f'Set in: {PATH}:7: depth = x\n', finding.evidence)

    def test_default_affects_operators_who_do_not_set_it(self):
        expected = [('warning', '[limits] size has another default')]
        self.assertEqual(expected, self.titles(setting('width')))
        self.assertEqual([], self.titles(setting('size')))
        self.assertEqual([], self.titles(setting('a', section='other')))

    def test_default_of_log_levels_is_no_finding(self):
        levels = options.Option('DEFAULT', 'default_log_levels', default='a')
        self.base, self.target = of(levels), of(dataclasses.replace(
            levels, default='b'))
        self.assertEqual([], self.titles(setting('x', section='DEFAULT')))

    def test_line_of_a_removed_option_is_to_be_removed(self):
        self.assertEqual([(f'{PATH}:3', 'depth = 1', remediation.REMOVE)],
                         self.lines(setting('depth')))


class TestNames(SettingsCase):

    base = of(dataclasses.replace(SIZE, old_names=frozenset(
        {('DEFAULT', 'size_limit')})), WIDTH)
    target = of(SIZE, dataclasses.replace(
        DEPTH, old_names=frozenset({WIDTH.key})))

    def test_removed_old_name_has_a_new_name(self):
        old = setting('size_limit', section='DEFAULT')
        self.assertEqual(
            [('warning', '[DEFAULT] size_limit, the old name of [limits] '
                         'size, is removed, as announced')],
            self.titles(old))
        self.assertEqual([(f'{PATH}:3', 'size_limit = 1',
                           '[limits] size = 1')], self.lines(old))

    def test_value_that_the_target_loses_is_an_error(self):
        old = setting('size_limit', '2', section='DEFAULT')
        self.assertEqual(['error'], [each[0] for each in self.titles(old)])
        # The new name is set too, and the target reads it.
        self.assertEqual(['warning'], [each[0] for each in self.titles(
            old, setting('size'))])

    def test_option_of_a_retired_client_is_a_warning(self):
        retired = options.Option('clients_old', 'endpoint_type')
        self.base = of(retired, SIZE)
        self.target = of(SIZE)
        given = setting('endpoint_type', 'internalURL', section='clients_old')
        self.assertEqual(['warning'], [each[0] for each in self.titles(given)])
        # The section has other options in the target.
        self.target = of(SIZE, options.Option('clients_old', 'url'))
        self.assertEqual(['error'], [each[0] for each in self.titles(given)])

    def test_renamed_option_has_a_new_name(self):
        self.assertEqual(
            [('warning', '[limits] width is renamed to [limits] depth')],
            self.titles(setting('width')))
        self.assertEqual([(f'{PATH}:3', 'width = 1', 'depth = 1')],
                         self.lines(setting('width')))

    def test_section_is_case_insensitive(self):
        self.assertEqual(1, len(self.titles(setting(
            'width', section='Limits'))))


class TestValues(SettingsCase):

    def test_value_that_only_the_target_refuses_is_an_error(self):
        finding, = self.findings(setting('size', 'x'), in_target=refused())
        self.assertEqual(
            ('error', '[limits] size has a value that the target refuses'),
            (finding.severity, finding.title))
        self.assertIn('26.0.2: accepts it\n27.0.1: Not a number',
                      finding.evidence)

    def test_remedy_names_the_values_that_the_target_takes(self):
        for kind, said in (
                ({'class': 'String', 'choices': ['internal', 'public']},
                 'write internal or public'),
                ({'class': 'String', 'choices': ['Size', 'internalURL']},
                 'write internalURL'),
                ({'class': 'Integer', 'min': 1}, 'write a number of at least '
                                                 '1'),
                ({'class': 'Integer', 'min': 1, 'max': 9},
                 'write a number of at least 1 and at most 9'),
                ({'class': 'URI'}, 'write a URL with its scheme, such as '
                                   'http://HOST:PORT'),
                ({'class': 'String'}, 'set a value that 27.0.1 accepts')):
            self.target = of(dataclasses.replace(SIZE, type=kind), WIDTH)
            found = self.findings(setting('size', 'internalurl'),
                                  in_target=refused())
            self.assertIn(said, [each.remedy for each in found])

    def test_value_that_both_refuse_is_a_warning(self):
        self.assertEqual(
            [('warning', '[limits] size has a value that neither release '
                         'takes')],
            self.titles(setting('size'), in_base=refused(),
                        in_target=refused()))

    def test_value_that_only_the_base_refuses_is_no_finding(self):
        self.assertEqual([], self.titles(setting('size'), in_base=refused()))

    def test_misspelt_name_has_a_similar_one(self):
        finding, = self.findings(setting('widht'), in_base=UNKNOWN,
                                 in_target=UNKNOWN)
        self.assertEqual(
            ('warning', '[limits] widht is known to neither release'),
            (finding.severity, finding.title))
        self.assertIn('you may have meant [limits] width', finding.remedy)
        # A guess is never written as a line to change.
        self.assertEqual([], self.lines(setting('widht'), in_base=UNKNOWN,
                                        in_target=UNKNOWN))

    def test_name_in_a_wrong_section_has_the_right_section(self):
        finding, = self.findings(setting('size', section='DEFAULT'),
                                 in_base=UNKNOWN, in_target=UNKNOWN)
        self.assertEqual('remove it, or move it: the option of this name is '
                         'in [limits]', finding.remedy)

    def test_option_of_an_earlier_release_has_its_last_release(self):
        for section, name, title, remedy in (
                ('heat_api', 'tcp_keepidle', 'Heat 24.1.2',
                 'so-keepalive of uWSGI'),
                ('clients_senlin', 'own', 'Heat 22.0.1', 'remove it'),
                ('DEFAULT', 'rpc_backend', 'oslo.messaging 8.1.4',
                 'transport_url'),
                ('keystone_authtoken', 'admin_user', 'keystonemiddleware 11',
                 'username')):
            given = setting(name, section=section)
            finding, = self.findings(given, in_base=UNKNOWN,
                                     in_target=UNKNOWN)
            self.assertEqual(f'[{section}] {name} was an option until '
                             f'{title}', finding.title)
            self.assertIn(remedy, finding.remedy)
            self.assertNotIn('you may have meant', finding.remedy)
            (_, _, new), = self.lines(given, in_base=UNKNOWN,
                                      in_target=UNKNOWN)
            self.assertEqual(remediation.REMOVE, new)

    def test_name_that_only_the_target_knows_is_no_finding(self):
        self.assertEqual([], self.titles(setting('new'), in_base=UNKNOWN))

    def test_secret_is_not_shown(self):
        secret = options.Option('limits', 'seed', secret=True)
        self.base = self.target = of(secret)
        answer = {**refused(f'{SECRET} is too short'), 'secret': True}
        given = (setting('seed', SECRET),)
        finding, = self.findings(*given, in_target=answer)
        self.assertNotIn(SECRET, finding.evidence)
        self.assertIn('27.0.1: refuses it', finding.evidence)
        self.assertNotIn(SECRET, str(self.lines(*given, in_target=answer)))

    def test_value_of_an_unknown_name_is_not_shown(self):
        given = (setting('pasword', SECRET),)
        for text in (str(self.findings(*given, in_base=UNKNOWN,
                                       in_target=UNKNOWN)),
                     str(self.lines(*given, in_base=UNKNOWN,
                                    in_target=UNKNOWN))):
            self.assertNotIn(SECRET, text)

    def test_credentials_of_a_url_are_not_shown(self):
        url = f'http://heat:{SECRET}@host'
        finding, = self.findings(setting('size', url),
                                 in_target=refused(f'{url} is no number'))
        self.assertNotIn(SECRET, finding.evidence)
        self.assertIn('http://***@host is no number', finding.evidence)


class TestText(SettingsCase):

    target = of(dataclasses.replace(SIZE, default=2), WIDTH)

    def text(self, *settings):
        given = self.given(*settings)
        return remediation.text(
            operator_settings.findings(*given),
            remediation.lines(*given),
            HISTORY,
            [PATH],
            [
                change
                for change in given[2]
                if change.kind == comparison.DEFAULT
            ],
        )

    def test_text_has_a_table_lines_and_the_old_defaults(self):
        text = self.text(setting('depth', line=9))
        self.assertIn('# Configuration of Heat: 26.0.2 to 27.0.1', text)
        self.assertIn('| error | [limits] depth is removed without a '
                      'deprecation | remove it', text)
        self.assertIn(f'`{PATH}:9`: removed in 27.0.1\n\n    - depth = 1\n'
                      '    + (remove)', text)
        self.assertIn('    [limits]\n    size = 1\n', text)

    def test_text_without_files_says_so(self):
        text = remediation.text([], [], HISTORY, [])
        self.assertIn('No configuration file was named', text)
        self.assertIn('There are no findings.', text)


class TestFixed(SettingsCase):

    base = of(options.Option('oslo_policy', 'enforce_scope', default=True,
                             type={'class': 'Boolean'}, deprecated=True),
              options.Option('oslo_messaging_rabbit', 'heartbeat_in_pthread',
                             default=False, type={'class': 'Boolean'},
                             deprecated=True),
              options.Option('limits', 'strict', default=True,
                             type={'class': 'Boolean'}, deprecated=True,
                             reason='It is safe'),
              options.Option('clients_gone', 'insecure', default=False,
                             type={'class': 'Boolean'}, deprecated=True),
              SIZE)
    target = of(SIZE)

    def fixed(self, section, name, value):
        return [finding for finding in self.findings(
            setting(name, value, section=section))
            if finding.rule == 'config.option-fixed']

    def test_opposite_of_the_fixed_value_is_an_error(self):
        for value in ('false', 'False', '0', 'no'):
            finding, = self.fixed('oslo_policy', 'enforce_scope', value)
            self.assertEqual('error', finding.severity)
            self.assertIn('always behaves as true', finding.title)
            self.assertIn('wrong scope lose access', finding.impact)

    def test_opposite_of_the_last_default_is_an_error(self):
        finding, = self.fixed('limits', 'strict', 'off')
        self.assertIn('Reason: It is safe', finding.evidence)

    def test_value_that_is_fixed_now_is_no_finding(self):
        for section, name, value in (
                ('oslo_policy', 'enforce_scope', 'true'),
                ('oslo_messaging_rabbit', 'heartbeat_in_pthread', 'true'),
                ('limits', 'strict', 'yes')):
            self.assertEqual([], self.fixed(section, name, value))

    def test_section_that_is_gone_has_no_fixed_value(self):
        self.assertEqual([], self.fixed('clients_gone', 'insecure', 'true'))
