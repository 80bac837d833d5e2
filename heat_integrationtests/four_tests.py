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

"""The four tests that every scenario inherits, one of each kind."""

from collections import abc
import types
import typing
import uuid

from tempest.lib import decorators

from heat_integrationtests import aliases
from heat_integrationtests import catalogue
from heat_integrationtests import markers

# The ID of a test is derived from this and the names of scenario and test.
NAMESPACE = uuid.UUID('8d6b7c1e-5f0a-4c39-9e2d-71b04a6f3c58')

MARKERS: dict[str, abc.Callable[[aliases.Test], aliases.Test]] = dict(zip(
    catalogue.INHERITED,
    (markers.pre, markers.verify, markers.during, markers.post)))


class FourTests:
    """Gives each subclass its tests, with IDs and tags of its own."""

    # The tiers of runs that include the scenario.
    tiers: tuple[str, ...] = catalogue.TIERS

    def __init_subclass__(cls, **kwargs: typing.Any) -> None:
        super().__init_subclass__(**kwargs)
        for name, mark in MARKERS.items():
            setattr(cls, name, mark(_own_copy(name, cls.name())))
        for name in dir(cls):
            if name.startswith('test_'):
                markers.add_tags(getattr(cls, name), [
                    catalogue.tag(tier) for tier in cls.tiers])

    @classmethod
    def name(cls) -> str:
        """Return the name of the scenario: its module's, without test_."""
        return cls.__module__.rpartition('.')[2].removeprefix('test_')

    def test_the_stack_is_created_and_recorded(self) -> None:
        self.pre()

    def test_the_stack_is_as_recorded(self) -> None:
        self.verify()

    def test_nothing_serves_the_stack_while_heat_is_down(self) -> None:
        self.during()

    def test_the_stack_is_updated_and_deleted(self) -> None:
        self.post()

    def pre(self) -> None:
        """Create and record the stack, once, on the base."""
        raise NotImplementedError

    def verify(self) -> None:
        """Compare the stack with its record, on any release."""
        raise NotImplementedError

    def during(self) -> None:
        """Assert on entities that outlive Heat's control plane."""
        raise NotImplementedError

    def post(self) -> None:
        """Update and delete the stack, once, on the target."""
        raise NotImplementedError


def _own_copy(name: str, scenario: str) -> aliases.Test:
    """Return a copy of an inherited test with an ID of its own."""
    inherited: types.FunctionType = getattr(FourTests, name)
    copy = types.FunctionType(
        inherited.__code__, inherited.__globals__, inherited.__name__)
    identified: aliases.Test = decorators.idempotent_id(
        str(uuid.uuid5(NAMESPACE, f'{scenario}.{name}')))(copy)
    return identified
