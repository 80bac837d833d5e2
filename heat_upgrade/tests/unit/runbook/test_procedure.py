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

"""The order and the contents of a runbook's actions."""

import ddt
import testtools
from testtools import matchers

from heat_upgrade import errors
from heat_upgrade.runbook import evidence as evidences
from heat_upgrade.runbook import model
from heat_upgrade.runbook import procedure
from heat_upgrade.runbook import rendering
from heat_upgrade.tests.unit.runbook import samples


def make(strategy=model.COLD, deployment=model.SYSTEMD, *, nodes=(),
         vhost='/', **changes):
    return procedure.make(samples.evidence(**changes), strategy=strategy,
                          deployment=deployment, nodes=nodes, vhost=vhost)


def titles(runbook, section):
    return [action.title for action in runbook.section(section).actions]


def marked(runbook):
    """Return the titles of the points of no return."""
    return [action.title for section in runbook.sections
            for action in section.actions if action.point_of_no_return]


@ddt.ddt
class TestWindow(testtools.TestCase):

    def test_cold_upgrade_has_the_order_of_the_guide(self):
        self.assertEqual([
            'Stop Heat', 'Back up the database',
            'Install Heat 27.0.1 without starting it',
            "Run Heat's own upgrade check", 'Migrate the database',
            'Test resources while Heat is down', 'Start Heat',
            'See that Heat answers'], titles(make(), 'window'))

    def test_last_engine_of_a_release_stops_after_the_apis_of_its_node(self):
        actions = [title for title in titles(make(model.ROLLING), 'window')
                   if 'engine' in title or 'APIs' in title
                   or 'queues' in title]
        self.assertEqual([
            'Stop the engine of node-1',
            'Start the engine of node-1 with the target',
            'Restart the APIs of node-1 with the target',
            'Restart the APIs of node-2 with the target',
            'Wait for empty queues of the base',
            'Stop the engine of node-2',
            'Start the engine of node-2 with the target'], actions)

    def test_mixed_versions_are_tested_before_the_last_node(self):
        window = titles(make(model.ROLLING, nodes=('a', 'b', 'c')), 'window')
        self.assertEqual(2, window.count('Test the mixed versions'))
        self.assertLess(window.index('Test the mixed versions'),
                        window.index('Set b to drain in HAProxy'))

    def test_rollback_of_a_rolling_upgrade_goes_the_reverse_way(self):
        rollback = titles(make(model.ROLLING), 'rollback')
        self.assertEqual([
            'Stop the engine of node-2',
            'Start the engine of node-2 with the base',
            'Restart the APIs of node-2 with the base',
            'Restart the APIs of node-1 with the base',
            'Wait for empty queues of the target',
            'Stop the engine of node-1',
            'Start the engine of node-1 with the base'],
            [title for title in rollback if 'engine' in title
             or 'APIs' in title or 'queues' in title])

    def test_rollback_of_a_rolling_upgrade_keeps_the_database(self):
        commands = [command for action in make(
            model.ROLLING).section('rollback').actions
            for command in action.commands]
        self.assertEqual([], [command for command in commands
                              if 'mysql' in command])

    def test_rollback_of_a_cold_upgrade_restores_the_backup(self):
        runbook = make()
        saved = next(action for action in runbook.section('window').actions
                     if action.title == 'Back up the database')
        name = saved.commands[0].rpartition(' > ')[2]
        self.assertIn(f'mysql < {name}', [
            command for action in runbook.section('rollback').actions
            for command in action.commands])

    @ddt.unpack
    @ddt.data((model.COLD, ['Start Heat']),
              (model.ROLLING, ['Migrate the database']))
    def test_each_strategy_has_one_point_of_no_return(self, strategy,
                                                      expected):
        self.assertEqual(expected, marked(make(strategy)))

    @ddt.unpack
    @ddt.data((True, 'The run tested this.'),
              (False, 'The run did not test this; heat-upgrade run'))
    def test_return_to_the_base_is_tested_or_its_test_is_named(
            self, returned, expected):
        notes = make(model.ROLLING, returned=returned).section(
            'rollback').notes
        self.assertIn(expected, ' '.join(notes))

    def test_virtual_host_of_the_base_is_named(self):
        text = rendering.markdown(make(model.ROLLING, vhost='heat'))
        self.assertIn('list_queues -p heat name', text)
        self.assertIn('delete_vhost heat\n', text)

    def test_measured_seconds_belong_to_the_same_step(self):
        seconds = {action.title: action.seconds for action
                   in make(model.ROLLING).section('window').actions}
        self.assertEqual(16.9, seconds['Stop the engine of node-2'])
        self.assertIsNone(seconds['Stop the engine of node-1'])

    def test_rehearsal_replaces_the_seconds_of_the_migration(self):
        runbook = make(rehearsed={'db-sync': 300.0},
                       rehearsal_verdict='pass')
        seconds = {action.title: action.seconds
                   for action in runbook.section('window').actions}
        self.assertEqual(300.0, seconds['Migrate the database'])
        self.assertIn('the migration took 300.0 s', ' '.join(runbook.notes))

    def test_rolling_upgrade_of_one_node_is_refused(self):
        self.assertRaises(errors.UsageError, make, model.ROLLING,
                          nodes=('only',))

    def test_nodes_have_the_names_of_the_operator(self):
        self.assertIn('Stop the engine of ctl1', titles(make(
            model.ROLLING, nodes=('ctl1', 'ctl2')), 'window'))


@ddt.ddt
class TestDeployments(testtools.TestCase):

    WSGI = 'Prepare heat-api and heat-api-cfn for uWSGI'

    @ddt.unpack
    @ddt.data(('23.0.0', '24.0.0', False), ('24.0.0', '25.0.0', True),
              ('23.0.0', '26.0.0', True), ('25.0.0', '26.0.0', False))
    def test_units_change_if_the_target_lacks_the_commands(
            self, base, target, expected):
        runbook = make(base_version=base, target_version=target)
        self.assertEqual(expected, self.WSGI in titles(runbook, 'before'))

    @ddt.unpack
    @ddt.data(('23.0.0', False), ('24.0.0', True))
    def test_earlier_change_needs_applications_in_the_base(self, base,
                                                           expected):
        action = next(action for action in make(
            base_version=base, target_version='25.0.0').section(
                'before').actions if action.title == self.WSGI)
        self.assertEqual(expected, 'earlier window' in action.notes[0])

    @ddt.unpack
    @ddt.data(('23.1.0', '"$HEAT_IMAGE" heat-api\n'),
              ('24.0.0', 'heat.wsgi.api:application\n'))
    def test_container_runs_the_command_or_the_application(self, target,
                                                           expected):
        self.assertIn(expected, rendering.markdown(make(
            deployment=model.CONTAINERS, base_version='23.0.0',
            target_version=target)))

    def test_containers_have_no_command_of_systemd(self):
        for strategy in model.STRATEGIES:
            text = rendering.markdown(make(strategy, model.CONTAINERS))
            self.assertNotIn('systemctl', text)
            self.assertNotIn('again\n', text)

    def test_containers_of_the_base_stay_for_the_rollback(self):
        runbook = make(deployment=model.CONTAINERS)

        def commands(section, verb):
            return [command.split()[2:] for action
                    in runbook.section(section).actions
                    for command in action.commands
                    if command.startswith(f'podman {verb} ')]
        self.assertThat(
            [words[::-1] for words in commands('window', 'rename')],
            matchers.MatchesSetwise(*map(
                matchers.Equals, commands('rollback', 'rename'))))


@ddt.ddt
class TestBefore(testtools.TestCase):

    def test_findings_are_sorted_by_their_remedy(self):
        before = make().section('before')
        notes = {action.title: action.notes for action in before.actions}
        self.assertEqual(
            ('[a] b is removed (config.option-removed). Remedy: remove it',),
            notes['Look for these options in your configuration files'])
        self.assertIn('Change the templates of affected stacks', notes)
        self.assertEqual(('a stack is stuck (inflight.stuck).',),
                         notes['Read the other findings'])

    def test_checked_files_have_their_evidence(self):
        before = make(checked=True, hazards=(evidences.Hazard(
            'config.option-removed', 'x', 'y', '-old\n+new'),)).section(
                'before')
        changes = next(action for action in before.actions if action.title
                       == 'Change your configuration files')
        self.assertEqual(('-old\n+new',), changes.literal)

    def test_run_without_findings_has_no_action_for_them(self):
        before = titles(make(hazards=()), 'before')
        self.assertEqual([], [title for title in before
                              if 'findings' in title or 'hange' in title])

    @ddt.unpack
    @ddt.data(('pass', False), ('pass-with-hazards', False), ('fail', True),
              ('lab-error', True))
    def test_unsafe_upgrade_is_advised_against(self, verdict, expected):
        self.assertEqual(expected, 'Do not upgrade' in ' '.join(
            make(verdict=verdict).notes))
