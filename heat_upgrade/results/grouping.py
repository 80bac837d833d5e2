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

"""Groups findings of one kind, the worst first."""

from collections import abc
import dataclasses
import re

from heat_upgrade.results import findings
from heat_upgrade.results.rules import registry

# A name that the attribute Group.findings does not hide.
Finding = findings.Finding

# The classes of failures, the worst first: lost data, upgrades that stop half
# way, failing stacks and requests.
WORST_FIRST = (
    findings.FailureClass.PHYSICAL, findings.FailureClass.MIGRATION,
    findings.FailureClass.OLD_STACKS, findings.FailureClass.RPC,
    findings.FailureClass.API, findings.FailureClass.TYPES,
    findings.FailureClass.OPTIONS, findings.FailureClass.AVAILABILITY)

# The families of subjects:
# [section] option; table.column; OS::Nova::Server property; OS::Nova::Server.
_FAMILIES = tuple(map(re.compile, (
    r'(\[[^]]+\])', r'(\w+::\w+::\w+) ', r'(\w+::\w+)::\w+$', r'(\w+)\.\w+$',
    r'(\w+) (?:unique )?\(')))


@dataclasses.dataclass(frozen=True)
class Group:
    """One or more findings that are shown as one.

    :ivar title: one line about all of them
    :ivar findings: in the order in which they were found
    """

    title: str
    findings: tuple[Finding, ...]

    @property
    def first(self) -> Finding:
        """The finding that represents all of them."""
        return self.findings[0]


def family(finding: findings.Finding) -> str:
    """Return the family that a finding's subject belongs to, or ''.

    A family is the [section] of an option, the table of a column, or the type
    of a property.
    """
    for pattern in _FAMILIES:
        match = pattern.match(finding.subject)
        if match:
            return match.group(1)
    return ''


def groups(found: abc.Iterable[findings.Finding], *,
           whole: bool = False) -> list[Group]:
    """Return findings in groups, the worst first.

    The findings of a group have the same rule, severity, origin, known
    failure, step and family.

    :param whole: group findings only if one title describes them all: their
        rule has a plural, or they are one failure
    """
    alike: dict[tuple[object, ...], list[findings.Finding]] = {}
    for finding in found:
        alike.setdefault(_key(finding, whole), []).append(finding)
    return [Group(_title(members), tuple(members)) for members in sorted(
        alike.values(), key=lambda members: rank(members[0]))]


def _plural(finding: findings.Finding) -> str:
    # The report may come from a version of this tool that had other rules.
    rule = registry.BY_SLUG.get(finding.rule)
    return rule.plural if rule else ''


def _key(finding: findings.Finding, whole: bool) -> tuple[object, ...]:
    common = (finding.rule, finding.severity, finding.origin, finding.known,
              finding.own_files, finding.failure_class, finding.step)
    if _plural(finding):
        return *common, family(finding)
    return (*common, finding.subject) if whole else common


def rank(finding: findings.Finding) -> tuple[bool, bool, bool, int]:
    """Return the key by which findings are sorted, the worst first."""
    return (finding.severity != findings.ERROR, not finding.counts,
            not finding.own_files,
            WORST_FIRST.index(finding.failure_class)
            if finding.failure_class in WORST_FIRST else len(WORST_FIRST))


def _title(members: list[findings.Finding]) -> str:
    first, *others = members
    subjects = len({finding.subject for finding in members})
    if not others:
        return first.title
    if subjects == 1:
        return f'{first.title} ({len(members)} times)'
    plural = _plural(first)
    if plural:
        return plural.format(count=subjects,
                             family=family(first) or 'several kinds')
    return f'{first.title}; and {len(others)} more of this kind'
