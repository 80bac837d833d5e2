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

Each call of a script opens it, adds its steps, and makes the report again,
so that there is one also when grenade dies half way.
"""

import contextlib
import datetime
import shlex
import shutil
import time

from heat_upgrade import errors
from heat_upgrade.grenade import steps
from heat_upgrade.install import releases
from heat_upgrade.judgement import judge
from heat_upgrade.judgement import known_failures
from heat_upgrade.plan import planner
from heat_upgrade.report import files
from heat_upgrade.report import summary
from heat_upgrade.results import findings
from heat_upgrade.results import journal as journals
from heat_upgrade.results import verdict
from heat_upgrade.run import runner

OK, FAILED = 'ok', 'failed'

# What a command for another machine says in place of the directories of the
# target, and of a base that has no lock file, and of their constraints. The
# shell there is to expand the first two.
CHECKOUT, BASE_CHECKOUT = '~/heat', '~/heat-base'
CONSTRAINTS = ('https://opendev.org/openstack/requirements/raw/branch/{}/'
               'upper-constraints.txt')


class StepFailed(Exception):
    """A step has failed; its findings are in the journal."""


class Broken(errors.LabError):
    """What broke is ours, whatever the step is about."""


@contextlib.contextmanager
def ours():
    """Take what fails within for ours, also in a step of Heat's.

    :raises: :class:`Broken` in place of any other :class:`errors.LabError`
    """
    try:
        yield
    except errors.LabError as exc:
        raise Broken(str(exc), log=exc.log) from exc


class Record:
    """What a call adds to the run.

    :param surroundings: :class:`surroundings.Surroundings`
    :ivar run_dir: the run directory
    :ivar failed: whether anything that counts was found to be wrong
    """

    def __init__(self, surroundings, *, say=print):
        self.surroundings = surroundings
        self.run_dir = surroundings.run_dir
        self.failed = False
        self._say = say
        if not (self.run_dir / journals.FILE).exists():
            raise errors.UsageError(
                f'{self.run_dir} has no journal: `resources.sh create` has '
                'not been run, or SAVE_DIR is not what it was then')
        self._journal = journals.Journal(self.run_dir)
        self._base, self._target = _releases(surroundings)
        self._plan = planner.from_json(
            (self.run_dir / planner.FILE).read_text())

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        self._journal.close()

    def log(self, name):
        """Return the path of a log in the run directory."""
        return self.run_dir / 'logs' / f'{name}.log'

    def data(self, name):
        """Return the path of a file that one call leaves for another."""
        return self.run_dir / 'data' / name

    @property
    def scenarios(self):
        """Regular expression of the tests to run, '' for all."""
        return self._plan.scenarios

    def plans(self, name):
        """Tell whether a step of this name is to be done."""
        return any(step.name == name for step in self._plan.steps)

    @contextlib.contextmanager
    def step(self, name):
        """Journal a step; what it raises is a finding of it.

        :returns: the :class:`plan.Step`
        :raises: :class:`StepFailed` if anything that counts was found
        """
        step = next(one for one in self._plan.steps if one.name == name)
        self._say(f'heat-upgrade-tests: {step.name}: {step.title}')
        self._journal.event(journals.STEP_START, name, title=step.title)
        started = time.monotonic()
        before, self.failed = self.failed, False
        try:
            yield step
        except StepFailed:
            self.failed = True
        except Exception as exc:
            self.finding(findings.explain(step, exc, ours=(Broken,)))
        self._journal.event(
            journals.STEP_END, name, outcome=FAILED if self.failed else OK,
            seconds=round(time.monotonic() - started, 2))
        if self.failed:
            raise StepFailed()
        self.failed = before

    def finding(self, finding):
        """Journal a finding; returns it as the run so far judges it."""
        data = finding.as_dict()
        data['reproduce'] = finding.reproduce or self.reproduce(
            test=finding.test)
        self._journal.event(journals.FINDING, finding.step, finding=data)
        events = journals.read(self.run_dir)
        # Others may follow that are about the known failures themselves.
        number = len(judge.recorded(events)) - 1
        finding = judge.of_run(self.run_dir, events, self._plan)[number]
        if (finding.severity == findings.ERROR
                and finding.origin != findings.KNOWN):
            self.failed = True
        return finding

    def tests(self, step, tests):
        """Journal the results of tests."""
        self._journal.event(
            journals.TESTS, step.name, phase=step.phase,
            tests=[test.as_dict() for test in tests])

    def end(self):
        """Journal the end of the run."""
        self._journal.event(journals.RUN_END)

    def report(self):
        """Make the report again; returns it."""
        return files.build(self.run_dir)

    def tell(self):
        """Print how far the run has come, and on a failure what is wrong."""
        report = self.report()
        if self.failed:
            self._say(summary.text(report))
            command = self.reproduce(test=self._first_test(report))
            base = (f', and of its base{_commit(self._base)} in '
                    f'{BASE_CHECKOUT}' if BASE_CHECKOUT in command else '')
            self._say(
                'heat-upgrade-tests: to see this on a laptop, with a '
                f'checkout of Heat{_commit(self._target)} in {CHECKOUT}{base}'
                f':\n    {command}')
        else:
            self._say(f'heat-upgrade-tests: report: '
                      f'{self.run_dir}/report.html')
        return report

    def _first_test(self, report):
        """Return the id of a test that failed alone, None otherwise."""
        tests = {finding['test'] for finding in report['findings']
                 if finding['severity'] == findings.ERROR
                 and finding['origin'] != findings.KNOWN}
        return tests.pop() if len(tests) == 1 else None

    def reproduce(self, *, test=None):
        """Return the lab's command that comes nearest to this run."""
        return reproduce(self._plan, self._base, test=test)

    def check_command(self, name):
        """Return the command that runs one of the static checks."""
        return _command(['check', name], self._plan, self._base)


def begin(surroundings, *, say=print):
    """Make the run directory of a new run; an older one is kept aside.

    :raises: :class:`errors.UsageError` if the place cannot be written to
    """
    run_dir = surroundings.run_dir
    try:
        if run_dir.exists():
            _put_aside(run_dir)
        run_dir.mkdir(mode=0o700, parents=True)
        for name in ('logs', 'data', 'subunit'):
            (run_dir / name).mkdir()
    except OSError as exc:
        raise errors.UsageError(
            f'cannot make the run directory {run_dir}: {exc}') from exc
    plan = steps.plan(surroundings, scenarios=surroundings.environ.get(
        'HEAT_UPGRADE_SCENARIOS', ''))
    (run_dir / planner.FILE).write_text(plan.as_json())
    base, target = _releases(surroundings)
    with contextlib.closing(journals.Journal(run_dir)) as journal:
        journal.event(
            journals.RUN_START, base=_described(base, plan.base),
            target=_described(target, plan.target),
            reproduce=reproduce(plan, base), known_failures=[
                entry.as_dict() for entry in known_failures.load(
                    surroundings.environ.get('HEAT_UPGRADE_KNOWN_FAILURES')
                    or known_failures.FILE)],
            reference=target and releases.reference(target).version)
    return Record(surroundings, say=say)


def ensure(surroundings, *, say=print):
    """Make a run directory where there is none of a run that goes on.

    With VERIFY_RESOURCES=False grenade calls no resources.sh, and its first
    call is that of shutdown.sh. Then nobody ends a run either: one in which
    Heat was shut down before is an earlier one.
    """
    run_dir = surroundings.run_dir
    if (run_dir / journals.FILE).exists() and not any(
            event['kind'] == journals.RUN_END
            or (event['kind'], event['step']) == (journals.STEP_START,
                                                  steps.SHUTDOWN)
            for event in journals.read(run_dir)):
        return
    begin(surroundings, say=say).close()


def _put_aside(run_dir):
    stamp = datetime.datetime.fromtimestamp(
        run_dir.stat().st_mtime).strftime('%Y%m%d-%H%M%S')
    older = run_dir.with_name(f'{run_dir.name}-{stamp}')
    number = 1
    while older.exists():
        number += 1
        older = run_dir.with_name(f'{run_dir.name}-{stamp}-{number}')
    shutil.move(run_dir, older)


def _releases(surroundings):
    """Return the two releases, None for one that nothing is known of."""
    return tuple(_release(directory / 'heat') for directory in (
        surroundings.base_dir, surroundings.target_dir))


def _release(checkout):
    try:
        return releases.parse(checkout)
    except errors.UsageError:
        return None


def _described(release, name):
    return release.describe() if release else {'name': name}


def _commit(release):
    commit = release and release.commit
    return f' at {commit[:12]}' if commit else ''


def reproduce(plan, base, *, test=None):
    """Return the command of the lab that comes nearest to a grenade run.

    :param plan: of :func:`steps.plan`
    :param base: :class:`releases.Release`, or None
    :param test: id of the only test to run
    """
    scenarios = runner.scenario_of(test) or plan.scenarios
    return _command(['run'], plan, base, '--strategy', plan.strategy,
                    *(['--scenarios', scenarios] if scenarios else []))


def _command(words, plan, base, *options):
    series = _series(base, plan.base)
    of_base = (['--from', series] if series else
               ['--from', BASE_CHECKOUT,
                '--base-constraints', CONSTRAINTS.format(plan.base)])
    words = ['heat-upgrade', *words, *of_base, '--to', CHECKOUT,
             '--constraints', CONSTRAINTS.format(plan.target), *options]
    # In quotes, the shell would look for a directory of just that name.
    return ' '.join(word if word in (CHECKOUT, BASE_CHECKOUT)
                    else shlex.quote(word) for word in words)


def _series(base, branch):
    """Return the series of the base by which a laptop knows it, or None."""
    known = releases.known_series()
    # stable/2026.1, unmaintained/2024.1
    named = branch.rpartition('/')[2]
    if releases.is_series(named) and named not in known:
        # What a checkout of it is taken for is another release.
        return None
    found = base.series if base is not None else None
    return next((name for name in (found, named) if name in known), None)


def call(surroundings, what, *, say=print):
    """Do what one call of a script is for; returns its exit status.

    :param what: function of a :class:`Record`, all of whose work is in
        steps: what fails there is told by them
    """
    with Record(surroundings, say=say) as record:
        try:
            what(record)
        except StepFailed:
            record.failed = True
        report = record.tell()
    if not record.failed:
        return 0
    return verdict.EXIT_STATUS[
        verdict.FAIL if report['verdict'] == verdict.FAIL
        else verdict.LAB_ERROR]
