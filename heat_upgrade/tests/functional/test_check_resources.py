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

"""The resources check of real releases, with templates of an operator."""

import json
import subprocess
import sys

from heat_upgrade.checks import check_context
from heat_upgrade.checks import introspection
from heat_upgrade.checks import registry
from heat_upgrade.tests.functional import check_case

SECURITY_GROUP = ('resources.property-values-narrowed',
                  'OS::Neutron::SecurityGroup rules.*.protocol')
VITRAGE = ('resources.type-placeholder', 'OS::Vitrage::Template')

# 2026.2 refuses TCP where 2026.1 takes it.
REFUSED = ('resources: {g: {type: OS::Neutron::SecurityGroup, properties: '
           '{rules: [{protocol: tcp}, {protocol: TCP}]}}}')
TIMEOUT = 300


class TestResources(check_case.CheckCase):

    def asking(self, *templates):
        paths = []
        for number, text in enumerate(templates):
            path = self.place / f'{number}.yaml'
            path.write_text(f'heat_template_version: 2018-08-31\n{text}\n')
            paths.append(path)
        return check_context.Context(
            self.workspace,
            check_context.OperatorInputs(templates=tuple(paths)),
        )

    def found(self, *templates):
        return registry.run(
            ['resources'], self.subject('26.0.2'), self.subject('27.0.1'),
            self.asking(*templates))

    def check(self, *words):
        """Run the command from 2026.1 to 2026.2; return its process."""
        return subprocess.run(
            [sys.executable, '-m', 'heat_upgrade.cli.main', 'check',
             'resources', '--from', '2026.1', '--to', '2026.2', '-f', 'json',
             *words], capture_output=True, text=True, timeout=TIMEOUT)

    def test_a_release_says_what_it_has(self):
        read = introspection.read(self.subject('27.0.1'), 'resources',
                                  self.asking())
        self.assertGreater(len(read['types']), 200)
        self.assertEqual({}, read['broken'])
        self.assertTrue(read['types']['OS::Sahara::Cluster']['placeholder'])
        self.assertEqual(
            ['OS::Heat::SoftwareDeploymentGroup'],
            read['types']['OS::Heat::SoftwareDeployments']['status'][
                'substitutes'])
        self.assertEqual(
            'OS::Aodh::Alarm',
            read['types']['OS::Ceilometer::Alarm']['mapped_to'])
        # A provider template that comes with Heat.
        self.assertIn('AllocatedStorage',
                      read['types']['AWS::RDS::DBInstance']['properties'])
        self.assertIn('yaql', read['templates'][
            'heat_template_version.2018-08-31']['functions'])
        # It is there to say that it is gone.
        self.assertNotIn('Ref', read['templates'][
            'heat_template_version.2018-08-31']['functions'])

    def test_changes_of_a_release_are_reported(self):
        self.assertEqual([SECURITY_GROUP, VITRAGE], [
            (finding.rule, finding.subject) for finding in self.found()])

    def test_only_changes_that_touch_the_templates_are_reported(self):
        finding, = self.found(REFUSED)
        self.assertEqual(
            (*SECURITY_GROUP, True),
            (finding.rule, finding.subject, finding.own_files))
        self.assertEqual([], self.found(
            'resources: {g: {type: OS::Neutron::SecurityGroup, properties: '
            '{rules: [{protocol: tcp}, {protocol: 6}, {}]}}}',
            'resources: {g: {type: OS::Heat::RandomString}}'))

    def test_an_operators_template_counts_whatever_is_known(self):
        path = self.place / 'lit.yaml'
        path.write_text(f'heat_template_version: 2018-08-31\n{REFUSED}\n')
        entry = self.place / 'known.yaml'
        entry.write_text("""
- id: security-group-protocol
  rules: resources.property-values-narrowed
  subjects: 'OS::Neutron::SecurityGroup *'
  base: '>=23,<27'
  target: '>=27,<28'
  cause: compared
  ceiling: {at_most: 1}
  measured: 1 of 1
  reason: protocols that Neutron takes are refused in embedded rules
  bug: doc/source/findings/security-group-protocol.rst
  expires: 2999-01-01
""")
        known = ('--known-failures', str(entry))
        self.assertEqual(0, self.check(*known).returncode)
        done = self.check('--template', str(path), *known)
        self.assertEqual(1, done.returncode, done.stderr)
        self.assertIn('1 of your templates breaks\n', done.stderr)
        row, = json.loads(done.stdout)
        self.assertEqual('', row['Known'])
        self.assertIn(f'1 of your templates breaks ({path}:2): ',
                      row['Finding'])
