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

"""A bounded stream of real operations, for as long as a run lasts."""

import dataclasses
import json
import os
import pathlib
import threading
import time
import traceback

from heat_upgrade import errors
from heat_upgrade.traffic import client
from heat_upgrade.traffic import history
from heat_upgrade.traffic import workload

# Seconds between two operations of a client: with that two clients take
# about a fifth of one core (reference/judge.rst), the scenarios the rest.
RATE = 2.0

# And while tests run, which are load enough and need the cores: so much
# longer.
SLOWER = 4

# How often a delete is sent of which nothing is known.
DELETES = 3

# Until each stack has been read for the last time.
LAST_LOOK = 60

# What is in hand, a delete, the last look; all of them overdue.
STOP_TIMEOUT = 2 * client.DEADLINE + LAST_LOOK + 30

FINAL_FILE = 'final.json'
LEDGER_FILE = 'ledger.jsonl'

# A stack with which the client goes no further.
_ABANDONED = (history.STUCK, history.UNREADABLE)
_NOT_THERE = (history.REFUSED, history.GONE)


class Client:
    """Walks through one stack after the other, until it is told to stop.

    :param number: of the client, from 0
    :param seed: of the run
    :param rate: seconds between two operations
    :param stopping: threading.Event, set when no operation shall begin
    :param options: for :class:`heat_upgrade.traffic.client.Stack`
    """

    def __init__(self, number, *, seed, rate, stopping, **options):
        self.number = number
        self.stacks = []
        self.final = {}
        self.error = None
        self.doing = 'nothing yet'
        self._seed = seed
        self._rate = rate
        self._slower = 1
        self._stopping = stopping
        self._options = options
        self._clock = options.get('clock', time.monotonic)
        self._sleep = options.get('sleep', time.sleep)
        self._left = []

    def slow_down(self, times):
        """Wait so many times as long between two operations from now on."""
        self._slower = times

    def run(self):
        """Do all of it; an exception is kept for who stops the stream."""
        try:
            while not self._stopping.is_set():
                stack = self._new_stack()
                if not self._live(stack):
                    self._left.append(stack)
            for stack in self._left:
                self._remove(stack)
            for stack in self.stacks:
                self.doing = f'the last look at {stack.walk.stack}'
                self.final[stack.walk.stack] = last_look(
                    stack, clock=self._clock, sleep=self._sleep)
        except Exception:
            self.error = traceback.format_exc()

    def _new_stack(self):
        walk = workload.walk(self._seed, self.number, len(self.stacks))
        stack = client.Stack(walk, client=f'client-{self.number}',
                             **self._options)
        self.stacks.append(stack)
        return stack

    def _do(self, stack, operation):
        self.doing = f'{operation} of {stack.walk.stack}'
        return stack.do(operation)

    def _live(self, stack):
        """Walk through the life of a stack; tell whether it is over.

        It is not if the stack could not be waited for, or may yet appear.
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

    def _delete(self, stack):
        """Look at what the stack is made of and delete it; tell if it is gone.

        A stack that is stuck stays: it is the evidence.
        """
        stack.resources()
        stack.signals()
        for _ in range(DELETES):
            outcome = self._do(stack, history.DELETE)
            if outcome != history.AT_REST:
                return outcome == history.GONE
        return False

    def _remove(self, stack):
        """Delete what was left, unless it is not there, or is stuck."""
        read = stack.show()
        if read.result == history.OK and not stack.state.endswith(
                (client.IN_PROGRESS, client.GONE_STATE)):
            self._delete(stack)


def last_look(stack, *, clock=time.monotonic, sleep=time.sleep):
    """Return what Heat tells of a stack at the end, for the judge.

    :param stack: :class:`heat_upgrade.traffic.client.Stack`
    """
    deadline = clock() + LAST_LOOK
    seen = stack.show()
    while seen.result not in (history.OK, history.REFUSED):
        if clock() >= deadline:
            return {'state': None}
        sleep(client.POLL_INTERVAL)
        seen = stack.show()
    found = {'state': seen.detail.get('state', ''),
             'outputs': seen.detail.get('outputs', {}),
             'events': None, 'resources': {}}
    if stack.id:
        found['id'] = stack.id
        found['events'] = stack.events().detail.get('events')
    if found['state'] not in ('', client.GONE_STATE):
        found['resources'] = stack.resources().detail.get('resources')
    return found


class Stream:
    """Several clients side by side, each in a thread with a stack at a time.

    :param api: :class:`heat_upgrade.lab.heat_client.Api`
    :param ledger_client: of the ledger; its events are saved with the
        history unless the run directory has the ledger's own record. None
        if there is no ledger
    :param calls: :class:`heat_upgrade.traffic.history.History`
    :param release_of: callable: the release that a node (by name, '' if
        nobody says) runs now
    :param clients: how many, and with that how many stacks at a time
    :param rate: seconds between two operations of a client
    :param seed: of what they do
    """

    def __init__(self, api, ledger_client, calls, release_of, *, clients=2,
                 rate=RATE, seed=0):
        self._ledger_client = ledger_client
        self._calls = calls
        self._stopping = threading.Event()
        self._clients = [
            Client(number, seed=seed, rate=rate, stopping=self._stopping,
                   api=api, calls=calls, release_of=release_of)
            for number in range(clients)]
        self._threads = [
            threading.Thread(target=one.run, daemon=True,
                             name=f'load-client-{one.number}')
            for one in self._clients]

    def start(self):
        for thread in self._threads:
            thread.start()

    def slow_down(self, slower):
        """Do less, or as much as at first.

        :param slower: whether nothing is being done to the cloud now
        """
        for one in self._clients:
            one.slow_down(SLOWER if slower else 1)

    def check(self):
        """Raise :class:`errors.LabError` if a client has come to grief."""
        for one in self._clients:
            if one.error:
                raise errors.LabError(
                    f'client {one.number} of the load ended in '
                    f'{one.doing}:\n{one.error}', log=self._calls.path)

    def ask_to_stop(self):
        """Let no operation begin any more, and wait for nothing."""
        self._stopping.set()

    def stop(self, timeout=STOP_TIMEOUT):
        """Let each client end its operation, and delete what there is.

        What Heat tells of each stack at the end is written to final.json in
        the run directory, and the ledger's events beside it.

        :param timeout: seconds
        :returns: number of operations that were sent
        :raises: :class:`errors.WaitTimeout` if a client does not end;
            :class:`errors.LabError` if one came to grief
        """
        self.ask_to_stop()
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0, deadline - time.monotonic()))
        late = [one.doing for one, thread in zip(self._clients, self._threads)
                if thread.is_alive()]
        self._calls.close()
        self._save()
        if late:
            raise errors.WaitTimeout(
                f'waited {timeout:g} s for the end of the load; still in '
                f'hand: {", ".join(late)}', log=self._calls.path)
        self.check()
        return sum(call.operation in history.MUTATIONS
                   for call in history.read(self._calls.run_dir))

    def _save(self):
        run_dir = self._calls.run_dir
        write_final(run_dir, {name: seen for one in self._clients
                              for name, seen in one.final.items()})
        ledger = run_dir / LEDGER_FILE
        if self._ledger_client is not None and not ledger.exists():
            ledger.write_text(''.join(
                json.dumps(dataclasses.asdict(event)) + '\n'
                for event in self._ledger_client.events()))


def write_final(run_dir, stacks):
    """Write what Heat told of each stack at the end, in one piece."""
    path = pathlib.Path(run_dir) / FINAL_FILE
    new = path.with_suffix('.new')
    new.write_text(json.dumps({'stacks': stacks}, indent=1) + '\n')
    os.replace(new, path)
