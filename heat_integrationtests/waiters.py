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

"""Waiting for something in a cloud, with a deadline."""

import time


class WaitTimeout(Exception):
    """Something did not become true before its deadline."""


class WentWrong(Exception):
    """What is waited for can no longer come true."""


def wait_for(what, look, *, timeout, interval=0.5, interval_max=2.0,
             delay=0, clock=time.monotonic, sleep=time.sleep):
    """Look again and again, until what is seen is what is waited for.

    The interval grows by a quarter from look to look, so that what is
    quick is seen soon and what is slow does not load the cloud.

    :param what: what is waited for, as a noun phrase for the error
    :param look: gives a pair: what it saw as text, and the result, which
        is None as long as the wait goes on; it raises WentWrong to end
        the wait at once
    :param timeout: seconds
    :param interval: seconds before the second look
    :param interval_max: seconds that the interval may grow to
    :param delay: seconds before the first look
    :returns: the first result that is not None
    :raises WaitTimeout: the text says what was waited for and seen last
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
                f'Waited {clock() - start:.1f} s for {what}; seen last: '
                f'{seen}')
        sleep(min(interval, left))
        interval = min(interval * 1.25, interval_max)


def stack_progress(name, expected):
    """Give the judgement of one look at a stack.

    A stack that still shows the end of an earlier action is waited for:
    Heat takes up some actions only after it has answered.

    :param name: name of the stack, for texts
    :param expected: the status that ends the wait, e.g. UPDATE_COMPLETE
    :returns: a function of a stack (None: Heat answers 404), which gives
        the pair that wait_for's look gives
    """
    action = expected.partition('_')[0]
    # Where the stack ends when it does not end as expected. A creation or
    # an update that fails may be rolled back; the first one deletes.
    ends = {f'{action}_FAILED', f'{action}_COMPLETE',
            'DELETE_COMPLETE', 'DELETE_FAILED'} - {expected}
    if action != 'DELETE':
        ends |= {'ROLLBACK_COMPLETE', 'ROLLBACK_FAILED'} - {expected}

    def judge(stack):
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
