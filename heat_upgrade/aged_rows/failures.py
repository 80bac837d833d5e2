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

"""The failures of a target with stacks that have aged rows."""

import dataclasses
import enum


class Problem(enum.StrEnum):
    """A failure of the target; the value is the name of its rule."""

    UNLOADABLE = 'aged-rows.unloadable'
    CHANGED = 'aged-rows.answer-changed'
    NOT_UPDATABLE = 'aged-rows.not-updatable'
    NOT_CONVERTED = 'aged-rows.not-converted'
    REPLACED = 'aged-rows.replaced'
    NOT_DELETABLE = 'aged-rows.not-deletable'
    NOT_PURGED = 'aged-rows.not-purged'


@dataclasses.dataclass(frozen=True)
class Failure:
    """A failure of the target with one stack.

    :ivar name: of the stack in the catalogue
    :ivar text: the answer or the state, as evidence
    """

    problem: Problem
    name: str
    text: str
