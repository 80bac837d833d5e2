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

"""A physical resource without a stack is reported."""

import testtools

from heat_upgrade.ledger import service_listing

OWN = 'project-of-the-lab'


def _left(collection, known=(), **item):
    listed = service_listing.of_answer(
        collection, [{'id': 'ID', 'name': 'n', 'project_id': 'P', **item}])
    return service_listing.left_behind(listed, {*known}, OWN)


class LeftBehindTest(testtools.TestCase):

    def test_resource_without_a_stack_is_reported(self):
        self.assertEqual(['servers: n (ID)'], _left('servers'))

    def test_resource_of_a_stack_is_not_reported(self):
        self.assertEqual([], _left('servers', known=['ID']))

    def test_port_of_a_known_router_or_server_is_not_reported(self):
        self.assertEqual([], _left('ports', known=['R'], device_id='R'))
        self.assertEqual(['ports: (no name) (ID)'],
                         _left('ports', name='', device_id='gone'))

    def test_resource_of_the_lab_itself_is_not_reported(self):
        self.assertEqual([], _left('images', project_id=None, owner=OWN))
        self.assertEqual([], _left(
            'volumes', project_id=None,
            **{'os-vol-tenant-attr:tenant_id': OWN}))

    def test_default_group_of_a_project_is_not_reported(self):
        self.assertEqual([], _left('security_groups', name='default'))
        self.assertNotEqual([], _left('networks', name='default'))
