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

"""Journals the findings of static checks, and each check as a test."""

from collections import abc
import dataclasses
import typing

from heat_upgrade.checks import check_context
from heat_upgrade.checks import registry
from heat_upgrade.lab import stestr_runner
from heat_upgrade.results import findings


class _NamedStep(typing.Protocol):
    """A step of a plan."""

    @property
    def name(self) -> str:
        """Its name in the plan."""


_Step = typing.TypeVar('_Step', bound=_NamedStep)
_AcceptedStep = typing.TypeVar('_AcceptedStep', contravariant=True)


class Recorder(typing.Protocol[_AcceptedStep]):
    """Writes the journal of a run."""

    def finding(self, finding: findings.Finding, /
                ) -> findings.Finding | None:
        """Journal a finding; return it as judged, if that is known yet."""

    def tests(self, step: _AcceptedStep, tests: list[stestr_runner.Test], /
              ) -> object:
        """Journal the results of tests."""


def journal(record: Recorder[_Step], step: _Step, names: abc.Iterable[str],
            reported: abc.Iterable[findings.Finding], *,
            command: abc.Callable[[str], str]) -> bool:
    """Journal the findings of checks, and each check as a test.

    A test fails with any error. The report decides whether its findings are
    known failures.

    :param step: the step that ran the checks
    :param names: names of the checks that were run
    :param reported: their findings
    :param command: returns the command of the check of a name
    :returns: True if any finding counts
    """
    wrong = dict.fromkeys(names, '')
    counts = False
    for finding in reported:
        name = finding.step.removeprefix(check_context.STEP)
        finding = dataclasses.replace(
            finding, step=step.name, reproduce=command(name),
            test=_test(name))
        # Some recorders judge a run only after its end.
        judged = record.finding(finding) or finding
        counts = counts or judged.counts
        if judged.severity == findings.ERROR:
            wrong[name] += f'{judged.title}\n'
    record.tests(
        step,
        [
            stestr_runner.Test(
                _test(name),
                stestr_runner.FAILED if titles else stestr_runner.PASSED,
                0,
                titles,
            )
            for name, titles in wrong.items()
        ],
    )
    return counts


def _test(name: str) -> str:
    """Return the id of the test that represents a check."""
    return f'{registry.__package__}.{name}'
