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

"""The config check between releases, and on an operator's own files.

The files are written for 2026.1; their mistakes are real.
"""

import hashlib
import os

from heat_upgrade.checks import check_context
from heat_upgrade.checks.config import check
from heat_upgrade import errors
from heat_upgrade.install import cache
from heat_upgrade.results import findings
from heat_upgrade.tests.functional import check_case

# In every place where a secret may stand.
SECRET = 'hunter2hunter2'

HEAT_CONF = f"""\
[DEFAULT]
stack_user_domain = default
num_engine_wrokers = 4
heat_metadata_server_url = ftp://heat:{SECRET}@meta/
transport_url = rabbit://heat:{SECRET}@10.0.0.1:5672/heat
stack_domain_admin_pasword = {SECRET}
log_file = $log_dir/heat.log
environment_dir = environment.d

[database]
connection = mysql+pymysql://heat:{SECRET}@db/heat

[keystone_authtoken]
auth_type = password
password = {SECRET}
auth_uri = http://keystone:5000

[trustee]
auth_type = v3applicationcredential
application_credential_secret = {SECRET}

[ec2authtoken]
auth_uri = http://keystone:5000
ca_file = /etc/ca.pem

[ec2authtoken.east]
allowed_auth_uris = http://keystone:5000

[clients_nova]
endpoint_type = Internal

[clients_vitrage]
insecure = true

[oslo_policy]
enforce_scope = false

[cache]
enforce_fips_mode = false

[oslo_messaging_rabbit]
heartbeat_in_pthread = false
"""

FILES = {
    'heat.conf': HEAT_CONF,
    'policy.yaml': '"stacks:nonsense": "!"\n"stacks:index": "role:a and ("\n',
    'environment.d/own.yaml': 'resource_registry:\n'
                              '  "My::Graph": "OS::Vitrage::Template"\n'
                              'parameter_defaults:\n'
                              f'  password: {SECRET}\n',
    'environment.d/bad.yaml': f'a: [\n{SECRET}: b\n',
    'templates/own.yaml': 'heat_template_version: 2021-04-16\n'
                          'resources:\n'
                          '  a: {type: "OS::No::Thing"}\n',
    'api-paste.ini': '[app:own]\npaste.app_factory = own.module:make\n',
}

# True of every installation.
ALWAYS = {
    ('warning', '27.0.1 needs Python 3.11 and 4 newer libraries'),
    ('warning', '6 upgrade notes since 26.0.2 to read'),
}

EXPECTED = {
    *ALWAYS,
    ('error', '[DEFAULT] stack_user_domain, the old name of [DEFAULT] '
              'stack_user_domain_id, is removed, as announced'),
    ('warning', '[DEFAULT] num_engine_wrokers is known to neither release'),
    ('warning', '[DEFAULT] stack_domain_admin_pasword is known to neither '
                'release'),
    ('warning', '[DEFAULT] heat_metadata_server_url has a value that neither '
                'release takes'),
    ('error', '[keystone_authtoken] auth_uri of keystonemiddleware is '
              'removed, as announced'),
    ('warning', '[keystone_authtoken] service_token_roles_required of '
                'keystonemiddleware has another default'),
    ('warning', '[ec2authtoken] auth_uri is removed, as announced'),
    ('error', '[ec2authtoken] allowed_auth_uris is removed, as announced'),
    ('error', '[ec2authtoken] ca_file, the old name of [ec2authtoken] '
              'cafile, is removed, as announced'),
    ('error', '[clients_nova] endpoint_type has a value that the target '
              'refuses'),
    ('warning', '[clients_vitrage] insecure is removed without a deprecation'),
    ('warning', '[oslo_policy] enforce_scope of oslo.policy is removed, as '
                'announced'),
    ('error', '[oslo_policy] enforce_scope = false loses its effect: 27.0.1 '
              'always behaves as true'),
    ('error', '[ec2authtoken] has no valid credentials: heat-api-cfn refuses '
              'every signed request'),
    ('error', '[keystone_authtoken] cannot log in on both releases'),
    ('error', '[trustee] cannot log in on both releases'),
    ('warning', '[cache] enforce_fips_mode of oslo.cache is removed, as '
                'announced'),
    ('warning', '[oslo_messaging_rabbit] heartbeat_in_pthread of '
                'oslo.messaging is removed, as announced'),
    ('warning', 'policy rule stacks:nonsense is known to neither release'),
    ('warning', 'policy rule stacks:index cannot be parsed'),
    ('warning', 'bad.yaml cannot be parsed by the engine'),
    ('error', 'OS::Vitrage::Template is hidden, but engine files use it'),
    ('warning', 'OS::No::Thing is unknown, but engine files use it'),
    ('warning', 'api-paste.ini: own.module:make cannot be loaded, and no '
                'pipeline uses it'),
    ('warning', '1 of your templates uses OS::No::Thing that neither release '
                'has'),
}

# What is known to differ between 2026.1 and 2026.2, by hand.
KNOWN = (
    '[ec2authtoken] auth_uri', '[ec2authtoken] allowed_auth_uris',
    *(f'[clients_vitrage] {name}' for name in (
        'endpoint_type', 'ca_file', 'cert_file', 'key_file', 'insecure')),
    '[keystone_authtoken] auth_uri', '[oslo_policy] enforce_scope',
    '[oslo_messaging_rabbit] heartbeat_in_pthread',
    '[cache] enforce_fips_mode', '[clients] endpoint_type has another',
    '[keystone_authtoken] service_token_roles_required')


class TestConfig(check_case.CheckCase):

    def both(self):
        return self.subject('2026.1'), self.subject('2026.2')

    def write(self, files):
        for name, text in files.items():
            path = self.place / 'etc' / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def asking(self, *names):
        return check_context.Context(
            self.workspace,
            check_context.OperatorInputs(
                config_files=tuple(self.place / 'etc' / name for name in names)
            ),
        )

    def digests(self):
        return {path: (hashlib.sha256(path.read_bytes()).hexdigest(),
                       path.stat().st_mtime_ns)
                for path in (self.place / 'etc').rglob('*')
                if path.is_file()}

    def test_all_that_is_known_is_found(self):
        titles = [finding.title for finding in check.check(
            *self.both(), self.asking())]
        self.assertEqual([], [name for name in KNOWN if not any(
            title.startswith(name) for title in titles)])

    def test_an_operators_files_are_looked_at_and_left_alone(self):
        self.write(FILES)
        before = self.digests()
        found = check.check(*self.both(), self.asking('heat.conf'))
        self.assertEqual(EXPECTED, {(finding.severity, finding.title)
                                    for finding in found})
        text = check.advice(*self.both(), self.asking('heat.conf'))
        self.assertEqual(before, self.digests())
        self.assertIn(
            f'`{self.place}/etc/heat.conf:2`: an old name, removed in',
            text)
        self.assertIn('    - stack_user_domain = default\n'
                      '    + stack_user_domain_id = default\n', text)
        for shown in (text, str([findings.Finding.as_dict(finding)
                                 for finding in found])):
            self.assertNotIn(SECRET, shown)
        self.assert_nothing_left()

    def assert_nothing_left(self):
        """Look for the secret wherever something is kept or logged."""
        kept = [*(cache.directory() / 'readings').glob('config*'),
                *(path for place in (self.workspace.logs,
                                     self.workspace.data)
                  for path in place.rglob('*') if path.is_file())]
        self.assertEqual([], [path for path in kept
                              if SECRET in path.read_text(errors='replace')])

    def test_a_clean_file_has_no_finding_of_its_own(self):
        self.write({'heat.conf': '[DEFAULT]\nnum_engine_workers = 4\n'
                                 '[yaql]\nmemory_quota = 20000\n'})
        self.assertEqual(ALWAYS, {
            (finding.severity, finding.title) for finding in check.check(
                *self.both(), self.asking('heat.conf'))})

    def test_a_bad_file_is_refused_before_anything_starts(self):
        self.write({'heat.conf': f'[DEFAULT]\n{SECRET}\n'})
        both = self.both()
        before = sorted(os.listdir(self.workspace.data))
        exc = self.assertRaises(errors.UsageError, check.check, *both,
                                self.asking('heat.conf'))
        self.assertIn('heat.conf:2:', str(exc))
        self.assertNotIn(SECRET, str(exc))
        self.assertEqual(before, sorted(os.listdir(self.workspace.data)))

    def test_old_api_paste_ini_names_the_filters_of_uwsgi(self):
        self.write({'heat.conf': '[DEFAULT]\n', 'api-paste.ini':
                    '[filter:ssl]\npaste.filter_factory = '
                    'oslo_middleware.ssl:SSLMiddleware.factory\n'
                    '[app:a]\nuse = egg:heat#gone\n'})
        found = check.check(*self.both(), self.asking('heat.conf'))
        self.assertEqual(2, len([finding for finding in found if 'api-paste'
                                 in finding.title]), found)
