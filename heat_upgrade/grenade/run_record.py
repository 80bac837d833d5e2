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

"""The run directory of a grenade run: its journal, findings and report.

Each call of a script opens it, adds its steps, and makes the report again. So
a report exists even if grenade dies half way.
"""

from collections import abc
import contextlib
import datetime
import pathlib
import shlex
import shutil
import typing

from heat_integrationtests import catalogue
from heat_upgrade import errors
from heat_upgrade.grenade import environment
from heat_upgrade.grenade import steps
from heat_upgrade.install import releases
from heat_upgrade.judgement import judge
from heat_upgrade.judgement import known_failures
from heat_upgrade.lab import stestr_runner
from heat_upgrade.plan import model
from heat_upgrade.plan import planner
from heat_upgrade.report import files
from heat_upgrade.report import summary
from heat_upgrade.results import findings
from heat_upgrade.results import journal as journals
from heat_upgrade.results import verdict
from heat_upgrade.run import runner

# Placeholders in a command for another machine: directories of the target, and
# of a base without a lock file, and their constraints. The shell there expands
# the first two.
CHECKOUT, BASE_CHECKOUT = '~/heat', '~/heat-base'
CONSTRAINTS = ('https://opendev.org/openstack/requirements/raw/branch/{}/'
               'upper-constraints.txt')


class StepFailed(Exception):
    """A step has failed; its findings are in the journal."""


class Broken(errors.LabError):
    """Our own machinery broke, in any step."""


@contextlib.contextmanager
def blame_lab() -> abc.Iterator[None]:
    """Attribute a failure within to this tool, also in a step of Heat's.

    :raises: :class:`Broken` in place of another :class:`errors.LabError`
    """
    try:
        yield
    except errors.LabError as exc:
        raise Broken(str(exc), log=exc.log) from exc


class Record:
    """The run, to which a call of a script adds its steps.

    :ivar run_dir: the run directory
    :ivar failed: True if a finding counts
    """

    def __init__(self, settings: environment.Settings, *,
                 say: environment.Say = print) -> None:
        self.settings = settings
        self.run_dir = settings.run_dir
        self.failed = False
        self._say = say
        if not (self.run_dir / journals.FILE).exists():
            raise errors.UsageError(
                f'{self.run_dir} has no journal: `resources.sh create` was '
                'not run, or SAVE_DIR has changed since')
        self._journal = journals.Journal(self.run_dir)
        self._base, self._target = _releases(settings)
        self._plan = planner.from_json(
            (self.run_dir / planner.FILE).read_text())

    def __enter__(self) -> typing.Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        self._journal.close()

    def log(self, name: str) -> pathlib.Path:
        """Return the path of a log in the run directory."""
        return self.run_dir / 'logs' / f'{name}.log'

    def data(self, name: str) -> pathlib.Path:
        """Return the path of a file that one call leaves for another."""
        return self.run_dir / 'data' / name

    @property
    def scenarios(self) -> str:
        """Regular expression of the tests to run, '' for all."""
        return self._plan.scenarios

    def plans(self, name: str) -> bool:
        """Return True if the plan has a step of this name."""
        return any(step.name == name for step in self._plan.steps)

    @contextlib.contextmanager
    def step(self, name: str) -> abc.Iterator[model.Step]:
        """Journal a step; an exception becomes a finding of it.

        :raises: :class:`StepFailed` if a finding counts
        """
        step = next(step for step in self._plan.steps if step.name == name)
        self._say(f'heat-upgrade-tests: {step.name}: {step.title}')
        before, self.failed = self.failed, False
        with self._journal.step(name, step.title) as end:
            try:
                yield step
            except StepFailed:
                self.failed = True
            except Exception as exc:
                self.finding(findings.explain(step, exc, ours=(Broken,)))
            if self.failed:
                end['outcome'] = journals.FAILED
        if self.failed:
            raise StepFailed()
        self.failed = before

    def finding(self, finding: findings.Finding) -> findings.Finding:
        """Journal a finding; returns it as the run so far judges it."""
        self._journal.finding(finding, self.reproduce)
        events = journals.read(self.run_dir)
        # Findings about the known failures themselves may follow it.
        number = len(judge.recorded(events)) - 1
        finding = judge.of_run(self.run_dir, events, self._plan)[number]
        if (finding.severity == findings.ERROR
                and finding.origin != findings.KNOWN):
            self.failed = True
        return finding

    def tests(self, step: model.Step,
              tests: abc.Iterable[stestr_runner.Test]) -> None:
        """Journal the results of tests."""
        self._journal.event(
            journals.TESTS, step.name, phase=step.phase,
            tests=[test.as_dict() for test in tests])

    def end(self) -> None:
        """Journal the end of the run."""
        self._journal.event(journals.RUN_END)

    def report(self) -> dict[str, typing.Any]:
        """Make the report again; returns it."""
        return files.build(self.run_dir)

    def print_result(self) -> dict[str, typing.Any]:
        """Print the path of the report, or the summary after a failure."""
        report = self.report()
        if self.failed:
            self._say(summary.text(report))
            command = self.reproduce(test=self._first_test(report))
            base = (f', and of its base{_commit(self._base)} in '
                    f'{BASE_CHECKOUT}' if BASE_CHECKOUT in command else '')
            self._say(
                'heat-upgrade-tests: to reproduce this on a laptop, with a '
                f'checkout of Heat{_commit(self._target)} in {CHECKOUT}{base}'
                f':\n    {command}')
        else:
            self._say(f'heat-upgrade-tests: report: '
                      f'{self.run_dir}/report.html')
        return report

    def _first_test(self, report: dict[str, typing.Any]) -> str | None:
        """Return the ID of a test that failed alone, None otherwise."""
        tests = {finding['test'] for finding in report['findings']
                 if finding['severity'] == findings.ERROR
                 and finding['origin'] != findings.KNOWN}
        return tests.pop() if len(tests) == 1 else None

    def reproduce(self, *, test: str | None = None) -> str:
        """Return the lab's command that comes closest to this run."""
        return reproduce(self._plan, self._base, test=test)

    def check_command(self, name: str) -> str:
        """Return the command that runs one of the static checks."""
        return _command(['check', name], self._plan, self._base)


def begin(settings: environment.Settings, *, say: environment.Say = print
          ) -> Record:
    """Make the run directory of a new run; an older one is kept aside.

    :raises: :class:`errors.UsageError` if it cannot be made
    """
    run_dir = settings.run_dir
    try:
        if run_dir.exists():
            _put_aside(run_dir)
        run_dir.mkdir(mode=0o700, parents=True)
        for name in ('logs', 'data', 'subunit'):
            (run_dir / name).mkdir()
    except OSError as exc:
        raise errors.UsageError(
            f'cannot make the run directory {run_dir}: {exc}') from exc
    plan = steps.plan(settings, scenarios=settings.environ.get(
        'HEAT_UPGRADE_SCENARIOS', ''))
    (run_dir / planner.FILE).write_text(plan.as_json())
    base, target = _releases(settings)
    with contextlib.closing(journals.Journal(run_dir)) as journal:
        journal.event(
            journals.RUN_START, base=_described(base, plan.base),
            target=_described(target, plan.target),
            reproduce=reproduce(plan, base), known_failures=[
                entry.as_dict() for entry in known_failures.load(
                    settings.environ.get('HEAT_UPGRADE_KNOWN_FAILURES')
                    or known_failures.FILE)],
            reference=target and releases.reference(target).version)
    return Record(settings, say=say)


def ensure(settings: environment.Settings, *, say: environment.Say = print
           ) -> None:
    """Make a run directory unless a run in progress has one.

    With VERIFY_RESOURCES=False grenade calls no resources.sh, and shutdown.sh
    is the first call. Such a run has no end either: a run in which Heat was
    shut down before is an earlier one.
    """
    run_dir = settings.run_dir
    if (run_dir / journals.FILE).exists() and not any(
            event['kind'] == journals.RUN_END
            or (event['kind'], event['step']) == (journals.STEP_START,
                                                  steps.SHUTDOWN)
            for event in journals.read(run_dir)):
        return
    begin(settings, say=say).close()


def _put_aside(run_dir: pathlib.Path) -> None:
    stamp = datetime.datetime.fromtimestamp(
        run_dir.stat().st_mtime).strftime('%Y%m%d-%H%M%S')
    older = run_dir.with_name(f'{run_dir.name}-{stamp}')
    number = 1
    while older.exists():
        number += 1
        older = run_dir.with_name(f'{run_dir.name}-{stamp}-{number}')
    shutil.move(run_dir, older)


def _releases(settings: environment.Settings
              ) -> tuple[releases.Release | None, releases.Release | None]:
    """Return the two releases, None for one that is unknown."""
    return (_release(settings.base_dir / 'heat'),
            _release(settings.target_dir / 'heat'))


def _release(checkout: pathlib.Path) -> releases.Release | None:
    try:
        return releases.parse(checkout)
    except errors.UsageError:
        return None


def _described(release: releases.Release | None, name: str
               ) -> dict[str, typing.Any]:
    return release.describe() if release else {'name': name}


def _commit(release: releases.Release | None) -> str:
    commit = release and release.commit
    return f' at {commit[:12]}' if commit else ''


def reproduce(plan: planner.Plan, base: releases.Release | None, *,
              test: str | None = None) -> str:
    """Return the command of the lab that comes closest to a grenade run.

    :param plan: from :func:`steps.plan`
    :param test: ID of the only test to run
    """
    scenarios = runner.scenario_of(test) or plan.scenarios
    return _command(['run'], plan, base, '--strategy', plan.strategy,
                    *(['--tier', plan.tier]
                      if plan.tier != catalogue.STANDARD else []),
                    *(['--scenarios', scenarios] if scenarios else []))


def _command(words: list[str], plan: planner.Plan,
             base: releases.Release | None, *options: str) -> str:
    series = _series(base, plan.base)
    of_base = (['--from', series] if series else
               ['--from', BASE_CHECKOUT,
                '--base-constraints', CONSTRAINTS.format(plan.base)])
    words = ['heat-upgrade', *words, *of_base, '--to', CHECKOUT,
             '--constraints', CONSTRAINTS.format(plan.target), *options]
    # In quotes, the shell would not expand the tilde.
    return ' '.join(word if word in (CHECKOUT, BASE_CHECKOUT)
                    else shlex.quote(word) for word in words)


def _series(base: releases.Release | None, branch: str) -> str | None:
    """Return the name of the base's series on a laptop, or None."""
    known = releases.known_series()
    # stable/2026.1, unmaintained/2024.1
    named = branch.rpartition('/')[2]
    if releases.is_series(named) and named not in known:
        # The checkout looks like another release.
        return None
    own = base.series if base is not None else None
    return next((name for name in (own, named) if name in known), None)


def call(settings: environment.Settings,
         work: abc.Callable[[Record], object], *,
         say: environment.Say = print) -> int:
    """Do the work of one call of a script; returns its exit status.

    :param work: does everything in steps, which report its failures
    """
    with Record(settings, say=say) as record:
        try:
            work(record)
        except StepFailed:
            record.failed = True
        report = record.print_result()
    if not record.failed:
        return 0
    return verdict.EXIT_STATUS[
        verdict.FAIL if report['verdict'] == verdict.FAIL
        else verdict.LAB_ERROR]
