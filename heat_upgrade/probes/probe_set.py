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

"""All probes of a run: made, started, stopped, and what they made removed."""

import threading
import time

from heat_upgrade import errors
from heat_upgrade.lab import heat_client
from heat_upgrade.probes import aggregates
from heat_upgrade.probes import canary
from heat_upgrade.probes import definitions
from heat_upgrade.probes import probe

# Of a base that works: half a second, a few on a busy machine.
FIRST_ANSWER_TIMEOUT = 60

# For all of them together. A canary looks every few moments whether it is the
# end; a question that Heat has lost is left behind.
STOP_TIMEOUT = 10

# Until when a canary that begins after the last restart of Heat has a good
# answer. It takes 4 s, and 15 beside all tests; an engine that was started
# takes work within 20 s. Twice their sum is not a matter of the machine.
RECOVERY_TIMEOUT = 70

# How often a death is looked for while the canary is waited for.
RECOVERY_INTERVAL = 1.0


class Probes:
    """Watches a cloud from :meth:`start` to :meth:`stop`.

    The samples are in the run directory, see
    :mod:`heat_upgrade.probes.samples`.

    :param cloud: :class:`heat_upgrade.lab.cloud.Cloud` that is up
    :ivar probes: {name: :class:`probe.Probe`}
    """

    def __init__(self, cloud):
        self._cloud = cloud
        self._api = heat_client.Api(cloud.identity, cloud.api_url)
        self._ended = threading.Event()
        self.probes = {}

    def start(self):
        """Make the standing stack, and begin to ask.

        :raises: :class:`errors.LabError` if the stack cannot be made, or a
            probe that asks often gets no good answer
        """
        standing = canary.Standing(self._api,
                                   self._cloud.identity.project_id())
        for question in definitions.of_cloud(self._cloud, self._api, standing,
                                             self._ended):
            self.probes[question.name] = probe.Probe(
                question.name, question.ask, interval=question.interval,
                in_flight=question.in_flight, spare=question.spare,
                meaning=question.meaning,
                run_dir=self._cloud.workspace.run_dir)
        for one in self.probes.values():
            one.start()
        for name, one in self.probes.items():
            # The canary takes its time, and is no condition to go on.
            if name != definitions.CANARY and not one.wait_for_good(
                    FIRST_ANSWER_TIMEOUT):
                raise errors.LabError(
                    f'the probe {name} has no good answer after '
                    f'{FIRST_ANSWER_TIMEOUT} s; it saw last: '
                    f'{one.samples[-1:]}')

    def slow_down(self, slower):
        """Ask what costs an engine's time less often, or at the full rate.

        :param slower: whether nothing is being done to the cloud now
        """
        for name in definitions.COSTLY:
            self.probes[name].slow_down(definitions.SLOWER if slower else 1)

    def recovered(self, since, *, watch=None):
        """Wait until a canary that began after a moment is well.

        It returns at once if there was one; if none has begun, one begins
        now.

        :param since: time of the last restart of Heat, on the monotonic clock
        :param watch: called again and again while it waits; may raise to end
            that
        :returns: '' if there was one within RECOVERY_TIMEOUT, else the last
            answer of the canary
        """
        one = self.probes[definitions.CANARY]
        if one.wait_for_good_since(since, 0):
            return ''
        if not one.is_asked_since(since):
            one.ask_now()
        deadline = time.monotonic() + RECOVERY_TIMEOUT
        while time.monotonic() < deadline:
            if watch:
                watch()
            if one.wait_for_good_since(since, RECOVERY_INTERVAL):
                return ''
        last = one.samples[-1:]
        if last and last[0].start >= since:
            return f'{last[0].error}: {last[0].detail}'
        return 'a canary that has no answer yet'

    def running(self):
        """Tell whether any still asks."""
        return any(one.running() for one in self.probes.values())

    def ask_to_stop(self):
        """Ask no more, and return at once; nothing is removed."""
        self._ended.set()
        for one in self.probes.values():
            one.ask_to_stop()

    def stop(self, *, remove=True, watch=None):
        """End all of them.

        :param remove: delete the stacks that were made; false where nobody
            needs them any more, or Heat is down
        :param watch: called again and again while they are being deleted;
            may raise to end that
        :returns: {name: dict of :func:`statistics.summary`}
        :raises: :class:`errors.WaitTimeout` if Heat does not delete them;
            all probes have ended then
        """
        self.ask_to_stop()
        deadline = time.monotonic() + STOP_TIMEOUT
        summaries = {
            name: aggregates.summary(
                one.stop(max(0, deadline - time.monotonic())))
            for name, one in self.probes.items()}
        if remove:
            canary.remove(self._api, watch=watch)
        return summaries
