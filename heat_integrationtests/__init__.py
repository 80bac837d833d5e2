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

import os

# What runs against a cloud; tests/unit does not.
SUITES = ('smoke', 'scenarios', 'mixed_version')


def load_tests(loader, tests, pattern):
    """Discover what runs against a cloud, by unittest's protocol.

    Classes with a large ``weight`` come first: stestr deals them out to its
    workers in this order, and a long test that begins last would be waited
    for alone.
    """
    here = os.path.dirname(os.path.abspath(__file__))
    for suite in SUITES:
        found = loader.discover(
            os.path.join(here, suite), pattern=pattern or 'test*.py',
            top_level_dir=os.path.dirname(here))
        tests.addTests(sorted(found, key=_weight, reverse=True))
    return tests


def _weight(suite):
    try:
        members = list(suite)
    except TypeError:
        return getattr(suite, 'weight', 0)
    return max(map(_weight, members), default=0)
