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

"""The resource types of a release of Heat, and the scenarios that use them."""

from collections import abc
import dataclasses
import pathlib
import typing

import yaml

from heat_integrationtests import catalogue

FILE = pathlib.Path(__file__).with_name('resource-types.yaml')


@dataclasses.dataclass(frozen=True)
class ResourceType:
    """A resource type that Heat registers and does not hide.

    :ivar scenarios: names of the scenarios that use it
    :ivar reason: why no scenario uses it, else ''
    """

    name: str
    scenarios: tuple[str, ...]
    reason: str = ''


def content() -> dict[str, typing.Any]:
    """Return the content of resource-types.yaml."""
    loaded: dict[str, typing.Any] = yaml.safe_load(FILE.read_text('utf-8'))
    return loaded


def every(entries: abc.Iterable[catalogue.Entry]) -> list[ResourceType]:
    """Return all types, sorted by name.

    :param entries: the scenarios
    """
    known = content()
    reasons = {name: group['reason'] for group in known['unused']
               for name in group['types']}
    used: dict[str, list[str]] = {}
    for entry in entries:
        for name in entry.resource_types:
            used.setdefault(name, []).append(entry.name)
    return [ResourceType(name, tuple(used.get(name, ())),
                         '' if name in used else reasons.get(name, ''))
            for name in known['types']]


def summary(types: abc.Collection[ResourceType]) -> str:
    """Return the sentence with the number of types that are used."""
    return (f'Scenarios use {sum(bool(each.scenarios) for each in types)} of '
            f"the {len(types)} resource types of Heat {content()['release']}.")
