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

"""A project and a user that a stack created outlive Heat's downtime."""

import secrets
import uuid

from tempest import config

from heat_integrationtests import aliases
from heat_integrationtests import clients
from heat_integrationtests import scenario
from heat_integrationtests import stacks
from heat_integrationtests import template_files

CONF = config.CONF


class KeystoneResourcesScenario(scenario.Scenario):

    covers = (44, 45)
    weight = 8
    template = 'keystone_resources.yaml'
    changed_parameters = {'description': 'second'}
    as_operator = True

    @property
    def keystone(self) -> clients.Keystone:
        keystone = super().keystone
        assert keystone is not None, 'as_operator implies an operator'
        return keystone

    def after_create(self, stack: stacks.Stack,
                     record: aliases.Json) -> None:
        if self.is_retained():
            project = self.heat.resources.get(stack.ref, 'project')
            self.record.owe('projects', project.physical_resource_id)

    def check(self, record: aliases.Json, outputs: aliases.Json) -> None:
        self.assert_described('first', outputs)
        self.assert_can_authenticate(record)

    def check_changed(self, record: aliases.Json,
                      outputs: aliases.Json) -> None:
        before = record['facts']['outputs']
        self.assertEqual(before, outputs)
        self.assert_described('second', outputs)
        self.assert_can_authenticate(record)

    def check_gone(self, record: aliases.Json) -> None:
        created = record['facts']['outputs']
        self.assertIsNone(self.keystone.get('users', created['user']))
        project = self.keystone.get('projects', created['project'])
        if self.is_retained():
            self.assertIsNotNone(project, 'Heat has deleted a project whose '
                                          'deletion policy is retain')
            self.keystone.delete('projects', created['project'])
        else:
            self.assertIsNone(project)

    @staticmethod
    def is_retained() -> bool:
        """Return True if the project must outlive the stack.

        Heat can delete a project only in a cloud with Neutron: it looks for
        the security group that Neutron creates for each project.
        """
        return not CONF.service_available.neutron

    def assert_described(self, description: str,
                         outputs: aliases.Json) -> None:
        """Assert that user and project exist and have a description."""
        for kind in ('user', 'project'):
            entity = self.keystone.get(f'{kind}s', outputs[kind])
            assert entity is not None, (
                f'Keystone has lost the {kind} {outputs[kind]}')
            self.assertEqual(description, entity['description'])

    def assert_can_authenticate(self, record: aliases.Json) -> None:
        """Assert that the user can authenticate for the project."""
        created = record['facts']['outputs']
        self.assertTrue(
            clients.can_authenticate(CONF, clients.Identity(
                user_id=created['user'], project_id=created['project'],
                password=record['request']['parameters']['password'])),
            f'Keystone rejects user {created["user"]} in project '
            f'{created["project"]}')

    def pre(self) -> None:
        template = template_files.read(self.template)
        if self.is_retained():
            project = '    type: OS::Keystone::Project\n'
            template = template.replace(
                project, project + '    deletion_policy: retain\n')
        self.create_and_record(template=template, parameters={
            'name': f'upgrade-{uuid.uuid4().hex[:8]}',
            'password': secrets.token_urlsafe(24),
            'role': CONF.heat_integrationtests.account_roles[0]})

    def during(self) -> None:
        super().during()
        self.assert_described('first', self.record.facts()['outputs'])
        self.assert_can_authenticate(self.record.stack())
