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

"""A rule: one kind of failure, as data."""

import dataclasses
import enum


class Severity(enum.StrEnum):
    """Whether a finding makes an upgrade unsafe."""

    ERROR = 'error'
    WARNING = 'warning'


class Origin(enum.StrEnum):
    """Whose failure a finding is.

    Only HEAT makes an upgrade unsafe. SCENARIO and LAB mean that nothing is
    known about Heat. INPUT is an operator's file that is wrong on both
    releases. KNOWN and RESTART are reported but not counted: a known failure
    with a proved cause, and a failure that the control run shows as well.
    """

    HEAT = 'heat'
    SCENARIO = 'scenario'
    LAB = 'lab'
    INPUT = 'input'
    KNOWN = 'known'
    RESTART = 'restart'


class FailureClass(enum.IntEnum):
    """The classes of Heat's real upgrade failures, 2012 to 2026."""

    MIGRATION = 1
    OLD_STACKS = 2
    PHYSICAL = 3
    OPTIONS = 4
    RPC = 5
    API = 6
    TYPES = 7
    AVAILABILITY = 8

    @property
    def description(self) -> str:
        """The class in words."""
        return _CLASSES[self]

    @property
    def affected(self) -> str:
        """The people who meet a failure of this class."""
        return _AFFECTED[self]


_CLASSES = {
    FailureClass.MIGRATION: 'the database does not migrate',
    FailureClass.OLD_STACKS: 'old stacks are unusable or stuck',
    FailureClass.PHYSICAL: 'physical resources are replaced or gone',
    FailureClass.OPTIONS: 'options are removed or narrowed',
    FailureClass.RPC: 'RPC and objects in a rolling upgrade',
    FailureClass.API: 'API, authentication, policy',
    FailureClass.TYPES: 'types, functions, template versions',
    FailureClass.AVAILABILITY: 'speed and availability',
}

_AFFECTED = {
    FailureClass.MIGRATION: 'every user: the upgrade stops half-way',
    FailureClass.OLD_STACKS: 'owners of stacks from before the upgrade',
    FailureClass.PHYSICAL: 'owners of stacks whose resources Heat manages in '
                           'other services',
    FailureClass.OPTIONS: 'operators whose files set the option',
    FailureClass.RPC: 'users with operations in progress in the upgrade',
    FailureClass.API: 'clients of the API',
    FailureClass.TYPES: 'owners of stacks and templates that use the type',
    FailureClass.AVAILABILITY: 'every user during the upgrade',
}


@dataclasses.dataclass(frozen=True)
class Rule:
    """One kind of finding.

    :ivar slug: its identifier, such as ``inflight.stuck``
    :ivar summary: one sentence: the failure
    :ivar impact: one sentence: the consequence for users and operators
    :ivar remedy: one or two sentences: the operator's action; a workaround,
        and whether it was tried
    :ivar example: the title of a finding of this rule
    :ivar failure_class: default of its findings; None if each finding has its
        own, or if they are not Heat's
    :ivar severity: default of its findings
    :ivar origin: default of its findings
    :ivar docs: page of the documentation, below doc/source, without suffix
    :ivar by_step: whether findings with one subject in two steps of a plan
        are two different failures
    :ivar plural: the title of several of its findings together, with {count}
        and perhaps {family}: their common part, such as a [section]; '' to
        show their own titles
    """

    slug: str
    summary: str
    impact: str
    remedy: str
    example: str
    failure_class: FailureClass | None = None
    severity: Severity = Severity.ERROR
    origin: Origin = Origin.HEAT
    docs: str = ''
    by_step: bool = False
    plural: str = ''
