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

"""A run with faked actions, for the tests of the runner."""

import pathlib
import types

import fixtures
import testtools

from heat_upgrade import errors
from heat_upgrade.plan import planner
from heat_upgrade.results import findings
from heat_upgrade.results import journal as journals
from heat_upgrade.run import runner

SELECTORS = ('--strategy', 'cold', '--seed', '7')
TEST = 'heat_integrationtests.scenarios.test_a.TestA.test_it'


class Release:
    """A release with the attributes that the runner reads."""

    def __init__(self, name, version):
        self.name, self.version, self.source = name, version, None
        self.kind = 'series'

    def describe(self):
        return {'name': self.name, 'version': self.version,
                'kind': self.kind}


class Child:
    """A process of the cloud."""

    def __init__(self, name):
        self.name, self.log = name, pathlib.Path(f'/logs/{name}.log')
        self.status = None

    def died(self):
        return self.status

    def check(self):
        if self.status is not None:
            raise errors.ProcessDied(f'{self.name} ended', log=self.log)

    def last_words(self, lines):
        return f'the last words of {self.name}'


class Cloud:
    """A cloud of two processes, of which only the engine is Heat's."""

    def __init__(self):
        self.mariadb, self.engine = Child('mariadb'), Child('heat-engine')
        self.heat_processes = [self.engine]

    def died(self):
        return [child for child in (self.mariadb, self.engine)
                if child.died() is not None]


def step(name, blame=planner.HEAT, **more):
    return planner.Step(
        name,
        f'do_{name}',
        f'title of {name}',
        blame=blame,
        failure_class=None if blame == planner.LAB else 2,
        **more,
    )


class RunnerCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.home = self.useFixture(fixtures.TempDir()).path
        self.done = []
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.lab.resource_usage.cpu_seconds', lambda marker: 1.0))

    def set_when_found(self, event):
        """Have an event set as soon as a finding is journaled."""
        original = runner.Run.finding

        def finding(run, found):
            original(run, found)
            event.set()
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.run.runner.Run.finding', finding))

    def run_plan(self, *stages, do=(), scenarios='', selectors=SELECTORS,
                 **options):
        """Execute a plan; returns the run.

        :param stages: each a step, or a tuple of lanes
        :param do: {name of a step: function of (run, step)}
        :param selectors: command line options that make the plan again
        """
        stages = tuple(
            ((stage,),) if isinstance(stage, planner.Step) else stage
            for stage in stages)
        plan = planner.Plan('cold', '2026.1', '2026.2', 7, scenarios, stages,
                            options=selectors)
        do = dict(do)

        def action(run, step):
            self.done.append(step.name)
            return do.get(step.name, lambda run, step: {})(run, step)
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.run.actions.registry.BY_NAME',
            {step.action: action for step in plan.steps}))
        journal = journals.Journal(self.home)
        self.addCleanup(journal.close)
        run = runner.Run(
            plan, base=Release('2026.1', '26.0.2'),
            target=Release('2026.2', '27.0.1'), journal=journal,
            workspace=types.SimpleNamespace(
                marker='m', run_dir=pathlib.Path(self.home)), **options)
        run.cloud = Cloud()
        run.execute()
        return run

    def events(self, kind):
        return [event for event in journals.read(self.home)
                if event['kind'] == kind]

    def outcomes(self):
        return {event['step']: event['data']['outcome']
                for event in self.events(journals.STEP_END)}

    def found(self):
        return [findings.from_dict(event['data']['finding'])
                for event in self.events(journals.FINDING)]


def fails(exc):
    def action(run, step):
        raise exc
    return action
