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

"""The result of a run in one sentence of figures."""

from collections import abc
import itertools
import typing

from heat_upgrade.report import triage
from heat_upgrade.results import findings
from heat_upgrade.results import verdict

Report = dict[str, typing.Any]

# Outcomes of a step that did what it is for.
DONE = ('ok', 'hazard')

# Outcomes of a step that had no turn.
LEFT_OUT = ('skipped', 'not reached')


def number(count: int, word: str) -> str:
    """Return a number of things: '1 rule', '2 rules'."""
    return f'{count} {word}' + ('' if count == 1 else 's')


def version(release: Report) -> str:
    """Return a release of a report as one word."""
    return release.get('version') or release['name']


def headline(report: Report) -> str:
    """Return the result of a run in one sentence.

    :param report: dict of :func:`heat_upgrade.report.model.make`
    """
    found = triage.of_report(report)
    return _BY_VERDICT[report['verdict']](report, found)


def proved(report: Report) -> list[str]:
    """Return what a run has shown, a line each: phases, then steps.

    After a broken lab that is all that is known of the upgrade.
    """
    done = [step['name'] for step in _done(report)]
    lines = [f'phase {name}: {number(one["passed"], "test")} passed'
             for name, one in _passed(report).items()]
    if done:
        lines.append('steps that were done: ' + ', '.join(done))
    return lines or ['nothing: no step was done']


def _done(report: Report) -> list[Report]:
    """Return the steps that did what they are for.

    Those after a step that was left out only clear up.
    """
    reached = itertools.takewhile(
        lambda step: step['outcome'] not in LEFT_OUT, report['steps'])
    return [step for step in reached if step['outcome'] in DONE]


def _passed(report: Report) -> dict[str, dict[str, int]]:
    """Return the phases whose steps are all done, without a failed test."""
    broken = {step['phase'] for step in report['steps']
              if step['outcome'] not in DONE}
    return {name: one for name, one in report['phases'].items()
            if one['passed'] and not one['failed'] and name not in broken}


def _of_a_pass(report: Report, found: list[findings.Finding]) -> str:
    return _sentence('nothing wrong was found', [
        *_flown(report), *_downtime(report)])


def _of_hazards(report: Report, found: list[findings.Finding]) -> str:
    hazards = triage.hazards(found)
    lost = [one for one in report['in_flight'] if not one['legal']]
    figures = []
    if lost:
        figures.append(
            f'{len(lost)} of {len(report["in_flight"])} operations in flight '
            f'were lost, {_as_ever(report, lost)}')
    others = [one for one in hazards if one.rule not in _OF_FLIGHTS]
    if others:
        what = number(len(others),
                      'other known failure' if lost else 'known failure')
        figures.append(
            f'{what} {"was" if len(others) == 1 else "were"} met'
            f'{", the worst" if len(others) > 1 else ""}: '
            f'{others[0].title}')
    return _sentence('no new failures', figures)


# Of these the number of lost operations tells.
_OF_FLIGHTS = ('inflight.stuck', 'inflight.wrong-end')


def _as_ever(report: Report, lost: abc.Iterable[Report]) -> str:
    base = version(report['base'])
    if all(one['origin'] == findings.RESTART for one in lost):
        return f'as in a plain restart of {base}'
    return f'as is known of upgrades from {base}'


def _of_a_failure(report: Report, found: list[findings.Finding]) -> str:
    counted = [one for one in found if one.counts]
    if len(counted) == 1:
        return f'1 new failure: {counted[0].title}'
    return f'{len(counted)} new failures, the worst: {counted[0].title}'


def _of_a_broken_lab(report: Report, found: list[findings.Finding]) -> str:
    broken = [one.title for one in triage.failures(found)
              if not one.counts]
    why = (broken[0] if broken else 'the run was cut off'
           if not report['finished'] else _no_test(report))
    return (f'the upgrade was not tested to its end: {len(_done(report))} of '
            f'{number(len(report["steps"]), "step")} and '
            f'{len(_passed(report))} of '
            f'{number(len(report["phases"]), "phase")} passed; {why}')


def _no_test(report: Report) -> str:
    """Tell in which phases no test was executed."""
    without = [name for name, one in report['phases'].items()
               if not (one['passed'] + one['failed'] + one['known'])]
    return ' in '.join(filter(None, (
        'no test was executed', ', '.join(without))))


def _flown(report: Report) -> abc.Iterator[str]:
    flown = report['in_flight']
    if flown:
        yield (f'{sum(one["legal"] for one in flown)} of {len(flown)} '
               'operations in flight finished')


def _downtime(report: Report) -> abc.Iterator[str]:
    """Tell for how long Heat was down, in a cold upgrade."""
    for one in report['availability'].values():
        # Of the probe that measures it no samples are saved.
        if 'errors' not in one and one['longest_gap_s'] is not None:
            yield f'downtime {one["longest_gap_s"]:.1f} s'


def _sentence(first: str, figures: list[str]) -> str:
    return '; '.join([first, *([', '.join(figures)] if figures else [])])


_BY_VERDICT = {
    verdict.PASS: _of_a_pass,
    verdict.PASS_WITH_HAZARDS: _of_hazards,
    verdict.FAIL: _of_a_failure,
    verdict.LAB_ERROR: _of_a_broken_lab,
}
