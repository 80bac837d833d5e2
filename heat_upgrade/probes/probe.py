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

"""A probe: one question, repeated for the duration of a run."""

from collections import abc
import pathlib
import threading
import time

from heat_upgrade.probes import error_classes
from heat_upgrade.probes import samples

# Seconds; the longest gap is known to a tenth of a second.
INTERVAL = 0.1

# Seconds. An answer through RPC takes half a second; after ten times as much
# the question is late: it, or its answer, may be lost.
LATE = 5

# Seconds. Questions end soon after the start of the last one; one that hangs
# is abandoned with its thread.
STOP_TIMEOUT = 5


class Probe:
    """Asks a question at fixed times, in threads of its own.

    A slow answer does not delay the next question: up to ``in_flight``
    questions are concurrent. Beyond that no question is asked, so that a
    hanging service is not overloaded. Spare questions replace late ones, so
    that the recovery of a service that has lost some is noticed.

    :param name: unique in a run
    :param question: returns a reply, or a true value for a good answer and a
        false one for a bad answer; an OSError is a bad answer, and
        samples.Unknown gives no sample. Concurrent threads call it
    :param interval: seconds between the starts of two questions
    :param in_flight: maximum number of concurrent questions
    :param spare: number of additional questions, each to replace a late one
    :param meaning: the request and its good answer, one sentence
    :param run_dir: directory for its samples; None to save none
    """

    def __init__(self, name: str, question: abc.Callable[[], object], *,
                 interval: float = INTERVAL, in_flight: int = 1,
                 spare: int = 0, meaning: str = '',
                 run_dir: str | pathlib.Path | None = None) -> None:
        self.name = name
        self.samples: list[samples.Sample] = []
        self._question = question
        self._interval = interval
        self._slower: float = 1
        self._about = samples.About(name, meaning, interval)
        self._run_dir = run_dir
        self._file: samples.File | None = None
        self._closed = False
        self._end = threading.Event()
        self._good = threading.Condition()
        self._schedule = threading.Lock()
        self._next = 0.0
        # {thread: start of its question}
        self._asked: dict[int, float] = {}
        self._threads = [threading.Thread(
            target=self._ask, args=(max(0, number - in_flight + 1),),
            name=f'probe-{name}-{number}', daemon=True)
            for number in range(in_flight + spare)]

    def start(self) -> None:
        """Begin to ask."""
        if self._run_dir:
            self._file = samples.File(self._run_dir, self._about)
        self._next = time.monotonic()
        for thread in self._threads:
            thread.start()

    def slow_down(self, times: float) -> None:
        """Multiply the interval from now on; 1 is the full rate."""
        self._slower = times

    def _ask(self, late: int) -> None:
        """Ask until the end.

        :param late: number of late questions before this thread asks
        """
        thread = threading.get_ident()
        while not self._end.wait(self._until_turn(late)):
            if self._late() < late:
                continue
            self._ask_once(thread)

    def _ask_once(self, thread: int) -> None:
        start = self._asked[thread] = time.monotonic()
        try:
            reply = self._reply()
        except samples.Unknown:
            return
        finally:
            del self._asked[thread]
        with self._good:
            if not self._closed:
                self._take(samples.Sample(
                    start, time.monotonic(), not reply.error, reply.error,
                    reply.node, reply.detail))

    def _until_turn(self, late: int) -> float:
        """Reserve the next question; return the seconds until it.

        A spare thread that is not needed yet reserves none.

        :param late: as for _ask()
        """
        if self._late() < late:
            return self._interval
        with self._schedule:
            now = time.monotonic()
            turn = max(self._next, now)
            self._next = turn + self._interval * self._slower
            return turn - now

    def _late(self) -> int:
        """Return the number of late questions."""
        before = time.monotonic() - LATE
        return sum(start < before for start in list(self._asked.values()))

    def _reply(self) -> samples.Reply:
        try:
            reply = self._question()
        except OSError as exc:
            return samples.Reply(
                error_classes.of_exception(exc), detail=str(exc)
            )
        except samples.Unknown:
            raise
        except Exception as exc:
            # Otherwise it would end the thread without notice.
            return samples.Reply(error_classes.MISTAKE, detail=repr(exc))
        if isinstance(reply, samples.Reply):
            return reply
        return samples.Reply('' if reply else error_classes.WRONG)

    def _take(self, sample: samples.Sample) -> None:
        self.samples.append(sample)
        if self._file:
            self._file.write(sample)
        self._good.notify_all()

    def running(self) -> bool:
        """Return True if a thread still asks."""
        return any(thread.is_alive() for thread in self._threads)

    def wait_for_good(self, timeout: float) -> bool:
        """Wait for a good answer to a question that begins from now on.

        :param timeout: seconds
        """
        now = time.monotonic()
        with self._good:
            number = len(self.samples)
            return self._good.wait_for(
                lambda: any(sample.good and sample.start >= now
                            for sample in self.samples[number:]), timeout)

    def is_asked_since(self, since: float) -> bool:
        """Return True if a later question is in progress.

        :param since: on the monotonic clock
        """
        return any(start >= since for start in list(self._asked.values()))

    def ask_now(self) -> None:
        """Ask an additional question at once."""
        thread = threading.Thread(
            target=lambda: self._ask_once(threading.get_ident()),
            name=f'probe-{self.name}-now', daemon=True)
        thread.start()
        self._threads.append(thread)

    def wait_for_good_since(self, since: float, timeout: float) -> bool:
        """Wait for a good answer to a question that began after a time.

        An earlier good answer ends the wait at once.

        :param since: on the monotonic clock
        :param timeout: seconds
        """
        with self._good:
            return self._good.wait_for(
                lambda: any(sample.good and sample.start >= since
                            for sample in self.samples), timeout)

    def ask_to_stop(self) -> None:
        """Ask no further question; returns at once."""
        self._end.set()

    def stop(self, timeout: float = STOP_TIMEOUT) -> list[samples.Sample]:
        """Stop asking; a question that does not end in time is not counted.

        :param timeout: seconds
        :returns: the samples, in the order of their ends
        """
        self.ask_to_stop()
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(0, deadline - time.monotonic()))
        with self._good:
            self._closed = True
            if self._file:
                self._file.close()
            return sorted(self.samples, key=lambda sample: sample.end)
