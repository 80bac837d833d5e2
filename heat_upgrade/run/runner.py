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

"""Executes a plan, and journals every event of it."""

from collections import abc
import contextlib
import functools
import pathlib
import re
import shlex
import threading
import typing

from heat_upgrade.aged_rows import stacks as aged_stacks
from heat_upgrade import concurrency
from heat_upgrade import errors
from heat_upgrade import filesystem
from heat_upgrade.inflight import batch
from heat_upgrade.inflight import orphans
from heat_upgrade.install import environments
from heat_upgrade.install import releases
from heat_upgrade.judgement import judge
from heat_upgrade.judgement import known_failures as known
from heat_upgrade.lab import cloud
from heat_upgrade.lab import resource_usage
from heat_upgrade.lab import stestr_runner
from heat_upgrade.lab import workspace as workspaces
from heat_upgrade.plan import model
from heat_upgrade.plan import planner
from heat_upgrade.probes import downtime
from heat_upgrade.probes import probe_set
from heat_upgrade.results import findings
from heat_upgrade.results import journal as journals
from heat_upgrade.results import verdict
from heat_upgrade.run.actions import registry
from heat_upgrade.traffic import generator
from heat_upgrade.traffic import history
from heat_upgrade.volume import filling

# Memory is measured once a second: each measurement costs 10 ms of CPU.
METER_INTERVAL = 1.0
EVIDENCE_LINES = 60

# The class in the ID of a test, or of a failed setUpClass.
_CLASS = re.compile(r'[\w.]+(?=\.\w+$|\)$)')


class Run:
    """The execution of a plan, and the state that its actions share.

    :ivar constraints: path or URL that replaces the target's lock file
    :ivar base_constraints: path or URL that replaces the base's lock file
    :ivar keep: leave the cloud up at the end
    :ivar stop_at_first_failure: skip the remaining steps once a finding makes
        the upgrade unsafe
    :ivar cloud: the cloud, after the step that starts it
    :ivar probe: the downtime probe of a cold upgrade, while it runs
    :ivar probes: the probes, while they run
    :ivar in_flight: the in-flight operations, until they are judged
    :ivar orphans: the orphaned stacks, after the step that creates them
    :ivar volume: the clones, after the step that makes them
    :ivar base_measured: measurements of the base on the full database
    :ivar aged: the stacks with aged rows, after the step that creates them
    :ivar queue_lengths: {queue: number of its messages} at the last check of
        the profile
    :ivar load: the traffic, while it runs
    :ivar calls: the history of the traffic
    :ivar environments: {'keystone', 'base', 'target': environment}
    :ivar restarted: monotonic time of the last start of a Heat service, None
        before the first
    """

    def __init__(self, plan: planner.Plan, *, base: releases.Release,
                 target: releases.Release, workspace: workspaces.Workspace,
                 journal: journals.Journal,
                 constraints: str | pathlib.Path | None = None,
                 base_constraints: str | pathlib.Path | None = None,
                 keep: bool = False, stop_at_first_failure: bool = False,
                 known_failures: abc.Sequence[known.Entry] = ()) -> None:
        self.plan = plan
        self.base = base
        self.target = target
        self.workspace = workspace
        self.journal = journal
        self.constraints = constraints
        self.base_constraints = base_constraints
        self.keep = keep
        self.stop_at_first_failure = stop_at_first_failure
        self.cloud: cloud.Cloud | None = None
        self.environments: dict[str, environments.Environment] = {}
        self.probe: downtime.Probe | None = None
        self.probes: probe_set.Probes | None = None
        self.in_flight: batch.Batch | None = None
        self.orphans: orphans.Orphans | None = None
        self.volume: filling.Volume | None = None
        self.base_measured: dict[str, typing.Any] | None = None
        self.aged: aged_stacks.AgedStacks | None = None
        self.queue_lengths: dict[str, int] = {}
        self.load: generator.Stream | None = None
        self.calls: history.History | None = None
        self.restarted: float | None = None
        self._known_failures = known_failures
        self._dead: set[str] = set()
        self._running: list[planner.Step] = []
        self._failed_steps: set[str] = set()
        self._broken = False
        self._stopped_early = False
        self._most_cpu = 0.0
        self._ended = threading.Event()
        self._lock = threading.RLock()

    def execute(self) -> None:
        """Execute every step; failures become findings in the journal.

        :raises: KeyboardInterrupt, and errors.UsageError of a step
        """
        self.journal.event(
            journals.RUN_START, base=self.base.describe(),
            target=self.target.describe(), reproduce=self.reproduce(),
            marker=self.workspace.marker,
            reference=releases.reference(self.target).version,
            known_failures=[entry.as_dict()
                            for entry in self._known_failures])
        watcher = threading.Thread(target=self._watch, daemon=True)
        watcher.start()
        try:
            for stage in self.plan.stages:
                self._throttle_background_work(stage)
                concurrency.run_parallel(
                    *(functools.partial(self._lane, lane) for lane in stage))
        finally:
            self._ended.set()
        self.journal.event(journals.RUN_END, cpu_s=round(self._cpu(), 2))

    def _throttle_background_work(self, stage: model.Stage) -> None:
        """Slow down probes and traffic in a stage that runs tests."""
        slower = any(step.kinds for lane in stage for step in lane)
        if self.probes:
            self.probes.slow_down(slower)
        if self.load:
            self.load.slow_down(slower)

    def _lane(self, lane: model.Lane) -> None:
        for step in lane:
            self._step(step)

    def _step(self, step: planner.Step) -> None:
        if self._broken and not step.always:
            self.journal.event(journals.STEP_END, step.name,
                               outcome=journals.SKIPPED, seconds=0, cpu_s=0)
            return
        with self.journal.step(step.name, step.title) as end:
            with self._lock:
                self._running.append(step)
            cpu = self._cpu()
            try:
                end |= registry.BY_NAME[step.action](self, step)
            except errors.UsageError:
                # For example a release that the package index does not have.
                self._broken = True
                raise
            except registry.StoppedEarly:
                end['outcome'] = journals.SKIPPED
            except Exception as exc:
                self._broken = True
                self._failed_steps.add(step.name)
                self._explain(step, exc)
            else:
                self._note_deaths()
            with self._lock:
                self._running.remove(step)
            if step.name in self._failed_steps:
                end['outcome'] = journals.FAILED
            end['cpu_s'] = round(self._cpu() - cpu, 2)
        if (step.name in self._failed_steps and self.stop_at_first_failure
                and not self._broken and self.failed(certain=True)):
            self._stopped_early = self._broken = True

    def failed(self, *, certain: bool = False) -> bool:
        """Return True if a finding so far makes the upgrade unsafe.

        :param certain: count only findings that no reference run can excuse
        """
        run_dir = self.workspace.run_dir
        return self._broken or any(finding.counts for finding in judge.of_run(
            run_dir, journals.read(run_dir), self.plan, certain=certain))

    def _cpu(self) -> float:
        """Return the CPU seconds of the run so far; they never decrease.

        The account of a process that is killed at the end is lost.
        """
        with self._lock:
            self._most_cpu = max(
                self._most_cpu,
                resource_usage.cpu_seconds(self.workspace.marker),
            )
            return self._most_cpu

    def _explain(self, step: planner.Step, exc: Exception) -> None:
        """Make a finding of the exception that ended a step."""
        if isinstance(exc, registry.StepFailed):
            return
        self._note_deaths()
        if isinstance(exc, errors.ProcessDied) and self._dead:
            return
        self.finding(findings.explain(step, exc))

    def release(self, nodes: list[str] | None = None) -> None:
        """Release the in-flight operations once engines begin to stop.

        First come the operations that wait in a queue for another engine, as
        soon as the stopping ones take no more work. These engines do not end
        before the other operations are released too.

        :param nodes: names of the nodes whose engines stop, None for all
        """
        if self.in_flight:
            self.in_flight.release_queued(nodes)
            self.in_flight.release()

    def note_fault(self, kind: str, node: str = '') -> None:
        """Record a fault in the history of the traffic, for its validator."""
        if self.calls:
            self.calls.fault(kind, node)

    def check(self) -> None:
        """Raise if a process of the cloud died, or the run ends early.

        :raises: :class:`errors.ProcessDied`, :class:`registry.StoppedEarly`
        """
        if self._stopped_early:
            raise registry.StoppedEarly()
        died = self.cloud.died() if self.cloud else []
        if died:
            died[0].check()

    def _note_deaths(self) -> None:
        """Make a finding of each process that ended by itself.

        The finding names the first running step of the plan, because it is
        chance which step notices the death first.
        """
        if self.cloud is None:
            return
        for process in self.cloud.died():
            with self._lock:
                if process.name in self._dead:
                    continue
                self._dead.add(process.name)
                step = min(self._running, key=self.plan.steps.index)
            self._broken = True
            of_the_lab = (step.blame == planner.LAB
                          or process not in self.cloud.heat_processes)
            status = process.died()
            self.finding(findings.make(
                'lab.service-died' if of_the_lab else 'service.died',
                process.name,
                f'{process.name} ended by itself with status {status}',
                process.last_words(EVIDENCE_LINES), step=step.name,
                failure_class=findings.FailureClass(
                    step.failure_class or findings.FailureClass.AVAILABILITY),
                log=str(process.log)))

    def _watch(self) -> None:
        """Measure the peak of memory."""
        peak = 0
        while not self._ended.wait(METER_INTERVAL):
            memory = resource_usage.memory(self.workspace.marker)
            if memory > peak * 1.02:
                peak = memory
                self.journal.event(journals.MEASURE, peak_memory=peak)

    def finding(self, finding: findings.Finding) -> None:
        """Journal a finding; the judgement of the run decides if it counts."""
        with self._lock:
            if finding.severity == findings.ERROR:
                self._failed_steps.add(finding.step)
            self.journal.finding(finding, self.reproduce)

    def tests(self, step: planner.Step,
              tests: abc.Iterable[stestr_runner.Test]) -> None:
        """Journal the results of tests."""
        self.journal.event(
            journals.TESTS, step.name, phase=step.phase,
            tests=[test.as_dict() for test in tests])

    def availability(self, name: str,
                     summary: dict[str, typing.Any]) -> None:
        """Journal the summary of a probe."""
        self.journal.event(journals.PROBE, probe=name, **summary)

    def reproduce(self, *, test: str | None = None) -> str:
        """Return the command that repeats this run.

        :param test: ID of the only test to run
        """
        words = ['heat-upgrade', 'run']
        selectors = planner.selectors(self.plan)
        if selectors:
            words += ['--from', _named(self.base), '--to',
                      _named(self.target), *selectors]
        else:
            words += ['--plan', str(self.workspace.run_dir / planner.FILE)]
        for option, value in (('--constraints', self.constraints),
                              ('--base-constraints', self.base_constraints)):
            if value:
                words += [option, str(value)]
        scenarios = scenario_of(test) or self.plan.scenarios
        if scenarios and selectors:
            words += ['--scenarios', scenarios]
        return shlex.join(words)


def scenario_of(test: str | None) -> str:
    """Return a regular expression of the scenario of a test.

    It matches the whole class, because a test needs the resources that other
    tests of its class leave.

    :param test: ID of a test, or None
    :returns: '' for a test without a scenario: smoke and mixed-version tests
        are in every run of all scenarios
    """
    if not test or '.scenarios.' not in test:
        return ''
    match = _CLASS.search(test)
    return match[0].replace('.', r'\.') if match else ''


def _named(release: releases.Release) -> str:
    """Return a name of a release that is valid in any directory."""
    return str(release.source or release.name)


def make_run_dir(work_dir: pathlib.Path, plan: planner.Plan,
                 base: releases.Release,
                 target: releases.Release) -> pathlib.Path:
    """Create and return a new run directory.

    :raises: :class:`errors.UsageError` if it cannot be created
    """
    run_dir = filesystem.new_directory(
        work_dir, f'{plan.strategy}-{base.version or base.kind}'
                  f'-{target.version or target.kind}')
    (run_dir / planner.FILE).write_text(plan.as_json())
    return run_dir


def execute(plan: planner.Plan, *, run_dir: pathlib.Path,
            base: releases.Release, target: releases.Release,
            listeners: abc.Iterable[journals.Listener] = (),
            **options: typing.Any) -> int:
    """Execute a plan in a run directory, and leave nothing else behind.

    :param listeners: called with each event of the journal
    :param options: optional arguments of :class:`Run`
    :returns: 0, or INTERRUPTED_STATUS after a Ctrl-C
    """
    workspace = workspaces.Workspace(run_dir)
    journal = journals.Journal(run_dir, listeners)
    run = Run(
        plan, base=base, target=target, workspace=workspace, journal=journal,
        **options)
    kept = False
    try:
        run.execute()
        if run.keep and run.cloud and run.cloud.nodes:
            run.cloud.keep()
            kept = True
    except KeyboardInterrupt:
        # From here on the tool ends the processes: their end is no evidence.
        journal.close()
        return verdict.INTERRUPTED_STATUS
    finally:
        with contextlib.suppress(KeyboardInterrupt):
            if not kept:
                workspace.close()
        journal.close()
    return 0
