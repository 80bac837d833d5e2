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

"""Executes a plan, and journals what happens."""

import contextlib
import datetime
import re
import shlex
import threading
import time

from heat_upgrade import concurrency
from heat_upgrade import errors
from heat_upgrade.install import releases
from heat_upgrade.judgement import judge
from heat_upgrade.lab import resource_usage
from heat_upgrade.lab import workspace as workspaces
from heat_upgrade.plan import planner
from heat_upgrade.results import findings
from heat_upgrade.results import journal as journals
from heat_upgrade.results import verdict
from heat_upgrade.run.actions import registry

# Outcomes of a step.
OK, FAILED, SKIPPED = 'ok', 'failed', 'skipped'

# Memory is looked at once a second: a look costs 10 ms of CPU.
METER_INTERVAL = 1.0
EVIDENCE_LINES = 60

# The class in the id of a test, also in that of a failed setUpClass.
_CLASS = re.compile(r'[\w.]+(?=\.\w+$|\)$)')


class Run:
    """A plan on its way: what its actions share.

    :ivar plan: :class:`heat_upgrade.plan.planner.Plan`
    :ivar base: :class:`heat_upgrade.install.releases.Release`
    :ivar target: likewise
    :ivar workspace: the run's :class:`heat_upgrade.lab.workspace.Workspace`
    :ivar constraints: path or URL that replaces the target's lock file
    :ivar base_constraints: likewise, the base's
    :ivar keep: leave the cloud up at the end
    :ivar cloud: the cloud, once there is one
    :ivar probe: the downtime's :class:`availability.Probe`, once it asks
    :ivar flights: the work in flight, once there is some
    :ivar orphans: the stacks that a dead engine has left, once there are
        some
    :ivar load: the load, once there is some
    :ivar calls: :class:`heat_upgrade.traffic.history.History` of the load
    :ivar probes: those of a rolling upgrade, once they ask
    :ivar environments: {'keystone', 'base', 'target': environment}
    :ivar restarted: monotonic time of the last start of a Heat service, None
        before the first

    :param known_failures: list of :class:`known_failures.Entry`
    """

    def __init__(self, plan, *, base, target, workspace, journal,
                 constraints=None, base_constraints=None, keep=False,
                 known_failures=()):
        self.plan = plan
        self.base = base
        self.target = target
        self.workspace = workspace
        self.journal = journal
        self.constraints = constraints
        self.base_constraints = base_constraints
        self.keep = keep
        self.cloud = None
        self.environments = {}
        self.probe = None
        self.flights = self.load = self.calls = self.probes = None
        self.orphans = None
        self.restarted = None
        self._known_failures = known_failures
        self._dead = set()
        self._running = []
        self._failed_steps = set()
        self._broken = False
        self._most_cpu = 0.0
        self._ended = threading.Event()
        self._lock = threading.RLock()

    def execute(self):
        """Do every step; what goes wrong is in the journal.

        :raises: KeyboardInterrupt; nothing else
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
                concurrency.run_parallel(*(lambda lane=lane: self._lane(lane)
                                           for lane in stage))
        finally:
            self._ended.set()
        self.journal.event(journals.RUN_END, cpu_s=round(self._cpu(), 2))

    def _throttle_background_work(self, stage):
        """Let probes and load do less in a stage in which tests run."""
        slower = any(step.kinds for lane in stage for step in lane)
        for beside_it in (self.probes, self.load):
            if beside_it:
                beside_it.slow_down(slower)

    def _lane(self, lane):
        for step in lane:
            self._step(step)

    def _step(self, step):
        if self._broken and not step.always:
            self.journal.event(journals.STEP_END, step.name, outcome=SKIPPED,
                               seconds=0, cpu_s=0)
            return
        self.journal.event(journals.STEP_START, step.name, title=step.title)
        with self._lock:
            self._running.append(step)
        started = time.monotonic()
        cpu = self._cpu()
        measured = {}
        try:
            measured = registry.BY_NAME[step.action](self, step)
        except errors.UsageError:
            # A release that the index has not: the caller's to mend.
            self._broken = True
            raise
        except Exception as exc:
            self._broken = True
            self._failed_steps.add(step.name)
            self._explain(step, exc)
        else:
            self._note_deaths()
        with self._lock:
            self._running.remove(step)
        outcome = FAILED if step.name in self._failed_steps else OK
        self.journal.event(
            journals.STEP_END, step.name, outcome=outcome,
            seconds=round(time.monotonic() - started, 2),
            cpu_s=round(self._cpu() - cpu, 2),
            **measured)

    def failed(self):
        """Return True if anything found so far makes the upgrade unsafe."""
        run_dir = self.workspace.run_dir
        return self._broken or any(one.counts for one in judge.of_run(
            run_dir, journals.read(run_dir), self.plan))

    def _cpu(self):
        """Return the CPU seconds of the run so far; it never falls.

        What is killed at the end takes its account with it.
        """
        with self._lock:
            self._most_cpu = max(
                self._most_cpu,
                resource_usage.cpu_seconds(self.workspace.marker),
            )
            return self._most_cpu

    def _explain(self, step, exc):
        """Make a finding of what ended a step."""
        if isinstance(exc, registry.StepFailed):
            return
        self._note_deaths()
        if isinstance(exc, errors.ProcessDied) and self._dead:
            return
        self.finding(findings.explain(step, exc))

    def release(self, nodes=None):
        """Let what is in flight go on, now that engines are to stop.

        What waits in a queue for another engine is let go when these take no
        work any more; they do not end before the rest is let go too.

        :param nodes: names of the nodes whose engines stop, None for all
        """
        if self.flights:
            self.flights.release_queued(nodes)
            self.flights.release()

    def note_fault(self, kind, node=''):
        """Tell the judge of the load what was done to the cloud."""
        if self.calls:
            self.calls.fault(kind, node)

    def check(self):
        """Raise :class:`errors.ProcessDied` if a process of the cloud did."""
        died = self.cloud.died() if self.cloud else []
        if died:
            died[0].check()

    def _note_deaths(self):
        """Make a finding of each process that ended by itself.

        Of the steps that are on their way side by side the plan's first is
        named: which of them looks first is chance.
        """
        if self.cloud is None:
            return
        for one in self.cloud.died():
            with self._lock:
                if one.name in self._dead:
                    continue
                self._dead.add(one.name)
                step = min(self._running, key=self.plan.steps.index)
            self._broken = True
            ours = (step.blame == planner.LAB
                    or one not in self.cloud.heat_processes)
            status = one.died()
            self.finding(findings.make(
                'lab.service-died' if ours else 'service.died', one.name,
                f'{one.name} ended by itself with status {status}',
                one.last_words(EVIDENCE_LINES), step=step.name,
                failure_class=findings.FailureClass(
                    step.failure_class or findings.FailureClass.AVAILABILITY),
                log=str(one.log)))

    def _watch(self):
        """Measure the peak of memory."""
        peak = 0
        while not self._ended.wait(METER_INTERVAL):
            memory = resource_usage.memory(self.workspace.marker)
            if memory > peak * 1.02:
                peak = memory
                self.journal.event(journals.MEASURE, peak_memory=peak)

    def finding(self, finding):
        """Journal a finding; whether it counts is decided afterwards."""
        with self._lock:
            if finding.severity == findings.ERROR:
                self._failed_steps.add(finding.step)
            data = finding.as_dict()
            data['reproduce'] = (finding.reproduce
                                 or self.reproduce(test=finding.test))
            self.journal.event(journals.FINDING, finding.step, finding=data)

    def tests(self, step, tests):
        """Journal the results of tests."""
        self.journal.event(
            journals.TESTS, step.name, phase=step.phase,
            tests=[test.as_dict() for test in tests])

    def availability(self, name, summary):
        """Journal the summary of a probe."""
        self.journal.event(journals.PROBE, probe=name, **summary)

    def reproduce(self, *, test=None):
        """Return the command that does this again.

        :param test: id of the only test to run
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


def scenario_of(test):
    """Return a regular expression of the scenario that a test is of.

    The whole class: its other tests leave what this one needs.

    :param test: id of a test, or None
    :returns: '' if it is of no scenario: smoke tests and those across
        releases are in every run of all scenarios
    """
    if not test or '.scenarios.' not in test:
        return ''
    return _CLASS.search(test)[0].replace('.', r'\.')


def _named(release):
    """Return the name of a release that is good in any directory."""
    return str(release.source or release.name)


def make_run_dir(work_dir, plan, base, target):
    """Make and return a run directory of its own.

    :raises: :class:`errors.UsageError` if the place cannot be written to
    """
    now = datetime.datetime.now(datetime.UTC).strftime('%Y%m%d-%H%M%S')
    name = (f'{now}-{plan.strategy}-{base.version or base.kind}'
            f'-{target.version or target.kind}')
    for number in range(1, 100):
        run_dir = work_dir / (name if number == 1 else f'{name}-{number}')
        try:
            run_dir.mkdir(parents=True, mode=0o700)
        except FileExistsError:
            continue
        except OSError as exc:
            raise errors.UsageError(
                f'cannot make a run directory in {work_dir}: {exc}') from exc
        (run_dir / planner.FILE).write_text(plan.as_json())
        return run_dir.resolve()
    raise errors.UsageError(f'{work_dir} has a hundred runs of this second')


def execute(plan, *, run_dir, base, target, listeners=(), **options):
    """Execute a plan in a run directory, and leave nothing else behind.

    :param listeners: callables that are given each event of the journal
    :param options: of :class:`Run`
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
        # From here on processes end because we end them: no evidence.
        journal.close()
        return verdict.INTERRUPTED_STATUS
    finally:
        with contextlib.suppress(KeyboardInterrupt):
            if not kept:
                workspace.close()
        journal.close()
    return 0
