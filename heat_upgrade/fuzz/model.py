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

"""A stack that is given to both releases, and its differences, as data."""

import dataclasses
import enum
import typing


@dataclasses.dataclass(frozen=True)
class Stack:
    """A stack as a user submits it.

    :ivar template: text of the template
    :ivar environment: text of the user's environment
    :ivar environment_files: names of files that are merged in this order
    :ivar files: {name: text} of nested templates, environments and others
    :ivar parameters: values given on the command line
    """

    template: str
    environment: str = '{}'
    environment_files: tuple[str, ...] = ()
    files: dict[str, str] = dataclasses.field(default_factory=dict)
    parameters: dict[str, typing.Any] = dataclasses.field(
        default_factory=dict)

    def as_dict(self) -> dict[str, typing.Any]:
        """Return the input of the inspector ``fuzz_stacks``."""
        return {**vars(self),
                'environment_files': list(self.environment_files)}

    @property
    def size(self) -> int:
        """Number of characters of all its texts."""
        return len(self.template) + len(self.environment) + sum(
            map(len, self.files.values()))


class Kind(enum.StrEnum):
    """A kind of difference between the releases: the slug of its rule.

    The kinds with the worst effects come first.
    """

    NOT_LOADED = 'fuzz.stored-stack-not-loaded'
    REFUSED = 'fuzz.template-refused'
    UPDATED = 'fuzz.unchanged-resource-updated'
    LOADED_DIFFERENTLY = 'fuzz.stored-stack-read-differently'
    READ_DIFFERENTLY = 'fuzz.template-read-differently'


@dataclasses.dataclass(frozen=True)
class Difference:
    """One way in which the target treats a stack unlike the base.

    :ivar aspect: the part of the stack, such as ``outputs``; of an error its
        class and location
    :ivar base: the value of the base
    :ivar target: the value of the target
    """

    kind: Kind
    aspect: str
    base: typing.Any = None
    target: typing.Any = None

    @property
    def signature(self) -> tuple[Kind, str]:
        """The same for all stacks that show the same defect, if possible."""
        return self.kind, self.aspect
