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

"""heat-upgrade report diff, of runs that a test makes up."""

import json

import ddt

from heat_upgrade.tests.unit.support import cli_case
from heat_upgrade.tests.unit.support import stories


def finding(subject, **changes):
    return stories.finding(**{
        'step': 'db-sync', 'subject': subject, 'title': f'{subject} failed',
        **changes})


@ddt.ddt
class TestDiff(cli_case.CliCase):

    def diff(self, before, after, *words):
        """Compare two runs; returns the exit status."""
        places = []
        for name, found in (('a', before), ('b', after)):
            place = self.home / name
            place.mkdir()
            stories.Story(place).tell(found=found)
            places.append(place)
        return self.call('report', 'diff', *places, *words)

    def test_the_numbers_come_first_and_then_the_lists(self):
        self.assertEqual(1, self.diff([finding('x'), finding('y')],
                                      [finding('y'), finding('z')]))
        self.assertEqual(
            'new 1, gone 1, same 1\n\n'
            'new:\n   - [error, heat] z failed (step.failed)\n\n'
            'gone:\n   - [error, heat] x failed (step.failed)\n\n'
            'same:\n   - [error, heat] y failed (step.failed)\n', self.out)

    @ddt.unpack
    @ddt.data(([], [], 0), ([finding('x')], [], 0),
              ([finding('x')], [finding('x')], 0),
              ([], [finding('x')], 1),
              ([], [finding('x', origin='known')], 0),
              ([], [finding('x', severity='warning')], 0))
    def test_only_something_new_that_counts_is_a_failure(self, before, after,
                                                         status):
        self.assertEqual(status, self.diff(before, after))

    def test_difference_is_written_as_json(self):
        self.diff([], [finding('x')], '-f', 'json')
        found = json.loads(self.out)
        self.assertEqual(['x'], [one['subject'] for one in found['new']])
        self.assertEqual(([], [], []), (found['gone'], found['same'],
                                        found['notes']))

    def test_comparison_writes_no_report(self):
        self.diff([], [])
        self.assertFalse((self.home / 'a' / 'report.json').exists())

    def test_directory_without_a_run_is_refused(self):
        self.assertIn('is not the directory of a run', self.refused(
            'report', 'diff', self.home, self.home))

    def test_the_command_report_still_takes_a_run_directory(self):
        stories.Story(self.home).tell()
        self.assertEqual(0, self.call('report', self.home))
        self.assertIn('verdict: PASS', self.out)
