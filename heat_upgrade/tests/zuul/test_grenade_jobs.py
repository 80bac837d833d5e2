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

"""The variables of the grenade jobs, as they are on each node at last."""

import ddt
import testtools

from heat_upgrade.tests.zuul import gate
from heat_upgrade.tests.zuul import tenant
from heat_upgrade.tests.zuul import test_jobs

FULL = 'heat-upgrade-grenade'
PARTIAL = 'heat-upgrade-grenade-multinode'
SKIP_LEVEL = 'heat-upgrade-grenade-skip-level'
HEAT = {'h-api', 'h-api-cfn', 'h-eng', 'heat'}
CINDER = {'c-api', 'c-bak', 'c-sch', 'c-vol', 'cinder'}
SWIFT = {'s-account', 's-container', 's-object', 's-proxy'}
# What Heat's DevStack plugin and the tests use, on the controller.
NEEDED = {'mysql', 'rabbit', 'key', 'g-api', 'n-api', 'n-cpu',
          'placement-api', 'q-svc', 'tempest'}
SUBNODES = "{{ hostvars['compute1']['nodepool']['private_ipv4'] }}"


def variables(name, node='controller'):
    """Return the settings of a job on a node."""
    return tenant.variables(test_jobs.frozen(name), node)


def services(name, node='controller', *, on=True):
    """Return the services that are on, or off, on a node."""
    return {service for service, state
            in variables(name, node)['devstack_services'].items()
            if state is on}


@ddt.ddt
class EveryGrenadeJobTest(testtools.TestCase):

    @ddt.data(FULL, PARTIAL, SKIP_LEVEL)
    def test_heat_and_what_it_needs_is_on(self, name):
        self.assertLessEqual(HEAT | NEEDED, services(name))

    @ddt.data(FULL, PARTIAL, SKIP_LEVEL)
    def test_cinder_and_swift_are_off(self, name):
        self.assertLessEqual(CINDER | SWIFT, services(name, on=False))

    @ddt.data(FULL, PARTIAL, SKIP_LEVEL)
    def test_heats_plugin_is_enabled_beside_ours(self, name):
        self.assertEqual({
            plugin: f'https://opendev.org/openstack/{plugin}' for plugin in
            ('neutron', 'heat', 'heat-upgrade-tests')},
            variables(name)['devstack_plugins'])

    @ddt.data(FULL, PARTIAL, SKIP_LEVEL)
    def test_enabled_plugins_are_prepared_by_zuul(self, name):
        wanted = {url.removeprefix('https://') for url
                  in variables(name)['devstack_plugins'].values()}
        self.assertLessEqual(
            wanted, set(test_jobs.frozen(name).required_projects))

    @ddt.data(FULL, PARTIAL, SKIP_LEVEL)
    def test_zuul_prepares_what_grenade_needs(self, name):
        self.assertLessEqual(
            {f'opendev.org/openstack/{project}' for project in (
                'devstack', 'grenade', 'keystone', 'python-heatclient',
                'requirements', 'tempest')},
            set(test_jobs.frozen(name).required_projects))

    @ddt.data(FULL, PARTIAL, SKIP_LEVEL)
    def test_our_smoke_tests_follow_the_upgrade(self, name):
        mine = variables(name)
        self.assertEqual(
            ('all', r'^heat_integrationtests\.smoke\.',
             ['heat-upgrade-tests']),
            (mine['tox_envlist'], mine['tempest_test_regex'],
             mine['tempest_plugins']))
        self.assertTrue(
            (gate.TOP / 'heat_integrationtests/smoke').is_dir())

    @ddt.data(FULL, PARTIAL, SKIP_LEVEL)
    def test_the_save_directory_stays_where_the_collector_looks(self, name):
        self.assertEqual('{{ devstack_bases.shared }}/save',
                         variables(name)['grenade_localrc']['SAVE_DIR'])

    @ddt.data(FULL, PARTIAL, SKIP_LEVEL)
    def test_no_tests_but_the_phases_run_within_grenade(self, name):
        localrc = variables(name)['grenade_localrc']
        self.assertEqual(
            (False, False),
            (localrc['BASE_RUN_SMOKE'],
             localrc['RUN_HEAT_INTEGRATION_TESTS']))

    @ddt.data(FULL, PARTIAL, SKIP_LEVEL)
    def test_our_results_are_collected_before_grenades(self, name):
        books = gate.playbooks(test_jobs.frozen(name))
        self.assertEqual(
            [f'{gate.OURS}/playbooks/heat-upgrade-grenade/post.yaml',
             'openstack/grenade/playbooks/post.yaml'], books['post'][:2])
        self.assertEqual(['openstack/grenade/playbooks/grenade.yaml'],
                         books['run'])


class FullTest(testtools.TestCase):

    def test_base_is_the_default_release_of_grenade(self):
        self.assertNotIn('grenade_from_branch', variables(FULL))

    def test_tempest_runs_on_the_one_node(self):
        self.assertEqual({'tempest': ['controller']},
                         tenant.groups(test_jobs.frozen(FULL)))

    def test_job_names_no_other_nodes(self):
        mine = variables(FULL)
        self.assertNotIn('HOST_TOPOLOGY', mine['grenade_localrc'])
        self.assertNotIn('HOST_TOPOLOGY',
                         mine['grenade_devstack_localrc']['shared'])


class SkipLevelTest(testtools.TestCase):

    def test_settings_of_grenade_for_such_upgrades_stay(self):
        self.assertIs(True, variables(SKIP_LEVEL)['grenade_localrc'][
            'NOVA_ENABLE_UPGRADE_WORKAROUND'])


class PartialTest(testtools.TestCase):

    def test_the_groups(self):
        groups = tenant.groups(test_jobs.frozen(PARTIAL))
        self.assertEqual({
            'tempest': ['controller'], 'switch': ['controller'],
            'compute': ['controller', 'compute1'],
            'subnode': ['compute1'], 'peers': ['compute1']}, groups)

    def test_heat_is_on_on_the_subnode(self):
        self.assertLessEqual(HEAT, services(PARTIAL, 'compute1'))

    def test_settings_of_grenade_for_the_subnode_stay(self):
        self.assertEqual(
            {'n-cpu', 'placement-client', 'ovn-controller'} | HEAT,
            services(PARTIAL, 'compute1'))
        self.assertLessEqual(
            {'tempest', 'q-svc'} | CINDER | SWIFT,
            services(PARTIAL, 'compute1', on=False))

    def test_only_heat_is_enabled_on_the_subnode_in_our_place(self):
        self.assertEqual({'neutron', 'heat'}, set(
            variables(PARTIAL, 'compute1')['devstack_plugins']))

    def test_the_subnode_knows_where_the_controller_is(self):
        shared = variables(PARTIAL, 'compute1')[
            'grenade_devstack_localrc']['shared']
        address = "{{ hostvars['controller']['nodepool']['private_ipv4'] }}"
        self.assertEqual(
            (address, address, 'mysql'),
            (shared['SERVICE_HOST'], shared['RABBIT_HOST'],
             shared['DATABASE_TYPE']))

    def test_each_node_knows_its_part(self):
        parts = {node: variables(PARTIAL, node)['grenade_devstack_localrc'][
            'shared'] for node in ('controller', 'compute1')}
        self.assertEqual({
            'controller': ('multinode', 'primary', SUBNODES),
            'compute1': ('multinode', 'subnode', SUBNODES)}, {
                node: tuple(part[f'HOST_TOPOLOGY{end}']
                            for end in ('', '_ROLE', '_SUBNODES'))
                for node, part in parts.items()})

    def test_old_and_new_stay_apart_on_both(self):
        for node in ('controller', 'compute1'):
            localrc = variables(PARTIAL, node)['grenade_devstack_localrc']
            self.assertEqual(
                ('{{ devstack_bases.old }}', '{{ devstack_bases.new }}'),
                (localrc['old']['DEST'], localrc['new']['DEST']))

    def test_grenades_scripts_know_it_before_they_read_devstacks(self):
        self.assertEqual('multinode', variables(PARTIAL)['grenade_localrc'][
            'HOST_TOPOLOGY'])
