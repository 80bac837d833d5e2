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

"""Puts findings of one kind together, the worst first: pure."""

from collections import abc
import dataclasses
import re

from heat_upgrade.results import findings
from heat_upgrade.results.rules import registry

# The classes of failures, the worst first: lost data, then an upgrade that
# stops half way, then stacks and requests that fail.
WORST_FIRST = (
    findings.FailureClass.PHYSICAL, findings.FailureClass.MIGRATION,
    findings.FailureClass.OLD_STACKS, findings.FailureClass.RPC,
    findings.FailureClass.API, findings.FailureClass.TYPES,
    findings.FailureClass.OPTIONS, findings.FailureClass.AVAILABILITY)

# Prefixes of subjects that make a family:
# [section] option; table.column; OS::Nova::Server property; OS::Nova::Server.
_FAMILIES = tuple(map(re.compile, (
    r'(\[[^]]+\])', r'(\w+::\w+::\w+) ', r'(\w+::\w+)::\w+$', r'(\w+)\.\w+$',
    r'(\w+) (?:unique )?\(')))


@dataclasses.dataclass(frozen=True)
class Group:
    """Findings that are shown as one; at least one.

    :ivar title: one line about all of them
    :ivar findings: in the order in which they were found
    """

    title: str
    findings: tuple[findings.Finding, ...]

    @property
    def first(self) -> findings.Finding:
        """The one that stands for all where they are alike."""
        return self.findings[0]


def family(finding: findings.Finding) -> str:
    """Return what the subject of a finding is a part of, '' if of nothing.

    A [section] of an option, the table of a column, the type of a property.
    """
    for pattern in _FAMILIES:
        found = pattern.match(finding.subject)
        if found:
            return found.group(1)
    return ''


def groups(found: abc.Iterable[findings.Finding], *,
           whole: bool = False) -> list[Group]:
    """Return findings in groups, the worst first.

    Findings are together if they have the same rule, severity, origin, known
    failure and step, and are of one family.

    :param whole: whether only those are together of which one title tells
        all: the rule has one for several, or they are one failure
    """
    alike: dict[tuple, list[findings.Finding]] = {}
    for finding in found:
        alike.setdefault(_key(finding, whole), []).append(finding)
    return [Group(_title(its), tuple(its))
            for its in sorted(alike.values(), key=lambda its: rank(its[0]))]


def _plural(finding: findings.Finding) -> str:
    # A report may be of a tool that had other rules.
    rule = registry.BY_SLUG.get(finding.rule)
    return rule.plural if rule else ''


def _key(finding: findings.Finding, whole: bool) -> tuple:
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


def _title(its: list[findings.Finding]) -> str:
    first, *others = its
    many = len({one.subject for one in its})
    if not others:
        return first.title
    if many == 1:
        return f'{first.title} ({len(its)} times)'
    plural = _plural(first)
    if plural:
        # Without a family there is nothing that they are all of.
        return plural.format(count=many,
                             family=family(first) or 'several kinds')
    return f'{first.title}; and {len(others)} more of this kind'
