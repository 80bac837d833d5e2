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
"""Which findings belong to a test, an operation in flight, or a probe."""

from collections import abc
import typing

from heat_upgrade.results import findings

Findings = list[findings.Finding]

# Before the name of a static check, in the id of the test that it counts as.
CHECKS = 'heat_upgrade.checks.'

# Rules about the end of an operation in flight.
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
    :param test: its id
    """
    return [one for one in found if one.step == step and (
        one.test or f'{CHECKS}{check_of(one.rule)}') == test]


def of_rule(found: abc.Iterable[findings.Finding], slug: str) -> Findings:
    """Return the findings of a rule that no test of the suites has made."""
    return [one for one in found if one.rule == slug
            and (not one.test or one.test.startswith(CHECKS))]


def of_flight(found: abc.Iterable[findings.Finding],
              flight: abc.Mapping[str, typing.Any]) -> Findings:
    """Return the findings about the end of an operation in flight.

    :param flight: dict with step, case and disruption
    """
    return [one for one in found
            if one.rule in ENDS and one.step == flight['step']
            and one.subject == flight['case']
            and one.facts.get('disruption') == flight['disruption']]


def of_probe(found: abc.Iterable[findings.Finding], step: str,
             probe: str) -> Findings:
    """Return the findings about the budget of a probe in a step."""
    return [one for one in found if one.rule in BUDGETS
            and (one.step, one.subject) == (step, probe)]


def first(found: Findings) -> findings.Finding | None:
    """Return the finding that decides, None without any.

    One that counts decides before one that does not.
    """
    return min(found, key=lambda one: not one.counts, default=None)


def is_excused(found: Findings) -> bool:
    """Return True if there are findings, and none of them counts.

    An error of the lab or of a scenario excuses nothing.
    """
    return any(one.origin in (findings.KNOWN, findings.RESTART)
               for one in found) and not any(
        one.counts or one.origin in (findings.LAB, findings.SCENARIO)
        for one in found)
