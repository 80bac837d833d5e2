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

"""The actions of a full database."""

import types

import fixtures
import testtools

from heat_upgrade.plan import planner
from heat_upgrade.run.actions import registry
from heat_upgrade.tests.unit.volume import test_growth
from heat_upgrade.volume import filling
from heat_upgrade.volume import measurement


class VolumeCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.found, self.commands = [], []
        self.work = [measurement.Counters(0, 0), measurement.Counters(40, 9)]
        self.run_ = types.SimpleNamespace(
            cloud=types.SimpleNamespace(mariadb=None, manage=self.manage),
            environments={'base': 'old', 'target': 'new'},
            plan=types.SimpleNamespace(seed=7, strategy='cold'),
            volume=filling.Volume('api', ('plain-1', 'id'), 1000,
                                  {'stack': 1000, 'event': 9000}, 2.0),
            workspace=types.SimpleNamespace(marker='none'),
            base_measured=None, finding=self.found.append)
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.volume.measurement.read_counters',
            lambda mariadb: self.work.pop(0)))

    def manage(self, environment, *words, side, check=True):
        self.commands.append((environment, words, side))

    def do(self, action, **fields):
        fields.setdefault('side', 'base')
        return registry.BY_NAME[action](self.run_, planner.Step(
            f'{action}-step', action, 'a title', **fields))


class TestVolume(VolumeCase):

    def test_fill_clones_as_many_as_the_step_says(self):
        asked = []

        def fill(cloud, **options):
            asked.append(options)
            return self.run_.volume
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.volume.filling.fill', fill))
        self.assertEqual(
            {'stacks': 1000, 'rows': {'stack': 1000, 'event': 9000},
             'clone_s': 2.0}, self.do('fill', volume=1000, events=5))
        self.assertEqual([{'stacks': 1000, 'events': 5, 'seed': 7}], asked)

    def measured(self, **changes):
        measured = {**test_growth.BASE, **changes}
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.volume.measurement.of_release',
            lambda cloud, environment, **options: measured))
        return measured

    def test_base_is_measured_without_a_finding(self):
        measured = self.measured(start_s=100.0)
        self.assertEqual(measured, self.do('measure'))
        self.assertEqual((measured, []),
                         (self.run_.base_measured, self.found))

    def test_target_is_compared_with_the_base(self):
        self.run_.base_measured = test_growth.BASE
        self.measured(start_s=100.0)
        self.do('measure', side='target')
        self.assertEqual(
            [('volume.latency-grew', 'engine start', 'measure-step')],
            [(one.rule, one.subject, one.step) for one in self.found])

    def test_cold_migration_is_measured_by_its_statements(self):
        measured = self.do('db_sync')
        self.assertEqual((40, 9),
                         (measured['statements'], measured['rows_read']))
        self.assertEqual(([('new', ('heat-manage', 'db_sync'), 'target')],
                          []), (self.commands, self.found))

    def test_cold_migration_row_by_row_is_reported_in_its_step(self):
        self.work[1] = measurement.Counters(9040, 9000)
        self.do('db_sync')
        self.assertEqual([('volume.migration-slow', 'db_sync-step')],
                         [(one.rule, one.step) for one in self.found])

    def test_rolling_migration_is_measured_by_blocked_writes(self):
        self.run_.plan.strategy = 'rolling'
        events = []

        class Sampling:
            waits = [types.SimpleNamespace(table='event', kind='write',
                                           slow=[(0.0, 0.2), (1.0, 2.5)]),
                     types.SimpleNamespace(table='event', kind='read',
                                           slow=[(0.0, 9.0)]),
                     types.SimpleNamespace(table='stack', kind='write',
                                           slow=[])]

            def __enter__(self):
                return self

            def __exit__(self, *exc):
                events.append('end')

            def start(self):
                events.append('start')
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.rehearsal.lock_contention.Sampling',
            lambda connect, tables: Sampling()))
        measured = self.do('db_sync')
        self.assertEqual({'event': 2.5, 'stack': 0.0}, measured['blocked_s'])
        self.assertEqual(['start', 'end'], events)
        self.assertEqual([('volume.write-blocked', 'event')],
                         [(one.rule, one.subject) for one in self.found])
