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

"""Finds the findings of a test, an in-flight operation, or a probe."""

from collections import abc
import typing

from heat_upgrade.results import findings

Findings = list[findings.Finding]

# Prefix of the ID of a static check, which counts as a test.
CHECKS = 'heat_upgrade.checks.'

# Rules about the outcome of an in-flight operation.
ENDS = ('inflight.stuck', 'inflight.wrong-end')

# Rules about the budget of a probe.
BUDGETS = ('probe.over-budget', 'probe.never-recovered')


def check_of(rule: str) -> str:
    """Return the name of the static check that a rule belongs to."""
    return rule.partition('.')[0]


def of_test(found: abc.Iterable[findings.Finding], step: str,
            test: str) -> Findings:
    """Return the findings of a test, or of a check that counts as one.

    :param step: name of the step that ran it
    :param test: its ID
    """
    return [finding for finding in found if finding.step == step and (
        finding.test or f'{CHECKS}{check_of(finding.rule)}') == test]


def of_rule(found: abc.Iterable[findings.Finding], slug: str) -> Findings:
    """Return the findings of a rule, without those of the test suites."""
    return [finding for finding in found if finding.rule == slug
            and (not finding.test or finding.test.startswith(CHECKS))]


def of_flight(found: abc.Iterable[findings.Finding],
              flight: abc.Mapping[str, typing.Any]) -> Findings:
    """Return the findings about the outcome of an in-flight operation.

    :param flight: dict with step, case and disruption
    """
    return [finding for finding in found
            if finding.rule in ENDS and finding.step == flight['step']
            and finding.subject == flight['case']
            and finding.facts.get('disruption') == flight['disruption']]


def of_probe(found: abc.Iterable[findings.Finding], step: str,
             probe: str) -> Findings:
    """Return the findings about the budget of a probe in a step."""
    return [finding for finding in found if finding.rule in BUDGETS
            and (finding.step, finding.subject) == (step, probe)]


def first(found: Findings) -> findings.Finding | None:
    """Return the deciding finding: the first that counts, else the first.

    :returns: None without findings
    """
    return min(found, key=lambda finding: not finding.counts, default=None)


def is_excused(found: Findings) -> bool:
    """Return True if there are findings, and none of them counts.

    An error of the lab or of a scenario excuses nothing.
    """
    return any(finding.origin in (findings.KNOWN, findings.RESTART)
               for finding in found) and not any(
        finding.counts or finding.origin in (findings.LAB, findings.SCENARIO)
        for finding in found)
