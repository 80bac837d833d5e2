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

import threading
import time

from heat_upgrade.probes import error_classes
from heat_upgrade.probes import samples

# Ten times a second (the longest gap is known to a tenth).
INTERVAL = 0.1

# Half a second is what an answer through RPC takes; one that takes ten times
# as long is late: it, or its question, may be lost.
LATE = 5

# Questions end within a moment of the last one's start, unless one hangs;
# one that hangs is left behind with its thread.
STOP_TIMEOUT = 5


class Probe:
    """Asks a question at fixed times, in threads of its own.

    An answer that takes its time does not delay the next question: up to
    ``in_flight`` are under way at the same time. When as many are, their
    times pass without a question, so that a service that hangs is not buried
    under questions. In place of those that are late by then others are
    asked, as far as there are spare ones, so that a service that has lost
    some is seen to be back.

    :param name: unique in a run
    :param question: callable; returns :class:`samples.Reply`, or true for a
        good answer and false for a bad one; an OSError is a bad one. Called
        by as many threads as may be in flight
    :param interval: seconds between the starts of two questions
    :param in_flight: how many may be under way at the same time
    :param spare: how many more may be, each in place of one that is late
    :param meaning: what it asks and what is a good answer, one sentence
    :param run_dir: where its samples are saved; None for nowhere
    """

    def __init__(self, name, question, *, interval=INTERVAL, in_flight=1,
                 spare=0, meaning='', run_dir=None):
        self.name = name
        self.samples = []
        self._question = question
        self._interval = interval
        self._slower = 1
        self._about = samples.About(name, meaning, interval)
        self._run_dir = run_dir
        self._file = None
        self._closed = False
        self._end = threading.Event()
        self._good = threading.Condition()
        self._schedule = threading.Lock()
        self._next = None
        self._asked = {}
        self._threads = [threading.Thread(
            target=self._ask, args=(max(0, number - in_flight + 1),),
            name=f'probe-{name}-{number}', daemon=True)
            for number in range(in_flight + spare)]

    def start(self):
        """Begin to ask."""
        if self._run_dir:
            self._file = samples.File(self._run_dir, self._about)
        self._next = time.monotonic()
        for thread in self._threads:
            thread.start()

    def slow_down(self, times):
        """Ask so many times as seldom from now on; 1 is the full rate."""
        self._slower = times

    def _ask(self, late):
        """Ask until the end.

        :param late: how many must be late before this thread asks
        """
        me = threading.get_ident()
        while not self._end.wait(self._until_turn(late)):
            if self._late() < late:
                continue
            self._ask_once(me)

    def _ask_once(self, me):
        start = self._asked[me] = time.monotonic()
        reply = self._reply()
        del self._asked[me]
        with self._good:
            if not self._closed:
                self._take(samples.Sample(
                    start, time.monotonic(), not reply.error, reply.error,
                    reply.node, reply.detail))

    def _until_turn(self, late):
        """Return the seconds until the next question, which is then ours.

        :param late: as for :meth:`_ask`; who is not needed yet gets the
            time after which to look again
        """
        if self._late() < late:
            return self._interval
        with self._schedule:
            now = time.monotonic()
            turn = max(self._next, now)
            self._next = turn + self._interval * self._slower
            return turn - now

    def _late(self):
        """Return how many questions under way are late."""
        before = time.monotonic() - LATE
        return sum(start < before for start in list(self._asked.values()))

    def _reply(self):
        try:
            reply = self._question()
        except OSError as exc:
            return samples.Reply(
                error_classes.of_exception(exc), detail=str(exc)
            )
        except Exception as exc:
            # It would end the thread, and nobody would be told.
            return samples.Reply(error_classes.MISTAKE, detail=repr(exc))
        if isinstance(reply, samples.Reply):
            return reply
        return samples.Reply('' if reply else error_classes.WRONG)

    def _take(self, sample):
        self.samples.append(sample)
        if self._file:
            self._file.write(sample)
        self._good.notify_all()

    def running(self):
        """Tell whether it still asks."""
        return any(thread.is_alive() for thread in self._threads)

    def wait_for_good(self, timeout):
        """Wait for a good answer that is asked for from now on.

        :param timeout: seconds
        :returns: whether there was one
        """
        now = time.monotonic()
        with self._good:
            seen = len(self.samples)
            return self._good.wait_for(
                lambda: any(sample.good and sample.start >= now
                            for sample in self.samples[seen:]), timeout)

    def is_asked_since(self, since):
        """Return True if a question that began later is under way.

        :param since: on the monotonic clock
        """
        return any(start >= since for start in list(self._asked.values()))

    def ask_now(self):
        """Ask once more at once, besides the questions that are due."""
        thread = threading.Thread(
            target=lambda: self._ask_once(threading.get_ident()),
            name=f'probe-{self.name}-now', daemon=True)
        thread.start()
        self._threads.append(thread)

    def wait_for_good_since(self, since, timeout):
        """Wait for a good answer to a question that began after a moment.

        :param since: on the monotonic clock
        :param timeout: seconds
        :returns: whether there is one; at once if there was one before
        """
        with self._good:
            return self._good.wait_for(
                lambda: any(sample.good and sample.start >= since
                            for sample in self.samples), timeout)

    def ask_to_stop(self):
        """Ask no more, and return at once."""
        self._end.set()

    def stop(self, timeout=STOP_TIMEOUT):
        """End it; a question that does not end in time is not counted.

        :param timeout: seconds
        :returns: its samples, in the order of their ends
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
