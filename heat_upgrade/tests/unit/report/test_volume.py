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

"""The measurements on a full database, in a report."""

import pathlib

import fixtures
import testtools

from heat_upgrade.plan import planner
from heat_upgrade.report import html
from heat_upgrade.report import model
from heat_upgrade.report import volume
from heat_upgrade.tests.unit.support import stories
from heat_upgrade.tests.unit.volume import test_growth

REQUEST = test_growth.REQUEST
BASE = test_growth.BASE
TARGET = {**BASE, 'requests': {
    'list of 200': {**REQUEST, 'p50_ms': 440.0}, 'show': REQUEST}}
FILLED = {'stacks': 1000, 'rows': {'stack': 1000, 'event': 9000},
          'clone_s': 2.5}


class VolumeCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.home = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.plan = planner.make('cold', base='2026.1', target='2026.2',
                                 scenarios='random', volume=1000)

    def report(self, target=TARGET):
        """Return the report of a run with these measurements."""
        story = stories.Story(self.home, self.plan)
        measured = {'fill': FILLED, 'measure-base': BASE,
                    'measure-target': target,
                    'db-sync': {'migration_s': 3.5, 'statements': 40,
                                'rows_read': 77}}
        for step in self.plan.steps:
            if measured.get(step.name, {}) is None:
                break
            story.begin(step)
            story.end(step, **measured.get(step.name, {}))
        return model.make(self.home)

    def page(self, report):
        path = self.home / 'page.html'
        html.write(report, path)
        return ' '.join(path.read_text().split())


class TestReport(VolumeCase):

    def test_report_has_the_measurements_of_both_sides(self):
        measured = self.report()['volume']
        self.assertEqual({**FILLED, 'base': BASE, 'target': TARGET,
                          'migration': {'migration_s': 3.5, 'statements': 40,
                                        'rows_read': 77}}, measured)

    def test_run_without_volume_has_none(self):
        self.plan = stories.PLAN
        self.assertIsNone(self.report()['volume'])

    def test_side_that_was_not_reached_is_null(self):
        self.assertIsNone(self.report(target=None)['volume']['target'])

    def test_page_has_the_table_and_the_plot(self):
        page = self.page(self.report())
        self.assertIn('1000 cloned stacks', page)
        self.assertIn('executed 40 statements and read 77 rows', page)
        self.assertIn('<td>list of 200</td><td class="n">220.0</td>', page)
        self.assertIn('target: 440.0 ms', page)
        self.assertIn('<td>memory of heat-engine, MiB</td><td class="n">300',
                      page)

    def test_page_of_a_run_that_ended_on_the_base_has_its_half(self):
        page = self.page(self.report(target=None))
        self.assertIn('base: 220.0 ms', page)
        self.assertNotIn('<title>target: ', page)

    def test_page_without_volume_has_no_section(self):
        self.plan = stories.PLAN
        self.assertNotIn('<h2>Volume', self.page(self.report()))

    def test_longest_bar_has_the_whole_width(self):
        bars = volume.picture(self.report()['volume'])['bars']
        self.assertEqual([220.0, 440.0, 220.0, 220.0],
                         [bar['ms'] for bar in bars])
        self.assertEqual(volume.WIDTH - volume.LABELS - volume.NUMBERS,
                         bars[1]['width'])
        self.assertEqual(['list of 200', '', 'show', ''],
                         [bar['name'] for bar in bars])
