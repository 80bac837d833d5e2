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

"""A real run in which bugs are planted, for the oracles to see."""

import collections
import contextlib
import datetime
import json
import threading
import time

from heat_upgrade.bug_seeding import detection
from heat_upgrade.bug_seeding import model
from heat_upgrade.bug_seeding import operations
from heat_upgrade.bug_seeding import outages
from heat_upgrade.bug_seeding import stacks
from heat_upgrade.bug_seeding import target_stack
from heat_upgrade import concurrency
from heat_upgrade import errors
from heat_upgrade.inflight import batch
from heat_upgrade.inflight import cases
from heat_upgrade.inflight import expected_outcomes
from heat_upgrade.inflight import setup_failures
from heat_upgrade.install import environments
from heat_upgrade.lab import cloud
from heat_upgrade.lab import heat_client
from heat_upgrade.lab import workspace as workspaces
from heat_upgrade.plan import planner
from heat_upgrade.probes import definitions
from heat_upgrade.probes import probe_set
from heat_upgrade.results import findings
from heat_upgrade.results import journal as journals
from heat_upgrade.traffic import generator
from heat_upgrade.traffic import history
from heat_upgrade.traffic import revalidate

FILE = 'faults.json'

# Stacks at a time that bugs are planted in; the load has two of its own.
THREADS = 3

# Of the load that nothing is done to; its script is always the same.
SEED = 1

UP, PLANT, WATCH, JUDGE = 'cloud', 'stacks', 'probes', 'judge'


def plan_of(release, faults):
    """Return the plan that a report, and the budgets, know the steps by."""
    names = {UP: 'start the cloud', PLANT: 'plant bugs in stacks',
             WATCH: 'start the probes',
             **{one.name: one.sentence for one in faults
                if one.place == model.PROBES},
             JUDGE: 'stop the load and the probes, and judge'}
    return planner.Plan(
        strategy=planner.ROLLING, base=release.name, target=release.name,
        seed=SEED, scenarios='', stages=tuple(
            ((planner.Step(name=name, action=name, title=title),),)
            for name, title in names.items()))


class Trial:
    """One cloud, a load, and faults that are planted one after the other.

    What a fault is about belongs to it alone: a stack, a case in flight, or
    a step of the probes. All else is the control, in which nothing may be
    found.

    :param release: :class:`heat_upgrade.install.releases.Release`
    :param faults: tuple of :class:`heat_upgrade.bug_seeding.model.Fault`
    :param workspace: :class:`heat_upgrade.lab.workspace.Workspace`
    :param journal: :class:`heat_upgrade.results.journal.Journal`
    :param constraints: in place of the release's lock file, or None
    """

    def __init__(self, release, faults, workspace, journal, *,
                 constraints=None):
        self._release = release
        self._faults = faults
        self._workspace = workspace
        self._journal = journal
        self._constraints = constraints
        self._plan = plan_of(release, faults)
        self._lock = threading.Lock()
        self._seconds = collections.defaultdict(float)
        self._subjects = {}
        self._outcomes = {}
        self._rest = []
        self._cloud = self._api = self._calls = None
        self._load = self._probes = None

    def _of(self, place):
        return [one for one in self._faults if one.place == place]

    def run(self):
        """Do all of it.

        :returns: list of :class:`model.Result`, the control the last
        :raises: :class:`errors.LabError` if a bug cannot be planted
        """
        run_dir = self._workspace.run_dir
        self._journal.event(
            journals.RUN_START, base=self._release.describe(),
            target=self._release.describe(), marker=self._workspace.marker,
            reproduce=f'heat-upgrade faults run --release '
                      f'{self._release.source or self._release.name} '
                      + ' '.join(one.name for one in self._faults))
        started = time.monotonic()
        with self._step(UP):
            self._up()
        self._calls = history.History(run_dir)
        self._load = generator.Stream(
            self._api, self._cloud.ledger.client, self._calls,
            self._cloud.release_of, seed=SEED)
        self._load.start()
        with self._step(PLANT):
            self._plant_in_stacks()
        if self._of(model.PROBES):
            self._plant_under_probes()
        with self._step(JUDGE):
            for finish in self._rest:
                finish()
            self._stop()
            died = self._cloud.died()
            if died:
                died[0].check()
            found = self._judge()
        results = detection.results(self._faults, self._seconds, found,
                                    time.monotonic() - started)
        self._journal.event(journals.RUN_END)
        _write(run_dir, self._release, results)
        return results

    def abandon(self, exc):
        """Let nothing begin any more when a trial has broken.

        :param exc: what has broken it
        """
        for one in filter(None, (self._load, self._probes)):
            one.ask_to_stop()
        if isinstance(exc, errors.LabError):
            title, _, evidence = str(exc).partition('\n')
            self._journal.event(
                journals.FINDING, UP, finding=findings.make(
                    'lab.broken', UP, title, evidence, step=UP,
                    log=exc.log and str(exc.log)).as_dict())

    @contextlib.contextmanager
    def _step(self, name):
        """Journal a step, and how long it took."""
        started = time.monotonic()
        self._journal.event(journals.STEP_START, name)
        yield
        seconds = time.monotonic() - started
        self._journal.event(journals.STEP_END, name, outcome='ok',
                            seconds=round(seconds, 2))

    @contextlib.contextmanager
    def _timed(self, fault):
        started = time.monotonic()
        try:
            yield
        except (errors.LabError, OSError) as exc:
            raise errors.LabError(
                f'the fault {fault.name} cannot be planted: {exc}',
                log=getattr(exc, 'log', None)) from exc
        with self._lock:
            self._seconds[fault.name] += time.monotonic() - started

    def _up(self):
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

    def _plant_in_stacks(self):
        """Plant what goes into stacks, several at a time."""
        concurrency.run_parallel(
            self._plant_in_flight,
            lambda: concurrency.map_parallel(
                self._plant_in_stack, self._of(model.STACK), threads=THREADS
            ),
        )

    def _plant_in_stack(self, fault):
        kind = stacks.SUBJECTS.get(fault.name, target_stack.Subject)
        at = kind(fault.name, self._cloud, self._api, self._calls)
        self._subjects[fault.name] = at
        with self._timed(fault):
            rest = fault.plant(at)

        def finish():
            with self._timed(fault):
                if rest:
                    rest()
                at.look()
        # What has to be waited for is waited for when all are planted.
        if rest:
            self._rest.append(finish)
        else:
            finish()

    def _plant_in_flight(self):
        """Park a case for each fault and one for the control, and go on."""
        faults = self._of(model.FLIGHT)
        owners = {one.case: one for one in faults}
        flying = batch.Batch(
            cases.by_id([*owners, operations.CONTROL_CASE]), self._api,
            self._cloud.ledger.client, self._cloud)
        started = time.monotonic()
        setup_failures.require_none(flying.prepare())
        setup_failures.require_none(flying.park())
        for flight in flying.flights:
            if flight.case.id in owners:
                owners[flight.case.id].plant(self._cloud, flight)
        for outcome in flying.settle(expected_outcomes.GRACEFUL):
            owner = owners.get(outcome.case.id)
            name = owner.name if owner else model.CONTROL
            self._outcomes[name] = outcome
            self._journal.event(journals.IN_FLIGHT, PLANT,
                                **outcome.as_dict())
        for fault in faults:
            self._seconds[fault.name] = time.monotonic() - started

    def _plant_under_probes(self):
        """Plant one fault after the other while the probes ask."""
        with self._step(WATCH):
            self._probes = probe_set.Probes(self._cloud)
            self._probes.start()
        seen = outages.Watch(self._probes.probes)
        whole = [one for one in definitions.NAMES if one != definitions.CANARY]
        for fault in self._of(model.PROBES):
            # All of an outage, and of a gap, is to lie in the step.
            seen.wait_until_whole(whole)
            with self._step(fault.name), self._timed(fault):
                seen.wait_until_whole(whole)
                fault.plant(self._cloud, seen)
                whole = [one for one in whole
                         if one not in outages.NEVER_WHOLE.get(
                             fault.name, ())]
                seen.wait_until_whole(whole)

    def _stop(self):
        """Stop the load and the probes; all that is judged is written."""
        def stop_probes():
            if self._probes:
                # What they made goes with the cloud.
                self._probes.stop(remove=False)
        concurrency.run_parallel(self._load.stop, stop_probes)
        run_dir = self._workspace.run_dir
        generator.write_final(run_dir, {
            **revalidate.final(run_dir),
            **{at.name: at.final for at in self._subjects.values()}})

    def _judge(self):
        found = detection.Found(
            {mark: name for name, at in self._subjects.items()
             for mark in at.marks}
            | {outcome.stack_id: name
               for name, outcome in self._outcomes.items()})
        run_dir = self._workspace.run_dir
        for finding in (
                *found.in_history(run_dir, PLANT),
                *found.in_ledger(self._cloud, JUDGE),
                *found.in_keystone(self._cloud, JUDGE),
                *found.in_flight(self._outcomes, PLANT),
                *found.by_probes(run_dir, self._plan)):
            self._journal.event(journals.FINDING, finding.step,
                                finding=finding.as_dict())
        return found


def _write(run_dir, release, results):
    (run_dir / FILE).write_text(json.dumps({
        'release': release.describe(),
        'as_expected': all(one.as_expected for one in results),
        'results': [one.as_dict() for one in results]}, indent=2) + '\n')


def make_run_dir(work_dir, release, faults):
    """Make and return a run directory of its own, with the plan in it.

    :raises: :class:`errors.UsageError` if the place cannot be written to
    """
    now = datetime.datetime.now(datetime.UTC).strftime('%Y%m%d-%H%M%S-%f')
    run_dir = work_dir / f'{now}-faults-{release.version or release.kind}'
    try:
        run_dir.mkdir(parents=True, mode=0o700)
    except OSError as exc:
        raise errors.UsageError(
            f'cannot make a run directory in {work_dir}: {exc}') from exc
    (run_dir / planner.FILE).write_text(plan_of(release, faults).as_json())
    return run_dir.resolve()


def run(release, faults, run_dir, *, constraints=None, listeners=()):
    """Run a trial in a run directory, and leave nothing else behind.

    :param listeners: callables that are given each event of the journal
    :returns: list of :class:`model.Result`, the control the last
    :raises: :class:`errors.LabError`, KeyboardInterrupt
    """
    with workspaces.Workspace(run_dir) as workspace:
        journal = journals.Journal(run_dir, listeners)
        trial = Trial(release, faults, workspace, journal,
                      constraints=constraints)
        try:
            return trial.run()
        except BaseException as exc:
            trial.abandon(exc)
            raise
        finally:
            # What still goes on sees everything die around it.
            journal.close()
