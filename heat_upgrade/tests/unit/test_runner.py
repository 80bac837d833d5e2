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


import datetime
import pathlib
import threading
import types

import ddt
import fixtures
import testtools
from testtools import matchers

from heat_upgrade import actions
from heat_upgrade import errors
from heat_upgrade import findings
from heat_upgrade import journal as journals
from heat_upgrade import known
from heat_upgrade import plan as plans
from heat_upgrade import runner
from heat_upgrade import suites

TEST = 'heat_integrationtests.scenarios.test_a.TestA.test_it'


class Release:
    """A release: what the runner asks of one."""

    def __init__(self, name, version):
        self.name, self.version, self.source = name, version, None

    def describe(self):
        return {'name': self.name, 'version': self.version}


class Child:
    """A process of the cloud."""

    def __init__(self, name):
        self.name, self.log = name, pathlib.Path(f'/logs/{name}.log')
        self.status = None

    def died(self):
        return self.status

    def check(self):
        if self.status is not None:
            raise errors.ProcessDied(f'{self.name} ended', log=self.log)

    def last_words(self, lines):
        return f'the last words of {self.name}'


class Cloud:
    """A cloud of two processes, of which only the engine is Heat's."""

    def __init__(self):
        self.mariadb, self.engine = Child('mariadb'), Child('heat-engine')
        self.heat = types.SimpleNamespace(processes=[self.engine])

    def died(self):
        return [one for one in (self.mariadb, self.engine)
                if one.died() is not None]


def step(name, blame=plans.HEAT, **more):
    return plans.Step(name, f'do_{name}', f'title of {name}', blame=blame,
                      failure_class=None if blame == plans.LAB else 2, **more)


class RunnerCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.home = self.useFixture(fixtures.TempDir()).path
        self.done = []
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.meter.cpu_seconds', lambda marker: 1.0))

    def run_plan(self, *stages, do=(), scenarios='', **options):
        """Execute a plan; returns the run.

        :param stages: each a step, or a tuple of lanes
        :param do: {name of a step: function of (run, step)}
        """
        stages = tuple(
            ((stage,),) if isinstance(stage, plans.Step) else stage
            for stage in stages)
        plan = plans.Plan('cold', '2026.1', '2026.2', 7, scenarios, stages)
        do = dict(do)

        def action(run, step):
            self.done.append(step.name)
            return do.get(step.name, lambda run, step: {})(run, step)
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.actions.BY_NAME',
            {step.action: action for step in plan.steps}))
        journal = journals.Journal(self.home)
        self.addCleanup(journal.close)
        run = runner.Run(
            plan, base=Release('2026.1', '26.0.2'),
            target=Release('2026.2', '27.0.1'), journal=journal,
            workspace=types.SimpleNamespace(marker='m'), **options)
        run.cloud = Cloud()
        run.execute()
        return run

    def events(self, kind):
        return [event for event in journals.read(self.home)
                if event['kind'] == kind]

    def outcomes(self):
        return {event['step']: event['data']['outcome']
                for event in self.events(journals.STEP_END)}

    def found(self):
        return [findings.from_dict(event['data']['finding'])
                for event in self.events(journals.FINDING)]


def fails(exc):
    def action(run, step):
        raise exc
    return action


class TestOrder(RunnerCase):

    def test_all_steps_are_done_in_order(self):
        self.run_plan(step('a'), step('b'), step('c'))
        self.assertEqual(['a', 'b', 'c'], self.done)
        self.assertEqual({'a': 'ok', 'b': 'ok', 'c': 'ok'}, self.outcomes())

    def test_after_a_failure_the_rest_is_skipped(self):
        self.run_plan(step('a'), step('b'), step('c'),
                      do={'b': fails(errors.LabError('no'))})
        self.assertEqual({'a': 'ok', 'b': 'failed', 'c': 'skipped'},
                         self.outcomes())

    def test_what_is_always_done_is_done_after_a_failure_too(self):
        self.run_plan(step('a'), step('b'), step('down', always=True),
                      do={'a': fails(errors.LabError('no'))})
        self.assertEqual(['a', 'down'], self.done)
        self.assertEqual('ok', self.outcomes()['down'])

    def test_lanes_are_side_by_side(self):
        meeting = threading.Barrier(2, timeout=10)

        def meet(run, step):
            meeting.wait()
            return {}
        self.run_plan(((step('a'),), (step('b'),)),
                      do={'a': meet, 'b': meet})
        self.assertEqual({'a': 'ok', 'b': 'ok'}, self.outcomes())

    def test_a_failure_in_one_lane_ends_the_other_at_its_next_step(self):
        waiting, failed = threading.Event(), threading.Event()

        def wait(run, step):
            waiting.set()
            failed.wait(10)
            return {}

        def fail(run, step):
            waiting.wait(10)
            raise errors.LabError('no')
        original = runner.Run.finding

        def finding(run, found):
            original(run, found)
            failed.set()
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.runner.Run.finding', finding))
        self.run_plan(((step('a'),), (step('b'), step('c'))), step('d'),
                      do={'a': fail, 'b': wait})
        self.assertEqual({'a': 'failed', 'b': 'ok', 'c': 'skipped',
                          'd': 'skipped'}, self.outcomes())

    def test_the_run_begins_and_ends_in_the_journal(self):
        self.run_plan(step('a'))
        kinds = [event['kind'] for event in journals.read(self.home)]
        self.assertEqual(('run-start', 'run-end'), (kinds[0], kinds[-1]))

    def test_what_a_step_measured_is_in_the_journal(self):
        self.run_plan(step('a'), do={'a': lambda run, step: {'bytes': 5}})
        data = self.events(journals.STEP_END)[0]['data']
        self.assertEqual((5, 0.0), (data['bytes'], data['cpu_s']))

    def test_the_peak_of_memory_is_in_the_journal(self):
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.runner.METER_INTERVAL', 0.001))
        looked = iter([100, 500, 200])
        seen = threading.Event()

        def memory(marker):
            size = next(looked, None)
            if size is None:
                seen.set()
            return size or 0
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.meter.memory', memory))
        self.run_plan(step('a'), do={
            'a': lambda run, step: {'seen': seen.wait(10)}})
        self.assertEqual([100, 500], [
            event['data']['peak_memory']
            for event in self.events(journals.MEASURE)])


@ddt.ddt
class TestBlame(RunnerCase):
    """Whose fault a failed step is."""

    def finding_of(self, exc, blame):
        self.run_plan(step('a', blame), do={'a': fails(exc)})
        finding, = self.found()
        return finding

    @ddt.unpack
    @ddt.data((plans.HEAT, 'heat', 2), (plans.LAB, 'lab', None))
    def test_the_step_says_whose_a_failure_is(self, blame, origin,
                                              failure_class):
        finding = self.finding_of(
            errors.LabError('db_sync failed:\nno such column',
                            log='/logs/x.log'), blame)
        self.assertEqual(findings.Finding(
            origin=origin, failure_class=failure_class, severity='error',
            title='a: db_sync failed:', evidence='no such column', step='a',
            reproduce=finding.reproduce, log='/logs/x.log'), finding)

    @ddt.data(KeyError('x'), ZeroDivisionError(), OSError('disk full'))
    def test_a_mistake_of_ours_is_never_heat_s(self, exc):
        finding = self.finding_of(exc, plans.HEAT)
        self.assertEqual(('lab', None),
                         (finding.origin, finding.failure_class))
        self.assertIn(f'a: {type(exc).__name__}: ', finding.title)

    def test_a_mistake_of_ours_has_its_traceback_as_evidence(self):
        self.assertIn('Traceback', self.finding_of(
            KeyError('x'), plans.HEAT).evidence)

    def test_who_noted_its_findings_itself_adds_none(self):
        self.run_plan(step('a'), do={'a': fails(actions.StepFailed())})
        self.assertEqual(([], {'a': 'failed'}),
                         (self.found(), self.outcomes()))

    @ddt.unpack
    @ddt.data((findings.ERROR, 'failed'), (findings.WARNING, 'ok'))
    def test_a_step_with_an_error_has_failed_and_the_run_goes_on(
            self, severity, outcome):
        def note(run, step):
            run.finding(findings.Finding(
                origin='heat', failure_class=2, severity=severity,
                title='a test failed', evidence='', step=step.name))
            return {'failed': 1}
        self.run_plan(step('a'), step('b'), do={'a': note})
        self.assertEqual({'a': outcome, 'b': 'ok'}, self.outcomes())


@ddt.ddt
class TestDeaths(RunnerCase):
    """A process of the cloud that ends by itself."""

    def die(self, who, blame=plans.HEAT, exc=None, status=-9):
        def action(run, step):
            getattr(run.cloud, who).status = status
            if exc:
                raise exc
            return {}
        self.run_plan(step('a', blame), step('b', blame),
                      do={'a': action})
        return self.found()

    @ddt.unpack
    @ddt.data(('engine', plans.HEAT, 'heat', 2),
              ('engine', plans.LAB, 'lab', None),
              ('mariadb', plans.HEAT, 'lab', None),
              ('mariadb', plans.LAB, 'lab', None))
    def test_only_a_service_of_a_blamed_heat_is_heat_s(
            self, who, blame, origin, failure_class):
        finding, = self.die(who, blame)
        self.assertEqual((origin, failure_class),
                         (finding.origin, finding.failure_class))

    def test_it_says_who_died_how_and_with_which_words(self):
        finding, = self.die('engine')
        self.assertEqual(
            ('heat-engine ended by itself with status -9',
             'the last words of heat-engine', '/logs/heat-engine.log', 'a'),
            (finding.title, finding.evidence, finding.log, finding.step))

    def test_a_death_ends_the_run_though_the_step_did_not_notice(self):
        self.die('engine')
        self.assertEqual({'a': 'failed', 'b': 'skipped'}, self.outcomes())

    @ddt.data(errors.ProcessDied('heat-engine ended'), )
    def test_who_was_ended_by_it_adds_nothing(self, exc):
        self.assertThat(self.die('engine', exc=exc), matchers.HasLength(1))

    def test_what_else_went_wrong_comes_after_it(self):
        titles = [finding.title for finding in self.die(
            'mariadb', exc=errors.LabError('no answer'))]
        self.assertEqual(['mariadb ended by itself with status -9',
                          'a: no answer'], titles)

    def test_it_is_noted_once(self):
        def die(run, step):
            run.cloud.engine.status = 1
            return {}
        self.run_plan(step('a'), step('b', always=True), do={'a': die})
        self.assertThat(self.found(), matchers.HasLength(1))

    def test_lanes_that_see_it_at_once_note_it_once(self):
        meeting = threading.Barrier(2, timeout=10)

        def die(run, step):
            run.cloud.engine.status = 1
            meeting.wait()
            return {}
        self.run_plan(((step('a'),), (step('b'),)),
                      do={'a': die, 'b': die})
        self.assertThat(self.found(), matchers.HasLength(1))

    def test_the_watch_of_a_suite_raises_it(self):
        seen = []

        def watch(run, step):
            run.check()
            run.cloud.engine.status = 1
            try:
                run.check()
            except errors.ProcessDied as exc:
                seen.append(exc)
            return {}
        self.run_plan(step('a'), do={'a': watch})
        self.assertThat(seen, matchers.HasLength(1))

    def test_a_run_without_a_cloud_has_none_that_die(self):
        def forget(run, step):
            run.cloud = None
            run.check()
            return {}
        self.run_plan(step('a'), do={'a': forget})
        self.assertEqual({'a': 'ok'}, self.outcomes())


def entry(**changes):
    return known.Entry(**{
        'id': 'nested', 'match': 'nested', 'base': '>=26', 'target': '>=27',
        'reason': 'it loses its order', 'bug': 'bug 1',
        'expires': datetime.date(2027, 4, 1), **changes})


class TestKnownFailures(RunnerCase):

    def run_with(self, exc=None, **changes):
        self.run_plan(
            step('a'), step('b'), known_failures=[entry(**changes)],
            today=datetime.date(2027, 1, 1),
            do={'a': self.note('nested stack')} if exc is None else exc)
        return self.found()

    def note(self, title):
        def action(run, step):
            run.finding(findings.Finding(
                origin='heat', failure_class=2, severity='error',
                title=title, evidence='', step=step.name))
            return {}
        return action

    def test_it_is_shown_and_its_step_has_not_failed(self):
        finding, = self.run_with()
        self.assertEqual('known', finding.origin)
        self.assertEqual('ok', self.outcomes()['a'])

    def test_one_that_does_not_happen_is_noted(self):
        finding, = self.run_with(exc={})
        self.assertEqual(
            ('known', 'warning', 'the known failure nested did not happen'),
            (finding.origin, finding.severity, finding.title))
        self.assertIn('it loses its order (bug 1)', finding.evidence)

    def test_one_that_could_not_happen_is_not_noted(self):
        finding, = self.run_with(exc={'a': fails(errors.LabError('no'))})
        self.assertEqual('a: no', finding.title)

    def test_one_of_another_upgrade_is_neither(self):
        finding, = self.run_with(target='>=28')
        self.assertEqual('heat', finding.origin)

    def test_one_that_has_expired_counts(self):
        finding, = self.run_with(expires=datetime.date(2026, 12, 31))
        self.assertEqual('heat', finding.origin)


@ddt.ddt
class TestReproduce(RunnerCase):

    COMMAND = ('heat-upgrade run --from 2026.1 --to 2026.2 --strategy cold '
               '--seed 7')

    def start(self):
        return self.events(journals.RUN_START)[0]['data']['reproduce']

    def test_the_command_repeats_the_run(self):
        self.run_plan(step('a'))
        self.assertEqual(self.COMMAND, self.start())

    def test_it_selects_what_was_selected(self):
        self.run_plan(step('a'), scenarios=r'random|x y',
                      constraints='/tmp/upper constraints.txt')
        self.assertEqual(
            f"{self.COMMAND} --constraints '/tmp/upper constraints.txt' "
            "--scenarios 'random|x y'", self.start())

    def test_a_test_is_repeated_with_its_whole_class(self):
        run = self.run_plan(step('a'), scenarios='random')
        self.assertEqual(
            self.COMMAND + r" --scenarios 'heat_integrationtests\.scenarios\."
            r"test_a\.TestA'", run.reproduce(test=TEST))

    def test_a_smoke_test_is_in_every_run(self):
        run = self.run_plan(step('a'))
        self.assertEqual(self.COMMAND, run.reproduce(
            test='heat_integrationtests.smoke.test_stack.TestStack.test_x'))

    def test_a_finding_of_a_test_has_the_command_for_it(self):
        def note(run, step):
            run.finding(actions.test_finding(
                step, suites.Test(TEST, 'failed', 1.0, 'MismatchError')))
            return {}
        self.run_plan(step('a'), do={'a': note})
        self.assertIn(r'test_a\.TestA', self.found()[0].reproduce)


class TestNotes(RunnerCase):

    def test_tests_are_journalled_with_their_phase(self):
        def note(run, step):
            run.tests(step, [suites.Test(TEST, 'passed', 1.5)])
            return {}
        self.run_plan(step('a', phase='post-upgrade'), do={'a': note})
        self.assertEqual(
            {'phase': 'post-upgrade', 'tests': [
                {'id': TEST, 'outcome': 'passed', 'seconds': 1.5,
                 'details': ''}]},
            self.events(journals.TESTS)[0]['data'])

    def test_a_probe_is_journalled_by_its_name(self):
        def note(run, step):
            run.availability('heat-api', {'sent': 3, 'failed': 1,
                                          'longest_gap_s': 0.5})
            return {}
        self.run_plan(step('a'), do={'a': note})
        self.assertEqual(
            {'probe': 'heat-api', 'sent': 3, 'failed': 1,
             'longest_gap_s': 0.5}, self.events(journals.PROBE)[0]['data'])
