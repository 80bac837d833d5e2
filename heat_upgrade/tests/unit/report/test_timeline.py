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

import dataclasses
import hashlib

import ddt

from heat_upgrade.plan import model as plans
from heat_upgrade.report import html
from heat_upgrade.report import timeline
from heat_upgrade.results import journal
from heat_upgrade.results import verdict
from heat_upgrade.tests.unit.report import test_downtime
from heat_upgrade.tests.unit.report import test_files
from heat_upgrade.tests.unit.report import test_traffic
from heat_upgrade.tests.unit.support import stories
from heat_upgrade.traffic import history

FLIGHT = {'case': 'create-chain-lock', 'disruption': 'graceful',
          'status': 'CREATE_COMPLETE', 'seconds': 1.5, 'legal': True,
          'counts': False}


class TimelineCase(test_downtime.SavedCase):

    def chart(self, **story):
        return timeline.timeline(self.report(**story),
                                 timeline.read(self.run_dir))

    def items(self, category, **story):
        return [item for item in self.chart(**story).items
                if item.category == category]


@ddt.ddt
class TestTimeline(TimelineCase):

    def test_steps_are_at_their_time(self):
        self.assertEqual(
            [('base-up', 0, 2), ('pre-upgrade', 2, 4)],
            [(item.text, item.start, item.end)
             for item in self.items('steps')[:2]])

    def test_step_that_was_cut_off_ends_with_the_run(self):
        last = self.items('steps', until='db-sync')[-1]
        self.assertEqual(('db-sync', 'cut-off'), (last.text, last.kind))
        self.assertGreaterEqual(last.end, last.start)

    def test_step_that_was_skipped_is_absent(self):
        self.assertNotIn('db-sync', [
            item.text for item in self.items('steps', failing=['base-up'])])

    def test_overlapping_items_have_their_own_lanes(self):
        report = self.report()
        report['steps'][1]['start'] = 1.0
        lanes = [item.lane for item in timeline.timeline(
            report, timeline.Records()).items if item.category == 'steps']
        self.assertEqual([0, 1, 0], lanes[:3])

    def test_phase_lasts_from_its_first_step_to_its_last(self):
        self.assertIn(('pre-upgrade', 2, 4), [
            (item.text, item.start, item.end)
            for item in self.items('phases')])

    def test_gaps_and_outages_are_upon_the_bar_of_their_probe(self):
        self.asked(bad=[(8, 11)])
        self.assertEqual(
            [('ok', 4.0, 13.6), ('gap', 7.6, 11.1), ('failed', 8.0, 10.6)],
            [(item.kind, item.start, item.end)
             for item in self.items('probes')])

    def test_step_on_a_node_names_its_release(self):
        report = self.report()
        step, = [one for one in report['steps'] if one['name'] == 'db-sync']
        records = timeline.Records(steps=[plans.Step(
            'db-sync', 'start_service', 'start', side='target',
            node='node-1', service='engine')])
        item, = [item for item in timeline.timeline(report, records).items
                 if item.category == 'nodes']
        self.assertEqual(
            ('node-1', 'start_service engine 27.0.1', step['start']),
            (item.row, item.text, item.start))

    @ddt.unpack
    @ddt.data(({}, 'ok'), ({'legal': False}, 'hazard'),
              ({'legal': False, 'counts': True}, 'failed'))
    def test_operation_is_drawn_from_its_release(self, changes, kind):
        flight = {**FLIGHT, **changes}
        report = self.report()
        report['in_flight'] = [{'step': 'db-sync', **flight}]
        records = timeline.Records(events=[
            {'kind': journal.RUN_START, 'monotonic': 1000.0, 'data': {}},
            {'kind': journal.IN_FLIGHT, 'monotonic': 1009.0,
             'step': 'db-sync', 'data': flight}])
        item, = [item for item in timeline.timeline(report, records).items
                 if item.category == 'in-flight']
        self.assertEqual((7.5, 9.0, kind),
                         (item.start, item.end, item.kind))

    def test_calls_are_joined_by_the_second(self):
        call = history.Call(1, 'c', 's', history.SHOW, 1003.2, 1003.3, '',
                            '', 200, history.OK)
        calls = [call, dataclasses.replace(call, start=1003.9,
                                           result=history.ERROR),
                 dataclasses.replace(call, operation=history.FAULT,
                                     result=history.SIGKILL)]
        records = timeline.Records(calls=calls, events=[
            {'kind': journal.RUN_START, 'monotonic': 1000.0, 'data': {}}])
        items = timeline.timeline(self.report(), records).items
        self.assertEqual(
            [('load', 3, '2'), ('faults', 3, history.SIGKILL)],
            [(item.category, int(item.start), item.text) for item in items
             if item.category in ('load', 'faults')])

    def test_many_near_events_are_joined(self):
        self.asked()
        report = self.report()
        probe = report['availability']['stack-list']
        probe['gaps'] = [[4 + number / 1000, 4 + number / 1000 + 0.0005]
                         for number in range(9600)]
        items = timeline.timeline(report, timeline.NO_RECORDS).items
        self.assertLessEqual(len(items), timeline.MOST)
        gap, = [item for item in items if item.kind == timeline.GAP]
        self.assertEqual((4.0, 13.5995), (gap.start, gap.end))

    def test_few_near_events_stay_apart(self):
        self.asked(bad=[(6, 6.2), (9, 9.2)])
        self.assertEqual(2, len([item for item in self.items('probes')
                                 if item.kind == timeline.FAILED]))

    def test_traffic_of_a_run_is_read_from_its_directory(self):
        test_traffic.save(self.run_dir, test_traffic.life().dies())
        self.assertNotEqual([], self.items('load'))

    def test_run_without_a_step_has_no_chart(self):
        report = self.report()
        report['steps'] = [{**step, 'start': None}
                           for step in report['steps']]
        report['availability'] = {}
        self.assertIsNone(timeline.timeline(report, timeline.Records()))


class TestFirstError(TimelineCase):

    def first(self, **story):
        chart = self.chart(**story)
        number = chart.first_error
        return number if number is None else chart.items[number]

    def test_good_run_has_none(self):
        self.assertIsNone(self.first())

    def test_failed_step_is_before_an_earlier_downtime(self):
        self.asked(bad=[(8, 11)])
        first = self.first(failing=['verify-target'], found=[
            stories.finding('verify-target')])
        self.assertEqual('verify-target', first.text)

    def test_downtime_is_the_first_error_of_a_run_without_another(self):
        self.asked(bad=[(8, 11)])
        self.assertEqual(8.0, self.first().start)


class TestPage(test_files.ReportCase):

    def test_text_cannot_end_the_script(self):
        report = self.report()
        report['steps'][0]['title'] = '</script><script>alert(1)</script>'
        path = self.run_dir / 'report.html'
        html.write(report, path)
        self.assertNotIn('</script><script>alert', path.read_text())

    def test_run_that_broke_at_once_has_a_page(self):
        report = self.report(failing=['base-up'], found=[stories.finding(
            'base-up', origin='lab', failure_class=None)])
        path = self.run_dir / 'report.html'
        html.write(report, path, timeline.read(self.run_dir))
        self.assertEqual(verdict.LAB_ERROR, report['verdict'])
        self.assertIn('chart-data', path.read_text())

    def test_library_is_the_one_of_its_package(self):
        for line in (html.VENDOR / 'SHA256SUMS').read_text().splitlines():
            digest, name = line.split()
            self.assertEqual(digest, hashlib.sha256(
                (html.VENDOR / name).read_bytes()).hexdigest(), name)
