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

"""A cloud with Glance and Nova has an image and a flavor."""

import types

import testtools

from heat_upgrade.lab.physical import first_server


class Session:
    """Records requests; the ID of a new entity is its path."""

    def __init__(self):
        self.requests = []

    def get_endpoint(self, service_type, region_name):
        return f'http://{service_type}.{region_name}'

    def _request(self, method, url, json=None, **options):
        self.requests.append(f'{method} {url}')
        return types.SimpleNamespace(
            json=lambda: {'id': 'I', 'flavor': {'id': 'F'}})

    def post(self, url, **options):
        return self._request('POST', url, **options)

    def get(self, url):
        return self._request('GET', url)

    def put(self, url, **options):
        return self._request('PUT', url, **options)


class FirstServerTest(testtools.TestCase):

    def values(self, *services):
        self.session = Session()
        return first_server.values(self.session, 'R', services)

    def test_image_and_flavor_are_made_where_they_can_be(self):
        self.assertEqual(
            {'services': ('glance', 'nova'), 'image': 'I', 'flavor': 'F'},
            self.values('glance', 'nova'))
        self.assertEqual(['POST http://image.R/v2/images',
                          'PUT http://image.R/v2/images/I/file',
                          'POST http://compute.R/flavors'],
                         self.session.requests)

    def test_other_services_are_not_asked(self):
        self.assertEqual({'services': ('neutron',), 'image': '',
                          'flavor': ''}, self.values('neutron'))
        self.assertEqual(['GET http://network.R/v2.0/networks'],
                         self.session.requests)
