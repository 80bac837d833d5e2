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

"""All probes of a run, and the lifetime of their stacks."""

from collections import abc
import threading
import time
import typing

from heat_upgrade import errors
from heat_upgrade.lab import cloud as clouds
from heat_upgrade.lab import heat_client
from heat_upgrade.probes import aggregates
from heat_upgrade.probes import canary
from heat_upgrade.probes import definitions
from heat_upgrade.probes import probe

# Seconds. A working base needs half a second, a few on a busy machine.
FIRST_ANSWER_TIMEOUT = 60

# Seconds for all probes together. A canary notices the end within a moment; a
# question that Heat has lost is abandoned.
STOP_TIMEOUT = 10

# Seconds for a good canary after the last restart of Heat. A canary takes 4 s,
# and 15 during all tests; a started engine accepts work within 20 s. Twice
# their sum cannot be caused by the machine.
RECOVERY_TIMEOUT = 70

# Seconds between two checks for dead processes during the wait for a canary.
RECOVERY_INTERVAL = 1.0


class Probes:
    """Observes a cloud from start() to stop().

    The samples are in the run directory, see heat_upgrade.probes.samples.

    :param cloud: a running cloud
    """

    def __init__(self, cloud: clouds.Cloud) -> None:
        self._cloud = cloud
        self._api = heat_client.Api(cloud.identity, cloud.api_url)
        self._ended = threading.Event()
        self.probes: dict[str, probe.Probe] = {}

    def start(self) -> None:
        """Create the standing stack, and begin to ask.

        :raises: errors.LabError if the stack cannot be created, or a probe
            other than the canary gets no good answer
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
        for started in self.probes.values():
            started.start()
        for name, started in self.probes.items():
            # The canary is slow, and the run does not depend on it.
            if name != definitions.CANARY and not started.wait_for_good(
                    FIRST_ANSWER_TIMEOUT):
                raise errors.LabError(
                    f'the probe {name} has no good answer after '
                    f'{FIRST_ANSWER_TIMEOUT} s; last sample: '
                    f'{started.samples[-1:]}')

    def slow_down(self, slower: bool) -> None:
        """Ask the costly questions less often, or at the full rate.

        :param slower: True while no step changes the cloud
        """
        for name in definitions.COSTLY:
            self.probes[name].slow_down(definitions.SLOWER if slower else 1)

    def recovered(self, since: float, *,
                  watch: abc.Callable[[], object] | None = None) -> str:
        """Wait for a good canary that began after a time.

        Start a canary if none has begun.

        :param since: time of the last restart of Heat, on the monotonic clock
        :param watch: called repeatedly during the wait; may raise to end it
        :returns: '' for a good canary within RECOVERY_TIMEOUT, else the last
            answer of a canary
        """
        probe_ = self.probes[definitions.CANARY]
        if probe_.wait_for_good_since(since, 0):
            return ''
        if not probe_.is_asked_since(since):
            probe_.ask_now()
        deadline = time.monotonic() + RECOVERY_TIMEOUT
        while time.monotonic() < deadline:
            if watch:
                watch()
            if probe_.wait_for_good_since(since, RECOVERY_INTERVAL):
                return ''
        last = probe_.samples[-1:]
        if last and last[0].start >= since:
            return f'{last[0].error}: {last[0].detail}'
        return 'the canary has no answer yet'

    def running(self) -> bool:
        """Return True if any probe still asks."""
        return any(running.running() for running in self.probes.values())

    def ask_to_stop(self) -> None:
        """Ask no further question; returns at once and removes nothing."""
        self._ended.set()
        for running in self.probes.values():
            running.ask_to_stop()

    def stop(self, *, remove: bool = True,
             watch: abc.Callable[[], object] | None = None
             ) -> dict[str, dict[str, typing.Any]]:
        """Stop all probes.

        :param remove: delete the stacks of the probes; False if the cloud
            ends anyway, or Heat is down
        :param watch: called repeatedly during the deletion; may raise to end
            it
        :returns: {name: summary}
        :raises: errors.WaitTimeout if Heat does not delete the stacks; all
            probes have ended then
        """
        self.ask_to_stop()
        deadline = time.monotonic() + STOP_TIMEOUT
        summaries = {
            name: aggregates.summary(
                running.stop(max(0, deadline - time.monotonic())))
            for name, running in self.probes.items()}
        if remove:
            canary.remove(self._api, watch=watch)
        return summaries
