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

"""Each job as Zuul freezes it: its parents, nodes, playbooks and projects."""

import ddt
import testtools

from heat_upgrade.tests.zuul import gate
from heat_upgrade.tests.zuul import templating
from heat_upgrade.tests.zuul import tenant

GRENADE = ['base', 'multinode', 'grenade-base', 'grenade']
TOX = ['base', 'unittests', 'tox', 'tox-fips', 'openstack-tox']
LAB = ['base', 'heat-upgrade-base']
ONE = {'debian-bookworm': 'debian-bookworm'}
CONTROLLER = {'controller': 'debian-bookworm'}
BOTH = {'controller': 'debian-bookworm', 'compute1': 'debian-bookworm'}
LAB_BOOKS = ('heat-upgrade-lab/pre', 'heat-upgrade-lab/run',
             'heat-upgrade-lab/post')

# Each maintained series with a stable branch.
SERIES = ('2025-2', '2026-1', '2026-2')

# Name: parents, nodes, timeout, own playbooks before, in and after it.
JOBS = {
    'heat-upgrade-checks': (
        LAB, ONE, 1800, ('heat-upgrade-lab/pre', 'heat-upgrade-checks/run',
                         'heat-upgrade-lab/post')),
    'heat-upgrade-grenade': (
        GRENADE, CONTROLLER, 10800, ('heat-upgrade-grenade/post',)),
    'heat-upgrade-grenade-multinode': (
        [*GRENADE, 'grenade-multinode'], BOTH, 10800,
        ('heat-upgrade-grenade/post',)),
    'heat-upgrade-grenade-skip-level': (
        [*GRENADE, 'grenade-skip-level-always'], CONTROLLER, 10800,
        ('heat-upgrade-grenade/post',)),
    'heat-upgrade-lab-cold': ([*LAB, 'heat-upgrade-lab'], ONE, 3600,
                              LAB_BOOKS),
    **{f'heat-upgrade-lab-cold-{series}': (
        [*LAB, 'heat-upgrade-lab', 'heat-upgrade-lab-cold'], ONE, 3600,
        LAB_BOOKS) for series in SERIES},
    'heat-upgrade-lab-rolling': ([*LAB, 'heat-upgrade-lab'], ONE, 3600,
                                 LAB_BOOKS),
    'heat-upgrade-spec-impact': (
        LAB, ONE, 1800, ('heat-upgrade-lab/pre',
                         'heat-upgrade-spec-impact/run',
                         'heat-upgrade-lab/post')),
    'heat-upgrade-tests-docs': (
        ['base', 'unittests', 'opendev-tox-docs', 'openstack-tox-docs'], ONE,
        1800, ()),
    'heat-upgrade-tests-pep8': (
        [*TOX, 'openstack-tox-pep8'], ONE, 1800, ()),
    'heat-upgrade-tests-unit': (
        [*TOX, 'openstack-tox-py311'], ONE, 2400, ()),
    'heat-upgrade-tests-unit-py312': (
        [*TOX, 'openstack-tox-py312'], {'ubuntu-noble': 'ubuntu-noble'}, 2400,
        ()),
    'heat-upgrade-tests-unit-py313': (
        [*TOX, 'openstack-tox-py313'],
        {'debian-trixie-8GB': 'debian-trixie-8GB'}, 2400, ()),
    'heat-upgrade-tests-zuul': (
        [*TOX, 'openstack-tox-py311'], ONE, 2400, ()),
}
UPGRADES = [name for name in JOBS
            if name.startswith(('heat-upgrade-grenade', 'heat-upgrade-lab'))
            and not name.endswith(SERIES)]
# Of this project alone, which is branchless.
OF_SERIES = [name for name in JOBS if name.endswith(SERIES)]
NIGHTLY = 'heat-upgrade-lab-seeds'
OWN = [name for name in JOBS if name.startswith('heat-upgrade-tests-')]


def frozen(name, *, project=gate.OURS, pipeline='check', **options):
    """Return a job of ours, frozen by Zuul."""
    return gate.loaded().freeze(project, pipeline, name, **options)


@ddt.ddt
class EachJobTest(testtools.TestCase):

    def test_there_are_no_others(self):
        self.assertEqual(sorted(JOBS),
                         gate.loaded().jobs(gate.OURS, 'check'))

    @ddt.data(*JOBS)
    def test_job_has_its_parent(self, name):
        self.assertEqual([*JOBS[name][0], name], gate.parents(frozen(name)))

    @ddt.data(*JOBS)
    def test_its_nodes(self, name):
        self.assertEqual(JOBS[name][1], tenant.nodes(frozen(name)))

    @ddt.data(*JOBS)
    def test_job_has_its_timeout(self, name):
        self.assertEqual(JOBS[name][2], frozen(name).timeout)

    @ddt.data(*JOBS)
    def test_job_votes_in_check_and_gate(self, name):
        self.assertEqual([True, True], [
            frozen(name, pipeline=pipeline).voting
            for pipeline in gate.PIPELINES])

    @ddt.data(*JOBS)
    def test_our_playbooks_in_it(self, name):
        ours = [path for paths in gate.playbooks(frozen(name)).values()
                for path in paths if path.startswith(gate.OURS)]
        self.assertEqual([f'{gate.OURS}/playbooks/{book}.yaml'
                          for book in JOBS[name][3]], ours)

    @ddt.data(*sorted(set(JOBS) - set(OWN)))
    def test_prepared_projects_have_heat_and_the_tests(self, name):
        self.assertLessEqual(
            {'opendev.org/openstack/heat',
             'opendev.org/openstack/heat-upgrade-tests',
             'opendev.org/openstack/requirements'},
            set(frozen(name).required_projects))

    @ddt.data(*JOBS)
    def test_no_project_is_pinned_to_a_branch(self, name):
        self.assertEqual({None}, {
            project.override_checkout
            for project in frozen(name).required_projects.values()})


@ddt.ddt
class LabJobsTest(testtools.TestCase):

    @ddt.data(*SERIES)
    def test_each_series_is_tested_with_its_branch(self, series):
        job = frozen(f'heat-upgrade-lab-cold-{series}')
        self.assertEqual(f'stable/{series.replace("-", ".")}',
                         job.override_checkout)

    def test_series_are_those_with_a_lock_file(self):
        # The oldest of these is only a base.
        locked = sorted(path.stem for path in
                        (gate.TOP / 'constraints').glob('2*.txt'))
        self.assertEqual(locked[-len(SERIES):],
                         [name.replace('-', '.') for name in SERIES])

    @ddt.data(('heat-upgrade-lab-cold', 'cold'),
              ('heat-upgrade-lab-rolling', 'rolling'))
    @ddt.unpack
    def test_the_strategy(self, name, strategy):
        self.assertEqual({'heat_upgrade_strategy': strategy},
                         tenant.variables(frozen(name), 'debian-bookworm'))

    def test_specs_from_the_series_of_the_template_on(self):
        job = frozen('heat-upgrade-spec-impact', project=gate.SPECS)
        self.assertEqual({'heat_upgrade_bindep_profiles': ['text'],
                          'heat_upgrade_spec_since': '2027.1'},
                         tenant.variables(job, 'debian-bookworm'))

    def test_commits_of_a_change_are_checked_without_servers(self):
        job = frozen('heat-upgrade-commit-impact', project=gate.HEAT)
        told = tenant.variables(job, 'debian-bookworm')
        self.assertEqual('HEAD^1..HEAD', told['heat_upgrade_spec_commits'])
        self.assertEqual(['text'], told['heat_upgrade_bindep_profiles'])
        self.assertEqual(JOBS['heat-upgrade-spec-impact'][3], tuple(
            path.removeprefix(f'{gate.OURS}/playbooks/').removesuffix('.yaml')
            for paths in gate.playbooks(job).values()
            for path in paths if path.startswith(gate.OURS)))

    def test_our_own_specs_are_in_the_documentation(self):
        self.assertEqual(
            ['doc/source/specs'],
            frozen('heat-upgrade-spec-impact').variables[
                'heat_upgrade_spec_paths'])
        self.assertTrue((gate.TOP / 'doc/source/specs').is_dir())

    @ddt.data(*OWN)
    def test_our_own_jobs_have_our_constraints(self, name):
        place = frozen(name).variables['tox_constraints_file']
        self.assertEqual(
            '{{ ansible_user_dir }}/{{ zuul.project.src_dir }}'
            '/constraints/tool.txt', place)
        self.assertTrue((gate.TOP / 'constraints/tool.txt').is_file())

    @ddt.data(*OWN)
    def test_their_environments_are_in_tox_ini(self, name):
        environment = frozen(name).variables['tox_envlist']
        self.assertIn(f'\n[testenv:{environment}]\n',
                      (gate.TOP / 'tox.ini').read_text())


class NightlyJobTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.job = frozen(NIGHTLY, pipeline=gate.PERIODIC)

    def test_no_other_job_is_started_by_the_clock(self):
        self.assertEqual([NIGHTLY],
                         gate.loaded().jobs(gate.OURS, gate.PERIODIC))

    def test_lab_is_the_parent(self):
        self.assertEqual([*LAB, 'heat-upgrade-lab', NIGHTLY],
                         gate.parents(self.job))
        self.assertEqual(10800, self.job.timeout)

    def test_each_node_has_a_shard_of_the_seeds(self):
        nodes = tenant.nodes(self.job)
        self.assertEqual({'debian-bookworm'}, set(nodes.values()))
        shards = []
        for node in nodes:
            context = {**templating.facts(self.job, node),
                       **tenant.variables(self.job, node)}
            told = templating.Templar(
                loader=templating.dataloader.DataLoader(),
                variables=context).template(context['heat_upgrade_options'])
            self.assertEqual(['--seeds', '1..48', '--shard'], told[:-1])
            shards.append(told[-1])
        self.assertEqual([f'{number}/{len(nodes)}' for number in range(
            1, len(nodes) + 1)], shards)

    def test_reports_are_joined_before_they_are_collected(self):
        self.assertEqual(
            [f'{gate.OURS}/playbooks/{book}/post.yaml'
             for book in ('heat-upgrade-seeds', 'heat-upgrade-lab')],
            [path for path in gate.playbooks(self.job)['post']
             if path.startswith(gate.OURS)])
