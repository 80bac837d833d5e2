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

"""Waiting with a deadline on the monotonic clock."""

from collections import abc
import os
import time
import typing

from heat_integrationtests import waiters
from heat_upgrade import errors

# Short enough to add no delay that a person or a benchmark would notice, long
# enough that ten concurrent waits do not load a core.
INTERVAL = 0.05

_Result = typing.TypeVar('_Result')


def wait_until(probe: abc.Callable[[], _Result | None], *, timeout: float,
               what: str | os.PathLike[str],
               log: str | os.PathLike[str] | None = None,
               interval: float = INTERVAL,
               clock: abc.Callable[[], float] = time.monotonic,
               sleep: abc.Callable[[float], object] = time.sleep) -> _Result:
    """Call a probe until its result is true, and return that result.

    ``what`` names the awaited condition, as the end of "waited for ...".

    :param probe: an OSError that it raises counts as "not yet", such as a
        refused connection
    :param timeout: seconds
    :param log: path of the log that would explain a timeout
    :param interval: seconds between two calls
    :param clock: monotonic clock, for tests
    :param sleep: for tests
    :raises: errors.WaitTimeout with the last result or error of the probe
        (waiters.wait_for)
    """
    def look() -> waiters.Look[_Result]:
        try:
            result = probe()
        except OSError as exc:
            return repr(exc), None
        return ('', result) if result else (repr(result), None)
    try:
        return waiters.wait_for(
            str(what), look, timeout=timeout, interval=interval,
            interval_max=interval, clock=clock, sleep=sleep)
    except waiters.WaitTimeout as exc:
        hint = f'; see {log}' if log else ''
        raise errors.WaitTimeout(f'{exc}{hint}', log=log) from None
