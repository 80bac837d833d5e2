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

"""The node has the order of grenade and the environment of its scripts."""

from heat_upgrade.tests.functional.grenade import case
from heat_upgrade.tests.functional.grenade import node

# By a login, by bash itself, by grenade, and by the node.
LOGIN = {'HOME', 'LANG', 'LOGNAME', 'PATH', 'SHELL', 'USER'}
BASH = {'OLDPWD', 'PWD', 'SHLVL', '_'}
GRENADE = {'BASH_FUNC_short_source%%', 'DATABASES_TO_SAVE', 'DSTOOLS_VERSION',
           'GRENADE_DIR', 'PS4', 'PYTHON3_VERSION', 'TOP_DIR',
           'UPGRADE_PROJECTS'}
NODE = {'HEAT_UPGRADE_RUN', 'TMPDIR'}

ORDER = ['resources.sh early_create', 'resources.sh create',
         'resources.sh verify pre-upgrade', 'shutdown.sh',
         'resources.sh verify_noapi pre-upgrade', 'upgrade.sh',
         'resources.sh verify post-upgrade', 'resources.sh destroy']


class OrderTest(case.GrenadeTestCase):

    def calls(self):
        """Run grenade with a project of its own; return the notes of it."""
        one = self.useFixture(node.Node(
            external=True, plugins=('nothing',), lab=False,
            localrc=['ENABLE_TEMPEST=False', 'BASE_RUN_SMOKE=False']))
        # Without any plugin grenade does not export UPGRADE_PROJECTS.
        (one.stack / 'new' / 'nothing').mkdir()
        self.assertEqual(0, one.execute(
            one.grenade / 'grenade.sh', GRENADE_USE_EXTERNAL_DEVSTACK='True'))
        return one, [line.split('|') for line in
                     (one.save / 'calls').read_text().splitlines()]

    def test_the_scripts_are_called_in_grenades_order(self):
        _, calls = self.calls()
        self.assertEqual(ORDER, [call[0] for call in calls])

    def test_a_script_sees_what_grenade_exports_and_no_more(self):
        one, calls = self.calls()
        for call, cwd, top, projects, names in calls:
            logdir = {'LOGDIR'} if call.startswith('resources') else set()
            self.assertEqual(
                LOGIN | GRENADE | NODE | logdir
                | {'GRENADE_USE_EXTERNAL_DEVSTACK', 'OS_TEST_TIMEOUT'},
                set(names.split()) - BASH, call)
            side = 'new' if call == 'upgrade.sh' else 'old'
            self.assertEqual(f'{one.stack}/{side}/devstack', top)
            self.assertEqual('keystone', projects.strip())
            self.assertEqual(str(one.root / 'elsewhere'), cwd)
