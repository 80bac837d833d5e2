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

"""Waits for a state of the cloud, each with a deadline."""

from collections import abc
import time
import typing

from heat_integrationtests import aliases

_Result = typing.TypeVar('_Result')

# Description of the observed state, and the result: None while waiting.
Look: typing.TypeAlias = tuple[str, _Result | None]


class WaitTimeout(Exception):
    """A condition did not become true before its deadline."""


class WentWrong(Exception):
    """A condition can no longer become true."""


def wait_for(state: str, look: abc.Callable[[], Look[_Result]], *,
             timeout: float, interval: float = 0.5,
             interval_max: float = 2.0, delay: float = 0,
             clock: abc.Callable[[], float] = time.monotonic,
             sleep: abc.Callable[[float], object] = time.sleep) -> _Result:
    """Look repeatedly until there is a result, and return it.

    The interval grows by a quarter after each look: fast changes are seen
    early, and slow ones do not load the cloud.

    :param state: the expected state, a noun phrase for the error
    :param look: returns the description of the observed state and the
        result, or None to continue the wait. It raises WentWrong to end the
        wait at once
    :param timeout: seconds
    :param interval: seconds before the second look
    :param interval_max: upper limit of the interval, in seconds
    :param delay: seconds before the first look
    :raises WaitTimeout: the text names the expected and the last observed
        state
    """
    start = clock()
    deadline = start + timeout
    if delay:
        sleep(delay)
    while True:
        seen, result = look()
        if result is not None:
            return result
        left = deadline - clock()
        if left <= 0:
            raise WaitTimeout(
                f'waited {clock() - start:.1f} s for {state}; seen last: '
                f'{seen}')
        sleep(min(interval, left))
        interval = min(interval * 1.25, interval_max)


def stack_progress(name: str, expected: str) -> abc.Callable[
        [aliases.HeatObject | None], Look[aliases.HeatObject]]:
    """Return a function that evaluates one look at a stack.

    The function waits while a stack shows the final status of an earlier
    action, because Heat starts some actions only after it has answered.

    :param name: name of the stack, for texts
    :param expected: the status that ends the wait, such as UPDATE_COMPLETE
    :returns: a function that takes a stack (None if Heat answers 404) and
        returns the pair that ``look`` of wait_for returns
    """
    action = expected.partition('_')[0]
    # Final statuses other than the expected one. A creation or update that
    # fails may be rolled back; the rollback of a creation deletes the stack.
    ends = {f'{action}_FAILED', f'{action}_COMPLETE',
            'DELETE_COMPLETE', 'DELETE_FAILED'} - {expected}
    if action != 'DELETE':
        ends |= {'ROLLBACK_COMPLETE', 'ROLLBACK_FAILED'} - {expected}

    def judge(stack: aliases.HeatObject | None) -> Look[aliases.HeatObject]:
        if stack is None:
            if expected == 'DELETE_COMPLETE':
                return 'gone (404)', True
            raise WentWrong(f'Stack {name} is gone (404) while it was '
                            f'expected to become {expected}')
        status = stack.stack_status
        seen = f'{status} ({stack.stack_status_reason})'
        if status == expected:
            return seen, stack
        if status in ends:
            raise WentWrong(f'Stack {name} was expected to become '
                            f'{expected} and became {seen}')
        return seen, None

    return judge
