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

"""A bounded stream of real operations for the duration of a run."""

from collections import abc
import dataclasses
import json
import pathlib
import threading
import time
import traceback
import typing

from heat_upgrade import errors
from heat_upgrade import filesystem
from heat_upgrade.ledger import event_log
from heat_upgrade.traffic import client
from heat_upgrade.traffic import history
from heat_upgrade.traffic import workload

# Seconds between two operations of a client. Two clients then take about a
# fifth of one core (reference/judge.rst), the scenarios the rest.
RATE = 2.0

# Factor on RATE while tests run, because they need the cores.
SLOWER = 4

# Maximum number of delete requests with an unknown outcome.
DELETES = 3

# Seconds until the last read of each stack must succeed.
LAST_LOOK = 60

# Seconds for an operation in progress, a delete and the last read, if each
# of them reaches its deadline.
STOP_TIMEOUT = 2 * client.DEADLINE + LAST_LOOK + 30

FINAL_FILE = 'final.json'
LEDGER_FILE = 'ledger.jsonl'

# After these outcomes the client abandons the stack.
_ABANDONED = (history.STUCK, history.UNREADABLE)
_NOT_THERE = (history.REFUSED, history.GONE)


class Stopping(typing.Protocol):
    """The part of threading.Event that a client uses."""

    def is_set(self) -> bool:
        ...

    def wait(self, timeout: float) -> object:
        ...


class LedgerClient(typing.Protocol):
    """The part of the ledger's client that a stream uses."""

    def events(self) -> abc.Iterable[event_log.Event]:
        ...


class Client:
    """Walks through one stack after the other until it must stop.

    :param number: number of the client, from 0
    :param seed: seed of the run
    :param rate: seconds between two operations
    :param stopping: set when the client must begin no further operation
    :param options: arguments of client.Stack
    """

    def __init__(self, number: int, *, seed: int | str, rate: float,
                 stopping: Stopping, **options: typing.Any) -> None:
        self.number = number
        self.stacks: list[client.Stack] = []
        self.final: dict[str, dict[str, typing.Any]] = {}
        self.error: str | None = None
        self.doing = 'nothing yet'
        self._seed = seed
        self._rate = rate
        self._slower = 1
        self._stopping = stopping
        self._options = options
        self._clock: abc.Callable[[], float] = options.get(
            'clock', time.monotonic)
        self._sleep: abc.Callable[[float], object] = options.get(
            'sleep', time.sleep)
        self._left: list[client.Stack] = []

    def slow_down(self, times: int) -> None:
        """Multiply the pause between two operations from now on."""
        self._slower = times

    def run(self) -> None:
        """Walk through stacks, clean up, and read each stack a last time.

        An exception is kept in ``error`` for the thread that stops the
        stream.
        """
        try:
            while not self._stopping.is_set():
                stack = self._new_stack()
                if not self._live(stack):
                    self._left.append(stack)
            for stack in self._left:
                self._remove(stack)
            for stack in self.stacks:
                self.doing = f'the last read of {stack.walk.stack}'
                self.final[stack.walk.stack] = last_look(
                    stack, clock=self._clock, sleep=self._sleep)
        except Exception:
            self.error = traceback.format_exc()

    def _new_stack(self) -> client.Stack:
        walk = workload.walk(self._seed, self.number, len(self.stacks))
        stack = client.Stack(walk, client=f'client-{self.number}',
                             **self._options)
        self.stacks.append(stack)
        return stack

    def _do(self, stack: client.Stack, operation: str) -> str:
        self.doing = f'{operation} of {stack.walk.stack}'
        return stack.do(operation)

    def _live(self, stack: client.Stack) -> bool:
        """Walk through the life of a stack; return True if it is over.

        A stack that was abandoned, or may still appear, remains.
        """
        for operation in stack.walk.operations[:-1]:
            if operation != history.CREATE and self._stopping.is_set():
                break
            if not stack.fits(operation):
                continue
            outcome = self._do(stack, operation)
            if outcome in _ABANDONED:
                return False
            if operation == history.CREATE and outcome in _NOT_THERE:
                return outcome == history.REFUSED
            stack.show()
            if outcome == history.FAILED:
                break
            self._stopping.wait(self._rate * self._slower)
        return self._delete(stack)

    def _delete(self, stack: client.Stack) -> bool:
        """Read the resources of a stack and delete it; True if it is gone.

        A stuck stack stays as evidence.
        """
        stack.resources()
        stack.signals()
        for _ in range(DELETES):
            outcome = self._do(stack, history.DELETE)
            if outcome != history.AT_REST:
                return outcome == history.GONE
        return False

    def _remove(self, stack: client.Stack) -> None:
        """Delete a remaining stack, unless it is missing or stuck."""
        read = stack.show()
        if read.result == history.OK and not stack.state.endswith(
                (client.IN_PROGRESS, client.GONE_STATE)):
            self._delete(stack)


def last_look(stack: client.Stack, *,
              clock: abc.Callable[[], float] = time.monotonic,
              sleep: abc.Callable[[float], object] = time.sleep
              ) -> dict[str, typing.Any]:
    """Return the final state of a stack in Heat, for the validator."""
    deadline = clock() + LAST_LOOK
    read = stack.show()
    while read.result not in (history.OK, history.REFUSED):
        if clock() >= deadline:
            return {'state': None}
        sleep(client.POLL_INTERVAL)
        read = stack.show()
    final: dict[str, typing.Any] = {
        'state': read.detail.get('state', ''),
        'outputs': read.detail.get('outputs', {}),
        'events': None, 'resources': {}}
    if stack.id:
        final['id'] = stack.id
        final['events'] = stack.events().detail.get('events')
    if final['state'] not in ('', client.GONE_STATE):
        final['resources'] = stack.resources().detail.get('resources')
    return final


class Stream:
    """Concurrent clients, each in a thread with one stack at a time.

    :param ledger_client: None without a ledger; its events are saved with
        the history unless the run directory has the ledger's own event log
    :param release_of: returns the current release of a node ('' if the node
        is unknown)
    :param clients: number of clients, and so of stacks at a time
    :param rate: seconds between two operations of a client
    :param seed: seed for the operations
    """

    def __init__(self, api: client.Api, ledger_client: LedgerClient | None,
                 calls: history.History,
                 release_of: abc.Callable[[str], str | None], *,
                 clients: int = 2, rate: float = RATE,
                 seed: int | str = 0) -> None:
        self._ledger_client = ledger_client
        self._calls = calls
        self._stopping = threading.Event()
        self._clients = [
            Client(number, seed=seed, rate=rate, stopping=self._stopping,
                   api=api, calls=calls, release_of=release_of)
            for number in range(clients)]
        self._threads = [
            threading.Thread(target=walker.run, daemon=True,
                             name=f'load-client-{walker.number}')
            for walker in self._clients]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def slow_down(self, slower: bool) -> None:
        """Slow the clients down, or return to the first rate.

        :param slower: True while no step changes the cloud
        """
        for walker in self._clients:
            walker.slow_down(SLOWER if slower else 1)

    def check(self) -> None:
        """Raise errors.LabError if a client ended with an exception."""
        for walker in self._clients:
            if walker.error:
                raise errors.LabError(
                    f'traffic client {walker.number} failed during '
                    f'{walker.doing}:\n{walker.error}', log=self._calls.path)

    def ask_to_stop(self) -> None:
        """Begin no further operation; returns at once."""
        self._stopping.set()

    def stop(self, timeout: float = STOP_TIMEOUT) -> int:
        """Finish the operations in progress and delete the stacks.

        Writes the final state of each stack to final.json in the run
        directory, and the ledger's events next to it.

        :param timeout: seconds
        :returns: number of operations that were sent
        :raises: errors.WaitTimeout if a client does not end;
            errors.LabError if a client ended with an exception
        """
        self.ask_to_stop()
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0, deadline - time.monotonic()))
        late = [walker.doing for walker, thread
                in zip(self._clients, self._threads) if thread.is_alive()]
        self._calls.close()
        self._save()
        if late:
            raise errors.WaitTimeout(
                f'waited {timeout:g} s for the end of the traffic; still in '
                f'progress: {", ".join(late)}', log=self._calls.path)
        self.check()
        return sum(call.operation in history.MUTATIONS
                   for call in history.read(self._calls.run_dir))

    def _save(self) -> None:
        run_dir = self._calls.run_dir
        write_final(run_dir, {name: final for walker in self._clients
                              for name, final in walker.final.items()})
        ledger = run_dir / LEDGER_FILE
        if self._ledger_client is not None and not ledger.exists():
            ledger.write_text(''.join(
                json.dumps(dataclasses.asdict(event)) + '\n'
                for event in self._ledger_client.events()))


def write_final(run_dir: str | pathlib.Path,
                stacks: abc.Mapping[str, dict[str, typing.Any] | None]
                ) -> None:
    """Write the final state of each stack, None if it is unknown."""
    path = pathlib.Path(run_dir) / FINAL_FILE
    filesystem.write_atomically(
        path, json.dumps({'stacks': stacks}, indent=1) + '\n')
