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

"""The jobs are consistent, for Zuul and beyond its own checks."""

import testtools

from heat_upgrade.tests.zuul import assertions
from heat_upgrade.tests.zuul import gate
from heat_upgrade.tests.zuul import test_jobs


def said():
    """Return {name of a job: its definition} of ours."""
    return {item['job']['name']: item['job'] for item in gate.items(gate.TOP)
            if 'job' in item}


class SoundTest(testtools.TestCase):

    def test_jobs_are_consistent(self):
        self.assertEqual([], assertions.problems(gate.TOP))

    def test_all_upgrades_are_left_out_for_the_same_files(self):
        jobs = said()
        first, *others = [
            jobs[name]['irrelevant-files'] for name in
            ('heat-upgrade-lab', *(name for name in test_jobs.UPGRADES
                                   if 'grenade' in name))]
        self.assertEqual([first] * len(others), others)

    def test_the_checks_run_for_the_same_files_and_for_release_notes(self):
        jobs = said()
        lab, checks = (set(jobs[name]['irrelevant-files']) for name in
                       ('heat-upgrade-lab', 'heat-upgrade-checks'))
        self.assertEqual(({r'^releasenotes/.*$'},
                          {r'^releasenotes/source/.*$'}),
                         (lab - checks, checks - lab))


class DocumentedTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        path = gate.TOP / 'doc' / 'source' / 'reference' / 'gate.rst'
        self.lines = path.read_text().splitlines()

    def _assert_in_it(self, kind, names):
        written = [line.rpartition(' ')[2] for line in self.lines
                   if line.startswith(f'.. zuul:auto{kind}:: ')]
        self.assertEqual(sorted(names), sorted(written))

    def test_each_job_is_in_the_reference(self):
        self._assert_in_it('job', said())

    def test_each_role_is_in_the_reference(self):
        self._assert_in_it('role', [
            path.name for path in (gate.TOP / 'roles').iterdir()])

    def test_each_template_is_in_the_reference(self):
        self._assert_in_it('project_template', [
            item['project-template']['name'] for item in gate.items(gate.TOP)
            if 'project-template' in item])
