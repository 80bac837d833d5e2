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

"""The questions of a spec's section Upgrade Impact, as data.

Source: the work item "Add Upgrade Impact section to heat-specs" of the spec
https://specs.openstack.org/openstack/heat-specs/specs/liberty/upgrade-tests.html
"""

import dataclasses
import functools
import pathlib
import typing

import yaml

FILE = pathlib.Path(__file__).with_name('questions.yaml')

# Heading of the section; each question has a heading of its own below it.
SECTION = 'Upgrade Impact'


@dataclasses.dataclass(frozen=True)
class Question:
    """A question; the texts are reStructuredText without a final newline.

    :ivar title: heading of its answer
    :ivar asks: the question itself
    :ivar guidance: points to consider, and how to find the answer
    :ivar example: an answer, and the failure that its lack caused
    :ivar names_scenarios: whether the answer names upgrade tests
    """

    title: str
    asks: str
    guidance: str
    example: str
    names_scenarios: bool = False


@functools.lru_cache
def load() -> tuple[Question, ...]:
    """Return the questions, in the order of a spec's answers."""
    entries: list[dict[str, typing.Any]] = yaml.safe_load(
        FILE.read_text(encoding='utf-8'))
    return tuple(
        Question(title=entry['title'].rstrip(), asks=entry['asks'].rstrip(),
                 guidance=entry['guidance'].rstrip(),
                 example=entry['example'].rstrip(),
                 names_scenarios=entry.get('names-scenarios', False))
        for entry in entries)
