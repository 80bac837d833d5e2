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

"""Makes the stack of a number, and shrinks a stack that fails.

hypothesis makes a stack from the bytes of a buffer, and the buffer comes from
the seed and the number. To shrink the stack, hypothesis repeats the choices
of the buffer and then simplifies them one after the other.
"""

from collections import abc
import random
import time

import hypothesis
from hypothesis import database as databases

from heat_upgrade.fuzz import model
from heat_upgrade.fuzz import stacks

# A stack takes a few hundred bytes; one that needs more is not made.
BUFFER = 4096

_SETTINGS = hypothesis.settings(
    database=None, deadline=None, print_blob=False,
    suppress_health_check=list(hypothesis.HealthCheck),
    verbosity=hypothesis.Verbosity.quiet)


class _Fails(Exception):
    pass


class _TimeIsUp(BaseException):
    """Hypothesis does not catch it."""


class Generator:
    """Makes the stacks of a seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._made: model.Stack | None = None

        @_SETTINGS
        @hypothesis.given(stacks.stacks())
        def take(stack: model.Stack) -> None:
            self._made = stack

        self._take = take.hypothesis.fuzz_one_input  # type: ignore

    def stack(self, number: int) -> model.Stack | None:
        """Return the stack of a number; None if it would be too large."""
        self._made = None
        self._take(self.buffer(number))
        return self._made

    def buffer(self, number: int) -> bytes:
        """Return the bytes from which a stack is made."""
        return random.Random(f'{self._seed}:{number}').randbytes(BUFFER)


def shrink(buffer: bytes, fails: abc.Callable[[model.Stack], bool],
           seconds: float) -> model.Stack | None:
    """Return the smallest stack that still fails.

    :param buffer: bytes of a stack that fails
    :param fails: returns True if a stack fails in the same way
    :param seconds: time after which the smallest stack so far is returned
    :returns: None if the stack of the buffer does not fail again
    """
    smallest: model.Stack | None = None
    deadline = time.monotonic() + seconds

    @hypothesis.settings(
        _SETTINGS, database=databases.InMemoryExampleDatabase(),
        phases=(hypothesis.Phase.reuse, hypothesis.Phase.shrink))
    @hypothesis.given(stacks.stacks())
    def check(stack: model.Stack) -> None:
        nonlocal smallest
        if smallest is not None and time.monotonic() > deadline:
            raise _TimeIsUp
        if fails(stack):
            if smallest is None or stack.size <= smallest.size:
                smallest = stack
            raise _Fails

    try:
        # Keeps the choices of a failure in the database.
        check.hypothesis.fuzz_one_input(buffer)  # type: ignore
    except _Fails:
        try:
            check()
        except (_Fails, _TimeIsUp, hypothesis.errors.Flaky):
            # The smallest stack is known.
            pass
    return smallest
