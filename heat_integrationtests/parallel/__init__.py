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

"""Runs the classes of tests of one process side by side, in threads.

Nine tenths of a test is waiting for Heat, and a worker process of its own
costs a second of CPU before its first test. phases.py has stestr discover
the tests here; tempest discovers them one package up, and knows nothing of
this.
"""

import os
import queue
import sys
import unittest

from tempest import config
import testtools

import heat_integrationtests
from heat_integrationtests import phases

# How many classes run at the same time, unless the variable says otherwise.
LANES = 8

# Tempest's base class would give each test the log of all that run beside
# it, and its timeout is a signal, which only a main thread can have; the
# waits of these tests have deadlines of their own.
_TEMPEST = {'OS_LOG_CAPTURE': '0', 'OS_TEST_TIMEOUT': '0'}


class SideBySide(testtools.ConcurrentTestSuite):
    """A suite whose members run at the same time, the first ones first.

    :param members: suites, each with the tests of one class
    :param lanes: how many run at the same time
    :param prepare: called once before the first of them
    """

    def __init__(self, members, lanes=LANES, *, prepare=lambda: None):
        super().__init__(unittest.TestSuite(members), self._lanes)
        self._number = lanes
        self._prepare = prepare

    def _lanes(self, suite):
        waiting = queue.SimpleQueue()
        for members in suite:
            for member in members:
                waiting.put(member)
        return [Lane(waiting) for _ in range(self._number)]

    def run(self, result):
        """Run the tests; a Ctrl-C does not wait for those in progress."""
        self._prepare()
        try:
            return super().run(result)
        except KeyboardInterrupt:
            sys.stdout.flush()
            os._exit(130)


class Lane:
    """Runs what it takes from a queue of suites, until that is empty."""

    def __init__(self, waiting):
        self._waiting = waiting

    def run(self, result):
        """Run all that is left when it is this lane's turn."""
        _Taken(self._waiting).run(result)


class _Taken(unittest.TestSuite):
    """One suite over all that a lane takes.

    So unittest sees where a class ends and the next begins.
    """

    # There is no list of tests that could be shortened.
    _cleanup = False

    def __init__(self, waiting):
        super().__init__()
        self._waiting = waiting

    def __iter__(self):
        while True:
            try:
                suite = self._waiting.get_nowait()
            except queue.Empty:
                return
            yield from testtools.iterate_tests(suite)


def by_class(tests):
    """Give a suite for each class of tests, in the order of the first."""
    found = {}
    for test in testtools.iterate_tests(tests):
        found.setdefault(type(test), unittest.TestSuite()).addTest(test)
    return list(found.values())


def load_tests(loader, tests, pattern):
    """Discover what runs against a cloud, by unittest's protocol."""
    os.environ.update(_TEMPEST)
    found = heat_integrationtests.load_tests(
        loader, unittest.TestSuite(), pattern)
    return SideBySide(by_class(found),
                      int(os.environ.get(phases.CONCURRENCY_VARIABLE, LANES)),
                      prepare=_read_configuration)


def _read_configuration():
    # Tempest reads it when the first option is looked up, and not twice at
    # the same time.
    config.CONF.identity.uri_v3
