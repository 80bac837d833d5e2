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

import pathlib
import typing

import fixtures
import testtools

from heat_upgrade.tests.seeded_bugs import judging
from heat_upgrade.tests.seeded_bugs import naive
from heat_upgrade.tests.seeded_bugs import records
from heat_upgrade.tests.seeded_bugs import showing
from heat_upgrade.tests.unit.support import samples


class TestRecords(testtools.TestCase):

    def setUp(self) -> None:
        super().setUp()
        self.path = pathlib.Path(
            self.useFixture(fixtures.TempDir()).path) / 'measured.json'

    def result(self, *found: dict[str, typing.Any]) -> judging.Result:
        return judging.judge(samples.bug(), {
            'verdict': 'fail', 'findings': [
                samples.finding(rule='inflight.stuck', **one)
                for one in found]}, seconds=12.4)

    def test_results_of_a_bug_come_together(self) -> None:
        records.add(records.of_run(self.result({})), 'lost', self.path)
        records.add(records.of_naive(naive.Result(
            'lost', judging.MISSED, '', 9)), 'lost', self.path)
        entry = records.read(self.path)['lost']
        self.assertEqual(
            ('caught', 'inflight.stuck', 'settle', 12, 'missed'), tuple(
                entry[key] for key in ('outcome', 'rule', 'step', 'seconds',
                                       'naive')))

    def test_a_table_shows_the_results(self) -> None:
        record = records.of_run(self.result({})) | {'naive': 'missed'}
        table = showing.rst((samples.bug(),), {'lost': record})
        self.assertIn('caught, ``inflight.stuck`` in ``settle``, 12 s', table)
        self.assertIn('caught 1 of 1 measured', ' '.join(table.split()))
        self.assertIn('The naive suite caught 0 of 1', ' '.join(
            table.split()))

    def test_a_table_explains_a_miss(self) -> None:
        record = records.of_run(judging.judge(samples.bug(), samples.PASS,
                                              seconds=9))
        self.assertIn('missed, 9 s. No data shows it.', showing.rst(
            (samples.bug(note='No data shows it.'),), {'lost': record}))

    def test_a_miss_of_the_checks_alone_is_no_result_of_a_run(self) -> None:
        missed = judging.judge(samples.bug(), samples.PASS, seconds=9)
        table = showing.rst((samples.bug(),),
                            {'lost': records.of_checks(missed)})
        self.assertIn('missed by the static checks; not measured',
                      ' '.join(table.split()))
        self.assertIn('caught 0 of 0 measured', ' '.join(table.split()))

    def test_a_bug_that_the_checks_alone_catch_is_caught(self) -> None:
        self.assertEqual(judging.CAUGHT, records.of_checks(
            self.result({}))['outcome'])

    def test_a_bug_without_a_record_is_not_measured(self) -> None:
        self.assertIn('     - not measured', showing.rst((samples.bug(),), {}))
