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
"""Tests of the stages of adoption/, with Zuul's own loader.

Where HEAT_UPGRADE_CLONES names a directory with clones, the tenant has the
real configuration of Heat, on each of its branches, with the patch of the
last stage, and that of the projects on which our jobs build.
"""

import os
import pathlib
import subprocess

import fixtures
import testtools

from heat_upgrade.tests.zuul import gate
from heat_upgrade.tests.zuul import live_run
from heat_upgrade.tests.zuul import test_jobs

CLONES = pathlib.Path(os.environ.get('HEAT_UPGRADE_CLONES', '/nonexistent'))
JOBS = sorted(['heat-upgrade-checks', *test_jobs.UPGRADES])
ALL = ('master', *gate.STABLE)
# The template of the last stage is added after this one.
ANCHOR = '      - check-requirements\n'


class StagesTest(testtools.TestCase):

    def load(self, *templates):
        scratch = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        tenant = gate.build(scratch, heat=(
            '- project:\n    templates:\n'
            + ''.join(f'      - {name}\n' for name in templates)))
        self.assertEqual([], tenant.load())
        return tenant

    def test_first_stage_runs_all_upgrades_on_request_only(self):
        tenant = self.load('heat-upgrade-jobs-experimental')
        self.assertEqual(JOBS, tenant.jobs(gate.HEAT, 'experimental'))
        for pipeline in gate.PIPELINES:
            self.assertEqual([], tenant.jobs(gate.HEAT, pipeline))

    def test_second_stage_runs_all_upgrades_without_votes(self):
        tenant = self.load('heat-upgrade-commits',
                           'heat-upgrade-jobs-nonvoting')
        names = tenant.jobs(gate.HEAT, 'check')
        self.assertEqual(sorted([*JOBS, *gate.ADVISORY]), names)
        self.assertEqual({False}, {
            tenant.freeze(gate.HEAT, 'check', name).voting for name in names})
        self.assertEqual([], tenant.jobs(gate.HEAT, 'gate'))

    def test_last_stage_has_the_jobs_of_the_second_on_each_branch(self):
        second = self.load('heat-upgrade-jobs-nonvoting')
        last = self.load('heat-upgrade-jobs')
        for branch in ALL:
            self.assertEqual(
                sorted(['heat-upgrade-spec-impact', *second.jobs(
                    gate.HEAT, 'check', branch=branch)]),
                last.jobs(gate.HEAT, 'gate', branch=branch))


class RealTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        if not (CLONES / gate.HEAT).is_dir():
            self.skipTest('HEAT_UPGRADE_CLONES names no clone of '
                          f'{gate.HEAT}')
        self.scratch = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def heat(self):
        """Return {branch: directory} of Heat's patched configuration."""
        git = ['git', '-C', CLONES / gate.HEAT]
        branches = subprocess.run(
            [*git, 'for-each-ref', '--format=%(refname:short)',
             'refs/heads/master', 'refs/heads/stable'], check=True, text=True,
            stdout=subprocess.PIPE).stdout.split()
        found = {}
        for branch in branches:
            text = subprocess.run([*git, 'show', f'{branch}:.zuul.yaml'],
                                  check=True, text=True,
                                  stdout=subprocess.PIPE).stdout
            self.assertIn(ANCHOR, text)
            found[branch] = self.scratch / 'branches' / branch
            found[branch].mkdir(parents=True)
            (found[branch] / '.zuul.yaml').write_text(text.replace(
                ANCHOR, f'{ANCHOR}      - heat-upgrade-commits\n'
                        '      - heat-upgrade-jobs\n'))
        return found

    def test_all_branches_of_heat_load_and_freeze(self):
        heat = self.heat()
        upstream = {
            project: live_run.configuration(
                (CLONES / project).resolve(), self.scratch / project)
            for project in (*gate.UNTRUSTED, 'openstack/requirements')
            if (CLONES / project).is_dir()}
        tenant = gate.build(
            self.scratch / 'adopters', upstream=upstream, heat=heat,
            checkouts=live_run.named([*upstream.values(), *heat.values()]))
        ours = [(project, message) for project, message in tenant.load()
                if project == gate.OURS or 'heat-upgrade' in message]
        self.assertEqual([], ours)
        for branch in heat:
            for pipeline in gate.PIPELINES:
                names = tenant.jobs(gate.HEAT, pipeline, branch=branch)
                expected = [name for name in JOBS if not (
                    name.endswith('skip-level')
                    and branch not in ('master', 'stable/2026.1'))]
                self.assertEqual(expected, [
                    name for name in names if name in JOBS])
                self.assertEqual({True}, {
                    tenant.freeze(gate.HEAT, pipeline, name,
                                  branch=branch).voting for name in expected})
