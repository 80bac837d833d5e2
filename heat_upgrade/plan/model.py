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

"""What a plan is: stages of lanes of steps, as data."""

import dataclasses
import json
import re

from heat_upgrade import errors
from heat_upgrade.lab import profiles

VERSION = 2

# Its name in a run directory.
FILE = 'plan.json'

COLD, ROLLING, PARTIAL = 'cold', 'rolling', 'partial'
STRATEGIES = (COLD, ROLLING, PARTIAL)

# A virtual host of RabbitMQ for each release, as Heat's guide tells to, or
# one for both.
PER_RELEASE, SHARED = 'per-release', 'shared'
VHOSTS = (PER_RELEASE, SHARED)

# What happens to the engine that has work in hand: it is asked to stop, it
# is killed, or it is asked to stop as the last one of its release.
GRACEFUL, KILL, LAST_ENGINE = 'graceful', 'kill', 'last-engine'
DISRUPTIONS = (GRACEFUL, KILL, LAST_ENGINE)

# What is done to the cloud while nobody expects it.
CUT_BROKER, SLOW_DATABASE = 'cut-broker', 'slow-database'
FAULTS = (CUT_BROKER, SLOW_DATABASE)

# How the lab's Heat talks through RabbitMQ: in a way in which a graceful stop
# loses no message, or by Heat's own defaults.

BASE, TARGET = 'base', 'target'

# Who is to blame when a step fails: before the target is there, and for what
# belongs to us, it is the lab.
LAB, HEAT = 'lab', 'heat'


@dataclasses.dataclass(frozen=True)
class Step:
    """One thing to do.

    :ivar name: unique in its plan
    :ivar action: what the runner does, see
        :mod:`heat_upgrade.run.actions.registry`
    :ivar title: what it is, for people
    :ivar command: what an operator would type for it, '' if nothing
    :ivar side: BASE, TARGET, or ''
    :ivar blame: LAB or HEAT: whose failure it is if it fails
    :ivar failure_class: class of the finding if it fails, None for the lab's
    :ivar seconds: predicted time, with warm caches on two cores
    :ivar phase: the phase whose tests it runs, '' if none
    :ivar kinds: kinds of tests that it runs
    :ivar always: done even when a step before it has failed
    :ivar node: the node that it acts on, '' if none or all
    :ivar service: the service that it acts on there
    :ivar cases: ids of the cases of work in flight that it is about
    :ivar disruption: one of DISRUPTIONS: what those cases have met, or what
        it does to an engine
    :ivar fault: one of FAULTS, '' if none
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


@dataclasses.dataclass(frozen=True)
class Plan:
    """What a run will do.

    :ivar strategy: one of STRATEGIES
    :ivar base: release as the caller named it
    :ivar target: release as the caller named it
    :ivar seed: what the random choices were made from
    :ivar scenarios: regular expression of the tests to run, '' for all
    :ivar stages: see the package
    :ivar nodes: how many nodes the cloud has
    :ivar vhost: one of VHOSTS
    :ivar profile: one of :data:`heat_upgrade.lab.profiles.PROFILES`
    :ivar choices: what the seed drew, see :mod:`heat_upgrade.plan.variation`
    :ivar options: the words of a command line that make it again from its
        seed; empty if none do, as after shrinking
    """

    strategy: str
    base: str
    target: str
    seed: int
    scenarios: str
    stages: tuple[tuple[tuple[Step, ...], ...], ...]
    nodes: int = 1
    vhost: str = PER_RELEASE
    profile: str = profiles.STANDARD
    choices: dict = dataclasses.field(default_factory=dict)
    options: tuple[str, ...] = ()

    @property
    def steps(self):
        """All steps, in the order of their names in a report."""
        return [step for stage in self.stages for lane in stage
                for step in lane]

    @property
    def seconds(self):
        """Predicted time of the whole."""
        return sum(max(sum(step.seconds for step in lane) for lane in stage)
                   for stage in self.stages)

    def as_json(self):
        """Return it as text: a line for each step, with what it says."""
        known = {'version': VERSION, **vars(self)}
        del known['stages']
        lines = [f'  "{name}": {json.dumps(value)},\n'
                 for name, value in known.items()]
        stages = ',\n'.join(
            '    [' + ',\n     '.join(
                '[' + ',\n      '.join(_told(step) for step in lane) + ']'
                for lane in stage) + ']' for stage in self.stages)
        return '{\n' + ''.join(lines) + f'  "stages": [\n{stages}\n  ]\n}}\n'


_DEFAULTS = {field.name: field.default for field in dataclasses.fields(Step)}


def _told(step):
    """Return a step as JSON, without what is as it is by default."""
    return json.dumps({name: value for name, value in vars(step).items()
                       if value != _DEFAULTS[name]})


def from_json(text):
    """Return the plan of what :meth:`Plan.as_json` returned.

    :raises: :class:`errors.UsageError` if it is not a plan, or of a version
        that this tool does not know
    """
    try:
        data = json.loads(text)
        version = data.pop('version')
        if version != VERSION:
            raise errors.UsageError(
                f'the plan is of version {version}; this tool knows version '
                f'{VERSION}')
        data['stages'] = tuple(
            tuple(tuple(_step(step) for step in lane) for lane in stage)
            for stage in data['stages'])
        data['options'] = tuple(data.get('options', ()))
        plan = Plan(**data)
        re.compile(f'(?=.*(?:{plan.scenarios})).')
        if not plan.steps or plan.strategy not in STRATEGIES:
            raise ValueError('no steps, or an unknown strategy')
        if plan.profile not in profiles.PROFILES:
            raise ValueError(f'no profile is called {plan.profile!r}')
        return plan
    except (AttributeError, KeyError, TypeError, ValueError,
            re.error) as exc:
        raise errors.UsageError(f'this is not a plan: {exc!r}') from exc


def _step(data):
    """Return the step that :func:`_told` told of."""
    return Step(**{name: tuple(value) if isinstance(value, list) else value
                   for name, value in data.items()})


def alone(step):
    """Return a stage of one step."""
    return ((step,),)


def lanes(*steps):
    """Return lanes of one step each; what is None is left out."""
    return tuple((step,) for step in steps if step is not None)
