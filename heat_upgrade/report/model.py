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

"""Makes the report of a run, as data, from nothing but its directory."""

from collections import abc
import json
import pathlib
import typing

from heat_upgrade import errors
from heat_upgrade.judgement import judge
from heat_upgrade.lab import stestr_runner
from heat_upgrade.plan import control_run
from heat_upgrade.plan import planner
from heat_upgrade.probes import results
from heat_upgrade.report import diff
from heat_upgrade.report import matching
from heat_upgrade.report import schema
from heat_upgrade.report import traffic
from heat_upgrade.report import triage
from heat_upgrade.report import volume
from heat_upgrade.results import findings
from heat_upgrade.results import grouping
from heat_upgrade.results import journal
from heat_upgrade.results import verdict

# Version of the format of report.json, which report.schema.json describes.
VERSION = 2

# Outcome of a failed test that is reported but not counted.
KNOWN = 'known'

# Outcomes of a step: it has errors that count, only known errors, or no
# errors; it has no end; it was never started.
FAILED, HAZARD, OK = 'failed', 'hazard', 'ok'
CUT_OFF = 'cut off'
NOT_REACHED = 'not reached'

# Fields of a test; its finding has the others.
_TEST = ('id', 'outcome', 'seconds', 'details')

# The report of the same plan with another target, in the run directory.
AGAINST = pathlib.Path('against', 'report.json')

Events = list[dict[str, typing.Any]]
Found = list[findings.Finding]
Report = dict[str, typing.Any]


def make(run_dir: pathlib.Path | str) -> Report:
    """Return the report of a run.

    :returns: dict as in report.json, see report.schema.json
    :raises: :class:`errors.UsageError` if it is not the directory of a run
    """
    run_dir = pathlib.Path(run_dir)
    try:
        plan = planner.from_json((run_dir / planner.FILE).read_text())
        events = journal.read(run_dir)
        available = results.make(run_dir, events)
    except (FileNotFoundError, NotADirectoryError, ValueError) as exc:
        raise errors.UsageError(
            f'{run_dir} is not the directory of a run: {exc}') from exc
    if any('rule' not in event['data']['finding']
           for event in _of(events, journal.FINDING)):
        raise errors.UsageError(
            f'{run_dir} was made by an older version of this tool, whose '
            'findings have no rules: run the upgrade again')
    reference = _reference(run_dir)
    first, last = (events[0], events[-1]) if events else (None, None)
    start = _data(events, journal.RUN_START)
    # In the order of their time, which decides between Heat and the lab.
    found = judge.of_run(run_dir, events, plan)
    tests = _tests(events, found)
    phases = _phases(plan, events, tests)
    finished = bool(_of(events, journal.RUN_END))
    measures = _of(events, journal.MEASURE)
    executed = {name: numbers['passed'] + numbers['failed'] + numbers[KNOWN]
                for name, numbers in phases.items()}
    report = {
        'version': VERSION,
        'verdict': verdict.verdict(found, executed, finished=finished),
        'finished': finished,
        'in_flight': _in_flight(events, found),
        'load': traffic.make(run_dir, results.spans(events), found),
        'volume': volume.make(plan, {
            event['step']: event['data']
            for event in _of(events, journal.STEP_END)}),
        'controlled': control_run.run_dir(run_dir).is_dir(),
        'against': None,
        'base': start.get('base', {'name': plan.base}),
        'target': start.get('target', {'name': plan.target}),
        'strategy': plan.strategy,
        'seed': plan.seed,
        'scenarios': plan.scenarios,
        'nodes': plan.nodes,
        'vhost': plan.vhost,
        'profile': plan.profile,
        'tier': plan.tier,
        'choices': plan.choices,
        'started': first and first['time'],
        'duration_s': (round(last['monotonic'] - first['monotonic'], 2)
                       if first and last else 0),
        'steps': _steps(plan, events, found),
        'phases': phases,
        'tests': tests,
        'findings': [finding.as_dict() for finding in sorted(
            found, key=grouping.rank)],
        'availability': available,
        'cpu_s': _data(events, journal.RUN_END).get('cpu_s'),
        'peak_memory_bytes': max(
            (event['data']['peak_memory'] for event in measures), default=0),
        'reproduce': start.get('reproduce', ''),
        'run_dir': str(run_dir.resolve()),
    }
    if reference:
        report['against'] = _against(reference, report)
    schema.validate(report)
    return report


def _reference(run_dir: pathlib.Path) -> Report | None:
    """Return the report of a run's reference, None without a reference."""
    try:
        report: Report = json.loads((run_dir / AGAINST).read_text())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError as exc:
        raise errors.UsageError(
            f'{run_dir / AGAINST} is not a report: {exc}') from exc
    return report


def _against(reference: Report, report: Report) -> Report:
    """Return how a run compares with its reference."""
    compared = diff.compare(reference, report)
    return {'target': reference['target'], 'verdict': reference['verdict'],
            'new': len(compared.new), 'gone': len(compared.gone),
            'same': len(compared.same)}


def _in_flight(events: Events, found: Found) -> list[Report]:
    """Return the outcome of each in-flight operation.

    :returns: dicts as in the journal, with step; origin: that of its finding,
        '' without a finding; and counts: whether its outcome makes the
        upgrade unsafe
    """
    outcomes = []
    for event in _of(events, journal.IN_FLIGHT):
        outcome = {'step': event['step'], **event['data']}
        finding = matching.first(matching.of_flight(found, outcome))
        outcomes.append({
            **outcome, 'origin': finding.origin if finding else '',
            'counts': not outcome['legal'] and (
                finding is None or finding.counts)})
    return outcomes


def _of(events: Events, kind: str) -> Events:
    return [event for event in events if event['kind'] == kind]


def _data(events: Events, kind: str) -> dict[str, typing.Any]:
    """Return the data of the first event of a kind, {} without one."""
    data: dict[str, typing.Any] = next(
        (event['data'] for event in _of(events, kind)), {})
    return data


def _steps(plan: planner.Plan, events: Events, found: Found) -> list[Report]:
    """Return the outcome of each step; times in seconds since the start."""
    starts = {event['step']: event
              for event in _of(events, journal.STEP_START)}
    ends = {event['step']: event for event in _of(events, journal.STEP_END)}
    origin = events[0]['monotonic'] if events else 0
    steps = []
    for step in plan.steps:
        start, end = starts.get(step.name), ends.get(step.name)
        entry = {
            'name': step.name, 'title': step.title, 'command': step.command,
            'phase': step.phase,
            'start': start and round(start['monotonic'] - origin, 2),
            'end': end and round(end['monotonic'] - origin, 2),
            'outcome': (
                _outcome(end['data']['outcome'], [
                    finding for finding in found if finding.step == step.name
                    and finding.severity == findings.ERROR])
                if end else CUT_OFF if start else NOT_REACHED),
        }
        if end:
            entry.update((name, value) for name, value in end['data'].items()
                         if name != 'outcome')
        steps.append(entry)
    return steps


def _outcome(raw: str, wrong: Found) -> str:
    """Return the outcome of a step that has ended.

    :param raw: outcome recorded by the runner, which ignores known failures
        and later findings
    :param wrong: the errors of the step
    """
    if raw not in (OK, FAILED):
        return raw
    if any(finding.origin not in triage.NOT_COUNTED for finding in wrong):
        return FAILED
    # A failed step without a finding was ended by the failure of another one.
    return HAZARD if wrong else raw


def _phases(plan: planner.Plan, events: Events,
            tests: list[Report]) -> dict[str, dict[str, int]]:
    """Return the number of tests by phase and outcome."""
    phases = {
        step.phase: dict.fromkeys(
            (
                stestr_runner.PASSED,
                stestr_runner.FAILED,
                stestr_runner.SKIPPED,
                KNOWN,
            ),
            0,
        )
        for step in plan.steps
        if step.phase
    }
    of_step = {event['step']: event['data']['phase']
               for event in _of(events, journal.TESTS)}
    for test in tests:
        phases[of_step[test['step']]][test['outcome']] += 1
    return phases


def _tests(events: Events,
           found: abc.Iterable[findings.Finding]) -> list[Report]:
    """Return every test with the step that ran it.

    The outcome of a failed test is KNOWN if none of its findings counts.
    """
    found = list(found)
    tests = [{'step': event['step'], **{name: test[name] for name in _TEST}}
             for event in _of(events, journal.TESTS)
             for test in event['data']['tests']]
    for test in tests:
        if test['outcome'] == stestr_runner.FAILED and matching.is_excused(
                matching.of_test(found, test['step'], test['id'])):
            test['outcome'] = KNOWN
    return tests
