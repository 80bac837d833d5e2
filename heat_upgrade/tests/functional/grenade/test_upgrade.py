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

"""Whole upgrades by grenade's order: ours alone, before and after Heat's."""

from heat_upgrade.tests.functional.grenade import case
from heat_upgrade.tests.functional.grenade import node

# oslo.upgradecheck: 1 is a warning, which does not forbid an upgrade.
WARNS = '''\
#!/bin/bash
echo "| Upgrade Check Results |"
echo "| Check: something | Result: Warning |"
exit 1
'''

# What Heat says that an operator has to do besides, before the target starts.
EXCEPTION = '''\
function configure_heat_upgrade {
    touch "$SAVE_DIR/exception"
}
'''


class AloneTest(case.GrenadeTestCase):

    def test_without_heats_plugin_ours_upgrades_heat(self):
        one = self.make_node(global_venv=False, static_checks=True)
        one.plant_exception(EXCEPTION)
        self.assert_passes(one)
        self.assertGreater(
            self.report(one)['phases']['checks']['passed'], 0)
        self.assertTrue((one.save / 'heat.sql.old').stat().st_size)
        self.assertTrue((one.save / 'exception').exists())


class BesideHeatTest(case.GrenadeTestCase):

    def test_after_heats_plugin_it_proves_what_that_has_done(self):
        one = self.make_node(external=True, plugins=(node.HEAT, node.OURS))
        one.plant_program('heat-status', WARNS)
        self.assert_passes(one)

    def test_before_heats_plugin_it_proves_what_that_does(self):
        one = self.make_node(plugins=(node.OURS, node.HEAT))
        self.assert_passes(one)
