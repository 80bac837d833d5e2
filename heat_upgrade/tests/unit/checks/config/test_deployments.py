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

"""Two configurations of an operator, and surroundings that change values."""

import pathlib

import fixtures
import testtools

from heat_upgrade.checks.config import config_files
from heat_upgrade.checks.config import deployments
from heat_upgrade.checks.config import deprecations
from heat_upgrade.checks.config import options
from heat_upgrade.checks.config import policies
from heat_upgrade.checks.config import referenced_files

HISTORY = deprecations.History('26.0.2', '27.0.1')
QUORUM = options.Option(deployments.RABBIT, 'rabbit_quorum_queue',
                        default=False)
STACKS = options.Option('DEFAULT', 'max_stacks_per_tenant', default=512)
OPTIONS = {option.key: option for option in (QUORUM, STACKS)}


def settings(**values):
    return [config_files.Setting(
        pathlib.Path('heat.conf'), 1, 1,
        *(name.split('__') if '__' in name else ('DEFAULT', name)), value)
        for name, value in values.items()]


class TestDifferences(testtools.TestCase):

    def found(self, old, new, known=(OPTIONS, OPTIONS)):
        return [(finding.severity, finding.subject)
                for finding in deployments.findings(
                    settings(**old), settings(**new), known, HISTORY)]

    def test_differences_that_lose_stacks_or_messages_are_errors(self):
        for name, old, new in (
                ('auth_encryption_key', 'a', 'b'),
                ('stack_user_domain_id', 'a', 'b'),
                (f'{deployments.RABBIT}__rabbit_quorum_queue', 'false',
                 'true'),
                (f'{deployments.RABBIT}__amqp_durable_queues', 'true',
                 'false')):
            (severity, _), = self.found({name: old}, {name: new})
            self.assertEqual('error', severity, name)

    def test_differences_that_users_notice_are_warnings(self):
        for name, old, new in (
                ('heat_waitcondition_server_url', 'http://a', 'http://b'),
                ('convergence_engine', 'true', 'false'),
                ('transport_url', 'rabbit://a', 'rabbit://b'),
                ('transport_url', 'rabbit://a/v', 'rabbit://a/w'),
                ('database__connection', 'mysql://a@h/x', 'mysql://a@h/y'),
                ('oslo_policy__enforce_new_defaults', 'true', 'false'),
                ('max_stacks_per_tenant', '900', '600')):
            (severity, _), = self.found({name: old}, {name: new})
            self.assertEqual('warning', severity, name)

    def test_equal_and_insignificant_values_are_no_findings(self):
        for old, new in (
                ({'auth_encryption_key': 'a'}, {'auth_encryption_key': 'a'}),
                ({'debug': 'true'}, {'debug': 'false'}),
                # Another account, driver or order of hosts.
                ({'database__connection': 'mysql://a:b@h/heat'},
                 {'database__connection': 'mysql+pymysql://c@h/heat?x=y'}),
                ({'transport_url': 'rabbit://a:b@h:1,a:b@i:1/v'},
                 {'transport_url': 'rabbit://a:c@i:1,a:c@h:1/v'}),
                ({f'{deployments.RABBIT}__rabbit_quorum_queue': 'False'}, {}),
                ({'convergence_engine': 'yes'}, {'convergence_engine': '1'}),
                ({'trusts_delegated_roles': 'a, b'},
                 {'trusts_delegated_roles': 'a,b'}),
                ({'max_stacks_per_tenant': '100'},
                 {'max_stacks_per_tenant': '600'}),
                ({'max_stacks_per_tenant': '100'},
                 {'max_stacks_per_tenant': '-1'})):
            self.assertEqual([], self.found(old, new), (old, new))

    def test_removed_line_has_the_default_of_the_target(self):
        self.assertEqual([('warning', '[DEFAULT] max_stacks_per_tenant')],
                         self.found({'max_stacks_per_tenant': '900'}, {}))

    def test_option_that_the_target_lacks_has_no_value_to_compare(self):
        scope = options.Option('oslo_policy', 'enforce_scope', default=True)
        self.assertEqual([], self.found({}, {}, ({scope.key: scope}, {})))

    def test_value_of_a_secret_is_not_shown(self):
        finding, = deployments.findings(
            settings(auth_encryption_key='hunter2'),
            settings(auth_encryption_key='hunter3'), (OPTIONS, OPTIONS),
            HISTORY)
        self.assertNotIn('hunter', str(finding))

    def test_rules_of_policy_files_are_compared(self):
        def rules(**texts):
            return [policies.Rule(pathlib.Path('policy.yaml'), 1, *item)
                    for item in texts.items()]
        found = deployments.policy_findings(
            rules(a='role:x', b='role:y'), rules(a='role:x', b='role:z',
                                                 c='!'), HISTORY)
        self.assertEqual(['b', 'c'], [finding.subject for finding in found])
        self.assertIn('26.0.2: the default', found[1].evidence)


class TestQueueManager(testtools.TestCase):

    def found(self, commands=(), **values):
        return deployments.queue_manager(settings(**{
            f'{deployments.RABBIT}__{name}': value
            for name, value in values.items()}), OPTIONS, commands, HISTORY)

    def test_services_without_a_name_share_queues_under_a_wsgi_server(self):
        for value in ('true', 'True', '1'):
            finding, = self.found(use_queue_manager=value)
            self.assertIn('processname = heat-api-cfn', finding.remedy)

    def test_named_services_and_those_with_a_command_share_no_queues(self):
        self.assertEqual([], self.found(use_queue_manager='false'))
        self.assertEqual([], self.found())
        self.assertEqual([], self.found(use_queue_manager='true',
                                        processname='heat-api'))
        self.assertEqual([], self.found(use_queue_manager='true',
                                        hostname='node-heat-api'))
        self.assertEqual([], self.found(commands=('heat-api',),
                                        use_queue_manager='true'))


class TestFiles(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.place = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def files(self, name, *modules):
        directory = self.place / name
        directory.mkdir()
        for module in modules:
            (directory / module).write_text('')
        return referenced_files.Files(
            plugins=(directory,), environments=(directory / 'e.yaml',))

    def found(self, old, new, set_in_old, set_in_new=()):
        return [(finding.severity, finding.subject, finding.evidence)
                for finding in deployments.file_findings(
                    settings(**dict.fromkeys(set_in_old, 'x')), old,
                    settings(**dict.fromkeys(set_in_new, 'x')), new)]

    def test_plug_in_that_the_new_configuration_lacks_is_an_error(self):
        for set_in_new in (), ('plugin_dirs',):
            self.assertEqual(
                [('error', '[DEFAULT] plugin_dirs', 'a.py')], self.found(
                    self.files(f'old{set_in_new}', 'a.py', 'b.py'),
                    self.files(f'new{set_in_new}', 'b.py'),
                    ('plugin_dirs',), set_in_new))

    def test_environments_of_the_old_configuration_may_be_gone(self):
        self.assertEqual(
            [('error', '[DEFAULT] environment_dir', 'e.yaml')],
            self.found(self.files('old'), referenced_files.Files(),
                       ('environment_dir',)))

    def test_files_that_may_be_elsewhere_are_not_judged(self):
        old = self.files('old', 'a.py')
        self.assertEqual([], self.found(
            old, self.files('new', 'a.py', 'b.py'), ('plugin_dirs',)))
        # No option names them, and the directory is not on this machine.
        self.assertEqual([], self.found(old, referenced_files.Files(), ()))
        self.assertEqual([], self.found(
            old, referenced_files.Files(), ('plugin_dirs',),
            ('plugin_dirs',)))
