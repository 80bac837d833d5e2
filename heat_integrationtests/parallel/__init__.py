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

"""Runs the test classes of one process in parallel, in threads.

Nine tenths of a test's duration is waiting for Heat, and each worker process
would use a second of CPU time before its first test. phases.py lets stestr
discover the tests through this package. tempest discovers them one package
up and does not use it.
"""

from collections import abc
import os
import queue
import sys
import typing
import unittest

from tempest import config
import testtools

import heat_integrationtests
from heat_integrationtests import phases

# Number of classes that run in parallel, unless the variable sets it.
CONCURRENCY = 8

# Tempest's base class would attach the log of all parallel tests to each
# test. Its timeout is a signal, which only the main thread can receive; the
# waits of these tests have deadlines of their own.
_TEMPEST = {'OS_LOG_CAPTURE': '0', 'OS_TEST_TIMEOUT': '0'}

_Waiting: typing.TypeAlias = queue.SimpleQueue[unittest.TestSuite]


class ParallelSuite(testtools.ConcurrentTestSuite):
    """A suite whose members run in parallel and start in their order.

    :param members: suites, each with the tests of one class
    :param concurrency: number of members that run at the same time
    :param prepare: called once before the first test
    """

    def __init__(self, members: abc.Iterable[unittest.TestSuite],
                 concurrency: int = CONCURRENCY, *,
                 prepare: abc.Callable[[], None] = lambda: None) -> None:
        self._members = list(members)
        super().__init__(
            unittest.TestSuite(self._members),
            self._workers)  # type: ignore[arg-type]  # only run() is called
        self._concurrency = concurrency
        self._prepare = prepare

    def _workers(self, suite: unittest.TestSuite) -> list['Worker']:
        waiting: _Waiting = queue.SimpleQueue()
        for member in self._members:
            waiting.put(member)
        return [Worker(waiting) for _ in range(self._concurrency)]

    def run(self, result: typing.Any, debug: bool = False) -> typing.Any:
        """Run the tests; Ctrl-C does not wait for tests in progress."""
        self._prepare()
        try:
            return super().run(result)
        except KeyboardInterrupt:
            sys.stdout.flush()
            os._exit(130)


class Worker:
    """Runs suites from a queue until the queue is empty."""

    def __init__(self, waiting: _Waiting) -> None:
        self._waiting = waiting

    def run(self, result: typing.Any) -> None:
        """Run the suites that no other worker has taken."""
        _QueuedTests(self._waiting).run(result)


class _QueuedTests(unittest.TestSuite):
    """All tests of a worker as one suite.

    So unittest detects where a class ends and the next one begins.
    """

    # There is no list of tests from which to remove finished ones.
    _cleanup = False

    def __init__(self, waiting: _Waiting) -> None:
        super().__init__()
        self._waiting = waiting

    def __iter__(self) -> abc.Iterator[unittest.TestCase]:
        while True:
            try:
                suite = self._waiting.get_nowait()
            except queue.Empty:
                return
            yield from testtools.iterate_tests(suite)


def by_class(tests: unittest.TestSuite) -> list[unittest.TestSuite]:
    """Return a suite for each test class, in the order of its first test."""
    suites: dict[type, unittest.TestSuite] = {}
    for test in testtools.iterate_tests(tests):
        suites.setdefault(type(test), unittest.TestSuite()).addTest(test)
    return list(suites.values())


def load_tests(loader: unittest.TestLoader, tests: unittest.TestSuite,
               pattern: str | None) -> unittest.TestSuite:
    """Discover the tests that run against a cloud (unittest's protocol)."""
    os.environ.update(_TEMPEST)
    discovered = heat_integrationtests.load_tests(
        loader, unittest.TestSuite(), pattern)
    return ParallelSuite(
        by_class(discovered),
        int(os.environ.get(phases.CONCURRENCY_VARIABLE, CONCURRENCY)),
        prepare=_read_configuration)


def _read_configuration() -> None:
    # Tempest reads it at the first use of an option, which must not happen
    # in several threads at once.
    _ = config.CONF.identity.uri_v3
