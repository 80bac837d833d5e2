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

"""Actions of every strategy, and of the cold one."""

import pathlib
import types

import ddt
import fixtures
import testtools

from heat_upgrade import errors
from heat_upgrade.lab import log_errors
from heat_upgrade.plan import planner
from heat_upgrade.run.actions import registry


def step():
    return planner.Step('verify', 'suite', 'verify', blame=planner.HEAT,
                        failure_class=2)


class Child:
    """A service of Heat, with a log."""

    def __init__(self, name, log):
        self.name, self.log = name, log


class ActionCase(testtools.TestCase):
    """Actions on a cloud that a test controls."""

    def setUp(self):
        super().setUp()
        home = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.log = home / 'target-heat-api.log'
        self.log.write_text('INFO starting\n')
        api = Child('heat-api', self.log)
        self.found, self.noted = [], {}
        self.calls = []
        self.status = 0
        self.output = 'output'
        self.cloud = types.SimpleNamespace(
            heat_processes=[api], manage=self.manage,
            nodes={'node-1': types.SimpleNamespace(
                process={'api': api}.get)},
            start_heat=lambda: self.calls.append('start'),
            stop_heat=self.stop_heat,
            deploy=lambda environment, side: self.calls.append(
                ('deploy', environment, side)),
            down=lambda: self.calls.append('down'),
            save_database=lambda path: path.write_text('x' * 7),
            request=lambda path, timeout: types.SimpleNamespace(
                status_code=200))
        self.killed = False
        self.answers = True
        self.run_ = types.SimpleNamespace(
            load=None, probes=None, volume=None,
            check=lambda: None, failed=lambda: False,
            cloud=self.cloud, keep=False, environments={'target': 'new'},
            workspace=types.SimpleNamespace(
                run_dir=home, log=lambda name: home / name),
            probe=types.SimpleNamespace(
                wait_for_good=lambda timeout: self.answers,
                stop=lambda: {'sent': 9}, running=lambda: False),
            finding=self.found.append, availability=self.noted.setdefault,
            release=lambda: self.calls.append('release'))

    def stop_heat(self, *, after_signal, kill):
        self.to_kill = kill
        self.calls.append('stop')
        after_signal()
        return {'heat-engine': {'seconds': 60.1, 'killed': self.killed}}

    def manage(self, environment, *words, side, check=True):
        self.calls.append((environment, side, words, check))
        return self.status, self.output

    def do(self, name):
        return registry.BY_NAME[name](self.run_, step())

    def origins(self):
        return [(one.origin, one.severity) for one in self.found]


@ddt.ddt
class TestActions(ActionCase):

    @ddt.unpack
    @ddt.data((False, []), (True, [('heat', 'warning')]))
    def test_killed_service_is_a_warning(self, killed, origins):
        self.killed = killed
        measured = self.do('stop_base')
        self.run_.probe.stop()
        self.assertEqual(killed, measured['stopped']['heat-engine']['killed'])
        self.assertEqual(origins, self.origins())

    def test_the_size_of_the_dump_is_measured(self):
        self.assertEqual({'bytes': 7}, self.do('save_database'))

    @ddt.data(0, 1)
    def test_warnings_of_heat_s_own_check_do_not_stop_an_upgrade(self,
                                                                 status):
        self.status = status
        self.output = '| Upgrade Check Results |'
        self.assertEqual({'status': status}, self.do('upgrade_check'))

    @ddt.data(1, 2, 255)
    def test_failures_of_heat_s_own_check_stop_an_upgrade(self, status):
        self.status = status
        exc = self.assertRaises(errors.LabError, self.do, 'upgrade_check')
        self.assertIn(f'ended with status {status}:\noutput', str(exc))

    def test_the_check_is_the_target_s(self):
        self.do('upgrade_check')
        self.assertEqual(
            [('new', 'target', ('heat-status', 'upgrade', 'check'), False)],
            self.calls)

    def test_the_migration_is_the_target_s(self):
        self.do('db_sync')
        self.assertEqual(
            [('new', 'target', ('heat-manage', 'db_sync'), True)],
            self.calls)

    def test_operations_are_released_while_engines_drain(self):
        self.do('stop_base')
        self.run_.probe.stop()
        self.assertEqual(['stop', 'release'], self.calls)

    def test_the_engine_of_a_node_is_killed_if_the_plan_says_so(self):
        engine = Child('heat-engine', self.log)
        self.cloud.nodes = {'node-2': types.SimpleNamespace(
            process={'engine': engine}.get)}
        registry.BY_NAME['stop_base'](self.run_, planner.Step(
            'stop-base', 'stop_base', 'stop', node='node-2',
            disruption='kill'))
        self.run_.probe.stop()
        self.assertEqual([engine], self.to_kill)

    def test_a_target_is_deployed_before_it_is_started(self):
        self.do('start_target')
        self.assertEqual([('deploy', 'new', 'target'), 'start'], self.calls)

    def test_a_target_that_starts_has_its_downtime(self):
        self.do('start_target')
        self.assertEqual({'heat-api': {'sent': 9}}, self.noted)
        self.assertEqual([], self.found)

    def test_a_target_that_does_not_start_has_its_downtime_too(self):
        def fail():
            raise errors.ProcessDied('heat-api ended')
        self.cloud.start_heat = fail
        self.assertRaises(errors.ProcessDied, self.do, 'start_target')
        self.assertEqual({'heat-api': {'sent': 9}}, self.noted)

    def test_a_target_that_does_not_answer_has_failed(self):
        self.answers = False
        exc = self.assertRaises(errors.LabError, self.do, 'start_target')
        self.assertEqual(self.log, exc.log)

    def test_a_traceback_at_the_start_is_heat_s_failure(self):
        self.log.write_text(f'{log_errors.SIGN}:\nValueError: no\n')
        self.do('start_target')
        self.assertEqual([('heat', 'error')], self.origins())
        self.assertIn('ValueError: no', self.found[0].evidence)

    @ddt.unpack
    @ddt.data((0, []), (1, [('heat', 'error')]), (3, [('lab', 'error')]))
    def test_remaining_objects_are_heat_s_failure(self, status, origins):
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.lab.stestr_runner.destroy',
            lambda workspace, directory, watch: (status, 'x is left')))
        self.do('destroy')
        self.assertEqual(origins, self.origins())

    def test_kept_cloud_with_failures_is_not_destroyed(self):
        self.run_.keep, self.run_.failed = True, lambda: True
        self.assertEqual({'kept': True}, self.do('destroy'))

    @ddt.unpack
    @ddt.data((False, ['down']), (True, []))
    def test_a_cloud_is_stopped_unless_it_is_kept(self, keep, calls):
        self.run_.keep = keep
        self.do('down')
        self.assertEqual(calls, self.calls)

    def test_a_probe_that_still_asks_is_ended_and_its_answers_kept(self):
        self.run_.probe.running = lambda: True
        self.do('down')
        self.assertEqual({'heat-api': {'sent': 9}}, self.noted)

    def test_down_without_a_cloud_stops_nothing(self):
        self.run_.cloud = None
        self.assertEqual({}, self.do('down'))
