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

"""The measurement of requests, with a faked Heat and database."""

import types

import testtools

from heat_upgrade import errors
from heat_upgrade.lab import heat_client
from heat_upgrade.volume import cloning
from heat_upgrade.volume import measurement


def answer(seconds, status=200):
    return heat_client.Answer(status, {}, '', 0.0, seconds)


class TestRequest(testtools.TestCase):

    def measure(self, seconds, work, status=200):
        """Measure a request that takes these seconds and this work."""
        total = measurement.Counters()
        left, works = list(seconds), list(work)

        def call():
            nonlocal total
            statements, rows = works.pop(0)
            total = measurement.Counters(total.statements + statements,
                                         total.rows + rows)
            return answer(left.pop(0), status)
        return measurement.of_request(
            call, lambda: total,
            measurement.Request('list', 'stacks', len(seconds) - 1))

    def test_the_first_request_is_not_measured(self):
        measured = self.measure([9.0, 0.1, 0.2, 0.3], [(99, 99)] + [
            (12, 200)] * 3)
        self.assertEqual(
            {'repetitions': 3, 'fastest_ms': 100.0, 'p50_ms': 200.0,
             'p95_ms': 300.0, 'statements': 12, 'rows': 200}, measured)

    def test_slow_request_is_repeated_three_times(self):
        measured = self.measure([9.0] * 9, [(12, 200)] * 9)
        self.assertEqual(3, measured['repetitions'])

    def test_work_in_the_background_is_not_counted(self):
        measured = self.measure([1.0] * 4, [(12, 200), (12, 200), (15, 900),
                                            (13, 201)])
        self.assertEqual((12, 200),
                         (measured['statements'], measured['rows']))

    def test_refused_request_names_its_status(self):
        exc = self.assertRaises(errors.LabError, self.measure, [1.0, 1.0],
                                [(1, 1), (1, 1)], status=500)
        self.assertIn('"list" answers 500', str(exc))

    def test_names_are_unique_and_paths_complete(self):
        names = [request.name for request in measurement.REQUESTS]
        self.assertEqual(len(names), len(set(names)))
        self.assertEqual(
            ['list of 20', 'list of 200', 'list of 1000', 'count'],
            [request.name for request in measurement.REQUESTS
             if not request.needs_a_stack])


class MariaDB:
    """Counts the stacks of an owner, and the work of Heat."""

    def __init__(self, stacks, work=()):
        self.stacks, self.work = list(stacks), list(work)

    def execute(self, statement, arguments=None, database=None):
        if 'user_statistics' in statement:
            return self.work.pop(0)
        self.owner, = arguments
        return ((self.stacks.pop(0),),)


class TestPurge(testtools.TestCase):

    def purge(self, mariadb):
        self.commands = []

        def manage(environment, *words, side):
            self.commands.append((environment, side, *words))
        return measurement.of_purge(
            types.SimpleNamespace(mariadb=mariadb, manage=manage), 'env',
            side='base')

    def test_deleted_clones_of_the_side_are_purged(self):
        mariadb = MariaDB([50, 0], [[(10, 100)], [(95, 1000)]])
        measured = self.purge(mariadb)
        self.assertEqual((50, 85, 900), (
            measured['stacks'], measured['statements'], measured['rows']))
        self.assertEqual(cloning.PURGED['base'], mariadb.owner)
        self.assertEqual([('env', 'base', 'heat-manage', 'purge_deleted',
                           '--granularity', 'seconds', '--project-id',
                           cloning.PURGED['base'], '0')], self.commands)

    def test_purge_that_leaves_stacks_is_an_error(self):
        exc = self.assertRaises(errors.LabError, self.purge, MariaDB(
            [50, 3], [[(10, 100)], [(95, 1000)]]))
        self.assertIn('leaves 3 of 50', str(exc))

    def test_account_without_work_has_counters_of_zero(self):
        self.assertEqual(measurement.Counters(0, 0),
                         measurement.read_counters(MariaDB([], [[]])))
