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

"""Which jobs run for which changes, in which projects, on which branches."""

import ddt
import testtools

from heat_upgrade.tests.zuul import gate
from heat_upgrade.tests.zuul import test_jobs

CHECKS = ['heat-upgrade-checks']
SPECS = ['heat-upgrade-spec-impact']
COMMITS = [*gate.ADVISORY]
DOCS = ['heat-upgrade-tests-docs', 'heat-upgrade-tests-pep8']
UNIT = ['heat-upgrade-tests-unit', 'heat-upgrade-tests-unit-py312',
        'heat-upgrade-tests-unit-py313']
ZUUL = ['heat-upgrade-tests-zuul']

# In Heat, and in heat-specs: the files of a change, and the jobs.
HEAT = (
    (['heat/engine/stack.py'], CHECKS + COMMITS + test_jobs.UPGRADES),
    (['heat/db/migrations/versions/1.py', 'doc/source/index.rst'],
     CHECKS + COMMITS + test_jobs.UPGRADES),
    (['etc/heat/api-paste.ini'], CHECKS + COMMITS + test_jobs.UPGRADES),
    (['devstack/upgrade/upgrade.sh'], CHECKS + test_jobs.UPGRADES),
    (['setup.cfg'], CHECKS + test_jobs.UPGRADES),
    (['requirements.txt'], CHECKS + test_jobs.UPGRADES),
    # The sample configuration, which the check of options reads.
    (['etc/heat/heat-config-generator.conf'], CHECKS + test_jobs.UPGRADES),
    (['heat_integrationtests/functional/test_purge.py'], []),
    (['doc/source/admin/index.rst', 'README.rst'], []),
    (['doc/source/conf.py'], []),
    (['api-ref/source/v1/stacks.inc'], []),
    (['heat/locale/de/LC_MESSAGES/heat.po'], []),
    (['heat/tests/test_stack.py'], []),
    (['.gitignore', '.pre-commit-config.yaml', 'LICENSE'], []),
    (['releasenotes/source/2026.2.rst'], []),
    # What announces the end of an option.
    (['releasenotes/notes/end-of-option-1.yaml'], CHECKS),
    (['releasenotes/notes/fix-1.yaml', 'heat/engine/stack.py'],
     CHECKS + COMMITS + test_jobs.UPGRADES),
)
HEAT_SPECS = (
    (['specs/2027.1/renamed-groups.rst'], SPECS),
    (['doc/source/index.rst'], []),
    (['specs/2027.1/picture.svg'], []),
    (['specs/2027.1/renamed-groups.rst', 'doc/source/index.rst'], SPECS),
)
UPGRADES = test_jobs.UPGRADES + test_jobs.OF_SERIES
OURS = (
    (['heat_upgrade/run/runner.py'],
     CHECKS + UPGRADES + UNIT + ['heat-upgrade-tests-pep8',
                                 'heat-upgrade-tests-docs']),
    (['doc/source/user/gate.rst'], DOCS),
    (['doc/source/specs/upgrade-tests.rst'], DOCS + SPECS),
    (['releasenotes/notes/gate-1.yaml'], CHECKS + DOCS),
    (['heat_upgrade/tests/unit/plan/test_planner.py'], DOCS + UNIT),
    (['heat_integrationtests/tests/unit/test_phases.py'], DOCS + UNIT),
    (['heat_upgrade/specs/checker.py'],
     CHECKS + UPGRADES + UNIT + DOCS + SPECS),
    (['playbooks/heat-upgrade-spec-impact/run.yaml'],
     CHECKS + UPGRADES + UNIT + DOCS + SPECS + ZUUL),
    (['roles/heat-upgrade-run/tasks/main.yaml'],
     CHECKS + UPGRADES + UNIT + DOCS + ZUUL),
    (['roles/heat-upgrade-run/README.rst'], DOCS + ZUUL),
    (['zuul.d/lab.yaml'],
     CHECKS + UPGRADES + UNIT + DOCS + ZUUL),
)


@ddt.ddt
class ChangesTest(testtools.TestCase):

    def _assert_run(self, project, changed, jobs):
        for pipeline in gate.PIPELINES:
            # The check of commits does not vote, so it is not in gate.
            expected = [name for name in jobs
                        if name not in COMMITS or pipeline == 'check']
            self.assertEqual(sorted(expected), gate.loaded().jobs(
                project, pipeline, changed=changed), pipeline)

    @ddt.idata(HEAT)
    @ddt.unpack
    def test_in_heat(self, changed, jobs):
        self._assert_run(gate.HEAT, changed, jobs)

    @ddt.idata(HEAT_SPECS)
    @ddt.unpack
    def test_in_heat_specs(self, changed, jobs):
        self._assert_run(gate.SPECS, changed, jobs)

    @ddt.idata(OURS)
    @ddt.unpack
    def test_in_heat_upgrade_tests(self, changed, jobs):
        self._assert_run(gate.OURS, changed, jobs)


class AdoptionTest(testtools.TestCase):

    def test_the_templates_are_all_that_heat_takes(self):
        self.assertEqual(
            sorted(CHECKS + COMMITS + SPECS + test_jobs.UPGRADES),
            gate.loaded().jobs(gate.HEAT, 'check'))

    def test_the_template_is_all_that_heat_specs_takes(self):
        for pipeline in gate.PIPELINES:
            self.assertEqual(SPECS, gate.loaded().jobs(gate.SPECS, pipeline))
            self.assertTrue(gate.loaded().freeze(
                gate.SPECS, pipeline, *SPECS).voting)

    def test_gate_has_all_jobs_of_check_that_vote(self):
        tenant = gate.loaded()
        names = tenant.jobs(gate.HEAT, 'gate')
        self.assertEqual(sorted(COMMITS + names),
                         tenant.jobs(gate.HEAT, 'check'))
        self.assertFalse(tenant.freeze(gate.HEAT, 'check', *COMMITS).voting)
        self.assertEqual({True}, {
            tenant.freeze(gate.HEAT, pipeline, name).voting
            for pipeline in gate.PIPELINES for name in names})

    def test_heat_and_its_tests_share_a_queue(self):
        self.assertEqual({'heat'}, {
            config.queue_name for project in (gate.HEAT, gate.OURS)
            for config in gate.loaded().layout.getAllProjectConfigs(
                f'opendev.org/{project}') if config.queue_name})

    def test_upgrades_skip_a_level_between_slurp_releases_alone(self):
        name = 'heat-upgrade-grenade-skip-level'
        tenant = gate.loaded()
        self.assertEqual(
            {'master': 'stable/2026.1', 'stable/2026.1': 'stable/2025.1'},
            {branch: tenant.freeze(
                gate.HEAT, 'check', name, branch=branch).variables[
                    'grenade_from_branch']
             for branch in ('master', *gate.STABLE)
             if name in tenant.jobs(gate.HEAT, 'check', branch=branch)})

    def test_master_becomes_a_slurp_release(self):
        # Otherwise the variant of master must go.
        newest = max(path.stem for path
                     in (gate.TOP / 'constraints').glob('2*.txt'))
        self.assertTrue(newest.endswith('.2'), newest)

    def test_the_documentation_has_the_words_that_are_tested(self):
        text = (gate.TOP / 'doc/source/user/gate.rst').read_text()
        for words in (gate.ADOPTION, gate.SPECS_ADOPTION):
            indented = ''.join(f'    {line}\n' for line in words.splitlines())
            self.assertIn(indented, text)
