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
from testtools import matchers

from heat_upgrade import errors
from heat_upgrade.probes import results
from heat_upgrade.probes import samples
from heat_upgrade.report import html
from heat_upgrade.report import model
from heat_upgrade.report import summary
from heat_upgrade.report import timeline
from heat_upgrade.tests.unit.report import test_files
from heat_upgrade.tests.unit.support import stories

# A story's steps take two seconds each, its clock begins at 1000.
ORIGIN = 1000


class SavedCase(test_files.ReportCase):

    def asked(self, name='stack-list', *, start=4, end=14, bad=(), every=0.5):
        """Save a probe that asks from start to end, in seconds of the run."""
        file = samples.File(self.run_dir, samples.About(name, 'what?', every))
        for number in range(int((end - start) / every)):
            at = start + number * every
            error = '503' if any(one <= at < other
                                 for one, other in bad) else ''
            file.write(samples.Sample(ORIGIN + at, ORIGIN + at + 0.1,
                                      not error, error, 'node-2',
                                      'no <server>' if error else ''))
        file.close()


@ddt.ddt
class TestAvailability(SavedCase):

    def test_probe_has_the_statistics_of_its_samples(self):
        self.asked(bad=[(8, 11)])
        one = self.report()['availability']['stack-list']
        self.assertThat(one, matchers.ContainsDict({
            name: matchers.Equals(value) for name, value in {
                'sent': 20, 'failed': 6, 'longest_gap_s': 3.5,
                'errors': {'503': 6}, 'p50_ms': 100.0, 'p99_ms': 100.0,
                'first_bad': 8.1, 'first_good': 11.1, 'gap': [7.6, 11.1],
                'asked': [4.0, 13.6], 'question': 'what?', 'interval': 0.5,
            }.items()}))

    def test_step_has_its_own_statistics(self):
        self.asked(bad=[(8, 11)])
        steps = self.report()['availability']['stack-list']['steps']
        self.assertEqual(
            {'during-upgrade': (4, 0), 'save-database': (4, 0),
             'db-sync': (4, 4), 'start-target': (4, 2),
             'verify-target': (4, 0)},
            {name: (one['sent'], one['failed'])
             for name, one in steps.items()})

    def test_downtime_probe_is_in_the_report_too(self):
        self.asked()
        self.assertEqual({'heat-api', 'stack-list'},
                         set(self.report()['availability']))

    def test_samples_of_an_unfinished_run_are_reported(self):
        self.asked()
        stories.Story(self.run_dir).tell(until='db-sync')
        seen, times = results.of_run(self.run_dir)
        self.assertEqual((8, None), times['db-sync'])
        self.assertNotIn('start-target', times)
        self.assertEqual(20, seen['stack-list']['sent'])

    def test_damaged_samples_are_refused_with_their_file(self):
        self.asked()
        path = self.run_dir / 'probes' / 'stack-list.jsonl'
        path.write_text('nonsense\n' + path.read_text())
        stories.Story(self.run_dir).tell()
        exc = self.assertRaises(errors.UsageError, model.make, self.run_dir)
        self.assertIn('line 1 of stack-list.jsonl is damaged', str(exc))

    @ddt.unpack
    @ddt.data(
        ([], '  stack-list       0 of 20 failed, longest gap 0.5 s'),
        ([(8, 11)], '  stack-list       6 of 20 failed (503 6), longest gap '
                    '3.5 s'),
        ([(8, 20)], '  stack-list       12 of 20 failed (503 12), longest '
                    'gap never answered again'),
        ([(0, 13.5)], '  stack-list       19 of 20 failed (503 19), longest '
                      'gap 9.60 s (from the first question)'),
    )
    def test_a_summary_has_a_line_for_each_probe(self, bad, line):
        self.asked(bad=bad)
        self.assertIn(line, summary.text(self.report()).splitlines())

    def page(self, report):
        path = self.run_dir / 'report.html'
        html.write(report, path)
        return test_files.Page(path.read_text())

    @ddt.data({}, {'until': 'base-up'}, {'until': 'db-sync'},
              {'failing': ['base-up']})
    def test_every_kind_of_run_has_a_well_formed_page(self, story):
        self.asked(bad=[(8, 11)])
        self.asked('canary', every=4, bad=[(0, 100)])
        page = self.page(self.report(**story))
        self.assertTrue(page.balanced)
        self.assertIn('503 6', page.text)

    def test_page_has_the_losses_of_each_step(self):
        self.asked(bad=[(8, 11)])
        self.assertIn('By step', self.page(self.report()).text)

    def test_probe_without_a_request_is_accepted(self):
        self.asked(end=4)
        report = self.report()
        self.assertNotIn('probes', {item.category for item in (
            timeline.timeline(report, timeline.Records()).items)})
        self.assertTrue(self.page(report).balanced)
