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

"""Running the phases as an operator does, in a grenade run."""

import dataclasses

import ddt
import testtools

from heat_upgrade import errors
from heat_upgrade.grenade import phases
from heat_upgrade.grenade import run_record
from heat_upgrade.grenade import steps
from heat_upgrade.lab import stestr_runner
from heat_upgrade.results import findings
from heat_upgrade.results import journal
from heat_upgrade.tests.unit.support import grenade_fakes

REQUEST = 'req-6f1a7f34-4f5b-4b7e-a8f6-2f3b5e8d9c01'
GOOD = stestr_runner.Test(
    'heat_integrationtests.scenarios.test_a.TestA.test_b',
    stestr_runner.PASSED,
    1,
)
BAD = stestr_runner.Test(
    'heat_integrationtests.scenarios.test_a.TestA.test_c',
    stestr_runner.FAILED,
    1,
    f'MismatchError\nrequests: {REQUEST}',
)


class PhasesCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.grenade = self.useFixture(grenade_fakes.Grenade())
        self.ran, self.said = [], []
        self.status, self.results = 0, {'post': [GOOD]}
        self.patch(phases.logs, 'logged', lambda record, settings, since: {
            'h-eng': 'ERROR heat [None req-2] of another stack\n'
                     f'ERROR heat [None {REQUEST}] RuntimeError of Heat\n'})
        self.keystone = True
        self.patch(phases.keystone, 'answers', lambda cloud: self.keystone)
        self.patch(phases.clouds, 'Cloud', lambda environ: None)
        self.patch(stestr_runner, 'copy_last_stream',
                   lambda repository, stream: stream.write_text(
                       repository.name))
        self.patch(stestr_runner, 'parse',
                   lambda source: self.results[source.read().decode()])

    def excuse_all(self):
        """Have each finding judged as a known failure."""
        self.patch(
            run_record.judge,
            'of_run',
            lambda run_dir, events, plan: [
                dataclasses.replace(finding, origin=findings.KNOWN)
                for finding in run_record.judge.recorded(events)
            ],
        )

    def begin(self):
        self.record = self.grenade.record()
        self.addCleanup(self.record.close)

    def start(self, name, argv, **options):
        self.ran.append([str(word) for word in argv])
        self.options = options
        if '--repository' in self.ran[-1]:
            place = self.record.data('stestr')
            newest = max(place.iterdir(), key=lambda one: len(one.name))
            for kind in self.results:
                (newest / kind).mkdir()
        return self.status, 'their output'

    def run_phase(self, name=steps.POST, **options):
        step = steps.step(name, self.grenade.settings)
        phases.run(self.record, self.grenade.settings, step,
                   say=self.said.append, start=self.start, **options)

    def found(self):
        return [event['data']['finding'] for event
                in journal.read(self.record.run_dir)
                if event['kind'] == journal.FINDING]


@ddt.ddt
class TestRun(PhasesCase):

    def setUp(self):
        super().setUp()
        self.begin()

    def test_a_phase_is_run_by_its_name_with_the_state_of_the_run(self):
        self.run_phase()
        words = self.ran[0]
        self.assertEqual(['-m', 'heat_integrationtests.phases',
                          'post-upgrade'], words[1:4])
        self.assertIn(str(self.record.run_dir / 'manifest'), words)
        self.assertEqual(str(self.record.run_dir / 'tempest.conf'),
                         self.options['env']['TEMPEST_CONFIG'])

    def test_phase_runs_where_no_package_can_shadow_the_tests(self):
        self.run_phase()
        self.assertEqual(self.record.run_dir, self.options['cwd'])

    def test_results_of_a_phase_are_journaled(self):
        self.run_phase()
        tests, = [event for event in journal.read(self.record.run_dir)
                  if event['kind'] == journal.TESTS]
        self.assertEqual(('post-upgrade', [GOOD.id]), (
            tests['data']['phase'],
            [test['id'] for test in tests['data']['tests']]))
        self.assertEqual([], self.found())

    def test_streams_of_a_phase_are_kept(self):
        self.run_phase()
        self.assertTrue((self.record.run_dir / 'subunit'
                         / 'post-upgrade-post.subunit').exists())

    def test_a_failed_test_is_a_finding(self):
        self.status, self.results = 1, {'verify': [GOOD], 'post': [BAD]}
        self.assertRaises(run_record.StepFailed, self.run_phase)
        found, = self.found()
        self.assertEqual((findings.HEAT, BAD.id),
                         (found['origin'], found['test']))
        self.assertTrue(found['evidence'].startswith(BAD.details.split(
            '\n')[0]))
        self.assertIn(BAD.details, found['evidence'])
        self.assertIn('RuntimeError of Heat', found['evidence'])
        self.assertNotIn('of another stack', found['evidence'])

    def test_a_failure_that_is_known_does_not_count(self):
        self.excuse_all()
        self.status, self.results = 1, {'verify': [GOOD], 'post': [BAD]}
        with self.record.step(steps.POST) as step:
            phases.run(self.record, self.grenade.settings, step,
                       say=self.said.append, start=self.start)
        self.assertFalse(self.record.failed)
        self.assertEqual([BAD.id], [one['test'] for one in self.found()])

    def test_phase_continues_after_a_known_failure(self):
        self.excuse_all()
        self.status, self.results = 1, {'verify': [BAD]}
        begin = self.start

        def start(name, argv, **options):
            answer = begin(name, argv, **options)
            self.status, self.results = 0, {'verify': [BAD], 'post': [GOOD]}
            return answer
        self.start = start
        self.run_phase()
        self.assertNotIn('--after', self.ran[0])
        after = self.ran[1].index('--after')
        self.assertEqual('verify', self.ran[1][after + 1])
        self.assertEqual(2, len(self.ran))

    def test_known_failure_hides_no_other_status(self):
        self.excuse_all()
        self.status, self.results = 3, {'verify': [BAD]}
        error = self.assertRaises(run_record.Broken, self.run_phase)
        self.assertIn('only known failures occurred', str(error))

    def test_without_keystone_a_failed_test_says_nothing_of_heat(self):
        self.keystone = False
        self.status, self.results = 1, {'verify': [GOOD], 'post': [BAD]}
        error = self.assertRaises(run_record.Broken, self.run_phase)
        self.assertIn('Keystone does not answer', str(error))
        self.assertEqual([], self.found())

    def test_on_the_base_a_failed_test_says_nothing_of_the_upgrade(self):
        self.status, self.results = 1, {'pre': [BAD]}
        self.assertRaises(run_record.StepFailed, self.run_phase, steps.CREATE)
        found, = self.found()
        self.assertEqual(findings.SCENARIO, found['origin'])

    @ddt.data(1, 2, 3)
    def test_phase_without_a_test_is_an_error(self, status):
        self.status, self.results = status, {}
        error = self.assertRaises(run_record.Broken, self.run_phase)
        self.assertIn(f'status {status}', str(error))

    def test_tests_that_ended_before_a_deadline_are_journaled(self):
        self.results = {'verify': [GOOD], 'post': [BAD]}
        begin = self.start

        def start(name, argv, **options):
            begin(name, argv, **options)
            raise errors.WaitTimeout('the phase did not end')
        self.start = start
        error = self.assertRaises(errors.WaitTimeout, self.run_phase)
        self.assertIn('did not end', str(error))
        found, = self.found()
        self.assertEqual(BAD.id, found['test'])
        self.assertTrue((self.record.run_dir / 'subunit'
                         / 'post-upgrade-post.subunit').exists())

    def test_a_phase_can_be_run_again(self):
        self.run_phase()
        self.run_phase()
        self.assertEqual(
            {'post-upgrade-post.subunit', 'post-upgrade-2-post.subunit'},
            {path.name for path in
             (self.record.run_dir / 'subunit').iterdir()})

    def test_further_variables_reach_the_phase(self):
        self.run_phase(variables={'HEAT_UPGRADE_API_ENDPOINTS': 'x,y'})
        self.assertEqual('x,y',
                         self.options['env']['HEAT_UPGRADE_API_ENDPOINTS'])

    def test_output_of_the_phase_is_printed(self):
        self.run_phase()
        self.assertEqual(['their output'], self.said)


class TestScenarios(PhasesCase):

    def test_a_choice_reaches_the_phase(self):
        self.grenade.environ['HEAT_UPGRADE_SCENARIOS'] = 'random'
        self.begin()
        self.run_phase()
        self.assertEqual(['--scenarios', 'random'], self.ran[0][-2:])


class TestDestroy(PhasesCase):

    def destroy(self, *, begun=True):
        self.begin()
        if begun:
            (self.record.run_dir / 'tempest.conf').touch()
        step = steps.step(steps.DESTROY, self.grenade.settings)
        phases.destroy(self.record, self.grenade.settings, step,
                       say=self.said.append, start=self.start)

    def test_when_all_is_gone_nothing_is_found(self):
        self.destroy()
        self.assertEqual([], self.found())
        self.assertIn('heat_integrationtests.destroy', self.ran[0])

    def test_before_any_phase_there_is_nothing_to_remove(self):
        self.destroy(begun=False)
        self.assertEqual([], self.ran)

    def test_resource_left_behind_is_heats_failure(self):
        self.status = 1
        self.assertRaises(run_record.StepFailed, self.destroy)
        found, = self.found()
        self.assertEqual((findings.HEAT, 'their output'),
                         (found['origin'], found['evidence']))

    def test_known_resource_left_behind_does_not_count(self):
        self.excuse_all()
        self.status = 1
        self.destroy()
        found, = self.found()
        self.assertEqual('destroy.left-behind', found['rule'])
        self.assertFalse(self.record.failed)

    def test_destroy_that_breaks_is_our_failure(self):
        self.status = 3
        self.assertRaises(run_record.Broken, self.destroy)


class TestEndpoints(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.cloud = grenade_fakes.Cloud()
        for path in ('heat-api/', 'heat-api-cfn/'):
            self.cloud.answers[f'http://10.0.0.2/{path}'] = (
                grenade_fakes.response(300, versions=[1]))

    def endpoints(self, **variables):
        settings = self.useFixture(grenade_fakes.Grenade(**variables)).settings
        return phases.endpoints(settings, self.cloud)

    def test_endpoints_of_other_nodes_come_first(self):
        self.assertEqual(
            {'HEAT_UPGRADE_API_ENDPOINTS':
             'http://10.0.0.2/heat-api/v1,http://node/heat-api/v1',
             'HEAT_UPGRADE_CFN_ENDPOINTS':
             'http://10.0.0.2/heat-api-cfn/v1,http://node/heat-api-cfn/v1'},
            self.endpoints(HOST_TOPOLOGY_SUBNODES='10.0.0.2'))

    def test_given_endpoints_are_used(self):
        self.assertEqual(
            {'HEAT_UPGRADE_API_ENDPOINTS': 'http://a/v1,http://b/v1'},
            self.endpoints(
                HEAT_UPGRADE_API_ENDPOINTS='http://a/v1,http://b/v1'))

    def test_endpoint_that_does_not_answer_is_named(self):
        error = self.assertRaises(run_record.Broken, self.endpoints,
                                  HOST_TOPOLOGY_SUBNODES='10.0.0.3')
        self.assertIn('http://10.0.0.3/heat-api/', str(error))

    def test_unknown_endpoints_are_an_error_with_the_variables(self):
        error = self.assertRaises(run_record.Broken, self.endpoints)
        self.assertIn('HOST_TOPOLOGY_SUBNODES', str(error))
