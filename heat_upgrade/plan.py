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

"""Makes the plan of a run: what will be done, in order, as data.

A plan is stages, one after the other; a stage is lanes, side by side; a lane
is steps, one after the other. The functions here are pure: the same arguments
give the same plan on every machine.
"""

import dataclasses
import json
import re

from heat_upgrade import errors

VERSION = 1

# Its name in a run directory.
FILE = 'plan.json'

COLD = 'cold'
STRATEGIES = (COLD,)

BASE, TARGET = 'base', 'target'

# Who is to blame when a step fails: before the target is there, and for what
# belongs to us, it is the lab.
LAB, HEAT = 'lab', 'heat'


@dataclasses.dataclass(frozen=True)
class Step:
    """One thing to do.

    :ivar name: unique in its plan
    :ivar action: what the runner does, see :mod:`heat_upgrade.actions`
    :ivar title: what it is, for people
    :ivar command: what an operator would type for it, '' if nothing
    :ivar side: BASE, TARGET, or ''
    :ivar blame: LAB or HEAT: whose failure it is if it fails
    :ivar failure_class: class of the finding if it fails, None for the lab's
    :ivar seconds: predicted time, with warm caches on two cores
    :ivar phase: the phase whose tests it runs, '' if none
    :ivar kinds: kinds of tests that it runs
    :ivar always: done even when a step before it has failed
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


@dataclasses.dataclass(frozen=True)
class Plan:
    """What a run will do.

    :ivar strategy: one of STRATEGIES
    :ivar base: release as the caller named it
    :ivar target: release as the caller named it
    :ivar seed: what the random choices were made from
    :ivar scenarios: regular expression of the tests to run, '' for all
    :ivar stages: see the module
    """

    strategy: str
    base: str
    target: str
    seed: int
    scenarios: str
    stages: tuple[tuple[tuple[Step, ...], ...], ...]

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
        return json.dumps({'version': VERSION, **dataclasses.asdict(self)},
                          indent=2) + '\n'


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
            tuple(tuple(Step(**{**step, 'kinds': tuple(step['kinds'])})
                        for step in lane) for lane in stage)
            for stage in data['stages'])
        plan = Plan(**data)
        re.compile(f'(?=.*(?:{plan.scenarios})).')
        if not plan.steps or plan.strategy not in STRATEGIES:
            raise ValueError('no steps, or an unknown strategy')
        return plan
    except (AttributeError, KeyError, TypeError, ValueError) as exc:
        raise errors.UsageError(f'this is not a plan: {exc!r}') from exc


def make(strategy, *, base, target, seed=0, scenarios=''):
    """Return the plan of a strategy.

    :param strategy: one of STRATEGIES
    :param base: name of a release
    :param target: name of a release
    :param seed: integer from which all random choices are made; a cold
        upgrade has none
    :param scenarios: regular expression of the tests to run, '' for all
    :raises: :class:`errors.UsageError` for an unknown strategy
    """
    if strategy not in STRATEGIES:
        raise errors.UsageError(
            f'strategy {strategy!r} is not known; there are: '
            + ', '.join(STRATEGIES))
    return Plan(strategy=strategy, base=base, target=target, seed=seed,
                scenarios=scenarios, stages=_cold(smoke=not scenarios))


def _cold(*, smoke):
    """Everything down, migrate, everything up (Heat's upgrades guide).

    :param smoke: whether to run the smoke tests; who wants one scenario does
        not want to wait for them
    """
    return (
        _alone(Step(
            'environments', 'environments', 'install both releases',
            command='uv pip install openstack-heat', seconds=1)),
        _alone(Step(
            'base-up', 'base_up', 'start a cloud with the base release',
            side=BASE, seconds=8)),
        # Smoke tests touch nothing that a scenario has made: they fill the
        # time in which the others wait for Heat.
        (
            (Step(
                'pre-upgrade', 'suite', 'create and record',
                command='tox -e pre-upgrade', side=BASE, seconds=18,
                phase='pre-upgrade', kinds=('pre',)),
             Step(
                'verify-base', 'suite', 'all is as recorded', side=BASE,
                seconds=6, phase='pre-upgrade', kinds=('verify',))),
            *_lane(smoke, Step(
                'smoke-base', 'suite', 'the base works',
                command='tox -e smoke', side=BASE, seconds=20,
                phase='pre-upgrade', kinds=('smoke',))),
        ),
        _alone(Step(
            'stop-base', 'stop_base', 'stop Heat and let it drain',
            command='systemctl stop heat-api heat-api-cfn heat-engine',
            side=BASE, seconds=7)),
        # While Heat is down nothing but time is lost: what the during tests
        # touch is not what the migration touches.
        (
            (Step(
                'during-upgrade', 'suite', 'what outlives Heat is alive',
                command='tox -e during-upgrade', blame=HEAT,
                failure_class=3, seconds=5, phase='during-upgrade',
                kinds=('during',)),),
            (Step(
                'save-database', 'save_database', 'save the database',
                command='mariadb-dump heat', seconds=0.2),
             Step(
                'upgrade-check', 'upgrade_check', "Heat's own check",
                command='heat-status upgrade check', side=TARGET,
                blame=HEAT, failure_class=4, seconds=1),
             Step(
                'db-sync', 'db_sync', 'migrate the database',
                command='heat-manage db_sync', side=TARGET, blame=HEAT,
                failure_class=1, seconds=3)),
        ),
        _alone(Step(
            'start-target', 'start_target', 'start the target release',
            command='systemctl start heat-engine heat-api heat-api-cfn',
            side=TARGET, blame=HEAT, failure_class=4, seconds=5)),
        (
            (Step(
                'verify-target', 'suite', 'all is as recorded', side=TARGET,
                blame=HEAT, failure_class=2, seconds=6,
                phase='post-upgrade', kinds=('verify',)),
             Step(
                'post-upgrade', 'suite', 'update, delete, nothing is left',
                command='tox -e post-upgrade', side=TARGET, blame=HEAT,
                failure_class=2, seconds=25, phase='post-upgrade',
                kinds=('post',))),
            *_lane(smoke, Step(
                'smoke-target', 'suite', 'the target works',
                command='tox -e smoke', side=TARGET, blame=HEAT,
                failure_class=6, seconds=20, phase='post-upgrade',
                kinds=('smoke',))),
        ),
        _alone(Step(
            'destroy', 'destroy', "remove the tests' account",
            command='tox -e destroy', side=TARGET, blame=HEAT,
            failure_class=3, seconds=3)),
        _alone(Step(
            'down', 'down', 'stop the cloud', seconds=1, always=True)),
    )


def _alone(step):
    return ((step,),)


def _lane(wanted, step):
    return ((step,),) if wanted else ()
