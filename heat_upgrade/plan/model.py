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

"""The data of a plan: stages of lanes of steps."""

import dataclasses
import json
import re
import typing

from heat_integrationtests import catalogue
from heat_upgrade import errors
from heat_upgrade.inflight import expected_outcomes
from heat_upgrade.lab.physical import selection
from heat_upgrade.lab import profiles

VERSION = 2

# The plan's file in a run directory.
FILE = 'plan.json'

COLD, ROLLING, PARTIAL = 'cold', 'rolling', 'partial'
STRATEGIES = (COLD, ROLLING, PARTIAL)

# One RabbitMQ virtual host for each release, as Heat's guide requires, or one
# for both.
PER_RELEASE, SHARED = 'per-release', 'shared'
VHOSTS = (PER_RELEASE, SHARED)

# Ways to stop an engine that holds operations.
DISRUPTIONS = expected_outcomes.DISRUPTIONS
GRACEFUL, KILL, LAST_ENGINE = DISRUPTIONS

# Faults injected into the cloud between two steps.
CUT_BROKER, SLOW_DATABASE = 'cut-broker', 'slow-database'
FAULTS = (CUT_BROKER, SLOW_DATABASE)

BASE, TARGET = 'base', 'target'
SIDES = (BASE, TARGET)

# Where to look for the cause of a failed step. It is the lab's before the
# target runs, and for everything that belongs to this tool.
LAB, HEAT = 'lab', 'heat'


@dataclasses.dataclass(frozen=True)
class Step:
    """One action of a plan.

    :ivar name: unique in its plan
    :ivar action: a key of :data:`heat_upgrade.run.actions.registry.BY_NAME`
    :ivar title: short description, for people
    :ivar command: the command that an operator would use, '' if none
    :ivar side: BASE, TARGET, or ''
    :ivar blame: LAB or HEAT: where to look for the cause of a failure
    :ivar failure_class: class of the finding of a failure, None if blame is
        LAB
    :ivar seconds: predicted duration, with warm caches on two cores
    :ivar phase: the phase whose tests it runs, '' if none
    :ivar kinds: kinds of tests that it runs
    :ivar always: run it even after a failed step
    :ivar node: the node that it acts on, '' for none or all
    :ivar service: the service that it acts on there
    :ivar cases: IDs of its cases of in-flight operations
    :ivar disruption: one of DISRUPTIONS: how it stops an engine, or how the
        engine of its cases was stopped
    :ivar fault: one of FAULTS, '' if none
    :ivar volume: number of stacks that it clones
    :ivar events: number of events that it adds to them
    """

    name: str
    action: str
    title: str
    command: str = ''
    side: str = ''
    blame: str = LAB
    failure_class: int | None = None
    seconds: float = 0
    phase: str = ''
    kinds: tuple[str, ...] = ()
    always: bool = False
    node: str = ''
    service: str = ''
    cases: tuple[str, ...] = ()
    disruption: str = ''
    fault: str = ''
    volume: int = 0
    events: int = 0


# Steps run one after the other, and lanes side by side.
Lane = tuple[Step, ...]
Stage = tuple[Lane, ...]
Stages = tuple[Stage, ...]


@dataclasses.dataclass(frozen=True)
class Plan:
    """The steps of a run, and the arguments that they were made from.

    :ivar strategy: one of STRATEGIES
    :ivar base: release as the caller named it
    :ivar target: release as the caller named it
    :ivar seed: seed for random choices
    :ivar scenarios: regular expression of the tests to run, '' for all
    :ivar stages: see :mod:`heat_upgrade.plan.planner`
    :ivar nodes: number of nodes of the cloud
    :ivar vhost: one of VHOSTS
    :ivar profile: names of :mod:`heat_upgrade.lab.profiles`, with commas
    :ivar tier: one of :data:`heat_integrationtests.catalogue.TIERS`
    :ivar scenario_path: directories with further scenarios by data
    :ivar services: names of other services of the cloud; see
        :mod:`heat_upgrade.lab.physical.selection`
    :ivar choices: choices of the seed, see :mod:`heat_upgrade.plan.variation`
    :ivar options: command line options that make this plan again from its
        seed; empty if none do, as after shrinking
    """

    strategy: str
    base: str
    target: str
    seed: int
    scenarios: str
    stages: Stages
    nodes: int = 1
    vhost: str = PER_RELEASE
    profile: str = profiles.STANDARD
    tier: str = catalogue.STANDARD
    scenario_path: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    choices: dict[str, typing.Any] = dataclasses.field(default_factory=dict)
    options: tuple[str, ...] = ()

    @property
    def steps(self) -> list[Step]:
        """All steps, in the order of a report."""
        return [step for stage in self.stages for lane in stage
                for step in lane]

    @property
    def seconds(self) -> float:
        """Predicted duration of the whole."""
        return sum(max(sum(step.seconds for step in lane) for lane in stage)
                   for stage in self.stages)

    def as_json(self) -> str:
        """Return the plan as JSON text, one line for each step."""
        head = {'version': VERSION, **vars(self)}
        del head['stages']
        lines = [f'  "{name}": {json.dumps(value)},\n'
                 for name, value in head.items()]
        stages = ',\n'.join(
            '    [' + ',\n     '.join(
                '[' + ',\n      '.join(_as_json(step) for step in lane) + ']'
                for lane in stage) + ']' for stage in self.stages)
        return '{\n' + ''.join(lines) + f'  "stages": [\n{stages}\n  ]\n}}\n'


_DEFAULTS = {field.name: field.default for field in dataclasses.fields(Step)}


def _as_json(step: Step) -> str:
    """Return a step as JSON, without fields that have their default value."""
    return json.dumps({name: value for name, value in vars(step).items()
                       if value != _DEFAULTS[name]})


def from_json(text: str) -> Plan:
    """Return the plan that :meth:`Plan.as_json` wrote.

    :raises: :class:`errors.UsageError` if it is not a plan, or has a version
        that this tool does not know
    """
    try:
        data = json.loads(text)
        version = data.pop('version')
        if version != VERSION:
            raise errors.UsageError(
                f'the plan has version {version}; this tool knows version '
                f'{VERSION}')
        data['stages'] = tuple(
            tuple(tuple(_step(step) for step in lane) for lane in stage)
            for stage in data['stages'])
        for name in ('options', 'scenario_path', 'services'):
            data[name] = tuple(data.get(name, ()))
        plan = Plan(**data)
        re.compile(f'(?=.*(?:{plan.scenarios})).')
        if not plan.steps or plan.strategy not in STRATEGIES:
            raise ValueError('no steps, or an unknown strategy')
        profiles.parse(plan.profile)
        if plan.tier not in catalogue.TIERS:
            raise ValueError(f'there is no tier {plan.tier!r}')
        if not set(plan.services) <= set(selection.SERVICES):
            raise ValueError(f'unknown services in {plan.services}')
        return plan
    except (AttributeError, KeyError, TypeError, ValueError,
            re.error) as exc:
        raise errors.UsageError(f'this is not a plan: {exc!r}') from exc


def _step(data: dict[str, typing.Any]) -> Step:
    fields: dict[str, typing.Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in data.items()}
    return Step(**fields)


def alone(step: Step) -> Stage:
    """Return a stage of one step."""
    return ((step,),)


def lanes(*steps: Step | None) -> Stage:
    """Return a lane for each step that is not None."""
    return tuple((step,) for step in steps if step is not None)
