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

"""Synthetic runs: a plan, and a journal with fixed times."""

import datetime
import json
import pathlib

from heat_upgrade.plan import planner
from heat_upgrade.results import findings
from heat_upgrade.results import journal


def _step(name, title, **fields):
    return planner.Step(name, name.replace('-', '_'), title, **fields)


# Not a plan of any strategy, so that those can change: one step of a kind.
PLAN = planner.Plan(
    strategy='cold', base='2026.1', target='2026.2', seed=7, scenarios='',
    stages=(
        ((_step('base-up', 'start a cloud', seconds=10),),),
        ((_step('pre-upgrade', 'create and record', phase='pre-upgrade',
                command='tox -e pre-upgrade', kinds=('pre',), seconds=20),),),
        ((_step('during-upgrade', 'test resources while Heat is down',
                blame='heat', failure_class=3, phase='during-upgrade',
                seconds=5, kinds=('during',)),),
         (_step('save-database', 'save the database', seconds=0.2),
          _step('db-sync', 'migrate', blame='heat', failure_class=1,
                command='heat-manage db_sync', seconds=3))),
        ((_step('start-target', 'start the target', blame='heat',
                failure_class=4, seconds=5),),),
        ((_step('verify-target', 'verify; smoke', blame='heat',
                failure_class=2, phase='post-upgrade', seconds=15,
                kinds=('verify', 'smoke')),),),
        ((_step('down', 'stop the cloud', always=True, seconds=5),),),
    ))
START = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)
AGAIN = 'heat-upgrade run --from 2026.1 --to 2026.2'

# {step: {ID of a test: outcome}}
TESTS = {
    'checks': {'checks.config': 'passed'},
    'pre-upgrade': {'scenarios.test_a.TestA.test_pre': 'passed',
                    'scenarios.test_b.TestB.test_pre': 'passed'},
    'during-upgrade': {'scenarios.test_a.TestA.test_during': 'passed',
                       'scenarios.test_b.TestB.test_during': 'skipped'},
    'verify-target': {'scenarios.test_a.TestA.test_verify': 'passed',
                      'smoke.test_stack.TestStack.test_create': 'passed'},
}


def tests(step, *, failed=()):
    """Return the test results that a step journals."""
    return [{'id': f'heat_integrationtests.{name}',
             'outcome': 'failed' if name in failed else outcome,
             'seconds': 1.5, 'cause': '', 'failure_class': None,
             'known_on_base': False,
             'details': {'passed': '', 'skipped': 'reason: no swift'}.get(
                 'failed' if name in failed else outcome,
                 'traceback: MismatchError: the id changed')}
            for name, outcome in TESTS[step].items()]


def finding(step, *, test=None, **changes):
    """Return a finding of Heat, with some fields changed."""
    return findings.make(**{
        'rule': 'test.failed' if test else 'step.failed',
        'subject': test or step, 'failure_class': 2, 'step': step,
        'title': f'{test or step} failed',
        'evidence': 'Traceback (most recent call last):\nMismatchError',
        'reproduce': AGAIN, 'test': test, 'log': f'/logs/{step}.log',
        **changes})


class Story:
    """Writes the journal of a run, two seconds for each step."""

    def __init__(self, run_dir, plan=PLAN, known_failures=()):
        self.run_dir = pathlib.Path(run_dir)
        self.plan = plan
        (self.run_dir / planner.FILE).write_text(plan.as_json())
        self._now = 0.0
        self._lines = []
        self.event(journal.RUN_START, base={
            'name': '2026.1', 'kind': 'series', 'version': '26.0.2'},
            target={'name': '2026.2', 'kind': 'series',
                    'version': '27.0.1'}, reproduce=AGAIN, marker='0',
            reference='27.0.1', known_failures=[
                entry.as_dict() for entry in known_failures])

    def event(self, kind, step=None, **data):
        self._lines.append(json.dumps({
            'time': (START + datetime.timedelta(seconds=self._now)
                     ).isoformat(timespec='milliseconds'),
            'monotonic': 1000 + self._now, 'kind': kind, 'step': step,
            'data': data}))
        self.write()

    def write(self):
        (self.run_dir / journal.FILE).write_text(
            ''.join(f'{line}\n' for line in self._lines))

    def begin(self, step):
        self.event(journal.STEP_START, step.name, title=step.title)
        self._now += 2

    def end(self, step, outcome='ok', **measured):
        self.event(journal.STEP_END, step.name, outcome=outcome, seconds=2.0,
                   cpu_s=1.25, **measured)

    def finding(self, found):
        self.event(journal.FINDING, found.step, finding=found.as_dict())

    def tell(self, *, until=None, failing=(), found=()):
        """Write the events of all steps up to one.

        :param failing: names of steps that fail; later steps are skipped
        :param found: findings, each journaled in its step
        """
        broken = False
        for step in self.plan.steps:
            if step.name == until:
                self.begin(step)
                return self
            if broken and not step.always:
                self.event(journal.STEP_END, step.name, outcome='skipped',
                           seconds=0, cpu_s=0)
                continue
            self.begin(step)
            own = [one for one in found if one.step == step.name]
            for one in own:
                self.finding(one)
            measured = {}
            if step.name in TESTS:
                noted = tests(step.name, failed=[
                    one.test.removeprefix('heat_integrationtests.')
                    for one in own if one.test])
                self.event(journal.TESTS, step.name, phase=step.phase,
                           tests=noted)
                measured = {word: sum(one['outcome'] == word
                                      for one in noted)
                            for word in ('passed', 'failed', 'skipped')}
            if step.name == 'start-target' and step.name not in failing:
                self.event(journal.PROBE, probe='heat-api', sent=120,
                           failed=90, longest_gap_s=9.25)
            self.event(journal.MEASURE, peak_memory=2**30)
            broken = broken or step.name in failing
            failed = step.name in failing or measured.get('failed')
            self.end(step, 'failed' if failed else 'ok', **measured)
        self.event(journal.RUN_END, cpu_s=10.0)
        return self
