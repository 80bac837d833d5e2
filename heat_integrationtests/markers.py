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

"""Decorators that set the kind of a test: four for scenarios, two others.

Each kind sets tempest attributes: its own name, by which phases.py selects
the test, and the names of the phases that run it.
"""

from tempest.lib import decorators

from heat_integrationtests import aliases
from heat_integrationtests import phases


def _mark(name: str, test: aliases.Test) -> aliases.Test:
    tags = [phase.name for phase in phases.PHASES
            if name in phase.kinds and phase.name != name] + [name]
    setattr(test, 'kind', name)  # noqa: B010 - mypy has no such attribute
    marked: aliases.Test = decorators.attr(type=tags)(test)
    return marked


def add_tags(test: aliases.Test, tags: list[str]) -> None:
    """Add tags to a test, by which stestr and tempest can select it."""
    decorators.attr(type=tags)(test)


def of(test: aliases.Test) -> str | None:
    """Return the kind of a test method, or None if it has no kind."""
    return getattr(test, 'kind', None)


def pre(test: aliases.Test) -> aliases.Test:
    """Mark a test that creates and records, once, on the base release."""
    return _mark('pre', test)


def verify(test: aliases.Test) -> aliases.Test:
    """Mark a test that compares a stack with its record.

    The test can be repeated on any release and any mix of releases. It makes
    no lasting change.
    """
    return _mark('verify', test)


def during(test: aliases.Test) -> aliases.Test:
    """Mark a test that runs while Heat's control plane is down."""
    return _mark('during', test)


def post(test: aliases.Test) -> aliases.Test:
    """Mark a test that updates and deletes, once, on the target release."""
    return _mark('post', test)


def smoke(test: aliases.Test) -> aliases.Test:
    """Mark a test that needs no record, on any release at any time."""
    return _mark('smoke', test)


def mixed_version(test: aliases.Test) -> aliases.Test:
    """Mark a test that uses the APIs of two nodes.

    The test needs no record and runs on any mix of releases at any time.
    """
    return _mark('mixed-version', test)
