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
"""A stack whose custom constraint no longer holds survives the upgrade."""

import uuid

from tempest import config

from heat_integrationtests import aliases
from heat_integrationtests import scenario
from heat_integrationtests import stacks

CONF = config.CONF


class ConstraintOfDeletedProjectScenario(scenario.Scenario):
    """A parameter names a project that was deleted after the creation.

    Icehouse evaluated custom constraints whenever it loaded a stack, so that
    such a stack could not even be deleted (Launchpad bug 1314401).
    """

    covers = (15,)
    weight = 3
    tiers = ('standard', 'thorough')
    as_operator = True
    template = '''
heat_template_version: 2018-08-31
parameters:
  project: {type: string, constraints: [custom_constraint: keystone.project]}
resources:
  random: {type: OS::Heat::RandomString}
outputs:
  project: {value: {get_param: project}}
  random: {value: {get_attr: [random, value]}}
'''

    def pre(self) -> None:
        assert self.keystone is not None, 'as_operator implies an operator'
        project = self.keystone.create_project(
            f'upgrade-{uuid.uuid4().hex[:8]}',
            self.keystone.domain_id(
                CONF.auth.default_credentials_domain_name),
            'Named by a parameter of a stack')
        self.record.owe('projects', project)
        self.create_and_record(parameters={'project': project})

    def after_create(self, stack: stacks.Stack,
                     record: aliases.Json) -> None:
        assert self.keystone is not None, 'as_operator implies an operator'
        self.keystone.delete('projects',
                             record['request']['parameters']['project'])

    def check(self, record: aliases.Json, outputs: aliases.Json) -> None:
        self.assertEqual(record['request']['parameters']['project'],
                         outputs['project'])

    def post(self) -> None:
        stack = self.stack()
        self.assert_unchanged()
        self.stacks.act(stack, 'check')
        self.delete(stack)
