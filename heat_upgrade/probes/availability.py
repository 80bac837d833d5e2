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

"""A probe: one question, asked again and again while a run goes on."""

import dataclasses
import threading
import time

# Ten times a second (the longest gap is known to a tenth).
INTERVAL = 0.1


@dataclasses.dataclass(frozen=True)
class Sample:
    """One question and its end.

    :ivar start: monotonic time in seconds
    :ivar end: monotonic time in seconds
    :ivar good: whether it was answered as it should be
    """

    start: float
    end: float
    good: bool


def summary(samples):
    """Return what a report says of samples.

    :param samples: list of :class:`Sample`, in order
    :returns: dict of sent, failed, and longest_gap_s: the longest time in
        seconds between the end of a good answer and the next good one's;
        None if there were not two, or if it had not ended with the samples
    """
    good = [sample.end for sample in samples if sample.good]
    longest = max((after - before for before, after in zip(good, good[1:])),
                  default=None)
    if longest is not None and samples[-1].end - good[-1] > longest:
        longest = None
    return {'sent': len(samples), 'failed': len(samples) - len(good),
            'longest_gap_s': longest and round(longest, 2)}


class Probe:
    """Asks a question in a thread of its own.

    :param question: callable; true is a good answer, false or an OSError a
        bad one
    :param interval: seconds between two starts, at least
    """

    def __init__(self, question, *, interval=INTERVAL):
        self._question = question
        self._interval = interval
        self._end = threading.Event()
        self._good = threading.Condition()
        self.samples = []
        self._thread = threading.Thread(target=self._ask, daemon=True)

    def start(self):
        self._thread.start()

    def _ask(self):
        while not self._end.is_set():
            start = time.monotonic()
            try:
                good = bool(self._question())
            except OSError:
                good = False
            with self._good:
                self.samples.append(Sample(start, time.monotonic(), good))
                self._good.notify_all()
            self._end.wait(self._interval - (time.monotonic() - start))

    def running(self):
        """Tell whether it still asks."""
        return self._thread.is_alive()

    def wait_for_good(self, timeout):
        """Wait for a good answer that is asked for from now on.

        :param timeout: seconds
        :returns: whether there was one
        """
        now = time.monotonic()
        with self._good:
            return self._good.wait_for(
                lambda: any(sample.good and sample.start >= now
                            for sample in self.samples[-5:]), timeout)

    def stop(self, timeout=30):
        """End it; returns its :func:`summary`."""
        self._end.set()
        self._thread.join(timeout)
        return summary(self.samples)
