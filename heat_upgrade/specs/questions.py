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

from heat_upgrade import errors

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
    """Return the questions, in the order of a spec's answers.

    :raises: errors.UsageError for an entry with an unknown key, or without a
        key that has no default
    """
    return tuple(map(_question, yaml.safe_load(
        FILE.read_text(encoding='utf-8'))))


def _question(entry: dict[str, typing.Any]) -> Question:
    fields = {field.name.replace('_', '-'): field
              for field in dataclasses.fields(Question)}
    needed = {key for key, field in fields.items()
              if field.default is dataclasses.MISSING}
    for keys, mistake in ((entry.keys() - fields.keys(), 'has an unknown key'),
                          (needed - entry.keys(), 'lacks the key')):
        if keys:
            raise errors.UsageError(
                f'{FILE}: the question {entry.get("title", entry)!r} '
                f'{mistake} {min(keys)!r}; the keys are '
                f'{", ".join(fields)}')
    values: dict[str, typing.Any] = {
        fields[key].name: value.rstrip() if isinstance(value, str) else value
        for key, value in entry.items()}
    return Question(**values)
