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

"""The comparison of two releases on a full database."""

import copy

import ddt
import testtools

from heat_upgrade.volume import growth
from heat_upgrade.volume import measurement

REQUEST = {'repetitions': 10, 'fastest_ms': 200.0, 'p50_ms': 220.0,
           'p95_ms': 300.0, 'statements': 12, 'rows': 250}
BASE = {
    'stop_s': 5.0, 'start_s': 6.0, 'others': 0.1,
    'requests': {'list of 200': dict(REQUEST), 'show': dict(REQUEST)},
    'memory': {'engine': 300 * 2**20, 'api': 200 * 2**20},
    'purge': {'stacks': 50, 'seconds': 3.0, 'statements': 90, 'rows': 900}}


@ddt.ddt
class TestCompare(testtools.TestCase):

    def rules(self, change):
        """Return (rule, subject) of the findings about a changed target."""
        target = copy.deepcopy(BASE)
        change(target)
        return [(finding.rule, finding.subject) for finding in
                growth.compare(BASE, target, step='measure-target')]

    def test_equal_target_has_no_finding(self):
        self.assertEqual([], self.rules(lambda target: None))

    @ddt.unpack
    @ddt.data(('statements', 212, 'volume.statements-grew'),
              ('rows', 5250, 'volume.rows-read-grew'),
              ('fastest_ms', 901.0, 'volume.latency-grew'))
    def test_request_that_grew_is_reported_alone(self, key, value, rule):
        def change(target):
            target['requests']['list of 200'][key] = value
        self.assertEqual([(rule, 'list of 200')], self.rules(change))

    @ddt.unpack
    @ddt.data(('statements', 23), ('rows', 1000), ('fastest_ms', 900.0),
              ('p50_ms', 5000.0), ('p95_ms', 9000.0))
    def test_noise_of_a_request_is_not_reported(self, key, value):
        def change(target):
            target['requests']['list of 200'][key] = value
        self.assertEqual([], self.rules(change))

    @ddt.unpack
    @ddt.data(('statements', 110, 'volume.statements-grew'),
              ('rows', 2301, 'volume.rows-read-grew'),
              ('seconds', 19.1, 'volume.latency-grew'))
    def test_purge_that_grew_is_reported(self, key, value, rule):
        def change(target):
            target['purge'][key] = value
        self.assertEqual([(rule, 'purge')], self.rules(change))

    @ddt.unpack
    @ddt.data((28.0, []), (28.1, [('volume.latency-grew', 'engine start')]))
    def test_slow_start_is_reported_above_the_limit(self, seconds, found):
        def change(target):
            target['start_s'] = seconds
        self.assertEqual(found, self.rules(change))

    @ddt.unpack
    @ddt.data((514, []), (515, [('volume.memory-grew', 'engine')]))
    def test_memory_is_reported_above_the_limit(self, mebibytes, found):
        def change(target):
            target['memory']['engine'] = mebibytes * 2**20
        self.assertEqual(found, self.rules(change))

    @ddt.unpack
    @ddt.data((0.25, 'error'), (0.26, 'warning'))
    def test_seconds_of_a_busy_machine_are_a_warning(self, others, severity):
        target = copy.deepcopy(BASE)
        target.update(start_s=100.0, others=others)
        target['requests']['show']['statements'] = 212
        self.assertEqual(
            {'volume.latency-grew': severity,
             'volume.statements-grew': 'error'},
            {finding.rule: finding.severity for finding in growth.compare(
                BASE, target, step='measure-target')})

    def test_finding_has_both_values_and_the_step(self):
        target = copy.deepcopy(BASE)
        target['requests']['show']['statements'] = 112
        finding, = growth.compare(BASE, target, step='measure-target')
        self.assertIn('12 statements on the base, 112 statements on the',
                      finding.evidence)
        self.assertEqual(('measure-target', True),
                         (finding.step, finding.counts))


@ddt.ddt
class TestMigration(testtools.TestCase):

    def found(self, seconds, statements, rows=20000, others=0.0):
        work = (None if statements is None
                else measurement.Counters(statements, 0))
        return growth.of_migration(seconds, rows, work, others=others,
                                   step='db-sync')

    @ddt.unpack
    @ddt.data((3.0, 501, 'error'), (62.1, 30, 'warning'))
    def test_only_seconds_of_a_busy_machine_are_a_warning(
            self, seconds, statements, severity):
        finding, = self.found(seconds, statements, others=0.5)
        self.assertEqual(severity, finding.severity)

    @ddt.unpack
    @ddt.data((61.9, 500), (3.0, 30), (3.0, None))
    def test_bulk_migration_is_not_reported(self, seconds, statements):
        self.assertEqual([], self.found(seconds, statements))

    @ddt.unpack
    @ddt.data((3.0, 501, '501 statements'), (62.1, 30, '62.1 s'),
              (62.1, None, '62.1 s'))
    def test_migration_row_by_row_is_reported(self, seconds, statements,
                                              text):
        finding, = self.found(seconds, statements)
        self.assertEqual(('volume.migration-slow', 'db-sync'),
                         (finding.rule, finding.step))
        self.assertIn(text, finding.evidence)

    def test_blocked_write_is_a_warning(self):
        finding, = growth.of_blocked_writes(
            {'event': 1.0, 'stack': 0.99}, step='db-sync')
        self.assertEqual(('event', False), (finding.subject, finding.counts))
