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


import ddt
import testtools

from heat_upgrade.results import findings
from heat_upgrade.results import verdict
from heat_upgrade.tests.unit.support import stories

ALL = {'pre-upgrade': 9, 'during-upgrade': 2, 'post-upgrade': 9}


def found(*origins, severity=findings.ERROR):
    return [stories.finding('db-sync', origin=origin, severity=severity)
            for origin in origins]


@ddt.ddt
class TestVerdict(testtools.TestCase):

    def judge(self, origins=(), phases=ALL, finished=True, **options):
        return verdict.verdict(found(*origins, **options), phases,
                               finished=finished)

    def test_a_finished_run_without_findings_passes(self):
        self.assertEqual('pass', self.judge())

    @ddt.unpack
    @ddt.data(
        (['heat'], 'fail'),
        (['lab'], 'lab-error'),
        (['scenario'], 'lab-error'),
        (['known'], 'pass-with-hazards'),
        (['restart'], 'pass-with-hazards'),
        (['input'], 'fail'),
        (['known', 'scenario'], 'lab-error'),
        (['heat', 'lab'], 'fail'),
        (['lab', 'heat'], 'lab-error'),
        (['scenario', 'heat'], 'fail'),
        (['scenario', 'lab', 'heat'], 'lab-error'),
        (['heat', 'scenario'], 'fail'),
        (['known', 'heat'], 'fail'),
        (['known', 'lab', 'heat'], 'lab-error'),
    )
    def test_first_failure_decides(self, origins, verdict):
        self.assertEqual(verdict, self.judge(origins))

    @ddt.data(*findings.Origin)
    def test_warnings_do_not_count(self, origin):
        self.assertEqual('pass', self.judge(
            [origin], severity=findings.WARNING))

    @ddt.data(*ALL)
    def test_phase_without_a_test_is_a_lab_error(self, phase):
        self.assertEqual('lab-error', self.judge(phases={**ALL, phase: 0}))

    def test_run_without_a_phase_is_a_lab_error(self):
        self.assertEqual('lab-error', self.judge(phases={}))

    def test_interrupted_run_never_passes(self):
        self.assertEqual('lab-error', self.judge(finished=False))

    def test_failure_before_an_interruption_counts(self):
        self.assertEqual('fail', self.judge(['heat'], finished=False))

    def test_failure_counts_without_the_later_phases(self):
        self.assertEqual('fail', self.judge(
            ['heat'], phases={**ALL, 'post-upgrade': 0}))

    def test_interrupted_run_never_passes_with_hazards(self):
        self.assertEqual('lab-error', self.judge(['known'], finished=False))

    @ddt.unpack
    @ddt.data(('pass', 0, 0), ('pass-with-hazards', 0, 1), ('fail', 1, 1),
              ('lab-error', 3, 3))
    def test_verdict_has_its_exit_status(self, name, status, strict):
        report = {'verdict': name}
        self.assertEqual((status, strict), (
            verdict.exit_status(report),
            verdict.exit_status(report, strict=True)))

    def test_verdict_is_displayed_in_words(self):
        self.assertEqual(set(verdict.EXIT_STATUS), set(verdict.SHOWN))
