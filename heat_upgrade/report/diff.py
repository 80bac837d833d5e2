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
"""Compares the findings of two runs: pure, over two reports."""

from collections import abc
import dataclasses
import typing

from heat_upgrade import errors
from heat_upgrade.results import findings
from heat_upgrade.results import verdict

Report = abc.Mapping[str, typing.Any]
Key = tuple[str, ...]

# Heat's failures, whether or not they count. A broken lab or scenario proves
# nothing about Heat, and a note about the list of known failures nothing about
# a run.
_COMPARED = (findings.HEAT, findings.INPUT, findings.KNOWN, findings.RESTART)
_NOTES = 'known.'


@dataclasses.dataclass(frozen=True)
class Difference:
    """The differences between the findings of two runs.

    :ivar new: findings of the second run only, in its order
    :ivar gone: findings of the first run only, in its order
    :ivar same: findings of the second run that the first one has too
    :ivar notes: reasons why the comparison may mislead, a sentence each
    """

    new: tuple[findings.Finding, ...] = ()
    gone: tuple[findings.Finding, ...] = ()
    same: tuple[findings.Finding, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def counts(self) -> bool:
        """Whether a new finding makes the upgrade unsafe."""
        return any(finding.counts for finding in self.new)

    def as_dict(self) -> dict[str, typing.Any]:
        """Return the difference as data for JSON."""
        return {
            **{name: [finding.as_dict() for finding in getattr(self, name)]
               for name in ('new', 'gone', 'same')},
            'notes': list(self.notes)}


def compare(first: Report, second: Report) -> Difference:
    """Return the differences between the findings of two runs.

    Findings with one identity are one finding, but an error is new if the
    other run has a warning.

    :param first: dict of :func:`heat_upgrade.report.model.make`
    :param second: dict of the other run
    :raises: :class:`heat_upgrade.errors.UsageError` if one of them was made
        by an older version of the tool
    """
    before, after = _by_key(first), _by_key(second)
    return Difference(
        new=tuple(after[key] for key in after if key not in before),
        gone=tuple(before[key] for key in before if key not in after),
        same=tuple(after[key] for key in after if key in before),
        notes=(*_notes(first, 'first'), *_notes(second, 'second')))


def counts(difference: Difference) -> str:
    """Return the numbers of a difference in words: 'new 1, gone 0, same 9'."""
    return (f'new {len(difference.new)}, gone {len(difference.gone)}, '
            f'same {len(difference.same)}')


def _by_key(report: Report) -> dict[Key, findings.Finding]:
    by_key: dict[Key, findings.Finding] = {}
    for data in report['findings']:
        try:
            finding = findings.from_dict(data)
        except (KeyError, TypeError, ValueError) as exc:
            raise errors.UsageError(
                f'the report of {report.get("run_dir")} was made by another '
                'version of this tool; build it again with: heat-upgrade '
                'report RUN_DIR') from exc
        if finding.origin in _COMPARED and not finding.rule.startswith(_NOTES):
            by_key.setdefault((finding.severity, *finding.identity), finding)
    return by_key


def _notes(report: Report, which: str) -> abc.Iterator[str]:
    if report['verdict'] == verdict.LAB_ERROR:
        yield (f'the {which} run is a {verdict.SHOWN[verdict.LAB_ERROR]}: '
               'its missing steps were not compared')
