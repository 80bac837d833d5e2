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

"""A partial upgrade: the controller's Heat is new, the subnode's is not."""

from heat_upgrade.grenade import configuration
from heat_upgrade.grenade import steps
from heat_upgrade.lab.services import heat
from heat_upgrade.tests.functional.grenade import case
from heat_upgrade.tests.functional.grenade import lab
from heat_upgrade.tests.functional.grenade import node

# What Heat's own plugin calls the virtual host of the node that it upgrades.
HEATS_VHOST = 'newvhost'


class MultinodeTest(case.GrenadeTestCase):

    def upgrade_one_of_two(self, plugins, vhost):
        one = self.make_node(external=True, multinode=True, plugins=plugins)
        subnode = one.lab.nodes[lab.SUBNODE]
        engine = subnode.process(heat.ENGINE)
        started = engine.pid
        self.assert_passes(one, phases=(
            'pre-upgrade', 'during-upgrade', 'mixed'))
        self.assertEqual(
            2,
            len(
                [
                    test
                    for test in self.report(one)['tests']
                    if test['step'] == steps.MIXED
                    and test['outcome'] == 'passed'
                    and test['id'].startswith(
                        'heat_integrationtests.mixed_version.'
                    )
                ]
            ),
        )
        self.assertEqual((True, started), (engine.running(), engine.pid))
        self.assertEqual({'heat', vhost}, one.lab.vhosts_of_engines())

    def test_the_subnode_goes_on_with_the_base_in_its_own_vhost(self):
        self.upgrade_one_of_two([node.OURS], configuration.VHOST)

    def test_after_heats_plugin_it_proves_what_that_has_done(self):
        # In the order of the job heat-upgrade-grenade-multinode.
        self.upgrade_one_of_two([node.HEAT, node.OURS], HEATS_VHOST)
