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

"""heat-upgrade run --seeds, with runs that a test makes up."""

import argparse
import json

import ddt
import fixtures
import testtools
from testtools import matchers

from heat_upgrade.cli import seeds
from heat_upgrade import errors
from heat_upgrade.tests.unit.support import cli_case
from heat_upgrade.tests.unit.support import stories

FAIL = {'found': [stories.finding('verify-target', title='it is broken')]}
HAZARD = {'found': [stories.finding(
    'verify-target', origin='known', title='as ever')]}
LAB = {'failing': ['base-up'], 'found': [stories.finding(
    'base-up', origin='lab', failure_class=None, title='no database')]}


@ddt.ddt
class TestSeeds(testtools.TestCase):

    @ddt.unpack
    @ddt.data(('1..4', (1, 2, 3, 4)), ('3,7,9', (3, 7, 9)), ('5', (5,)),
              ('8..9, 1', (8, 9, 1)), ('0..0', (0,)), ('2,1..3', (2, 1, 3)))
    def test_a_range_a_list_or_both(self, text, wanted):
        self.assertEqual(wanted, seeds.seeds(text))

    @ddt.data('', '4..1', '1..', '..5', '1-5', 'x', '-1', '1,,2', '1...3')
    def test_invalid_range_is_refused_with_an_example(self, text):
        exc = self.assertRaises(argparse.ArgumentTypeError, seeds.seeds,
                                text)
        self.assertIn('such as 1..20, or 3,7,9', str(exc))


@ddt.ddt
class TestNight(cli_case.CliCase):

    def night(self, *stories_, words=()):
        """Run as many seeds as there are stories; an int is a status."""
        self.plans, left = [], list(stories_)

        def execute(plan, *, run_dir, listeners, **options):
            self.plans.append(plan)
            story = left.pop(0)
            if story is KeyboardInterrupt or isinstance(story, Exception):
                raise story
            status = story if isinstance(story, int) else 0
            stories.Story(run_dir).tell(
                **({'until': 'db-sync'} if status else story))
            for show in listeners:
                show({'kind': 'step-start', 'step': 'base-up',
                      'data': {'title': 'PROGRESS'}})
            return status
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.run.runner.execute', execute))
        return self.call('run', '--seeds', f'1..{len(stories_)}',
                         '--work-dir', self.home / 'runs', *words)

    def written(self):
        path, = (self.home / 'runs').glob('*-seeds.json')
        return json.loads(path.read_text())['runs']

    def table(self):
        """Return the lines of the table, by seed."""
        lines = self.out.partition('worst finding\n')[2].splitlines()
        return [line.split(None, 4) for line in lines[:lines.index('')]]

    def test_each_seed_has_a_run_and_a_run_directory_of_its_own(self):
        self.night({}, {}, {}, words=['--strategy', 'rolling'])
        self.assertEqual([1, 2, 3], [plan.seed for plan in self.plans])
        self.assertEqual({'rolling'}, {plan.strategy for plan in self.plans})
        self.assertEqual(3, len({run['run_dir'] for run in self.written()}))

    def test_shard_runs_its_share_of_the_seeds(self):
        self.assertEqual(0, self.night({}, {}, {}, words=['--shard', '2/2']))
        self.assertEqual([2], [plan.seed for plan in self.plans])
        self.assertEqual([2], [run['seed'] for run in self.written()])

    def test_run_with_an_error_of_the_lab_does_not_end_the_others(self):
        status = self.night({}, errors.LabError('no space left'), {})
        self.assertEqual((3, [1, 2, 3]),
                         (status, [plan.seed for plan in self.plans]))
        self.assertEqual(['pass', 'lab-error', 'pass'],
                         [run['verdict'] for run in self.written()])
        self.assertIn('no space left', self.out)

    @ddt.unpack
    @ddt.data((0, [{}, {}]), (1, [{}, FAIL, {}]), (3, [LAB, {}]),
              (1, [LAB, FAIL, LAB, {}]))
    def test_the_exit_status_is_the_worst(self, status, told):
        self.assertEqual(status, self.night(*told))
        self.assertThat(self.plans, matchers.HasLength(len(told)))

    def test_a_line_is_printed_for_each_as_it_ends(self):
        self.night({}, FAIL)
        before = self.out.partition('worst finding')[0].splitlines()
        self.assertEqual(
            [['1', 'pass'], ['2', 'fail']],
            [line.split()[:2] for line in before if line.startswith('    ')])
        self.assertNotIn('PROGRESS', self.out)

    def test_the_table_has_verdicts_seconds_and_worst_findings(self):
        self.night({}, FAIL, LAB)
        self.assertEqual(
            [['1', 'pass', '16.0', 's'],
             ['2', 'fail', '16.0', 's', 'it is broken'],
             ['3', 'lab-error', '4.0', 's', 'no database']], self.table())
        self.assertIn('1 pass, 0 pass-with-hazards, 1 fail, 1 lab-error',
                      self.out)

    def test_failed_run_is_printed_with_its_command(self):
        self.night({}, FAIL)
        self.assertEqual(1, self.out.count(f'again:  {stories.AGAIN}'))

    def test_the_table_is_written_too(self):
        self.night({}, FAIL)
        self.assertEqual(
            [(1, 'pass', ''), (2, 'fail', 'it is broken')],
            [(run['seed'], run['verdict'], run['finding'])
             for run in self.written()])

    def test_known_failures_are_no_findings_of_the_night(self):
        self.assertEqual(0, self.night(HAZARD))
        self.assertEqual([('', 0)], [(run['finding'], run['findings'])
                                     for run in self.written()])

    def test_hazards_fail_a_strict_night(self):
        self.assertEqual(1, self.night({}, HAZARD, words=['--strict']))

    @ddt.data(130, KeyboardInterrupt)
    def test_a_ctrl_c_ends_the_night_with_the_table_so_far(self, how):
        self.assertEqual(130, self.night({}, how, {}))
        self.assertEqual(['1', 'pass'], self.table()[0][:2])
        self.assertThat(self.plans, matchers.HasLength(2))
        self.assertEqual(1, self.written()[0]['seed'])

    def test_ctrl_c_before_the_first_end_prints_that_no_run_finished(self):
        self.assertEqual(130, self.night(KeyboardInterrupt))
        self.assertIn('no run finished', self.out)


@ddt.ddt
class TestRefused(cli_case.CliCase):

    @ddt.data('4..1', 'x', '')
    def test_bad_range_is_refused(self, text):
        self.assertIn('such as 1..20',
                      self.refused('run', '--seeds', text))

    @ddt.data('0/2', '3/2', 'x')
    def test_bad_shard_is_refused(self, text):
        self.assertIn('such as 2/4', self.refused(
            'run', '--seeds', '1..4', '--shard', text))

    def test_shard_without_seeds_is_refused(self):
        self.assertIn('name the seeds too', self.refused(
            'run', '--shard', '1/2'))

    def test_empty_shard_is_refused(self):
        self.assertIn('shard 3/3 is empty', self.refused(
            'run', '--seeds', '1..2', '--shard', '3/3'))

    def test_keeping_the_cloud_is_refused(self):
        self.assertIn('--seeds and --keep exclude each other', self.refused(
            'run', '--seeds', '1..2', '--keep'))

    def test_plan_file_is_refused(self):
        path = self.home / 'plan.json'
        self.call('plan', '-o', path)
        self.assertIn('--seeds and --plan exclude each other', self.refused(
            'run', '--seeds', '1..2', '--plan', path))

    def test_impossible_plan_is_refused_before_the_first_run(self):
        self.assertIn('the budget is 1 s', self.refused(
            'run', '--seeds', '1..3', '--budget', 1, '--work-dir',
            self.home / 'runs'))
        self.assertFalse((self.home / 'runs').exists())
