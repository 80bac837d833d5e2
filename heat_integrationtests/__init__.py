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

"""Tests of Heat across an upgrade: a tempest plugin for any cloud."""

from collections import abc
import os
import unittest

# Packages of tests that run against a cloud; tests/unit is not among them.
SUITES = ('smoke', 'scenarios', 'mixed_version')


def load_tests(loader: unittest.TestLoader, tests: unittest.TestSuite,
               pattern: str | None) -> unittest.TestSuite:
    """Discover the tests that run against a cloud (unittest's protocol).

    Classes with a large ``weight`` come first. stestr assigns classes to its
    workers in this order, and all workers would wait for a long test that
    starts last.
    """
    package = os.path.dirname(os.path.abspath(__file__))
    for suite in SUITES:
        discovered = loader.discover(
            os.path.join(package, suite), pattern=pattern or 'test*.py',
            top_level_dir=os.path.dirname(package))
        # Tests of one class stay together: they have the same weight.
        tests.addTests(sorted(_tests(discovered), key=_weight, reverse=True))
    return tests


def _tests(suite: unittest.TestCase | unittest.TestSuite
           ) -> abc.Iterator[unittest.TestCase]:
    if isinstance(suite, unittest.TestSuite):
        for member in suite:
            yield from _tests(member)
    else:
        yield suite


def _weight(test: unittest.TestCase | unittest.TestSuite) -> int:
    return getattr(test, 'weight', 0)
