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

"""A stack of the traffic with a planted bug."""

from collections import abc
import contextlib
import threading
import typing

from heat_upgrade import errors
from heat_upgrade.lab import cloud as clouds
from heat_upgrade.lab import heat_client
from heat_upgrade.ledger import client as ledger_client
from heat_upgrade.self_test import corruption
from heat_upgrade.traffic import client
from heat_upgrade.traffic import generator
from heat_upgrade.traffic import history
from heat_upgrade.traffic import workload
from heat_upgrade import waiting

# The name of the client of such stacks.
CLIENT = 'planted'

# Seconds until an operation reaches an item, on a busy machine.
PARK_TIMEOUT = 60

# Seconds until a released operation ends: the deadline of the traffic, and its
# last read.
END_TIMEOUT = client.DEADLINE + 60


class Background:
    """A function in a thread of its own; its exception is kept."""

    def __init__(self, function: abc.Callable[[], None]) -> None:
        self._function = function
        self._error: Exception | None = None
        # A daemon, so that a Ctrl-C does not wait for it.
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._function()
        except Exception as exc:
            self._error = exc

    def check(self) -> None:
        """Raise the exception of the function, if any."""
        if self._error is not None:
            raise self._error

    def join(self) -> None:
        """Wait for the end of the function.

        :raises: its exception; errors.WaitTimeout
        """
        self._thread.join(END_TIMEOUT)
        self.check()
        if self._thread.is_alive():
            raise errors.WaitTimeout(
                f'waited {END_TIMEOUT} s for the end of an operation')


class TargetStack:
    """One stack with a walk of its own.

    The history has all of its calls, but not the corruption.

    :param name: name of the bug

    :ivar marks: words that identify its findings: its name, its id, and those
        that the bug adds
    :ivar final: its final state in Heat, None before
    """

    shape = workload.CHAIN

    def __init__(self, name: str, cloud: clouds.Cloud, api: heat_client.Api,
                 calls: history.History) -> None:
        self.cloud = cloud
        self.name = f'planted-{name}'
        self.marks = {self.name}
        self.final: dict[str, typing.Any] | None = None
        self.stack = client.Stack(
            workload.Walk(self.name, self.shape, ()), client=CLIENT, api=api,
            calls=calls, release_of=cloud.release_of)

    def do(self, operation: str, expected: str = history.COMPLETE) -> None:
        """Request an operation, and wait for its end.

        :param expected: the expected result
        :raises: errors.LabError for another result
        """
        outcome = self.stack.do(operation)
        if self.stack.id:
            self.marks.add(self.stack.id)
        if outcome != expected:
            raise errors.LabError(
                f'{operation} of {self.name} ended as {outcome}; expected '
                f'{expected}: {self.stack.state}')

    @contextlib.contextmanager
    def midst(self, operation: str, item: str, *,
              expected: str = history.COMPLETE,
              wait: bool = True) -> abc.Iterator[Background]:
        """Hold an operation at an item during the context.

        :param operation: one of create, update, delete
        :param item: name of the item
        :param expected: the expected result
        :param wait: wait for the end; otherwise call Background.join() later
        """
        ledger = self.cloud.ledger.client
        ledger.hold(self.label(item), operation)
        background = Background(lambda: self.do(operation, expected))

        def reached() -> bool:
            background.check()
            return bool(ledger.parked(self.label(item)))
        waiting.wait_until(
            reached,
            timeout=PARK_TIMEOUT,
            what=f'{operation} of {self.name} to reach {item}')
        yield background
        ledger.release(self.label(item), operation)
        if wait:
            background.join()

    def label(self, item: str) -> str:
        return workload.label(self.name, item)

    def item(self, name: str) -> ledger_client.Item:
        """Return the physical item of a logical name."""
        return next(item for item in self.cloud.ledger.client.items()
                    if item.label == self.label(name))

    def outputs(self, value: str) -> dict[str, str]:
        return workload.outputs(self.shape, value)

    def rewrite(self, **values: str) -> None:
        """Change the values of items behind Heat's back.

        :param values: {logical name: value}
        """
        for name, value in values.items():
            corruption.operate(self.cloud, 'update', value=value,
                               item=self.item(name).id)

    def remove(self, name: str) -> None:
        """Delete an item behind Heat's back."""
        corruption.operate(self.cloud, 'delete', item=self.item(name).id)

    def id(self) -> str:
        """Return the id of the stack, also during its creation.

        The client learns it from the answer to its first poll.
        """
        return self.stack.id or self.item('first').stack

    def sql(self, statement: str) -> typing.Any:
        """Execute a statement whose only argument is the stack's id."""
        return corruption.sql(self.cloud, statement, self.id())

    def look(self) -> None:
        """Read the final state from Heat, once."""
        if self.final is None:
            self.final = generator.last_look(self.stack)


class Signalled(TargetStack):
    """A stack with the handle of a wait condition, and so an account."""

    shape = workload.SIGNALLED
