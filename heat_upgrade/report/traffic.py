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

"""What the load of a run asked and what it got, as data for a report."""

import collections
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
    """Return what the history of a run's load tells.

    :param run_dir: the run directory
    :param steps: (name, start, end) of each step, in monotonic seconds
    :param found: list of :class:`heat_upgrade.results.findings.Finding` of the
        run
    :returns: None if there was no load; else dict of stacks and operations
        (numbers), calls {operation: {result: number}}, ends {operation: {what
        came of it: number}}, served {release: number of calls}, errors
        {step: {class: number}}, rules {rule: dict of says, violations
        (number), operations (names), origins (of its findings), counts} and
        ended (whether it was seen what was there at its end: without that not
        all rules can be judged)
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
    """Return the rules that a load has broken: {rule: dict}."""
    return {name: rule for name, rule in load['rules'].items()
            if rule['violations']}


def counts(rule: dict[str, typing.Any]) -> bool:
    """Return True if a broken rule makes the upgrade unsafe.

    :param rule: dict of :func:`make`
    """
    return rule['counts']


def _tables(calls: list[history.Call]) -> tuple[
        dict[str, dict[str, int]], dict[str, dict[str, int]]]:
    """Return what came of the calls, and of the operations they began."""
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
    """Judge the history, and mark what its control shows too."""
    found = revalidate.rejudge(run_dir)
    place = control_run.run_dir(run_dir)
    if not (place / history.FILE).exists():
        return found
    return validator.compare(found, revalidate.rejudge(place))


def _rules(violations: list[validator.Violation],
           found: list[findings.Finding]) -> dict[str, typing.Any]:
    """Return each rule, with how often it was broken.

    A violation is judged by its finding: that of its rule and operation.
    Without one, it counts unless the control has it as well.

    :param found: the run's findings, judged
    """
    rules = {}
    for name, says in validator.RULES.items():
        its = [one for one in violations if one.rule == name]
        judged = [one for one in found
                  if one.rule == f'{diagnostics.PREFIX}{name}'
                  and one.subject in {each.operation for each in its}]
        told = {one.subject for one in judged}
        rules[name] = {
            'says': says, 'violations': len(its),
            'operations': sorted({one.operation for one in its}),
            'origins': sorted({one.origin for one in judged}),
            'counts': any(one.counts for one in judged) or any(
                not one.control for one in its
                if one.operation not in told),
        }
    return rules
