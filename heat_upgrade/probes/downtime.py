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

"""The downtime of a cold upgrade: one probe, one question after the other."""

from collections import abc
import typing

from heat_upgrade.probes import aggregates
from heat_upgrade.probes import probe
from heat_upgrade.probes import samples

INTERVAL = probe.INTERVAL

# The name of this probe in a report.
NAME = 'heat-api'
Sample = samples.Sample
summary = aggregates.summary


class Probe:
    """Asks a question in one thread: the next after the previous answer.

    :param question: returns a true value for a good answer; a false one or
        an OSError is a bad answer
    :param interval: minimum seconds between two starts
    """

    def __init__(self, question: abc.Callable[[], object], *,
                 interval: float = INTERVAL) -> None:
        self._probe = probe.Probe(NAME, question, interval=interval)

    def start(self) -> None:
        """Begin to ask."""
        self._probe.start()

    def running(self) -> bool:
        """Return True if a thread still asks."""
        return self._probe.running()

    def wait_for_good(self, timeout: float) -> bool:
        """Wait for a good answer to a question that begins from now on.

        :param timeout: seconds
        """
        return self._probe.wait_for_good(timeout)

    def stop(self, timeout: float = 30) -> dict[str, typing.Any]:
        """Stop asking; returns the summary of the samples."""
        return summary(self._probe.stop(timeout))
