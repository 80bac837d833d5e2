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

"""The traffic and the in-flight operations of a report."""

import contextlib
import dataclasses
import json

import ddt
from testtools import matchers

from heat_upgrade.plan import control_run
from heat_upgrade.report import html
from heat_upgrade.report import model
from heat_upgrade.report import overview
from heat_upgrade.report import summary
from heat_upgrade.report import traffic
from heat_upgrade.results import findings
from heat_upgrade.results import journal
from heat_upgrade.tests.unit.report import test_files
from heat_upgrade.tests.unit.support import stories
from heat_upgrade.tests.unit.traffic import test_validator
from heat_upgrade.traffic import diagnostics
from heat_upgrade.traffic import generator
from heat_upgrade.traffic import history
from heat_upgrade.traffic import revalidate
from heat_upgrade.traffic import validator

# When the step db-sync of a story begins.
DB_SYNC = 1008


def life():
    """Return the history of a stack that lives while the run is on."""
    past = test_validator.Story()
    past.now = DB_SYNC
    return past.lives()


def stuck():
    """Return the history of a stack whose check has no end."""
    past = life()
    past.events.append('CHECK_IN_PROGRESS')
    return past.call(history.CHECK, 200).wait(
        history.STUCK, 'CHECK_IN_PROGRESS', seconds=1)


def save(run_dir, past, *, ended=True):
    """Write a history to a run directory, as a run does."""
    with contextlib.closing(history.History(run_dir)) as written:
        for call in past.calls:
            values = dataclasses.asdict(call)
            del values['id']
            written.add(**values)
    (run_dir / generator.LEDGER_FILE).write_text(''.join(
        json.dumps(dataclasses.asdict(event)) + '\n'
        for event in past.ledger))
    if ended:
        gone = past.calls[-1].result == history.GONE
        generator.write_final(run_dir, past.final() if gone else past.final(
            'CHECK_IN_PROGRESS', {name: ['CHECK_COMPLETE', f'item-{name}']
                                  for name in ('first', 'second')}))


def stuck_finding(**changes):
    """Return the finding that a check has no end."""
    return stories.finding(
        'db-sync', **{'rule': 'traffic.stuck', 'subject': history.CHECK,
                      'title': 'a check has no end', **changes})


class TrafficCase(test_files.ReportCase):

    def report_of(self, of=None, *, ended=True, **story):
        save(self.run_dir, of or life().dies(), ended=ended)
        return self.report(**story)

    def page(self, report):
        path = self.run_dir / 'report.html'
        html.write(report, path)
        return test_files.Page(path.read_text())


@ddt.ddt
class TestTraffic(TrafficCase):

    def test_run_without_traffic_has_no_section(self):
        report = self.report()
        self.assertIsNone(report['load'])
        self.assertNotIn('traffic', [tile.name for tile
                                     in overview.tiles(report)])

    def test_calls_are_counted_by_their_result(self):
        past = life().call(history.UPDATE, 503, value='v3').dies()
        self.assertThat(self.report_of(past)['load'], matchers.ContainsDict({
            name: matchers.Equals(value) for name, value in {
                'stacks': 1, 'operations': 4, 'ended': True,
                'served': {'26.0.2': 7},
                'calls': {'create': {'ok': 1}, 'update': {
                    'ok': 1, 'error': 1}, 'delete': {'ok': 1},
                    'show': {'ok': 2}, 'resources': {'ok': 1}},
                'ends': {'create': {'COMPLETE': 1},
                         'update': {'COMPLETE': 1}, 'delete': {'gone': 1}},
            }.items()}))

    def test_errors_are_counted_by_the_step_of_their_request(self):
        past = life()
        past.now = DB_SYNC + 3
        past.call(history.SHOW, 503)
        past.now = DB_SYNC + 4.5
        past.call(history.SHOW, None, error='TimeoutError: late')
        past.now = 2000
        past.call(history.SHOW, 500)
        self.assertEqual(
            {'start-target': {'HTTP 503': 1}, 'verify-target': {
                'TimeoutError': 1}, '': {'HTTP 500': 1}},
            self.report_of(past)['load']['errors'])

    def test_every_rule_is_reported_with_its_violations(self):
        rules = self.report_of(stuck())['load']['rules']
        self.assertEqual(list(validator.RULES), list(rules))
        self.assertEqual(
            {'says': validator.RULES['stuck'], 'violations': 1,
             'operations': ['check'], 'origins': [], 'counts': True},
            rules['stuck'])
        self.assertEqual(['stuck'], list(traffic.broken({'rules': rules})))

    @ddt.unpack
    @ddt.data(([], True), ([findings.HEAT], True), ([findings.KNOWN], False),
              ([findings.RESTART], False),
              ([findings.HEAT, findings.KNOWN], True))
    def test_broken_rule_counts_unless_its_findings_do_not(
            self, origins, counts):
        report = self.report_of(stuck(), found=[
            stuck_finding(origin=origin) for origin in origins])
        rule = report['load']['rules']['stuck']
        self.assertEqual(sorted(origins), rule['origins'])
        self.assertIs(counts, traffic.counts(rule))

    @ddt.data({'rule': 'traffic.failed'}, {'subject': history.UPDATE},
              {'rule': 'step.failed'})
    def test_other_finding_excuses_no_rule(self, changes):
        rule = self.report_of(stuck(), found=[stuck_finding(
            origin=findings.KNOWN, **changes)])['load']['rules']['stuck']
        self.assertEqual(([], True), (rule['origins'], rule['counts']))

    def test_no_rule_is_looked_up_by_a_title(self):
        rule = self.report_of(stuck(), found=[stuck_finding(
            origin=findings.KNOWN, title='in other words')])['load'][
                'rules']['stuck']
        self.assertFalse(rule['counts'])

    def journaled(self, run_dir, past):
        """Write a run as the runner does: judged before any control."""
        save(run_dir, past)
        story = stories.Story(run_dir).tell()
        for one in diagnostics.findings(revalidate.rejudge(run_dir),
                                        history.read(run_dir), step='db-sync'):
            story.finding(one)

    def test_rule_that_the_control_breaks_too_does_not_count(self):
        self.journaled(self.run_dir, stuck())
        rule = model.make(self.run_dir)['load']['rules']['stuck']
        self.assertEqual(([findings.HEAT], True),
                         (rule['origins'], rule['counts']))
        place = control_run.run_dir(self.run_dir)
        place.mkdir()
        self.journaled(place, stuck())
        report = model.make(self.run_dir)
        rule = report['load']['rules']['stuck']
        self.assertEqual(
            ([findings.RESTART], False, 'pass-with-hazards'),
            (rule['origins'], rule['counts'], report['verdict']))

    def test_violation_without_a_finding_counts_without_a_control(self):
        self.assertTrue(self.report_of(stuck())['load']['rules']['stuck'][
            'counts'])
        place = control_run.run_dir(self.run_dir)
        place.mkdir()
        save(place, stuck())
        self.assertFalse(self.report()['load']['rules']['stuck']['counts'])

    def test_missing_final_state_is_reported(self):
        report = self.report_of(ended=False)
        self.assertFalse(report['load']['ended'])
        self.assertIn('Its final state was not recorded',
                      self.page(report).text)
        self.assertIn('; its final state was not recorded',
                      summary.text(report))

    @ddt.unpack
    @ddt.data(
        (None, [], '3 operations, 0 rules broken'),
        (stuck, [], '3 operations, 1 rule broken'),
        (stuck, [stuck_finding(origin=findings.KNOWN)],
         '3 operations, 1 rule broken (1 not counted)'),
    )
    def test_summary_has_a_line_for_the_traffic(self, past, found, line):
        text = summary.text(self.report_of(past and past(), found=found))
        self.assertIn(f'  traffic          {line}', text.splitlines())

    def test_page_has_held_and_broken_rules(self):
        text = self.page(self.report_of(stuck())).text
        self.assertIn('broken 1 time, by check', text)
        self.assertIn(f'made-twice: {validator.RULES["made-twice"]}', text)
        self.assertIn('No call failed.', text)

    def test_page_has_the_errors_by_step(self):
        page = self.page(self.report_of(life().call(history.SHOW, 503)))
        self.assertIn('HTTP 503 1', page.text)
        self.assertTrue(page.balanced)


class FlightCase(TrafficCase):

    def flown(self, *outcomes, found=()):
        """Return the report of a run with in-flight operations.

        :param outcomes: dicts of deviations from an allowed outcome
        """
        story = stories.Story(self.run_dir)
        for one in outcomes:
            story.event(journal.IN_FLIGHT, 'settle-node-1', **{
                'case': 'create-chain-lock', 'disruption': 'graceful',
                'stack': 'an id', 'status': 'CREATE_COMPLETE',
                'seconds': 1.5, 'legal': True, 'stuck': False, 'lost': False,
                'repaired': '', **one})
        for one in found:
            story.finding(one)
        return model.make(self.run_dir)


STUCK = {'legal': False, 'stuck': True, 'status': 'CREATE_IN_PROGRESS',
         'repaired': 'update'}


@ddt.ddt
class TestInFlight(FlightCase):

    def finding(self, **changes):
        return stories.finding(**{
            'step': 'settle-node-1', 'rule': 'inflight.stuck',
            'subject': 'create-chain-lock', 'title': 'it is stuck',
            'facts': {'disruption': 'graceful'}, **changes})

    @ddt.data(findings.HEAT, findings.KNOWN, findings.RESTART)
    def test_operation_has_its_step_and_origin_of_its_finding(self, origin):
        report = self.flown(STUCK, found=[self.finding(origin=origin)])
        self.assertEqual(
            [('settle-node-1', origin, origin == findings.HEAT)],
            [(one['step'], one['origin'], one['counts'])
             for one in report['in_flight']])

    @ddt.data({'step': 'settle-node-2'}, {'subject': 'create-chain-queued'},
              {'facts': {'disruption': 'kill'}}, {'facts': {}},
              {'rule': 'inflight.not-started'})
    def test_other_finding_excuses_no_operation(self, changes):
        report = self.flown(STUCK, found=[
            self.finding(origin=findings.KNOWN, **changes)])
        self.assertEqual([('', True)], [
            (one['origin'], one['counts']) for one in report['in_flight']])

    def test_one_finding_that_counts_is_enough(self):
        report = self.flown(STUCK, found=[
            self.finding(origin=origin)
            for origin in (findings.KNOWN, findings.HEAT)])
        self.assertTrue(report['in_flight'][0]['counts'])

    def test_operation_without_a_finding_has_no_origin(self):
        self.assertEqual('', self.flown({})['in_flight'][0]['origin'])

    @ddt.unpack
    @ddt.data(([], 'bad'), ([findings.HEAT], 'bad'),
              ([findings.KNOWN], 'known'))
    def test_illegal_outcome_is_marked(self, origins, kind):
        report = self.flown(STUCK, found=[
            self.finding(origin=origin) for origin in origins])
        self.assertIn(
            overview.Tile('in-flight operations lost', '1 of 1', kind),
            overview.tiles(report))
        page = self.page(report)
        self.assertIn(kind, page.classes('tr'))
        for expected in ('create-chain-lock', 'graceful stop', 'update',
                         'CREATE_IN_PROGRESS; no engine works on it'):
            self.assertIn(expected, page.text)

    def test_legal_outcome_is_not_marked(self):
        page = self.page(self.flown({}))
        self.assertEqual([], page.classes('tr'))
        self.assertIn('in-flight operations lost   0 of 1', page.text)

    def test_unknown_disruption_is_shown_by_its_name(self):
        self.assertIn('meteorite', self.page(self.flown(
            {'disruption': 'meteorite'})).text)

    def test_summary_has_a_line_for_the_operations(self):
        self.assertIn(
            '  in flight        1 of 2 finished in an allowed state',
            summary.text(self.flown({}, STUCK)).splitlines())

    def test_run_without_operations_has_no_section(self):
        report = self.flown()
        self.assertNotIn('in flight', summary.text(report))
        self.assertNotIn('In-flight operations', self.page(report).text)
