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

"""Physical resources are read from their own services."""

import json
import types

import ddt
from keystoneauth1 import session as auth_session
import requests
from requests import adapters
import testtools

from heat_integrationtests import facts
from heat_integrationtests import physical

CONF = types.SimpleNamespace(
    heat_integrationtests=types.SimpleNamespace(
        endpoint_type='public', region='R'),
    identity=types.SimpleNamespace(region=None))

ENDPOINTS = {
    'compute': 'http://nova/v2.1', 'network': 'http://neutron/networking',
    'image': 'http://glance/v2/', 'block-storage': 'http://cinder/v3/P',
    'object-store': 'http://swift/v1/AUTH_P'}


class Auth:
    """Gives the endpoints of a catalog, and a user."""

    def __init__(self, user):
        self.user = user

    def get_headers(self, session, **kwargs):
        return {'X-Auth-Token': self.user}

    def get_endpoint(self, session, service_type, **kwargs):
        return ENDPOINTS[service_type]

    def get_user_id(self, session, **kwargs):
        return self.user

    def get_connection_params(self, session, **kwargs):
        return {}


class Cloud(adapters.BaseAdapter):
    """Answers with the bodies of paths, 404 for others."""

    def __init__(self):
        super().__init__()
        self.bodies = {}
        self.requests = []
        self.status = 200

    def send(self, request, **kwargs):
        self.requests.append(request)
        response = requests.Response()
        body, headers = self.bodies.get(request.url, (None, {}))
        response.status_code = 404 if body is None else self.status
        response.headers.update(headers)
        response._content = b'' if body is None else json.dumps(body).encode()
        response.url, response.request = request.url, request
        return response

    def close(self):
        pass


def _resource(type_, id_='ID'):
    return {'resource_type': type_, 'physical_resource_id': id_}


@ddt.ddt
class ReaderTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.cloud = Cloud()

        def session(user):
            through = requests.Session()
            through.mount('http://', self.cloud)
            return auth_session.Session(auth=Auth(user), session=through)

        self.reader = physical.Reader(CONF, session('owner'),
                                      session('operator'))

    def answer(self, url, body, **headers):
        self.cloud.bodies[url] = body, headers

    @ddt.data(
        ('OS::Nova::Server', 'http://nova/v2.1/servers/ID'),
        ('OS::Nova::KeyPair',
         'http://nova/v2.1/os-keypairs/ID?user_id=owner'),
        ('OS::Neutron::Port', 'http://neutron/networking/v2.0/ports/ID'),
        ('OS::Glance::WebImage', 'http://glance/v2/images/ID'),
        ('OS::Cinder::Volume', 'http://cinder/v3/P/volumes/ID'))
    @ddt.unpack
    def test_a_resource_is_read_at_its_service(self, type_, url):
        self.answer(url, {'thing': {'id': 'ID'}})
        self.assertEqual({'r': {'id': 'ID'}},
                         self.reader.capture({'r': _resource(type_)}))
        sent, = self.cloud.requests
        self.assertEqual('operator', sent.headers['X-Auth-Token'])

    def test_objects_are_read_in_the_account_of_the_owner(self):
        self.answer('http://swift/v1/AUTH_P/ID?format=json',
                    [{'name': 'o', 'hash': 'etag'}],
                    **{'X-Container-Meta-Note': 'one', 'X-Trans-Id': 't'})
        self.assertEqual(
            {'r': {'objects': [{'name': 'o', 'hash': 'etag'}],
                   'metadata': {'note': 'one'}}},
            self.reader.capture({'r': _resource('OS::Swift::Container')}))
        self.assertEqual('owner',
                         self.cloud.requests[0].headers['X-Auth-Token'])

    def test_missing_resource_is_none(self):
        self.assertEqual(
            {'r': None}, self.reader.capture(
                {'r': _resource('OS::Neutron::Net')}))

    def test_resource_without_a_physical_id_is_not_read(self):
        self.assertEqual({}, self.reader.capture({
            'a': _resource('OS::Neutron::Net', None),
            'b': _resource('OS::Heat::Value')}))
        self.assertEqual([], self.cloud.requests)

    def test_an_error_of_a_service_is_not_taken_for_a_loss(self):
        self.answer('http://neutron/networking/v2.0/ports/ID', {'port': {}})
        self.cloud.status = 503
        error = self.assertRaises(
            AssertionError, self.reader.capture,
            {'r': _resource('OS::Neutron::Port')})
        self.assertIn('network cannot show OS::Neutron::Port ID: 503',
                      str(error))

    def test_existing_resources_include_those_of_before_a_replacement(self):
        self.answer('http://neutron/networking/v2.0/ports/old', {'port': {}})
        self.assertEqual([], self.reader.existing(
            {'r': _resource('OS::Neutron::Port', 'new')}))
        self.answer('http://neutron/networking/v2.0/ports/old',
                    {'port': {'id': 'old'}})
        self.assertEqual(['r (OS::Neutron::Port old)'], self.reader.existing(
            {'r': _resource('OS::Neutron::Port', 'old')},
            {'r': _resource('OS::Neutron::Port', 'new')}))


class FieldsTest(testtools.TestCase):

    BEFORE = {'port': {
        'id': 'P', 'revision_number': 3, 'updated_at': '1',
        'binding:profile': {'card': 'a'},
        'fixed_ips': [{'ip_address': '10.0.0.1'},
                      {'ip_address': '10.0.0.2'}]}}

    def mismatches(self, **changed):
        port = {**self.BEFORE['port'], **changed}
        before, after = (
            {'physical': {'port': physical.fields(body, {})}}
            for body in (self.BEFORE, {'port': port}))
        return facts.compare(before, after)

    def test_reports_of_agents_and_another_order_are_no_change(self):
        self.assertEqual([], self.mismatches(
            revision_number=4, updated_at='2',
            fixed_ips=self.BEFORE['port']['fixed_ips'][::-1]))

    def test_a_wiped_binding_profile_is_a_change_of_a_physical_resource(self):
        mismatch, = self.mismatches(**{'binding:profile': {}})
        self.assertEqual('physical.port.binding:profile.card', mismatch.path)
        self.assertTrue(mismatch.physical)
        self.assertFalse(mismatch.replaced)

    def test_links_next_to_the_fields_are_left_out(self):
        self.assertEqual({'id': 'Q'}, physical.fields(
            {'qos_specs': {'id': 'Q'}, 'links': []}, {}))
