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

"""Phases select exactly their kinds, and a run returns its status."""

import collections
import os
import re
import subprocess

import ddt
import fixtures
import testtools

from heat_integrationtests import markers
from heat_integrationtests import phases

ID = 'heat_integrationtests.scenarios.test_x.XScenario.test_it[%s]'


def _test_id(kind):
    class Case(testtools.testcase.WithAttributes, testtools.TestCase):
        @getattr(markers, kind.replace('-', '_'))
        def test_it(self):
            pass

    suffix = Case('test_it').id().rpartition('[')[2]
    return ID % suffix.rstrip(']')


@ddt.ddt
class SelectionTest(testtools.TestCase):

    def matching(self, *kinds):
        return {kind for kind in phases.KINDS
                if re.search(phases.regex(*kinds), _test_id(kind))}

    @ddt.data(*phases.KINDS)
    def test_a_kind_is_selected_and_no_other(self, kind):
        self.assertEqual({kind}, self.matching(kind))

    def test_several_kinds_can_be_selected_together(self):
        self.assertEqual({'verify', 'smoke'},
                         self.matching('verify', 'smoke'))

    @ddt.data(((), ), (('late',), ), (('pre', 'late'), ))
    @ddt.unpack
    def test_an_unknown_kind_is_refused(self, kinds):
        self.assertRaises(ValueError, phases.regex, *kinds)

    def test_tests_of_others_are_not_selected(self):
        for other in ('tempest.api.test_x.X.test_it[id-1,smoke]',
                      'heat_integrationtests.tests.unit.test_x.X.y[smoke]'):
            self.assertIsNone(re.search(phases.regex('smoke'), other))

    def test_a_tag_is_not_found_in_a_name(self):
        self.assertIsNone(re.search(
            phases.regex('post'), ID.replace('it', 'post') % 'id-1,pre'))

    def test_tests_have_the_tags_of_their_phases_for_tempest(self):
        self.assertEqual(
            {'mixed', 'post-upgrade', 'pre-upgrade', 'verify'},
            set(_test_id('verify').rpartition('[')[2][:-1].split(',')))
        self.assertEqual(
            {'during', 'during-upgrade'},
            set(_test_id('during').rpartition('[')[2][:-1].split(',')))

    def test_phases_run_their_kinds_in_order(self):
        self.assertEqual(
            {'pre-upgrade': ('pre', 'verify'),
             'during-upgrade': ('during',),
             'mixed': ('verify', 'smoke', 'mixed-version'),
             'post-upgrade': ('verify', 'post'), 'smoke': ('smoke',),
             'mixed-version': ('mixed-version',)},
            {known.name: known.kinds for known in phases.PHASES})

    def test_the_error_for_an_unknown_phase_lists_the_phases(self):
        error = self.assertRaises(ValueError, phases.phase, 'late')
        self.assertIn('pre-upgrade, during-upgrade', str(error))

    def test_command_enables_the_scenarios_for_its_kinds(self):
        self.assertEqual(
            ['env', 'HEAT_UPGRADE_KINDS=post,smoke', 'PYTHON'],
            phases.command('post', 'smoke', repository='/r',
                           python='PYTHON')[:3])

    def test_scenarios_narrow_the_selection(self):
        selection = phases.command(
            'post', repository='/r', scenarios='test_x|test_y')[-1]
        self.assertTrue(re.search(selection, _test_id('post')))
        self.assertIsNone(re.search(selection, _test_id('pre')))
        self.assertIsNone(re.search(
            selection, _test_id('post').replace('test_x', 'test_z')))

    def test_a_tier_selects_its_scenarios_and_the_tests_without_a_record(
            self):
        selection = phases.command('post', 'smoke', repository='/r',
                                   tier='quick')[-1]
        post = _test_id('post')
        self.assertIsNone(re.search(selection, post))
        self.assertTrue(re.search(
            selection, post.replace(']', ',tier-quick,tier-standard]')))
        self.assertIsNone(re.search(
            selection, post.replace(']', ',tier-standard]')))
        self.assertTrue(re.search(selection, _test_id('smoke')))


class RunTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.ran = []
        self.statuses = {}
        self.outcomes = {}
        self.empty = ()
        self.useFixture(fixtures.MockPatchObject(
            subprocess, 'run', self.stestr))
        self.useFixture(fixtures.MockPatchObject(
            phases, 'runs', lambda directory: len(self.ran)))
        self.useFixture(fixtures.MockPatchObject(
            phases, 'outcomes',
            lambda directory: collections.Counter(self.outcomes.get(
                os.path.basename(directory), ['success']))))

    def stestr(self, command, env, check):
        kind = re.search(r',\]\)([\w-]+)\[,', command[-1].replace(
            '[\\[,]', ',])')).group(1)
        if kind not in self.empty:
            self.ran.append((kind, env.get('HEAT_UPGRADE_STATE_DIR')))
        return subprocess.CompletedProcess(
            command, self.statuses.get(kind, 0))

    def test_each_kind_has_its_process_and_the_state_directory(self):
        self.assertEqual(0, phases.run('pre-upgrade', state_dir='/s'))
        self.assertEqual([('pre', '/s'), ('verify', '/s')], self.ran)

    def test_a_kind_that_fails_ends_the_phase(self):
        self.statuses['verify'] = 1
        self.assertEqual(phases.FAILED, phases.run('post-upgrade'))
        self.assertEqual(['verify'], [kind for kind, _ in self.ran])

    def test_a_phase_continues_after_a_kind(self):
        self.assertEqual(0, phases.run('mixed', after='verify'))
        self.assertEqual(['smoke', 'mixed-version'],
                         [kind for kind, _ in self.ran])

    def test_all_kinds_after_a_kind_may_be_excluded(self):
        self.empty = ('smoke', 'mixed-version')
        self.assertEqual(0, phases.run('mixed', after='verify',
                                       scenarios='snapshot'))

    def test_a_kind_without_tests_is_not_a_success(self):
        self.outcomes['post'] = ['skip']
        self.assertEqual(phases.NOTHING_RAN, phases.run('post-upgrade'))

    def test_an_older_run_does_not_replace_a_run_without_tests(self):
        self.empty = ('verify',)
        self.assertEqual(phases.NOTHING_RAN, phases.run('post-upgrade'))

    def test_mixed_version_is_excluded_if_no_nodes_are_configured(self):
        self.outcomes['mixed-version'] = ['skip', 'skip']
        self.statuses['mixed-version'] = 1
        self.assertEqual(0, phases.run('mixed'))
        self.assertEqual(['verify', 'smoke', 'mixed-version'],
                         [kind for kind, _ in self.ran])

    def test_mixed_version_that_dies_half_way_is_not_excluded(self):
        self.outcomes['mixed-version'] = ['skip', 'inprogress']
        self.assertEqual(phases.NOTHING_RAN, phases.run('mixed'))

    def test_mixed_version_must_have_tests_if_all_scenarios_run(self):
        self.empty = ('mixed-version',)
        self.assertEqual(phases.NOTHING_RAN, phases.run('mixed'))

    def test_a_choice_of_scenarios_may_exclude_kinds_without_record(self):
        self.empty = ('smoke', 'mixed-version')
        self.assertEqual(0, phases.run('mixed', scenarios='snapshot'))
        self.assertEqual(['verify'], [kind for kind, _ in self.ran])

    def test_a_choice_that_excludes_all_kinds_is_not_a_success(self):
        self.empty = ('smoke',)
        self.assertEqual(phases.NOTHING_RAN,
                         phases.run('smoke', scenarios='snapshot'))


class UsageTest(testtools.TestCase):

    def test_a_missing_tempest_conf_is_reported(self):
        self.assertIn('set TEMPEST_CONFIG', phases.no_configuration({}))
        self.assertIn('/nowhere', phases.no_configuration(
            {'TEMPEST_CONFIG': '/nowhere'}))
        self.assertIsNone(phases.no_configuration(
            {'TEMPEST_CONFIG': __file__}))

    def test_after_must_name_a_kind_of_the_phase(self):
        self.useFixture(fixtures.EnvironmentVariable(
            'TEMPEST_CONFIG', __file__))
        error = self.assertRaises(
            SystemExit, phases.main, ['smoke', '--after', 'post'])
        self.assertEqual(2, error.code)

    def test_a_bad_regular_expression_is_a_usage_error(self):
        error = self.assertRaises(
            SystemExit, phases.main, ['smoke', '--scenarios', '('])
        self.assertEqual(2, error.code)
