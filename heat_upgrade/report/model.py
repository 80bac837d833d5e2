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

"""Makes the report of a run, as data, from its run directory alone."""

import pathlib

from heat_upgrade import control
from heat_upgrade import errors
from heat_upgrade import findings
from heat_upgrade import journal as journals
from heat_upgrade import plan as plans
from heat_upgrade.probes import records
from heat_upgrade.report import groups
from heat_upgrade.report import load
from heat_upgrade import suites
from heat_upgrade import verdict as verdicts

# Outcomes of a step that had no end, and of one that never had its turn.
# Of tests: failed, and shown, and not counted.
KNOWN = 'known'

CUT_OFF = 'cut off'
NOT_REACHED = 'not reached'


def make(run_dir):
    """Return the report of a run, with all that DESIGN.md promises.

    :param run_dir: the run directory
    :returns: dict as report.json has it
    :raises: :class:`errors.UsageError` if it is not the directory of a run
    """
    run_dir = pathlib.Path(run_dir)
    try:
        plan = plans.from_json((run_dir / plans.FILE).read_text())
        events = journals.read(run_dir)
        available = records.make(run_dir, events)
    except (FileNotFoundError, NotADirectoryError, ValueError) as exc:
        raise errors.UsageError(
            f'{run_dir} is not the directory of a run: {exc}') from exc
    first, last = (events[0], events[-1]) if events else (None, None)
    start = _data(events, journals.RUN_START)
    found = control.mark(_findings(events), _of_control(run_dir))
    steps = _steps(plan, events)
    phases = _phases(plan, events, found)
    finished = bool(_of(events, journals.RUN_END))
    measures = _of(events, journals.MEASURE)
    executed = {name: one['passed'] + one['failed'] + one[KNOWN]
                for name, one in phases.items()}
    return {
        'verdict': verdicts.verdict(found, executed, finished=finished),
        'finished': finished,
        'in_flight': _in_flight(events, found),
        'load': load.make(run_dir, records.spans(events), found),
        'controlled': control.run_dir(run_dir).is_dir(),
        'base': start.get('base', {'name': plan.base}),
        'target': start.get('target', {'name': plan.target}),
        'strategy': plan.strategy,
        'seed': plan.seed,
        'scenarios': plan.scenarios,
        'nodes': plan.nodes,
        'vhost': plan.vhost,
        'profile': plan.profile,
        'choices': plan.choices,
        'started': first and first['time'],
        'duration_s': (round(last['monotonic'] - first['monotonic'], 2)
                       if events else 0),
        'steps': steps,
        'phases': phases,
        'tests': _tests(events),
        'findings': [finding.as_dict() for finding in found],
        'availability': available,
        'cpu_s': _data(events, journals.RUN_END).get('cpu_s'),
        'peak_memory_bytes': max(
            (event['data']['peak_memory'] for event in measures), default=0),
        'reproduce': start.get('reproduce', ''),
        'run_dir': str(run_dir.resolve()),
    }


def _findings(events):
    return [findings.from_dict(event['data']['finding'])
            for event in _of(events, journals.FINDING)]


def _of_control(run_dir):
    """Return what the control of a run found, nothing if there was none."""
    try:
        return _findings(journals.read(control.run_dir(run_dir)))
    except (FileNotFoundError, ValueError):
        return []


def _in_flight(events, found):
    """Return how each operation in flight ended.

    :returns: dicts as the journal has them, with step and origin: of its
        finding, '' if there is none
    """
    flown = []
    for event in _of(events, journals.IN_FLIGHT):
        one = event['data']
        about = f'{one["case"]}, {one["disruption"]}:'
        flown.append({'step': event['step'], **one, 'origin': next(
            (finding.origin for finding in found
             if finding.step == event['step']
             and finding.title.startswith(about)), '')})
    return flown


def _of(events, kind):
    return [event for event in events if event['kind'] == kind]


def _data(events, kind):
    found = _of(events, kind)
    return found[0]['data'] if found else {}


def _steps(plan, events):
    """Return what became of each step; times in seconds since the start."""
    starts = {event['step']: event
              for event in _of(events, journals.STEP_START)}
    ends = {event['step']: event for event in _of(events, journals.STEP_END)}
    origin = events[0]['monotonic'] if events else 0
    steps = []
    for step in plan.steps:
        start, end = starts.get(step.name), ends.get(step.name)
        one = {
            'name': step.name, 'title': step.title, 'command': step.command,
            'start': start and round(start['monotonic'] - origin, 2),
            'end': end and round(end['monotonic'] - origin, 2),
            'outcome': (end['data']['outcome'] if end
                        else CUT_OFF if start else NOT_REACHED),
        }
        if end:
            one.update((name, value) for name, value in end['data'].items()
                       if name != 'outcome')
        steps.append(one)
    return steps


def _phases(plan, events, found):
    """Return the number of tests by phase and outcome.

    A test that failed and does not count is neither passed nor failed.
    """
    phases = {step.phase: dict.fromkeys(
        (suites.PASSED, suites.FAILED, suites.SKIPPED, KNOWN), 0)
        for step in plan.steps if step.phase}
    known = {(finding.step, finding.test) for finding in found
             if finding.origin in groups.NOT_COUNTED and finding.test}
    for event in _of(events, journals.TESTS):
        for test in event['data']['tests']:
            outcome = test['outcome']
            if (event['step'], test['id']) in known:
                outcome = KNOWN
            phases[event['data']['phase']][outcome] += 1
    return phases


def _tests(events):
    """Return every test with the step that ran it."""
    return [{'step': event['step'], **test}
            for event in _of(events, journals.TESTS)
            for test in event['data']['tests']]
