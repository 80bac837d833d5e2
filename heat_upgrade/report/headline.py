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

"""The result of a run in one sentence with numbers."""

from collections import abc
import itertools
import typing

from heat_upgrade.report import matching
from heat_upgrade.report import triage
from heat_upgrade.results import findings
from heat_upgrade.results import verdict

Report = dict[str, typing.Any]

# Outcomes of a successful step.
DONE = ('ok', 'hazard')

# Outcomes of a step that was not started.
LEFT_OUT = ('skipped', 'not reached')


def number(count: int, word: str) -> str:
    """Return a count with its noun: '1 rule', '2 rules'."""
    return f'{count} {word}' + ('' if count == 1 else 's')


def version(release: Report) -> str:
    """Return a release of a report as one word."""
    name: str = release.get('version') or release['name']
    return name


def headline(report: Report) -> str:
    """Return the result of a run in one sentence.

    :param report: dict of :func:`heat_upgrade.report.model.make`
    """
    found = triage.of_report(report)
    return _BY_VERDICT[report['verdict']](report, found)


def proved(report: Report) -> list[str]:
    """Return the successful phases and steps of a run, as lines.

    After a failure of the lab, nothing else is known about the upgrade.
    """
    done = [step['name'] for step in _done(report)]
    lines = [f'phase {name}: {number(numbers["passed"], "test")} passed'
             for name, numbers in _passed(report).items()]
    if done:
        lines.append('successful steps: ' + ', '.join(done))
    return lines or ['nothing: no step succeeded']


def _done(report: Report) -> list[Report]:
    """Return the successful steps before the first step that was skipped.

    The steps after it only clean up.
    """
    reached = itertools.takewhile(
        lambda step: step['outcome'] not in LEFT_OUT, report['steps'])
    return [step for step in reached if step['outcome'] in DONE]


def _passed(report: Report) -> dict[str, dict[str, int]]:
    """Return the phases with only successful steps and no failed test."""
    broken = {step['phase'] for step in report['steps']
              if step['outcome'] not in DONE}
    return {name: numbers for name, numbers in report['phases'].items()
            if numbers['passed'] and not numbers['failed']
            and name not in broken}


def _of_a_pass(report: Report, found: list[findings.Finding]) -> str:
    return _sentence('no failures', [
        *_finished(report), *_downtime(report)])


def _of_hazards(report: Report, found: list[findings.Finding]) -> str:
    hazards = triage.hazards(found)
    lost = [outcome for outcome in report['in_flight']
            if not outcome['legal']]
    figures = []
    if lost:
        figures.append(
            f'{len(lost)} of {len(report["in_flight"])} in-flight operations '
            f'were lost, {_precedent(report, lost)}')
    others = [finding for finding in hazards
              if finding.rule not in matching.ENDS]
    if others:
        failures = number(len(others),
                          'other known failure' if lost else 'known failure')
        figures.append(
            f'{failures} {"was" if len(others) == 1 else "were"} met'
            f'{", the worst" if len(others) > 1 else ""}: '
            f'{others[0].title}')
    return _sentence('no new failures', figures)


def _precedent(report: Report, lost: abc.Iterable[Report]) -> str:
    base = version(report['base'])
    if all(outcome['origin'] == findings.RESTART for outcome in lost):
        return f'as in a plain restart of {base}'
    return f'as known from other upgrades of {base}'


def _of_a_failure(report: Report, found: list[findings.Finding]) -> str:
    counted = [finding for finding in found if finding.counts]
    if len(counted) == 1:
        return f'1 new failure: {counted[0].title}'
    return f'{len(counted)} new failures, the worst: {counted[0].title}'


def _of_a_broken_lab(report: Report, found: list[findings.Finding]) -> str:
    broken = [finding.title for finding in triage.failures(found)
              if not finding.counts]
    reason = (broken[0] if broken else 'the run was cut off'
              if not report['finished'] else _no_test(report))
    return (f'the upgrade was not tested to its end: {len(_done(report))} of '
            f'{number(len(report["steps"]), "step")} and '
            f'{len(_passed(report))} of '
            f'{number(len(report["phases"]), "phase")} passed; {reason}')


def _no_test(report: Report) -> str:
    """Name the phases in which no test was executed."""
    without = [name for name, numbers in report['phases'].items()
               if not (numbers['passed'] + numbers['failed']
                       + numbers['known'])]
    return ' in '.join(filter(None, (
        'no test was executed', ', '.join(without))))


def _finished(report: Report) -> abc.Iterator[str]:
    outcomes = report['in_flight']
    if outcomes:
        legal = sum(outcome['legal'] for outcome in outcomes)
        yield f'{legal} of {len(outcomes)} in-flight operations finished'


def _downtime(report: Report) -> abc.Iterator[str]:
    """Yield the downtime of Heat in a cold upgrade."""
    for probe in report['availability'].values():
        # The downtime probe saves no samples, hence no errors.
        if 'errors' not in probe and probe['longest_gap_s'] is not None:
            yield f'downtime {probe["longest_gap_s"]:.1f} s'


def _sentence(first: str, figures: list[str]) -> str:
    return '; '.join([first, *([', '.join(figures)] if figures else [])])


_BY_VERDICT = {
    verdict.PASS: _of_a_pass,
    verdict.PASS_WITH_HAZARDS: _of_hazards,
    verdict.FAIL: _of_a_failure,
    verdict.LAB_ERROR: _of_a_broken_lab,
}
