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
"""Groups findings that say the same of several subjects."""

from collections import abc
import dataclasses

from heat_upgrade import findings


@dataclasses.dataclass(frozen=True)
class Group:
    """Findings of one rule that are of one kind.

    :ivar title: one line
    :ivar findings: in the order in which they were given; at least one
    """

    title: str
    findings: tuple[findings.Finding, ...]


def groups(found: abc.Iterable[findings.Finding]) -> list[Group]:
    """Return findings in groups, in the order of the first of each.

    Findings of one rule, step, severity and origin, which one known failure
    excuses or none, are a group.
    """
    by_kind: dict[tuple[str, ...], list[findings.Finding]] = {}
    for one in found:
        kind = (one.rule, one.step, one.severity, one.origin, one.known)
        by_kind.setdefault(kind, []).append(one)
    return [Group(_title(ones), tuple(ones)) for ones in by_kind.values()]


def _title(found: list[findings.Finding]) -> str:
    first, *others = found
    return f'{first.title}; and {len(others)} more of this kind' if (
        others) else first.title
