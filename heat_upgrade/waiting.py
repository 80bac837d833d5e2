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

import time

from heat_upgrade import errors

# Fast enough to add nothing that a person or a benchmark would notice, slow
# enough that ten waits side by side do not load a core.
INTERVAL = 0.05


def wait_until(probe, *, timeout, what, log=None, interval=INTERVAL,
               clock=time.monotonic, sleep=time.sleep):
    """Call a probe until it returns something true.

    :param probe: callable without arguments; its result ends the wait when
        true; an OSError that it raises counts as "not yet" (a port that
        nobody listens on)
    :param timeout: seconds until the wait is given up
    :param what: what is waited for, as the end of "waited for ..."
    :param log: path of the log that would tell why it does not come
    :param interval: seconds between two calls
    :param clock: monotonic clock, for tests
    :param sleep: for tests
    :returns: the probe's first true result
    :raises: :class:`errors.WaitTimeout` with what the probe said last
    """
    deadline = clock() + timeout
    while True:
        try:
            seen = probe()
        except OSError as exc:
            seen = exc
        else:
            if seen:
                return seen
        if clock() >= deadline:
            where = f'; see {log}' if log else ''
            raise errors.WaitTimeout(
                f'waited {timeout:g} s for {what}; saw last: {seen!r}{where}',
                log=log)
        sleep(interval)
