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

"""A real run with planted bugs, for the oracles to detect."""

import collections
from collections import abc
import contextlib
import json
import pathlib
import threading
import time
import typing

from heat_upgrade import concurrency
from heat_upgrade import errors
from heat_upgrade import filesystem
from heat_upgrade.inflight import batch
from heat_upgrade.inflight import cases
from heat_upgrade.inflight import expected_outcomes
from heat_upgrade.inflight import outcomes
from heat_upgrade.inflight import setup_failures
from heat_upgrade.install import environments
from heat_upgrade.install import releases
from heat_upgrade.lab import cloud
from heat_upgrade.lab import heat_client
from heat_upgrade.lab import workspace as workspaces
from heat_upgrade.plan import planner
from heat_upgrade.probes import definitions
from heat_upgrade.probes import probe_set
from heat_upgrade.results import findings
from heat_upgrade.results import journal as journals
from heat_upgrade.self_test import detection
from heat_upgrade.self_test import model
from heat_upgrade.self_test import operations
from heat_upgrade.self_test import outages
from heat_upgrade.self_test import stacks
from heat_upgrade.self_test import target_stack
from heat_upgrade.traffic import generator
from heat_upgrade.traffic import history
from heat_upgrade.traffic import revalidate

FILE = 'self-test.json'

# Stacks that receive bugs concurrently; the traffic has two of its own.
THREADS = 3

# Seed of the traffic without bugs: its workload is always the same.
SEED = 1

UP, PLANT, WATCH, JUDGE = 'cloud', 'stacks', 'probes', 'judge'

Bugs = tuple[model.PlantedBug, ...]


def plan_of(release: releases.Release, bugs: Bugs) -> planner.Plan:
    """Return the plan with the steps for the report and the budgets."""
    titles = {UP: 'start the cloud', PLANT: 'plant bugs in stacks',
              WATCH: 'start the probes',
              **{bug.name: bug.sentence for bug in bugs
                 if bug.target == model.PROBES},
              JUDGE: 'stop the traffic and the probes, and validate'}
    return planner.Plan(
        strategy=planner.ROLLING, base=release.name, target=release.name,
        seed=SEED, scenarios='', stages=tuple(
            ((planner.Step(name=name, action=name, title=title),),)
            for name, title in titles.items()))


class Trial:
    """One cloud with traffic, and bugs that are planted one by one.

    Each bug has a target of its own: a stack, an in-flight operation, or a
    step of the probes. Everything else is the control, which must have no
    findings.

    :param constraints: replaces the release's lock file, or None
    """

    def __init__(self, release: releases.Release, bugs: Bugs,
                 workspace: workspaces.Workspace, journal: journals.Journal,
                 *, constraints: pathlib.Path | None = None) -> None:
        self._release = release
        self._bugs = bugs
        self._workspace = workspace
        self._journal = journal
        self._constraints = constraints
        self._plan = plan_of(release, bugs)
        self._lock = threading.Lock()
        self._seconds: dict[str, float] = collections.defaultdict(float)
        self._targets: dict[str, target_stack.TargetStack] = {}
        self._outcomes: dict[str, outcomes.Outcome] = {}
        self._unfinished: list[abc.Callable[[], None]] = []
        self._cloud: cloud.Cloud
        self._api: heat_client.Api
        self._calls: history.History
        self._traffic: generator.Stream | None = None
        self._probes: probe_set.Probes | None = None

    def _of(self, target: str) -> list[model.PlantedBug]:
        return [bug for bug in self._bugs if bug.target == target]

    def run(self) -> list[model.Result]:
        """Execute the experiment; returns the results, the control last.

        :raises: errors.LabError if a bug cannot be planted
        """
        run_dir = self._workspace.run_dir
        self._journal.event(
            journals.RUN_START, base=self._release.describe(),
            target=self._release.describe(), marker=self._workspace.marker,
            reproduce=self._reproduce())
        started = time.monotonic()
        with self._step(UP):
            self._up()
        self._calls = history.History(run_dir)
        self._traffic = generator.Stream(
            self._api, self._cloud.ledger.client, self._calls,
            self._cloud.release_of, seed=SEED)
        self._traffic.start()
        with self._step(PLANT):
            self._plant_in_stacks()
        if self._of(model.PROBES):
            self._plant_outages()
        with self._step(JUDGE):
            for finish in self._unfinished:
                finish()
            self._stop(self._traffic)
            died = self._cloud.died()
            if died:
                died[0].check()
            found = self._judge()
        results = detection.results(self._bugs, self._seconds, found,
                                    time.monotonic() - started)
        self._journal.event(journals.RUN_END)
        _write(run_dir, self._release, results)
        return results

    def abandon(self, exc: BaseException) -> None:
        """Begin no further operation after an error.

        :param exc: the error that ended the experiment
        """
        if self._traffic:
            self._traffic.ask_to_stop()
        if self._probes:
            self._probes.ask_to_stop()
        if isinstance(exc, errors.LabError):
            title, _, evidence = str(exc).partition('\n')
            self._journal.finding(
                findings.make('lab.broken', UP, title, evidence, step=UP,
                              log=exc.log and str(exc.log)), self._reproduce)

    def _step(self, name: str
              ) -> contextlib.AbstractContextManager[dict[str, typing.Any]]:
        title, = (step.title for step in self._plan.steps
                  if step.name == name)
        return self._journal.step(name, title)

    def _reproduce(self, *, test: str | None = None) -> str:
        """Return the command that repeats the experiment."""
        release = self._release.source or self._release.name
        return ' '.join(['heat-upgrade self-test run --release', str(release),
                         *(bug.name for bug in self._bugs)])

    @contextlib.contextmanager
    def _timed(self, bug: model.PlantedBug) -> abc.Iterator[None]:
        started = time.monotonic()
        try:
            yield
        except (errors.LabError, OSError) as exc:
            raise errors.LabError(
                f'the bug {bug.name} cannot be planted: {exc}',
                log=getattr(exc, 'log', None)) from exc
        with self._lock:
            self._seconds[bug.name] += time.monotonic() - started

    def _up(self) -> None:
        keystone, heat = environments.ensure_all(
            [environments.keystone(self._release),
             environments.heat(self._release,
                               constraints=self._constraints)],
            log_dir=self._workspace.logs, marker=self._workspace.marker)
        self._cloud = cloud.Cloud(
            self._workspace, keystone_environment=keystone,
            heat_environment=heat)
        self._cloud.up()
        self._api = heat_client.Api(self._cloud.identity, self._cloud.api_url)

    def _plant_in_stacks(self) -> None:
        """Plant bugs in operations and stacks, several at a time."""
        def plant_in_stacks() -> None:
            concurrency.map_parallel(
                self._plant_in_stack, self._of(model.STACK), threads=THREADS)
        concurrency.run_parallel(self._plant_in_operations, plant_in_stacks)

    def _plant_in_stack(self, bug: model.PlantedBug) -> None:
        kind = stacks.TARGETS.get(bug.name, target_stack.TargetStack)
        target = kind(bug.name, self._cloud, self._api, self._calls)
        self._targets[bug.name] = target
        with self._timed(bug):
            wait = bug.plant(target)

        def finish() -> None:
            with self._timed(bug):
                if wait:
                    wait()
                target.look()
        # Long waits begin after all bugs are planted.
        if wait:
            self._unfinished.append(finish)
        else:
            finish()

    def _plant_in_operations(self) -> None:
        """Park a case for each bug and one for the control; release them."""
        bugs = self._of(model.OPERATION)
        owners = {bug.case: bug for bug in bugs}
        inflight = batch.Batch(
            cases.by_id([*owners, operations.CONTROL_CASE]), self._api,
            self._cloud.ledger.client, self._cloud)
        started = time.monotonic()
        setup_failures.require_none(inflight.prepare())
        setup_failures.require_none(inflight.park())
        for operation in inflight.operations:
            if operation.case.id in owners:
                owners[operation.case.id].plant(self._cloud, operation)
        for outcome in inflight.settle(expected_outcomes.GRACEFUL):
            owner = owners.get(outcome.case.id)
            name = owner.name if owner else model.CONTROL
            self._outcomes[name] = outcome
            self._journal.event(journals.IN_FLIGHT, PLANT,
                                **outcome.as_dict())
        for bug in bugs:
            self._seconds[bug.name] = time.monotonic() - started

    def _plant_outages(self) -> None:
        """Plant one bug after the other while the probes ask."""
        with self._step(WATCH):
            self._probes = probe_set.Probes(self._cloud)
            self._probes.start()
        watch = outages.Watch(self._probes.probes)
        whole = [name for name in definitions.NAMES
                 if name != definitions.CANARY]
        for bug in self._of(model.PROBES):
            # The whole outage, and the whole gap, must lie within the step.
            watch.wait_until_whole(whole)
            with self._step(bug.name), self._timed(bug):
                watch.wait_until_whole(whole)
                bug.plant(self._cloud, watch)
                whole = [name for name in whole
                         if name not in outages.NEVER_WHOLE.get(
                             bug.name, ())]
                watch.wait_until_whole(whole)

    def _stop(self, traffic: generator.Stream) -> None:
        """Stop the traffic and the probes, and write the final states."""
        def stop_traffic() -> None:
            traffic.stop()

        def stop_probes() -> None:
            if self._probes:
                # Their stacks end with the cloud.
                self._probes.stop(remove=False)
        concurrency.run_parallel(stop_traffic, stop_probes)
        run_dir = self._workspace.run_dir
        states = revalidate.final(run_dir)
        if states is None:
            raise errors.LabError(
                f'the traffic wrote no final states to {run_dir}')
        generator.write_final(run_dir, {
            **states, **{target.name: target.final
                         for target in self._targets.values()}})

    def _judge(self) -> detection.Found:
        found = detection.Found(
            {mark: name for name, target in self._targets.items()
             for mark in target.marks}
            | {outcome.stack_id: name
               for name, outcome in self._outcomes.items()})
        run_dir = self._workspace.run_dir
        for finding in (
                *found.in_history(run_dir, PLANT),
                *found.in_ledger(self._cloud, JUDGE),
                *found.in_keystone(self._cloud, JUDGE),
                *found.in_flight(self._outcomes, PLANT),
                *found.by_probes(run_dir, self._plan)):
            self._journal.finding(finding, self._reproduce)
        return found


def _write(run_dir: pathlib.Path, release: releases.Release,
           results: list[model.Result]) -> None:
    (run_dir / FILE).write_text(json.dumps({
        'release': release.describe(),
        'as_expected': all(result.as_expected for result in results),
        'results': [result.as_dict() for result in results]},
        indent=2) + '\n')


def make_run_dir(work_dir: pathlib.Path, release: releases.Release,
                 bugs: Bugs) -> pathlib.Path:
    """Create and return a new run directory with the plan.

    :raises: errors.UsageError if it cannot be created
    """
    run_dir = filesystem.new_directory(
        work_dir, f'self-test-{release.version or release.kind}')
    (run_dir / planner.FILE).write_text(plan_of(release, bugs).as_json())
    return run_dir


def run(release: releases.Release, bugs: Bugs, run_dir: pathlib.Path, *,
        constraints: pathlib.Path | None = None,
        listeners: abc.Iterable[journals.Listener] = ()
        ) -> list[model.Result]:
    """Run an experiment in a run directory; leave nothing else behind.

    :param listeners: called with each event of the journal
    :returns: the results, the control last
    :raises: errors.LabError, KeyboardInterrupt
    """
    with workspaces.Workspace(run_dir) as workspace:
        journal = journals.Journal(run_dir, listeners)
        trial = Trial(release, bugs, workspace, journal,
                      constraints=constraints)
        try:
            return trial.run()
        except BaseException as exc:
            trial.abandon(exc)
            raise
        finally:
            # Other threads may still fail while the cloud ends.
            journal.close()
