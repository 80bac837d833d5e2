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

"""Unit tests of the bugs for whole runs: catalogue, judging, commands."""

import contextlib
import fcntl
import io
import json
import pathlib
import re
import typing

import ddt
import fixtures
import testtools

from heat_upgrade.lab import profiles
from heat_upgrade.plan import planner
from heat_upgrade.results import findings
from heat_upgrade.tests.functional import planting
from heat_upgrade.tests.seeded_bugs import __main__
from heat_upgrade.tests.seeded_bugs import bugs
from heat_upgrade.tests.seeded_bugs import driver
from heat_upgrade.tests.seeded_bugs import judging
from heat_upgrade.tests.seeded_bugs import records
from heat_upgrade.tests.seeded_bugs import showing
from heat_upgrade.tests.unit.support import samples
from heat_upgrade.tests.unit.support import tree

MAX_WORDS = 25


def judged(verdict: str, *reported: dict[str, typing.Any],
           **changed: object) -> str:
    """Return the outcome of a seeded bug whose report has these findings."""
    return judging.judge(
        samples.bug(**changed),
        {'verdict': verdict, 'findings': list(reported)}, seconds=1).outcome


class TestCatalogue(testtools.TestCase):

    def setUp(self) -> None:
        super().setUp()
        self.every = bugs.every()
        self.bugs = [bug for bug in self.every if not bug.harmless]

    def test_names_are_unique_slugs(self) -> None:
        names = [bug.name for bug in self.every]
        self.assertEqual(len(names), len(set(names)))
        self.assertEqual([], [name for name in names if not re.fullmatch(
            r'[a-z0-9]+(-[a-z0-9]+)+', name)])

    def test_every_failure_class_has_a_bug(self) -> None:
        self.assertGreaterEqual(len(self.bugs), 60)
        self.assertGreaterEqual(len(self.every) - len(self.bugs), 8)
        self.assertEqual(set(findings.CLASSES), {
            int(bug.kind.partition('-')[0]) for bug in self.bugs})

    def test_expectations_name_steps_of_the_default_run(self) -> None:
        for bug in self.bugs:
            plan = planner.make(
                planner.COLD, base=__main__.BASE, target=bugs.TARGET,
                profile=bug.profile or profiles.STANDARD)
            steps = {step.name for step in plan.steps}
            self.assertTrue(bug.steps, bug.name)
            self.assertLessEqual(set(bug.steps), steps, bug.name)

    def test_expectations_name_failure_classes(self) -> None:
        for bug in self.bugs:
            self.assertTrue(bug.classes, bug.name)
            self.assertLessEqual(set(bug.classes), set(findings.CLASSES),
                                 bug.name)

    def test_a_harmless_change_expects_no_finding(self) -> None:
        for bug in self.every:
            if bug.harmless:
                self.assertEqual(((), ()), (bug.steps, bug.classes),
                                 bug.name)

    def test_an_effect_is_one_short_sentence(self) -> None:
        for bug in self.every:
            self.assertTrue(bug.effect.endswith('.'), bug.name)
            self.assertNotIn('. ', bug.effect, bug.name)
            self.assertLessEqual(len(bug.effect.split()), MAX_WORDS,
                                 bug.name)

    def test_profiles_of_bugs_are_known(self) -> None:
        for bug in self.every:
            if bug.profile:
                self.assertEqual(bug.profile,
                                 profiles.parse(bug.profile).name)

    def test_every_bug_changes_something(self) -> None:
        for bug in self.every:
            self.assertTrue(bug.changes, bug.name)
            for change in bug.changes:
                self.assertNotEqual(change.find, change.replace, bug.name)

    def test_the_tool_knows_no_bug_by_name(self) -> None:
        # A rule of the registry may have such a name after its dot.
        names = {
            bug.name: re.compile(rf'(?<![.\w-]){bug.name}(?![\w-])')
            for bug in self.every}
        for path in (tree.ROOT / 'heat_upgrade').rglob('*'):
            if path.suffix in ('.py', '.yaml') and 'tests' not in path.parts:
                text = path.read_text()
                self.assertEqual(
                    [], [name for name, pattern in names.items()
                         if pattern.search(text)], path)

    def test_the_reference_has_the_table(self) -> None:
        self.assertIn(showing.rst(self.every, records.read()),
                      showing.PAGE.read_text())

    def test_most_kinds_of_historical_bugs_are_here(self) -> None:
        self.assertGreaterEqual(sum(bug.historical for bug in self.bugs), 15)


class TestSeeding(testtools.TestCase):

    def setUp(self) -> None:
        super().setUp()
        self.top = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def seed(self, text: str, find: str) -> str:
        (self.top / 'code.py').write_text(text)
        change = planting.Change('lost', 'code.py', find, 'new')
        samples.bug(changes=(change,)).seed(self.top)
        return (self.top / 'code.py').read_text()

    def test_a_text_is_replaced(self) -> None:
        self.assertEqual('a new b', self.seed('a old b', 'old'))

    def test_a_text_that_is_missing_or_not_unique_is_refused(self) -> None:
        self.assertRaises(ValueError, self.seed, 'a b', 'old')
        self.assertRaises(ValueError, self.seed, 'old old', 'old')

    def test_a_migration_follows_the_release(self) -> None:
        purge, = bugs.named(['sync-points-purged'])
        purge.seed(self.top)
        path, = self.top.rglob('*.py')
        self.assertIn(f"down_revision = '{bugs.HEAD}'", path.read_text())
        self.assertIn("    op.execute('DELETE FROM sync_point')",
                      path.read_text())


@ddt.ddt
class TestJudging(testtools.TestCase):

    def test_a_finding_in_the_right_step_catches_a_bug(self) -> None:
        self.assertEqual(judging.CAUGHT, judged('fail', samples.finding()))

    @ddt.data({'step': 'checks'}, {'class': 4})
    def test_a_bug_that_fails_elsewhere_is_not_caught(
            self, changed: dict[str, typing.Any]) -> None:
        self.assertEqual(judging.ELSEWHERE,
                         judged('fail', samples.finding(**changed)))

    @ddt.data({'severity': 'warning'}, {'origin': 'known'},
              {'origin': 'lab'}, {'origin': 'restart'})
    def test_a_finding_that_does_not_count_catches_no_bug(
            self, changed: dict[str, typing.Any]) -> None:
        self.assertEqual(judging.ELSEWHERE,
                         judged('fail', samples.finding(**changed)))
        self.assertEqual(judging.MISSED,
                         judged('pass', samples.finding(**changed)))

    def test_a_pass_with_hazards_misses_a_bug(self) -> None:
        self.assertEqual(judging.MISSED, judged('pass-with-hazards'))

    def test_a_failure_of_the_lab_catches_no_bug(self) -> None:
        self.assertEqual(judging.LAB_ERROR,
                         judged('lab-error', samples.finding()))

    @ddt.data(('pass', judging.SILENT), ('pass-with-hazards', judging.SILENT),
              ('fail', judging.FALSE_ALARM),
              ('lab-error', judging.FALSE_ALARM))
    @ddt.unpack
    def test_a_harmless_change_must_not_fail(self, verdict: str,
                                             outcome: str) -> None:
        self.assertEqual(outcome, judged(
            verdict, kind=bugs.HARMLESS, steps=(), classes=()))

    def test_a_run_without_a_report_is_no_success(self) -> None:
        result = judging.judge(samples.bug(), None, seconds=1)
        self.assertEqual((judging.NO_REPORT, False),
                         (result.outcome, result.good))

    def test_a_line_names_the_step_and_the_finding(self) -> None:
        result = judging.judge(
            samples.bug(), {'verdict': 'fail', 'findings': [
                samples.finding(), samples.finding()]}, seconds=12.4)
        self.assertEqual('caught      lost (12 s): settle, class 2: it is '
                         'stuck (+1)', result.line())


class TestProgram(testtools.TestCase):

    def setUp(self) -> None:
        super().setUp()
        self.ran: list[str] = []
        self.verdict = 'fail'
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.tests.seeded_bugs.driver.run', self.run_bug))

    def run_bug(self, bug: bugs.Bug, directory: pathlib.Path, *,
                base: str, checks_only: bool) -> judging.Result:
        self.ran.append(bug.name)
        return judging.judge(
            bug, {'verdict': self.verdict, 'findings': [
                samples.finding(step=step, **{'class': number})
                for step in bug.steps for number in bug.classes]},
            seconds=1, run_dir=str(directory))

    def main(self, *words: str) -> tuple[int, str]:
        directory = self.useFixture(fixtures.TempDir()).path
        with contextlib.redirect_stdout(io.StringIO()) as output, \
                contextlib.redirect_stderr(output):
            status = __main__.main(['--dir', directory, *words])
        return status, output.getvalue()

    def test_named_bugs_run_in_their_order(self) -> None:
        names = ['worker-topic-renamed', 'option-renamed']
        status, output = self.main(*names)
        self.assertEqual((0, names), (status, self.ran))
        self.assertIn('2 caught', output)

    def test_shards_share_the_bugs(self) -> None:
        names = ['worker-topic-renamed', 'option-renamed']
        for shard in ('1/2', '2/2'):
            self.assertEqual(0, self.main('--shard', shard, *names)[0])
        self.assertEqual(names, self.ran)

    def test_an_empty_shard_is_a_usage_error(self) -> None:
        status, output = self.main('--shard', '2/2', 'option-renamed')
        self.assertEqual((2, []), (status, self.ran))
        self.assertIn('shard 2/2 is empty', output)

    def test_a_missed_bug_fails(self) -> None:
        self.verdict = 'pass'
        status, output = self.main('worker-topic-renamed')
        self.assertEqual(1, status)
        self.assertIn('1 missed', output)

    def test_an_unknown_name_is_a_usage_error(self) -> None:
        status, output = self.main('no-such-bug')
        self.assertEqual((2, []), (status, self.ran))
        self.assertIn('no-such-bug', output)

    def test_a_list_runs_nothing(self) -> None:
        status, output = self.main('--list')
        self.assertEqual((0, []), (status, self.ran))
        self.assertEqual(len(bugs.every()), len(output.splitlines()))

    def test_kept_runs_are_judged_again(self) -> None:
        directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        for name, verdict in (('20261128-1', 'pass'), ('20261128-2', 'fail')):
            run_dir = directory / driver.RUNS / 'option-renamed' / name
            run_dir.mkdir(parents=True)
            (run_dir / 'report.json').write_text(json.dumps({
                'verdict': verdict, 'duration_s': 90, 'findings': [
                    samples.finding(step='checks', **{'class': 4})]}))
        status, output = self.main('--rejudge', '--dir', str(directory))
        self.assertEqual((0, []), (status, self.ran))
        self.assertIn('caught      option-renamed (90 s)', output)

    def test_no_kept_run_is_no_success(self) -> None:
        self.assertEqual(1, self.main('--rejudge')[0])


class TestDriver(testtools.TestCase):

    def setUp(self) -> None:
        super().setUp()
        self.directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.reports: list[dict[str, typing.Any] | None] = []
        self.targets: list[str] = []
        self.options: list[str] = []
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.tests.functional.heat_source.checkout',
            self.checkout))
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.tests.seeded_bugs.driver._upgrade', self.upgrade))

    def checkout(self, copy: pathlib.Path, version: str, *,
                 prepare: object) -> pathlib.Path:
        self.assertEqual(bugs.TARGET, version)
        self.assertFalse(copy.exists())
        top = copy / 'heat'
        top.mkdir(parents=True)
        return top

    def upgrade(self, base: str, target: pathlib.Path,
                work_dir: pathlib.Path, log: pathlib.Path,
                *options: str) -> None:
        self.targets.append(f'{base} {target.relative_to(self.directory)}')
        self.options += options
        run_dir = work_dir / f'run-{len(self.targets)}'
        run_dir.mkdir(parents=True)
        report = self.reports.pop(0)
        if report:
            (run_dir / 'report.json').write_text(json.dumps(report))

    def run_bug(
            self, *reports: dict[str, typing.Any] | None) -> judging.Result:
        """Run a bug; the tool writes these reports, one after the other."""
        self.reports += reports
        return driver.run(samples.bug(), self.directory, base='26.0.2')

    def test_a_bug_runs_with_its_profile(self) -> None:
        self.reports.append({'verdict': 'fail',
                             'findings': [samples.finding()]})
        driver.run(samples.bug(profile='key-16'), self.directory,
                   base='26.0.2')
        self.assertEqual(['--checks-only', '--profile', 'key-16'],
                         self.options)

    def test_a_bug_runs_with_its_services(self) -> None:
        self.reports.append({'verdict': 'fail',
                             'findings': [samples.finding()]})
        driver.run(samples.bug(services='compute'), self.directory,
                   base='26.0.2')
        self.assertEqual(['--checks-only', '--with', 'compute'],
                         self.options)

    def test_the_target_is_a_fresh_copy(self) -> None:
        self.run_bug(None)
        self.assertEqual(['26.0.2 copies/lost/heat'], self.targets)

    def test_a_bug_that_the_checks_find_needs_no_cloud(self) -> None:
        result = self.run_bug({'verdict': 'fail',
                               'findings': [samples.finding()]})
        self.assertEqual((judging.CAUGHT, ['--checks-only']),
                         (result.outcome, self.options))

    def test_a_bug_that_the_checks_miss_needs_the_whole_run(self) -> None:
        result = self.run_bug(samples.PASS,
                              {'verdict': 'fail',
                               'findings': [samples.finding()]})
        self.assertEqual(['--checks-only', '--stop-at-first-failure'],
                         self.options)
        self.assertEqual(
            (judging.CAUGHT, str(self.directory / 'runs' / 'lost' / 'run-2')),
            (result.outcome, result.run_dir))

    def test_the_checks_alone_need_no_cloud(self) -> None:
        self.reports.append(samples.PASS)
        result = driver.run(samples.bug(), self.directory, base='26.0.2',
                            checks_only=True)
        self.assertEqual((judging.MISSED, ['--checks-only']),
                         (result.outcome, self.options))

    def test_the_report_of_the_checks_is_no_report_of_the_run(self) -> None:
        self.assertEqual(judging.NO_REPORT,
                         self.run_bug(samples.PASS, None).outcome)

    def test_the_lock_that_the_environment_names_is_held(self) -> None:
        path = self.directory / 'lock'
        self.useFixture(fixtures.EnvironmentVariable(
            driver.LOCK_VARIABLE, str(path)))
        with open(path, 'a') as other:
            with driver.lab_lock():
                self.assertRaises(BlockingIOError, fcntl.flock, other,
                                  fcntl.LOCK_EX | fcntl.LOCK_NB)
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
