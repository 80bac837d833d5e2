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

"""A stack of the load that a bug is planted in, as its script uses it."""

import contextlib
import threading

from heat_upgrade.bug_seeding import corruption
from heat_upgrade import errors
from heat_upgrade.traffic import client
from heat_upgrade.traffic import generator
from heat_upgrade.traffic import history
from heat_upgrade.traffic import workload
from heat_upgrade import waiting

# The client of the load that walks through such stacks.
CLIENT = 'faults'

# Until an operation has come to an item, on a busy machine.
PARK_TIMEOUT = 60

# Until what was let go has ended: the load's deadline, and its last look.
END_TIMEOUT = client.DEADLINE + 60


class Subject:
    """One stack, walked through by a script of its own.

    Each of its calls is in the history; what is done to it is not.

    :param name: of the fault
    :param cloud: :class:`heat_upgrade.lab.cloud.Cloud`
    :param api: :class:`heat_upgrade.lab.heat_client.Api`
    :param calls: :class:`heat_upgrade.traffic.history.History`

    :ivar cloud: the cloud
    :ivar stack: :class:`heat_upgrade.traffic.client.Stack`
    :ivar marks: words by which a finding is known to be about it: its name,
        its id, and what a script adds
    :ivar final: what Heat told of it at the end, None before
    """

    shape = workload.CHAIN

    def __init__(self, name, cloud, api, calls):
        self.cloud = cloud
        self.name = f'fault-{name}'
        self.marks = {self.name}
        self.final = None
        self.stack = client.Stack(
            workload.Walk(self.name, self.shape, ()), client=CLIENT, api=api,
            calls=calls, release_of=cloud.release_of)

    def do(self, operation, expected=history.COMPLETE):
        """Do an operation, wait for its end, and read its outputs.

        :param expected: what must come of it
        :raises: :class:`errors.LabError` if something else does
        """
        outcome = self.stack.do(operation)
        if self.stack.id:
            self.marks.add(self.stack.id)
        if outcome != expected:
            raise errors.LabError(
                f'{operation} of {self.name} came to {outcome}, not to '
                f'{expected}: {self.stack.state}')

    @contextlib.contextmanager
    def midst(self, operation, item, *, expected=history.COMPLETE,
              wait=True):
        """Do an operation, with a pause in the midst for what is inside.

        :param operation: one of create, update, delete
        :param item: the name of the item at which it pauses
        :param expected: what must come of it
        :param wait: for its end; else its end is :meth:`Background.join`
        :returns: a context that gives the :class:`Background`
        """
        ledger = self.cloud.ledger.client
        ledger.hold(self.label(item), operation)
        background = Background(lambda: self.do(operation, expected))
        waiting.wait_until(
            lambda: background.check() or ledger.parked(self.label(item)),
            timeout=PARK_TIMEOUT,
            what=f'{operation} of {self.name} to come to {item}')
        yield background
        ledger.release(self.label(item), operation)
        if wait:
            background.join()

    def label(self, item):
        return workload.label(self.name, item)

    def item(self, name):
        """Return what exists under a logical name."""
        return next(one for one in self.cloud.ledger.client.items()
                    if one.label == self.label(name))

    def outputs(self, value):
        return workload.outputs(self.shape, value)

    def rewrite(self, **values):
        """Change what items hold, behind Heat's back.

        :param values: {logical name: value}
        """
        for name, value in values.items():
            corruption.operate(self.cloud, 'update', value=value,
                               item=self.item(name).id)

    def remove(self, name):
        """Delete an item behind Heat's back."""
        corruption.operate(self.cloud, 'delete', item=self.item(name).id)

    def id(self):
        """Return the id of the stack, also while it is being created.

        The client knows it when its first poll has been answered.
        """
        return self.stack.id or self.item('first').stack

    def sql(self, statement):
        """Execute a statement whose only argument is the stack's id."""
        return corruption.sql(self.cloud, statement, self.id())

    def look(self):
        """Let Heat tell of it for the last time."""
        if self.final is None:
            self.final = generator.last_look(self.stack)


class Signalled(Subject):
    """One with the handle of a wait condition, and so with an account."""

    shape = workload.SIGNALLED


class Background:
    """A function in a thread of its own; an exception is kept.

    :param function: callable without arguments
    """

    def __init__(self, function):
        self._function = function
        self._error = None
        # A daemon: a Ctrl-C waits for nobody.
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        try:
            self._function()
        except Exception as exc:
            self._error = exc

    def check(self):
        """Raise what it has raised."""
        if self._error is not None:
            raise self._error

    def join(self):
        """Wait for its end.

        :raises: what it raised; :class:`errors.WaitTimeout`
        """
        self._thread.join(END_TIMEOUT)
        self.check()
        if self._thread.is_alive():
            raise errors.WaitTimeout(
                f'waited {END_TIMEOUT} s for the end of an operation')
