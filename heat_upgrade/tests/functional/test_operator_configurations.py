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

"""Configurations of real installations, checked by the real releases.

Each of them stands for a kind of failure that a check once missed, or for a
configuration that a check once reported by mistake.
"""

from heat_upgrade.checks import check_context
from heat_upgrade.checks.config import check
from heat_upgrade.checks.config import config_files
from heat_upgrade.checks.config import deprecations
from heat_upgrade.checks.config import referenced_files
from heat_upgrade.checks.config import startup
from heat_upgrade.checks import introspection
from heat_upgrade.tests.functional import check_case

LOGIN = """
auth_type = password
auth_url = http://keystone.example.org:5000
username = heat
password = SECRET-PASSWORD
user_domain_name = Default
"""
PROJECT = 'project_name = service\nproject_domain_name = Default\n'
MINIMAL = f"""
[DEFAULT]
transport_url = rabbit://heat:SECRET-PASSWORD@mq.example.org:5672/
[keystone_authtoken]
service_token_roles_required = true
www_authenticate_uri = http://keystone.example.org:5000
{LOGIN}{PROJECT}
[trustee]{LOGIN}
"""
SIGNED = 'config.ec2-credentials-missing'
UNSIGNED = 'config.ec2-unauthenticated'
SET_UP = 'config.set-up-fails'
COMMAND = 'config.service-command-removed'


class ConfigurationCase(check_case.CheckCase):

    base, target = '2026.1', '2026.2'

    def findings(self, text, base=None, target=None):
        path = self.place / 'heat.conf'
        path.write_text(text)
        found = check.check(
            self.subject(base or self.base), self.subject(
                target or self.target),
            check_context.Context(
                self.workspace,
                check_context.OperatorInputs(config_files=(path,))))
        for finding in found:
            self.assertNotIn('SECRET-PASSWORD', str(finding))
        return found

    def errors(self, text, *releases):
        return {(finding.rule, finding.subject)
                for finding in self.findings(text, *releases)
                if finding.severity == 'error'}


class TestCredentials(ConfigurationCase):
    """A fallback is gone: options are valid one by one, and do not work."""

    def set_ups(self, texts):
        """Return the errors of each text; one process runs them all."""
        settings, requests = [], []
        for number, text in enumerate(texts):
            path = self.place / f'{number}.conf'
            path.write_text(text)
            settings.append(config_files.parsed(path))
            requests.append(startup.request(
                [path], settings[-1],
                referenced_files.files(settings[-1], [path])))
        history = deprecations.History(self.base, self.target)
        answers = zip(*(introspection.read_all(
            self.subject(name), requests, self.context)
            for name in (self.base, self.target)))
        return [{(finding.rule, finding.subject)
                 for finding in startup.findings(
                     *both, lines, history,
                     lambda setting: setting.name == 'password')
                 if finding.severity == 'error'}
                for both, lines in zip(answers, settings)]

    def test_signed_requests_fail_without_credentials(self):
        sections = (
            '', '[ec2authtoken]\n',
            '[ec2authtoken]\nauth_uri = http://k:5000\n',
            '[ec2authtoken]\nauth_url = http://k:5000\n',
            '[ec2authtoken]\nauth_type = password\n'
            'auth_url = http://k:5000\nusername = heat\n',
            '[ec2authtoken]\nauth_section = trustees\n',
            '[ec2authtoken]\nmulti_cloud = true\nclouds = east\n'
            '[ec2authtoken.east]\nauth_url = http://k:5000\n',
            '[ec2authtoken]\nmulti_cloud = true\nclouds = east, west\n'
            f'[ec2authtoken.east]{LOGIN}{PROJECT}')
        for section, errors in zip(sections, self.set_ups(
                MINIMAL + section for section in sections)):
            self.assertEqual({(SIGNED, '[ec2authtoken]')}, errors, section)

    def test_credentials_of_a_section_are_followed(self):
        sections = (
            f'[ec2authtoken]{LOGIN}{PROJECT}',
            '[ec2authtoken]\nauth_section = keystone_authtoken\n',
            f'[ec2authtoken]\nauth_section = own\n[own]{LOGIN}{PROJECT}',
            '[ec2authtoken]\nmulti_cloud = true\nclouds = east\n'
            f'[ec2authtoken.east]{LOGIN}{PROJECT}',
            '[ec2authtoken]\nauth_type = v3applicationcredential\n'
            'auth_url = http://k:5000\napplication_credential_id = a\n'
            'application_credential_secret = SECRET-PASSWORD\n')
        for section, errors in zip(sections, self.set_ups(
                MINIMAL + section for section in sections)):
            self.assertEqual(set(), errors, section)

    def test_part_that_cannot_be_set_up_is_an_error(self):
        working = f'{MINIMAL}[ec2authtoken]{LOGIN}{PROJECT}'
        cases = {
            'keystone_authtoken': working.replace(PROJECT, '', 1).replace(
                'user_domain_name = Default\n', '', 1),
            'trustee': working.replace(f'[trustee]{LOGIN}',
                                       '[trustee]\nauth_type = password\n'),
            'encryption': working.replace(
                '[DEFAULT]', '[DEFAULT]\nauth_encryption_key = abc'),
            'token_cache': working.replace(
                '[keystone_authtoken]', '[keystone_authtoken]\n'
                'memcache_security_strategy = MAC\n'),
            'messaging': working.replace('rabbit://', 'rabit://'),
        }
        for name, errors in zip(cases, self.set_ups(cases.values())):
            self.assertEqual({(SET_UP, name)}, errors)

    def test_driver_that_the_target_replaces_is_an_error(self):
        # SQLAlchemy 2.1 takes psycopg where 2.0 takes psycopg2.
        for text, errors in zip(
                ('postgresql://', 'mysql+pymysql://', 'mysql+oursql://'),
                self.set_ups(
                    f'{MINIMAL}[ec2authtoken]{LOGIN}{PROJECT}'
                    f'[database]\nconnection = {url}h:SECRET-PASSWORD@db/h\n'
                    for url in ('postgresql://', 'mysql+pymysql://',
                                'mysql+oursql://'))):
            self.assertEqual(set() if 'pymysql' in text
                             else {(SET_UP, 'database')}, errors, text)

    def test_types_of_queues_that_contradict_are_errors(self):
        working = f'{MINIMAL}[ec2authtoken]{LOGIN}{PROJECT}'
        cases = {
            'rabbit_quorum_queue = true\nrabbit_ha_queues = true\n': True,
            'rabbit_stream_fanout = true\n'
            'rabbit_qos_prefetch_count = 1\n': True,
            'rabbit_stream_fanout = true\n'
            'rabbit_transient_quorum_queue = true\n': True,
            'ssl = true\nssl_version = SSLv3\n': True,
            'rabbit_ha_queues = true\n': False,
            'rabbit_quorum_queue = true\n'
            'rabbit_transient_quorum_queue = true\n'
            'rabbit_stream_fanout = true\n'
            'rabbit_qos_prefetch_count = 1\n': False,
            'use_queue_manager = true\nprocessname = heat-api\n': True,
            'use_queue_manager = true\nprocessname = heat-api\n'
            '[oslo_concurrency]\nlock_path = /no/such/place\n': False,
            'ssl = true\nssl_version = TLSv1_2\n'
            'ssl_ca_file = /no/such/file\n': False,
        }
        for text, errors in zip(cases, self.set_ups(
                f'{working}[oslo_messaging_rabbit]\n{text}'
                for text in cases)):
            self.assertEqual({(SET_UP, 'queues')} if cases[text] else set(),
                             errors, text)

    def test_logging_configuration_is_evaluated(self):
        working = ('[formatters]\nkeys = a\n[formatter_a]\n'
                   'class = oslo_log.formatters.ContextFormatter\n'
                   '[handlers]\nkeys = b, c\n[handler_b]\n'
                   'class = handlers.SysLogHandler\n'
                   "args = ('/dev/log', handlers.SysLogHandler.LOG_USER)\n"
                   '[handler_c]\nclass = StreamHandler\n'
                   'args = (sys.stdout,)\nlevel = NOTSET\n'
                   '[loggers]\nkeys = root, heat\n[logger_root]\n'
                   'level = INFO\nhandlers = b, c\n'
                   '[logger_heat]\nhandlers =\nqualname = heat\n')
        cases = {
            working: None,
            working.replace('StreamHandler', 'oslo_log.handlers.Gone'):
                'oslo_log.handlers',
            working.replace('sys.stdout', 'sys.stdoot'): 'stdoot',
            working.replace('INFO', 'VERBOSE'): 'VERBOSE',
            working.replace('= b, c\n[logger', '= b, d\n[logger'): 'keys: d',
        }
        requests = []
        for number, text in enumerate(cases):
            (self.place / f'{number}.ini').write_text(text)
            path = self.place / f'{number}.conf'
            path.write_text(f'[DEFAULT]\nlog_config_append = {number}.ini\n')
            settings = config_files.parsed(path)
            requests.append(startup.request(
                [path], settings, referenced_files.files(settings, [path])))
        answers = introspection.read_all(self.subject('2026.2'), requests,
                                         self.context)
        for expected, answer in zip(cases.values(), answers):
            error = answer['logging']['error']
            if expected is None:
                self.assertIsNone(error)
            else:
                self.assertIn(expected, error)

    def test_part_that_can_be_set_up_is_no_error(self):
        working = f'{MINIMAL}[ec2authtoken]{LOGIN}{PROJECT}'
        texts = [working] + [
            working.replace('[DEFAULT]', f'[DEFAULT]\n{line}') for line in (
                f'auth_encryption_key = {32 * "a"}',
                f'auth_encryption_key = {16 * "a"}',
                'stack_domain_admin = a\nstack_user_domain_name = b\n'
                'stack_domain_admin_password = c')] + [
            # A backend that is not installed here, as of kolla-ansible.
            working + '[cache]\nenabled = true\n'
            'backend = oslo_cache.memcache_pool\nmemcache_servers = a:11211\n',
            working.replace('[keystone_authtoken]', '[keystone_authtoken]\n'
                            'memcached_servers = a:11211\n'
                            'memcache_security_strategy = ENCRYPT\n'
                            'memcache_secret_key = SECRET-PASSWORD\n')]
        for errors in self.set_ups(texts):
            self.assertEqual(set(), errors)

    def test_credentials_are_asked_for_before_the_release_needs_them(self):
        found = self.findings(MINIMAL, '2025.2', '2026.1')
        self.assertIn(UNSIGNED, [finding.rule for finding in found])


class TestInstallation(ConfigurationCase):
    """No line of a file names the thing that is gone."""

    def test_removed_commands_are_errors_for_each_configuration(self):
        self.assertEqual({(COMMAND, 'heat-api'), (COMMAND, 'heat-api-cfn')},
                         self.errors('[DEFAULT]\n', '2025.1', '2025.2'))

    def test_commands_that_the_base_lacks_are_not_reported(self):
        self.assertNotIn(COMMAND, {rule for rule, _ in self.errors(
            MINIMAL, '2025.2', '2026.2')})


class TestValues(ConfigurationCase):
    """The target reads another name only, so a value is lost."""

    def test_values_under_names_that_are_no_longer_read_are_errors(self):
        rule = 'config.old-name-removed'
        found = self.errors(
            MINIMAL.replace('www_authenticate_uri', 'auth_uri').replace(
                '[DEFAULT]', '[DEFAULT]\nmax_request_body_size = 2000000\n')
            + '[oslo_messaging_rabbit]\n'
            'rabbit_quroum_max_memory_length = 1000\n'
            'heartbeat_in_pthread = false\n'
            '[clients_monasca]\nendpoint_type = internalURL\n',
            '2025.1', '2026.2')
        self.assertLessEqual({
            (rule, '[oslo_messaging_rabbit] rabbit_quroum_max_memory_length'),
            (rule, '[DEFAULT] max_request_body_size'),
            ('config.option-removed', '[keystone_authtoken] auth_uri')},
            found)
        self.assertEqual([], [subject for _, subject in found
                              if 'pthread' in subject
                              or 'monasca' in subject])
