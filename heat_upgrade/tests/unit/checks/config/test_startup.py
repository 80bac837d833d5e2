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

"""The findings of the services' own set-up code, from edited answers."""

import pathlib

import testtools

from heat_upgrade.checks.config import config_files
from heat_upgrade.checks.config import deprecations
from heat_upgrade.checks.config import referenced_files
from heat_upgrade.checks.config import startup

HISTORY = deprecations.History('26.0.2', '27.0.1')
WORKS = {'error': None, 'kind': None, 'missing': None,
         'facts': {'authenticated': True}}
SECRET = 'hunter2'


def fails(kind='ValueError', text='wrong', missing=None):
    return {'error': f'{kind}: {text}', 'kind': kind, 'missing': missing,
            'facts': {}}


def lacks(module):
    return fails('ModuleNotFoundError', f"No module named '{module}'", module)


def setting(section, name='a', value='b'):
    return config_files.Setting(pathlib.Path('heat.conf'), 1, 1, section,
                                name, value)


def is_secret(setting):
    return setting.name == 'password'


class StartupCase(testtools.TestCase):

    def findings(self, base, target, *settings):
        steps = dict.fromkeys((*startup.STEPS, startup.EC2), WORKS)
        return startup.findings({**steps, **base}, {**steps, **target},
                                settings, HISTORY, is_secret)

    def rules(self, *args):
        return [(finding.severity, finding.rule)
                for finding in self.findings(*args)]

    def assertStartsWith(self, text, start):
        self.assertEqual(start, text[:len(start)])


class TestSteps(StartupCase):

    def test_steps_that_work_are_no_findings(self):
        self.assertEqual([], self.findings({}, {}))

    def test_failure_of_the_target_alone_is_an_error(self):
        finding, = self.findings({}, {'messaging': fails()})
        self.assertEqual(('error', 'config.set-up-fails', 'messaging'),
                         (finding.severity, finding.rule, finding.subject))
        self.assertEqual('26.0.2: works\n27.0.1: ValueError: wrong',
                         finding.evidence)

    def test_failure_of_the_base_alone_is_no_finding(self):
        self.assertEqual([], self.findings({'cache': fails()}, {}))

    def test_failure_on_both_is_an_error_of_the_files(self):
        both = {'trustee': fails()}
        finding, = self.findings(both, both, setting('trustee'))
        self.assertEqual('[trustee] cannot log in on both releases',
                         finding.title)
        self.assertIn('the cause is in the files', finding.evidence)

    def test_part_that_the_files_do_not_configure_is_not_judged(self):
        both = {'trustee': fails()}
        self.assertEqual([], self.findings(both, both, setting('cache')))

    def test_library_or_file_that_neither_release_has_is_no_finding(self):
        for outcome in (lacks('pylibmc'), fails('PluginNotFound'),
                        fails('FileNotFoundError'), fails('gaierror')):
            missing = {'cache': outcome}
            self.assertEqual([], self.findings(missing, missing,
                                               setting('cache')))

    def test_module_that_an_installed_package_lacks_is_told(self):
        # Python names the package alone if it is not installed.
        missing = {'logging': lacks('oslo_log.gone')}
        self.assertEqual([('warning', 'config.set-up-fails')],
                         self.rules(missing, missing))
        missing = {'logging': lacks('fluent')}
        self.assertEqual([], self.findings(missing, missing))

    def test_section_without_a_setting_is_judged(self):
        steps = dict.fromkeys((*startup.STEPS, startup.EC2), WORKS)
        steps['trustee'] = fails()
        for named, count in ((('trustee',), 1), (('cache',), 0)):
            self.assertEqual(count, len(startup.findings(
                steps, steps, (), HISTORY, is_secret, named)))

    def test_library_that_the_target_alone_lacks_is_an_error(self):
        for base, remedy in (
                (WORKS, 'install psycopg with 27.0.1, or name a driver'),
                (lacks('psycopg2'),
                 'install psycopg with 27.0.1 in place of psycopg2')):
            finding, = self.findings({'database': base},
                                     {'database': lacks('psycopg')},
                                     setting('database'))
            self.assertEqual(('error', 'config.set-up-fails', 'database'),
                             (finding.severity, finding.rule,
                              finding.subject))
            self.assertEqual('the driver of the database cannot be loaded',
                             finding.title)
            self.assertStartsWith(finding.remedy, remedy)

    def test_plug_in_that_the_target_alone_lacks_is_an_error(self):
        finding, = self.findings({}, {'cache': fails('PluginNotFound')})
        self.assertEqual('error', finding.severity)

    def test_service_that_starts_with_neither_release_is_a_warning(self):
        for name, section in (('heat-api-cfn', 'paste_deploy'),
                              ('policy', 'oslo_policy'),
                              ('logging', 'DEFAULT')):
            both = {name: fails()}
            self.assertEqual([('warning', 'config.set-up-fails')],
                             self.rules(both, both, setting(section)))
            self.assertEqual([('error', 'config.set-up-fails')],
                             self.rules({}, both, setting(section)))

    def test_failure_of_the_driver_is_reported_once(self):
        finding, = self.findings({}, {
            name: fails() for name in ('messaging', 'heat-api',
                                       'heat-api-cfn')})
        self.assertEqual('messaging', finding.subject)

    def test_error_of_an_earlier_step_is_reported_once(self):
        same = fails(text='TLS is not supported')
        found = self.findings({}, {'cache': same, 'stack_domain_admin': same})
        self.assertEqual(['cache'], [each.subject for each in found])

    def test_secret_in_an_error_is_masked(self):
        finding, = self.findings(
            {}, {'messaging': fails(text=f'//u:{SECRET}@host')},
            setting('DEFAULT', 'password', SECRET))
        self.assertNotIn(SECRET, finding.evidence)


class TestSignedRequests(StartupCase):

    missing = {startup.EC2: fails('MissingAuthPlugin')}
    without_login = {startup.EC2: {**WORKS,
                                   'facts': {'authenticated': False}}}

    def test_missing_plugin_is_an_error_without_a_section_of_its_own(self):
        for base in ({}, self.without_login, self.missing):
            self.assertEqual(
                [('error', 'config.ec2-credentials-missing')],
                self.rules(base, self.missing, setting(startup.AUTHTOKEN)))

    def test_request_without_a_login_is_a_warning(self):
        self.assertEqual([('warning', 'config.ec2-unauthenticated')],
                         self.rules(self.without_login, self.without_login))

    def test_request_with_a_login_is_no_finding(self):
        self.assertEqual([], self.rules(self.without_login, {}))

    def test_file_without_any_address_of_keystone_is_not_judged(self):
        both = {startup.EC2: fails('RuntimeError')}
        self.assertEqual([], self.rules(both, both))
        self.assertEqual([('error', 'config.ec2-credentials-missing')],
                         self.rules(both, both, setting('ec2authtoken')))

    def test_remedy_shares_the_credentials_that_work(self):
        finding, = self.findings({}, self.missing)
        self.assertStartsWith(
            finding.remedy, 'write auth_section = keystone_authtoken into '
                            '[ec2authtoken]. ')

    def test_remedy_names_the_options_that_a_section_does_not_share(self):
        finding, = self.findings(
            {}, self.missing, setting(startup.AUTHTOKEN, 'cafile'),
            setting(startup.AUTHTOKEN, 'interface'))
        self.assertIn('copy cafile, interface (as valid_interfaces) from '
                      '[keystone_authtoken]', finding.remedy)

    def test_remedy_lists_the_login_without_a_working_one(self):
        finding, *_ = self.findings({}, {**self.missing,
                                         startup.AUTHTOKEN: fails()})
        self.assertStartsWith(finding.remedy, 'write auth_type = password, '
                                              'auth_url, username')


class TestRequest(testtools.TestCase):

    def test_regions_of_the_files_are_in_the_catalogue(self):
        request = startup.request(
            [pathlib.Path('heat.conf')],
            [setting('ec2authtoken', 'region_name', 'East'),
             setting('DEFAULT', 'region_name_for_services', 'West')],
            referenced_files.Files(policy=pathlib.Path('policy.yaml')))
        self.assertEqual(
            {'files': ['heat.conf'], 'regions': ['East', 'West'],
             'paste': None, 'policy': 'policy.yaml', 'policy_dirs': [],
             'logging': None, 'code': []}, request.argument)
        self.assertFalse(request.kept)
