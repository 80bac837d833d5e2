#!/usr/bin/env python3
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

"""Counts the losses at graceful stops of heat-engine; for maintainers.

Starts a cloud of two nodes with one release and stops an engine N times
during calls that a second engine serves (failed calls are lost), and N times
as the only engine (unfinished operations are lost). Needs the tool's
environment:

    python tools/measure_graceful_stops.py --release 26.0.2 --stops 10
"""

from __future__ import annotations

import argparse
import collections
from collections.abc import Callable
from collections.abc import Iterator
from concurrent import futures
import contextlib
import dataclasses
import json
import pathlib
import sys
import tempfile
import threading
import time

from heat_upgrade.cli import options as cli_options
from heat_upgrade.inflight import batch
from heat_upgrade.inflight import cases
from heat_upgrade.inflight import expected_outcomes
from heat_upgrade.inflight import outcomes
from heat_upgrade.inflight import sampling
from heat_upgrade.install import environments
from heat_upgrade.install import releases
from heat_upgrade.lab import cloud as clouds
from heat_upgrade.lab import heat_client
from heat_upgrade.lab import node as nodes
from heat_upgrade.lab import profiles
from heat_upgrade.lab.services import heat
from heat_upgrade.lab import workspace as workspaces

# Seconds between two calls, with a second engine and without: an unanswered
# call blocks one of heat-api's threads for a minute.
INTERVAL, PATIENT_INTERVAL = 0.2, 3.0
# Seconds until the thread that sends calls must have ended.
JOIN_TIMEOUT = 10
# Concurrent calls: those of one minute without an answer.
MOST_CALLS = 400

PEER, ONLY = 'with a peer', 'the only one'
HEADER = ('release', 'stopped', 'stops', 'operations', 'lost', 'calls',
          'lost', 'longest stop', 'seconds')


@dataclasses.dataclass
class Row:
    """The losses of all stops of one kind.

    :ivar release: the version of Heat
    :ivar stopped: PEER or ONLY
    :ivar stops: number of stops
    :ivar operations: number of in-flight operations
    :ivar lost: number of operations that are stuck or have an illegal
        outcome
    :ivar calls: number of calls while a second engine was running
    :ivar calls_lost: number of calls answered with a 5xx or not at all
    :ivar longest: duration of the longest stop, in seconds
    :ivar seconds: duration of all stops and their preparation
    """

    release: str
    stopped: str
    stops: int = 0
    operations: int = 0
    lost: int = 0
    calls: int = 0
    calls_lost: int = 0
    longest: float = 0
    seconds: float = 0

    def words(self) -> list[str]:
        """Return the cells of the table."""
        return [self.release, self.stopped, str(self.stops),
                str(self.operations), str(self.lost), str(self.calls),
                str(self.calls_lost), f'{self.longest:.1f}',
                f'{self.seconds:.0f}']


class Calls:
    """Lists and shows stacks at a fixed interval.

    :param ask: makes one call; returns its HTTP status
    :param interval: seconds between two calls
    """

    def __init__(self, ask: Callable[[str], int], interval: float) -> None:
        self._ask = ask
        self._interval = interval
        self._over = threading.Event()
        self._pool = futures.ThreadPoolExecutor(MOST_CALLS)
        self._sent: list[tuple[str, futures.Future[int]]] = []
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Calls:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.end()

    def end(self) -> None:
        """Stop sending calls."""
        self._over.set()
        # The thread only sleeps and submits; each call has a deadline.
        self._thread.join(self._interval + JOIN_TIMEOUT)

    def _run(self) -> None:
        number = 0
        while not self._over.wait(self._interval):
            path = ('stacks?limit=5', 'stacks/no-such-stack')[number % 2]
            self._sent.append((path, self._pool.submit(self._ask, path)))
            number += 1

    def results(self) -> collections.Counter[str]:
        """Wait for all answers; count them by status or exception."""
        self.end()
        counts: collections.Counter[str] = collections.Counter()
        for _, answer in self._sent:
            try:
                counts[str(answer.result(heat_client.ANSWER_TIMEOUT * 2))] += 1
            except (OSError, futures.TimeoutError) as exc:
                counts[type(exc).__name__] += 1
        self._pool.shutdown()
        return counts


def lost_calls(results: collections.Counter[str]) -> int:
    """Return the number of calls that Heat did not answer."""
    return sum(number for status, number in results.items()
               if not status.isdigit() or int(status) >= 500)


class Measurement:
    """Stops of one release.

    :param cloud: a running cloud with two nodes
    :param version: the version of its Heat
    :param note: records an event, given as keyword arguments
    """

    def __init__(self, cloud: clouds.Cloud, version: str,
                 note: Callable[..., None]) -> None:
        self._cloud = cloud
        self._version = version
        self._note = note
        self._api = heat_client.Api(cloud.identity, cloud.api_url)

    def stop(self, row: Row, number: int, chosen: list[cases.Case]) -> None:
        """Stop the engine of node-1 once, with operations in flight.

        :param row: the row to add the numbers to
        :param number: number of the stop
        :param chosen: the operations in flight
        """
        node = self._cloud.nodes['node-1']
        in_flight = batch.Batch(chosen, self._api,
                                self._cloud.ledger.client, self._cloud)
        began = time.monotonic()
        not_started = [*in_flight.prepare(), *in_flight.park()]
        for failure in not_started:
            self._note(event='grounded', stop=number, case=failure.case.id,
                       story=str(failure.story))
        parked = time.monotonic()
        alone = row.stopped == ONLY
        calls = Calls(self._ask, PATIENT_INTERVAL if alone else INTERVAL)
        with calls:
            engine = node.process(heat.ENGINE)
            engine.ask_to_stop()
            drained = in_flight.release_queued(['node-1'])
            _, killed = engine.stop()
            stopped = time.monotonic() - parked
            node.start(heat.ENGINE)
        self._note_shared_queues(number)
        ended = in_flight.settle(expected_outcomes.GRACEFUL)
        results = calls.results()
        for outcome in ended:
            self._note(event='operation', stop=number,
                       evidence=outcome.evidence, reason=outcome.reason,
                       **outcome.as_dict())
        self._note(event='stop', stop=number, drained=drained, killed=killed,
                   seconds=stopped, calls=dict(results), stopped=row.stopped)
        row.stops += 1
        row.operations += len(ended)
        row.lost += sum(not outcome.legal for outcome in ended)
        row.longest = max(row.longest, stopped)
        if not alone:
            row.calls += sum(results.values())
            row.calls_lost += lost_calls(results)
        left = in_flight.remove()
        self._note(event='left', stop=number, left=left)
        row.seconds += time.monotonic() - began
        for outcome in ended:
            if not outcome.legal:
                say(f'  stop {number}: {outcomes.title(outcome)}: '
                    f'{outcome.reason}')
        say(f'  stop {number} ({row.stopped}): {len(ended)} operations, '
            f'calls {dict(results)}, stopped in {stopped:.1f} s'
            + (', killed' if killed else '')
            + (f', left: {left}' if left else ''))

    def _ask(self, path: str) -> int:
        return self._api.call('GET', path).status

    def _note_shared_queues(self, number: int) -> None:
        """Report the reply queues that have two readers."""
        for queue in self._cloud.queues():
            if queue.name.startswith('reply_') and queue.consumers > 1:
                self._note(event='shared', stop=number, queue=queue.name)
                say(f'  stop {number}: {queue.name} has {queue.consumers} '
                    'readers')


def chosen(seed: int, number: int, without: set[str],
           any_case: bool) -> list[cases.Case]:
    """Return the operations of one stop.

    :param seed: like the seed of a run
    :param number: number of operations
    :param without: shapes to exclude
    :param any_case: include operations that the only engine cannot finish.
        Operations that wait for a signal are always excluded: they need an
        API and an engine during the stop
    """
    def allowed(case: cases.Case) -> bool:
        return (case.parked != cases.SIGNAL and case.shape not in without
                and (any_case or sampling.for_a_cold_stop(case)))
    sample, = sampling.samples(seed, lambda _: ((number, allowed),))
    return list(sample)


@contextlib.contextmanager
def cloud_of(release: str, run_dir: pathlib.Path,
             profile: str) -> Iterator[clouds.Cloud]:
    """Start a cloud of two nodes, and stop it at the end."""
    parsed = releases.parse(release)
    with workspaces.Workspace(run_dir) as workspace:
        keystone, installed = environments.ensure_all(
            [environments.keystone(parsed), environments.heat(parsed)],
            log_dir=workspace.logs, marker=workspace.marker)
        cloud = clouds.Cloud(
            workspace, keystone_environment=keystone,
            heat_environment=installed, size=2, profile=profile)
        try:
            cloud.up()
            yield cloud
        finally:
            cloud.down()


def measure(release: str, options: argparse.Namespace) -> list[Row]:
    """Measure all stops of one release; return its rows."""
    run_dir = pathlib.Path(tempfile.mkdtemp(
        dir=options.work_dir, prefix=f'stops-{releases.parse(release).name}-'))
    record = run_dir / 'stops.jsonl'

    def note(**event: object) -> None:
        with open(record, 'a') as out:
            print(json.dumps(event), file=out)
    with cloud_of(release, run_dir, options.profile) as cloud:
        node: nodes.Node = cloud.nodes['node-1']
        version = node.environment.version
        say(f'Heat {version}, profile {options.profile}, in {run_dir}')
        measurement = Measurement(cloud, version, note)
        rows = []
        for stopped, stops, operations in (
                (PEER, options.peer_stops, options.peer_operations),
                (ONLY, options.stops, options.operations)):
            rows.append(row := Row(version, stopped))
            if stopped == ONLY:
                cloud.nodes['node-2'].process(heat.ENGINE).stop()
            for number in range(stops):
                measurement.stop(row, number, chosen(
                    options.seed + number, operations, set(options.without),
                    options.any))
        note(event='rows', rows=[dataclasses.asdict(row) for row in rows])
    return rows


def say(text: str) -> None:
    """Print a line without buffering."""
    print(text, flush=True)


def main(argv: list[str]) -> int:
    """Measure the releases, print a table, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--release', action='append', required=True)
    parser.add_argument('--stops', type=int, default=10,
                        help='stops of the only engine')
    parser.add_argument('--operations', type=int, default=24,
                        help='operations in flight at each stop')
    parser.add_argument('--peer-stops', type=int, default=10,
                        help='stops while a second engine is running')
    parser.add_argument('--peer-operations', type=int, default=24)
    parser.add_argument('--without', action='append', default=[],
                        choices=cases.SHAPES, metavar='SHAPE',
                        help='exclude operations of this shape')
    parser.add_argument('--any', action='store_true',
                        help='include operations that the only engine '
                        'cannot finish')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--profile', type=cli_options.profile,
                        default=profiles.STANDARD)
    parser.add_argument('--work-dir', type=pathlib.Path, required=True)
    options = parser.parse_args(argv)
    options.work_dir.mkdir(parents=True, exist_ok=True)
    rows = [row.words() for release in options.release
            for row in measure(release, options)]
    widths = [max(map(len, column)) for column in zip(HEADER, *rows)]
    for cells in (HEADER, *rows):
        say('  '.join(cell.rjust(width)
                      for cell, width in zip(cells, widths)))
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
