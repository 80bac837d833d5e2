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

"""The traffic of a run, its results and violations, as data for a report."""

import collections
from collections import abc
import pathlib
import typing

from heat_upgrade.plan import control_run
from heat_upgrade.results import findings
from heat_upgrade.traffic import diagnostics
from heat_upgrade.traffic import history
from heat_upgrade.traffic import revalidate
from heat_upgrade.traffic import validator

Counters = collections.defaultdict[str, collections.Counter[str]]


def make(run_dir: pathlib.Path, steps: list[tuple[str, float, float]],
         found: list[findings.Finding]) -> dict[str, typing.Any] | None:
    """Return the statistics and violations of a run's traffic.

    :param steps: (name, start, end) of each step, in monotonic seconds
    :param found: the findings of the run
    :returns: None without traffic; else dict of stacks and operations
        (numbers), calls {operation: {result: number}}, ends {operation:
        {outcome: number}}, served {release: number of calls}, errors {step:
        {class: number}}, rules {rule: dict of says, violations (number),
        operations (names), origins (of its findings), counts} and ended
        (whether the final state was recorded, which some rules need)
    :raises: :class:`heat_upgrade.errors.UsageError` if the history is
        damaged
    """
    if not (run_dir / history.FILE).exists():
        return None
    calls = history.read(run_dir)
    results, ends = _tables(calls)
    return {
        'stacks': len({call.stack for call in calls if call.stack}),
        'operations': sum(call.operation in history.MUTATIONS
                          for call in calls),
        'calls': results,
        'ends': ends,
        'served': dict(sorted(collections.Counter(
            call.release for call in calls
            if call.release and call.operation in results).items())),
        'errors': history.failures(calls, steps),
        'rules': _rules(_violations(run_dir), found),
        'ended': revalidate.final(run_dir) is not None,
    }


def broken(load: dict[str, typing.Any]) -> dict[str, typing.Any]:
    """Return the broken rules of a run's traffic: {rule: dict}."""
    return {name: rule for name, rule in load['rules'].items()
            if rule['violations']}


def counts(rule: abc.Mapping[str, typing.Any]) -> bool:
    """Return True if a broken rule makes the upgrade unsafe.

    :param rule: dict of :func:`make`
    """
    return bool(rule['counts'])


def _tables(calls: list[history.Call]) -> tuple[
        dict[str, dict[str, int]], dict[str, dict[str, int]]]:
    """Return the results of the calls, and the outcomes of operations."""
    results: Counters = collections.defaultdict(collections.Counter)
    ends: Counters = collections.defaultdict(collections.Counter)
    for call in calls:
        if call.operation == history.WAIT:
            ends[call.detail.get('operation', '')][call.result] += 1
        elif call.operation != history.FAULT:
            results[call.operation][call.result] += 1
    order = [name for name in history.MUTATIONS + history.READS
             if name in results]
    return ({name: dict(results[name]) for name in order},
            {name: dict(counted.most_common())
             for name, counted in ends.items()})


def _violations(run_dir: pathlib.Path) -> list[validator.Violation]:
    """Validate the history, and mark violations that the control has too."""
    violations = revalidate.rejudge(run_dir)
    control = control_run.run_dir(run_dir)
    if not (control / history.FILE).exists():
        return violations
    return validator.compare(violations, revalidate.rejudge(control))


def _rules(violations: list[validator.Violation],
           found: list[findings.Finding]) -> dict[str, typing.Any]:
    """Return each rule, with the number of its violations.

    The finding of a violation's rule and operation decides whether it counts.
    Without a finding, it counts unless the control has it too.

    :param found: the judged findings of the run
    """
    rules = {}
    for name, text in validator.RULES.items():
        of_rule = [violation for violation in violations
                   if violation.rule == name]
        operations = {violation.operation for violation in of_rule}
        judged = [finding for finding in found
                  if finding.rule == f'{diagnostics.PREFIX}{name}'
                  and finding.subject in operations]
        subjects = {finding.subject for finding in judged}
        rules[name] = {
            'says': text, 'violations': len(of_rule),
            'operations': sorted(operations),
            'origins': sorted({finding.origin for finding in judged}),
            'counts': any(finding.counts for finding in judged) or any(
                not violation.control for violation in of_rule
                if violation.operation not in subjects),
        }
    return rules
