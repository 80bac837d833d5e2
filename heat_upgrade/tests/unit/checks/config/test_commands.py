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

"""Commands of Heat that the target lacks."""

import testtools

from heat_upgrade.checks.config import commands
from heat_upgrade.checks.config import deprecations
from heat_upgrade.checks.config import release_notes


def titles(before, after, **sources):
    return [(finding.severity, finding.title) for finding in
            commands.findings(before, after,
                              deprecations.History('24.1.2', '25.0.0',
                                                   **sources))]


class TestCommands(testtools.TestCase):

    def test_kept_and_new_commands_are_no_findings(self):
        self.assertEqual([], titles({'heat-a': False},
                                    {'heat-a': False, 'heat-b': False}))

    def test_command_removed_without_a_warning_is_an_error(self):
        self.assertEqual(
            [('error', 'the command heat-a is removed without a '
                       'deprecation')], titles({'heat-a': False}, {}))

    def test_command_removed_after_a_warning_is_a_warning(self):
        self.assertEqual(
            [('warning', 'the command heat-a is removed, as announced')],
            titles({'heat-a': True}, {}))

    def test_note_of_the_base_is_an_announcement(self):
        base = release_notes.Sources('an sdist', (release_notes.Note(
            'a.yaml', 'deprecations', 'The ``heat-a`` script is old.'),))
        self.assertEqual(
            [('warning', 'the command heat-a is removed, as announced')],
            titles({'heat-a': False}, {}, base=base))
        self.assertEqual(
            [('error', 'the command heat is removed without a '
                       'deprecation')], titles({'heat': False}, {}, base=base))


class TestInstallation(testtools.TestCase):

    def finding(self, name, base='24.1.2', warns=True):
        finding, = commands.findings(
            {name: warns}, {}, deprecations.History(base, '25.0.0'),
            installed=True)
        return finding

    def test_command_of_a_service_is_an_error_despite_its_deprecation(self):
        for name in ('heat-api', 'heat-api-cfn'):
            finding = self.finding(name)
            self.assertEqual(
                ('error', f'the command {name} is removed: its unit does not '
                          'start'), (finding.severity, finding.title))

    def test_other_command_stays_a_warning(self):
        for name in ('heat-manage x', 'heat-all'):
            self.assertEqual('warning', self.finding(name).severity)
        # It ran all services of a test cloud.
        self.assertEqual('warning', self.finding(
            'heat-all', '23.0.0', warns=False).severity)

    def test_remedy_names_the_application_and_the_options(self):
        remedy = self.finding('heat-api-cfn').remedy
        for words in ('heat.wsgi.cfn:application', '24.1.2 has it too',
                      '[heat_api_cfn] bind_host', 'workers becomes processes'):
            self.assertIn(words, remedy)

    def test_base_without_the_application_is_not_said_to_have_it(self):
        self.assertNotIn('has it too',
                         self.finding('heat-api', '23.0.0').remedy)
