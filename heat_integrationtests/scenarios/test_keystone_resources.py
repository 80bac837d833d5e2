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

"""A project and a user that a stack has made outlive Heat's absence."""

import secrets
import uuid

from tempest import config
from tempest.lib import decorators

from heat_integrationtests import clients
from heat_integrationtests import markers
from heat_integrationtests import scenario
from heat_integrationtests import template_files

CONF = config.CONF


class KeystoneResourcesScenario(scenario.Scenario):

    weight = 8
    template = 'keystone_resources.yaml'
    changed_parameters = {'description': 'second'}
    as_operator = True

    def after_create(self, stack, record):
        if self.retained():
            project = self.heat.resources.get(stack.ref, 'project')
            self.record.owe('projects', project.physical_resource_id)

    def check(self, record, outputs):
        self.assert_described('first', outputs)
        self.assert_can_authenticate(record)

    def check_changed(self, record, outputs):
        before = record['facts']['outputs']
        self.assertEqual(before, outputs)
        self.assert_described('second', outputs)
        self.assert_can_authenticate(record)

    def check_gone(self, record):
        made = record['facts']['outputs']
        self.assertIsNone(self.keystone.get('users', made['user']))
        project = self.keystone.get('projects', made['project'])
        if self.retained():
            self.assertIsNotNone(project, 'Heat has deleted a project whose '
                                          'deletion policy is retain')
            self.keystone.delete('projects', made['project'])
        else:
            self.assertIsNone(project)

    @staticmethod
    def retained():
        """Tell whether the project is to stay when the stack is deleted.

        Heat can delete one only where Neutron is there, too: it looks for
        the security group that Neutron makes for each project.
        """
        return not CONF.service_available.neutron

    def assert_described(self, description, outputs):
        """Assert that Keystone has what the template says."""
        for kind in ('user', 'project'):
            found = self.keystone.get(f'{kind}s', outputs[kind])
            self.assertIsNotNone(found, f'Keystone has lost the {kind} '
                                        f'{outputs[kind]}')
            self.assertEqual(description, found['description'])

    def assert_can_authenticate(self, record):
        """Assert that the user can work in the project."""
        made = record['facts']['outputs']
        self.assertTrue(
            clients.can_authenticate(CONF, clients.Identity(
                user_id=made['user'], project_id=made['project'],
                password=record['request']['parameters']['password'])),
            f'Keystone refuses user {made["user"]} in project '
            f'{made["project"]}')

    @decorators.idempotent_id('275877e1-822e-4de2-afab-fcdc689fa666')
    @markers.pre
    def test_a_stack_makes_a_project_and_a_user(self):
        template = template_files.read(self.template)
        if self.retained():
            project = '    type: OS::Keystone::Project\n'
            template = template.replace(
                project, project + '    deletion_policy: retain\n')
        self.create_and_record(template=template, parameters={
            'name': f'upgrade-{uuid.uuid4().hex[:8]}',
            'password': secrets.token_urlsafe(24),
            'role': CONF.heat_integrationtests.account_roles[0]})

    @decorators.idempotent_id('79ee2332-2ecd-4c75-a7ee-0ebff303bfe1')
    @markers.verify
    def test_project_and_user_are_as_recorded(self):
        self.assert_unchanged()

    @decorators.idempotent_id('89549ee0-5996-41e6-9977-c5045a4d524b')
    @markers.during
    def test_the_user_can_authenticate_while_heat_is_down(self):
        self.assert_out_of_reach()
        self.assert_described('first', self.record.facts()['outputs'])
        self.assert_can_authenticate(self.record.stack())

    @decorators.idempotent_id('a812c357-d96c-42f4-9de7-d512fb6cacf5')
    @markers.post
    def test_an_update_replaces_neither_and_a_deletion_removes_both(self):
        self.update_and_delete()
