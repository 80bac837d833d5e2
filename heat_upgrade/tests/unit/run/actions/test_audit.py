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

"""The account of a run includes the services whose resources Heat manages."""

import json
import pathlib
import types

import fixtures
from keystoneauth1 import exceptions
import testtools

from heat_upgrade import errors
from heat_upgrade.ledger import audit as ledger_audit
from heat_upgrade.run.actions import audit

SERVERS = 'http://compute/servers/detail?all_tenants=1'


class Session:
    """The session of an administrator in a cloud with Nova."""

    def __init__(self):
        self.servers = []

    def get_endpoint(self, service_type, region_name):
        if service_type != 'compute':
            raise exceptions.EndpointNotFound()
        return 'http://compute'

    def get(self, url):
        assert url == SERVERS, url
        return types.SimpleNamespace(json=lambda: {
            'servers': self.servers, 'servers_links': []})


class ServicesTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.home = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        for name in ('logs', 'manifest'):
            (self.home / name).mkdir()
        self.session = Session()
        self.cloud = types.SimpleNamespace(
            services=True, mariadb=None, region='R',
            identity=types.SimpleNamespace(
                session=self.session, project_id=lambda: 'of the lab'))
        self.findings = []
        self.run_ = types.SimpleNamespace(
            finding=self.findings.append, workspace=types.SimpleNamespace(
                run_dir=self.home, logs=self.home / 'logs'))
        self.patch(ledger_audit, 'rows', lambda mariadb: [
            types.SimpleNamespace(item='KNOWN', deleted=False),
            types.SimpleNamespace(item='DELETED', deleted=True)])

    def log(self, path):
        (self.home / 'logs' / 'access-nova-api.jsonl').write_text(json.dumps({
            'time': 15.0, 'method': 'POST', 'path': path, 'status': 200,
            'user': 'heat'}) + '\n')

    def rules(self):
        measured = audit._services(
            self.run_, types.SimpleNamespace(name='account'), self.cloud)
        return [finding.rule for finding in self.findings], measured

    def server(self, id_):
        self.session.servers.append(
            {'id': id_, 'name': 's', 'tenant_id': 'P'})

    def test_server_of_a_deleted_stack_is_a_finding(self):
        self.log('/servers')
        self.server('KNOWN')
        self.assertEqual([], self.rules()[0])
        self.server('DELETED')
        self.assertEqual(['physical.left-behind'], self.rules()[0])
        self.assertEqual('servers: s (DELETED)', self.findings[0].evidence)

    def test_write_in_an_update_with_no_change_is_a_finding(self):
        (self.home / 'manifest' / 'server.json').write_text(json.dumps({
            'stacks': {'main': {'name': 's', 'no_change': {
                'began': 10.0, 'ended': 20.0,
                'resources': {'server': 'KNOWN'}}}}}))
        self.log('/servers/OTHER/metadata')
        self.assertEqual([], self.rules()[0])
        self.log('/servers/KNOWN/metadata')
        rules, measured = self.rules()
        self.assertEqual(['physical.unasked-write'], rules)
        self.assertEqual({'services': 0, 'writes': 1, 'unasked': 1},
                         measured)

    def test_missing_access_log_proves_nothing(self):
        self.assertRaises(errors.LabError, self.rules)
