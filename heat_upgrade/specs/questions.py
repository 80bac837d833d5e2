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

import yaml

FILE = pathlib.Path(__file__).with_name('questions.yaml')

# The heading under which they stand, each with a heading of its own.
SECTION = 'Upgrade Impact'


@dataclasses.dataclass(frozen=True)
class Question:
    """One question; the texts are reStructuredText without a final newline.

    :ivar title: the heading under which it is answered
    :ivar asks: the question itself
    :ivar guidance: what to think of, and how to find out
    :ivar example: an answer, and what happened without it
    :ivar names_scenarios: whether the answer names upgrade tests
    """

    title: str
    asks: str
    guidance: str
    example: str
    names_scenarios: bool = False


@functools.lru_cache
def load():
    """Return the questions, in the order in which a spec answers them."""
    return tuple(
        Question(**{key.replace('-', '_'): value.rstrip()
                    if isinstance(value, str) else value
                    for key, value in entry.items()})
        for entry in yaml.safe_load(FILE.read_text(encoding='utf-8')))
