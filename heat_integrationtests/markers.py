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

"""The kinds of tests, as decorators: four of a scenario, and two others.

A kind is two tempest attributes: its own name, by which phases.py selects
it, and those of the phases that it takes part in.
"""

from tempest.lib import decorators

from heat_integrationtests import phases


def _kind(name):
    tags = [phase.name for phase in phases.PHASES
            if name in phase.kinds and phase.name != name] + [name]

    def mark(test):
        test.kind = name
        return decorators.attr(type=tags)(test)

    return mark


def of(test):
    """Give the kind of a test method, or None when it is of no kind."""
    return getattr(test, 'kind', None)


def pre(test):
    """Mark a test that creates and records; once, on the base release."""
    return _kind('pre')(test)


def verify(test):
    """Mark a test that compares with the record.

    Repeatable, on any release and any mix of releases; it changes nothing
    for good.
    """
    return _kind('verify')(test)


def during(test):
    """Mark a test that runs while the control plane of Heat is down."""
    return _kind('during')(test)


def post(test):
    """Mark a test that updates and deletes; once, on the target release."""
    return _kind('post')(test)


def smoke(test):
    """Mark a test that needs no record; any release, any time."""
    return _kind('smoke')(test)


def cross(test):
    """Mark a test that goes from one node's API to another's.

    It needs no record; any mix of releases, any time.
    """
    return _kind('cross')(test)
