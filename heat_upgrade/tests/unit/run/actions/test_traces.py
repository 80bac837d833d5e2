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

"""The events and log records that belong to a failed test."""

import ddt
import testtools

from heat_upgrade import errors
from heat_upgrade.lab import stestr_runner
from heat_upgrade.plan import planner
from heat_upgrade.run.actions import phases
from heat_upgrade.run.actions import traces

OURS, THEIRS = (f'req-{digit * 8}-4f5b-4b7e-a8f6-2f3b5e8d9c01'
                for digit in '12')
STACK = '6f1a7f34-4f5b-4b7e-a8f6-2f3b5e8d9c01'
STAMP = '2026-11-22 13:05:15.734 13902'


def log(request, error, pid=13902):
    """Return the log of an engine about an error of a request."""
    stamp = f'2026-11-22 13:05:15.734 {pid} ERROR heat.engine.service'
    return (f'{stamp} [None {request} {"a" * 32} {"b" * 32} - -] it broke\n'
            f'{stamp} Traceback (most recent call last):\n'
            f'{stamp}   File "x", line 1, in update\n'
            f'{stamp} {error}\n')


def test(details, number=0):
    return stestr_runner.Test(f'heat_integrationtests.scenarios.test_a.A.test_'
                              f'{number}', stestr_runner.FAILED, 1.0, details)


class Database:
    """Heat's database: rows that a test gives it."""

    def __init__(self, *rows):
        self.rows, self.asked = rows, []

    def execute(self, statement, values, database):
        self.asked.append((statement, values))
        if isinstance(self.rows[0], Exception):
            raise self.rows[0]
        return list(reversed(self.rows))


class TestMarks(testtools.TestCase):

    def test_marks_are_the_ids_and_names_in_the_details(self):
        self.assertEqual(
            ([OURS], [STACK], ['upgrade-random-string-3ee8c4b1']),
            traces.marks(f'stack-upgrade: GET /v1/p/stacks/upgrade-random-'
                         f'string-3ee8c4b1/{STACK} 200 {OURS}'))

    def test_request_id_is_not_another_id(self):
        self.assertEqual(([OURS], [], []), traces.marks(f'a {OURS} b'))


@ddt.ddt
class TestOfTest(testtools.TestCase):

    def records(self, details, text):
        return traces.of_test(test(details), {'heat-engine': text}).records

    @ddt.data(OURS, STACK, 'upgrade-a-3ee8c4b1')
    def test_a_record_with_a_mark_belongs_to_it(self, mark):
        text = log(OURS, f'KeyError: {mark}').replace('it broke', mark)
        self.assertIn('KeyError', self.records(f'x {mark} y', text))

    def test_own_traceback_of_two_is_shown(self):
        shown = self.records(f'requests: {OURS}', log(THEIRS, 'KeyError: 2')
                             + log(OURS, 'KeyError: 1')
                             + log(THEIRS, 'KeyError: 3', pid=2))
        self.assertIn('KeyError: 1', shown)
        self.assertNotIn('KeyError: 2', shown)
        self.assertNotIn('KeyError: 3', shown)

    def test_last_records_are_shown_without_an_error(self):
        text = ''.join(f'{STAMP} INFO heat.engine [None {OURS}] {number}\n'
                       for number in range(30))
        lines = self.records(OURS, text).splitlines()
        self.assertEqual((11, '29'), (len(lines), lines[-1].split()[-1]))

    def test_test_without_marks_has_no_records(self):
        self.assertEqual('', self.records('MismatchError',
                                          log(THEIRS, 'KeyError')))

    def test_seven_failures_do_not_begin_with_a_traceback_of_another(self):
        step = planner.Step('verify', 'suite', 'verify', blame=planner.HEAT,
                            failure_class=2)
        logs = {'heat-engine': log(THEIRS, 'KeyError: of another stack')}
        for number in range(7):
            failed = test(
                'traceback: Traceback (most recent call last):\n'
                '  File "x", line 1, in test\n'
                f'MismatchError: {number} != 8\nrequests: GET {OURS}', number)
            evidence = phases.test_finding(
                step, failed, traces.of_test(failed, logs)).evidence
            self.assertEqual(f'MismatchError: {number} != 8',
                             evidence.splitlines()[0])
            self.assertNotIn('of another stack', evidence)

    def test_the_events_are_those_of_its_stacks_the_oldest_first(self):
        database = Database(
            ('12:00', 'a', 'a', 'CREATE', 'IN_PROGRESS', 'started'),
            ('12:01', 'a', 'value', 'CREATE', 'FAILED', None))
        found = traces.of_test(test(f'stack {STACK}'), {}, database)
        self.assertEqual('events of its stacks:\n'
                         '12:00 a a CREATE IN_PROGRESS started\n'
                         '12:01 a value CREATE FAILED', found.events)
        statement, values = database.asked[0]
        self.assertEqual((STACK,), values)
        self.assertIn('LIMIT 20', statement)

    def test_test_without_a_stack_has_no_events(self):
        database = Database(('t', 's', 's', 'CREATE', 'COMPLETE', None))
        traces.of_test(test(OURS), {}, database)
        self.assertEqual([], database.asked)

    @ddt.data(errors.LabError('gone'), OSError())
    def test_unavailable_database_gives_no_events(self, exc):
        self.assertEqual('', traces.of_test(
            test(STACK), {}, Database(exc)).events)


class TestFacts(testtools.TestCase):

    def facts(self, *events, details=STACK, text=''):
        return traces.of_test(
            test(details), {'heat-engine': text},
            Database(*(('t', 's', *event) for event in events))).facts

    def test_worker_taken_for_dead_is_a_fact(self):
        self.assertEqual({'worker_went_down': True}, self.facts(
            ('value', 'UPDATE', 'FAILED', 'Worker went down during resource '
             'UPDATE')))

    def test_constraint_in_an_own_record_is_a_fact(self):
        self.assertEqual({'resource_snapshot_constraint': True}, self.facts(
            ('s', 'DELETE', 'FAILED', None), details=f'{STACK} {OURS}',
            text=log(OURS, 'CONSTRAINT `resource_snapshot_ibfk_1`')))

    def test_constraint_in_a_record_of_another_test_is_not_a_fact(self):
        self.assertEqual({}, self.facts(
            ('s', 'DELETE', 'FAILED', None), details=f'{STACK} {OURS}',
            text=log(THEIRS, 'CONSTRAINT `resource_snapshot_ibfk_1`')))

    def test_resume_within_a_suspend_is_a_fact(self):
        began = ('s', 'SUSPEND', 'IN_PROGRESS', None)
        resumed = ('s', 'RESUME', 'IN_PROGRESS', None)
        self.assertEqual({'resume_within_suspend': True},
                         self.facts(began, resumed))
        self.assertEqual({}, self.facts(
            began, ('s', 'SUSPEND', 'COMPLETE', None), resumed))
