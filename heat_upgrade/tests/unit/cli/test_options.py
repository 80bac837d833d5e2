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

"""The options of several commands."""

import pathlib

import ddt
import fixtures
import testtools

from heat_upgrade.cli import options
from heat_upgrade import errors
from heat_upgrade.plan import planner
from heat_upgrade.tests.unit.support import cli_case


@ddt.ddt
class TestSelectors(cli_case.CliCase):
    """A plan's own words make it again."""

    def plan(self, *words):
        path = self.home / 'plan.json'
        self.assertEqual(0, self.call('plan', *words, '-o', path))
        return planner.from_json(path.read_text())

    @ddt.data(
        '', '--seed 5', '--nodes 2', '--in-flight none',
        '--in-flight all --budget 150',
        '--strategy rolling', '--strategy rolling --seed 12 --nodes 3',
        '--strategy partial --vhost shared --in-flight all',
        '--strategy rolling --seed 3 --rollback',
        '--strategy rolling --seed 12 --rollback never',
        '--strategy rolling --rollback node-2 --nodes 4 --budget 300')
    def test_the_words_of_a_plan_make_it_again(self, words):
        plan = self.plan(*words.split())
        self.assertEqual(plan, self.plan(*planner.selectors(plan)))

    def test_default_options_are_left_out(self):
        self.assertEqual(
            ['--strategy', 'rolling', '--seed', '0'],
            planner.selectors(self.plan('--strategy', 'rolling', '--nodes', 2,
                                        '--vhost', 'per-release')))

    @ddt.unpack
    @ddt.data(('--nodes 7', 'takes 1 to 4 nodes, not 7'),
              ('--nodes x', '--nodes'),
              ('--vhost none', 'per-release'),
              ('--in-flight some', 'sample'),
              ('--rollback', 'restore the saved database'),
              ('--strategy rolling --rollback node-9', 'node-1, node-2'),
              ('--budget 1', 'the budget is 1 s'))
    def test_impossible_options_are_refused(self, words, text):
        self.assertIn(text, self.refused('plan', *words.split()))


class TestOptions(testtools.TestCase):

    def test_runs_are_kept_where_state_belongs(self):
        self.assertEqual(
            pathlib.Path('/state/heat-upgrade'),
            options.work_dir({'XDG_STATE_HOME': '/state'}))

    def test_empty_variable_is_ignored(self):
        self.useFixture(fixtures.EnvironmentVariable('HOME', '/home/me'))
        self.assertEqual(
            pathlib.Path('/home/me/.local/state/heat-upgrade'),
            options.work_dir({'XDG_STATE_HOME': ''}))

    def test_errors_have_the_exit_statuses_of_the_design(self):
        self.assertEqual(
            (2, 3, 3, 3),
            tuple(error.exit_status for error in (
                errors.UsageError, errors.LabError, errors.WaitTimeout,
                errors.ProcessDied)))
