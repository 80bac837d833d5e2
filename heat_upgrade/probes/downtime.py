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

"""The downtime of a cold upgrade: one probe, asked one time after another."""

from heat_upgrade.probes import aggregates
from heat_upgrade.probes import probe
from heat_upgrade.probes import samples

INTERVAL = probe.INTERVAL
Sample = samples.Sample
summary = aggregates.summary


class Probe(probe.Probe):
    """Asks a question in one thread: the next when the last is answered.

    :param question: callable; true is a good answer, false or an OSError a
        bad one
    :param interval: seconds between two starts, at least
    """

    def __init__(self, question, *, interval=INTERVAL):
        super().__init__('heat-api', question, interval=interval)

    def stop(self, timeout=30):
        """End it; returns its :func:`summary`."""
        return summary(super().stop(timeout))
