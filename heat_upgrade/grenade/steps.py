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

"""The steps of a grenade run, as a plan that a report is made of."""

import re

from heat_integrationtests import phases
from heat_upgrade.plan import model
from heat_upgrade.plan import planner

CREATE = 'create'
SMOKE_BASE = 'smoke-base'
SHUTDOWN = 'shutdown'
DOWN = 'down'
DURING = 'during-upgrade'
KEEP = 'keep-configuration'
CHECKS = 'checks'
UPGRADE_CHECK = 'upgrade-check'
DB_SYNC = 'db-sync'
UP = 'up'
SMOKE_TARGET = 'smoke-target'
POST = 'post-upgrade'
MIXED = 'mixed'
DESTROY = 'destroy'

# The first step of a run, and the last.
FIRST, LAST = CREATE, DESTROY


def plan(surroundings, *, scenarios=''):
    """Return the plan of a run: what each call of a script will do.

    :param surroundings: :class:`surroundings.Surroundings`
    :param scenarios: regular expression of the tests to run, '' for all
    """
    partial = surroundings.partial
    left_out = set()
    if not _is_smoke(scenarios):
        # Who wants one scenario does not want to wait for smoke tests.
        left_out |= {SMOKE_BASE, SMOKE_TARGET}
    if not surroundings.static_checks:
        left_out.add(CHECKS)
    if surroundings.heat_registered:
        # Heat's own plugin migrates; that we cannot look at.
        left_out.add(DB_SYNC)
    return planner.Plan(
        strategy=model.PARTIAL if partial else model.COLD,
        base=surroundings.base_branch or 'base',
        target=surroundings.target_branch or 'target', seed=0,
        scenarios=scenarios, nodes=1 + len(surroundings.subnodes),
        stages=tuple(model.alone(step) for step in (
            *_before(), *_upgrade(), *(_mixed() if partial else _after()),
            _destroy()) if step.name not in left_out))


def step(name, surroundings):
    """Return the step of this name."""
    return next(one for one in plan(surroundings).steps if one.name == name)


def _is_smoke(scenarios):
    return any(re.search(scenarios, test)
               for test in phases.scenario_tests('smoke'))


def _before():
    return (
        model.Step(CREATE, CREATE, 'create and record, and compare once',
                   command='resources.sh create', side=model.BASE,
                   phase='pre-upgrade', kinds=('pre', 'verify')),
        model.Step(SMOKE_BASE, 'verify', 'the base works',
                   command='resources.sh verify pre-upgrade',
                   side=model.BASE, phase='pre-upgrade', kinds=('smoke',)),
        model.Step(KEEP, KEEP, 'keep the old configuration',
                   command='shutdown.sh', side=model.BASE),
        model.Step(SHUTDOWN, SHUTDOWN, 'stop Heat',
                   command='shutdown.sh', side=model.BASE, blame=model.HEAT,
                   failure_class=8),
        model.Step(DOWN, DOWN, 'nothing of Heat runs or listens',
                   side=model.BASE, blame=model.HEAT, failure_class=8),
        model.Step(DURING, 'verify-noapi', 'what outlives Heat is alive',
                   command='resources.sh verify_noapi pre-upgrade',
                   blame=model.HEAT, failure_class=3, phase='during-upgrade',
                   kinds=('during',)))


def _upgrade():
    return (
        # What it finds is Heat's; that it cannot be run is not.
        model.Step(CHECKS, CHECKS, 'compare options and schema',
                   command='heat-upgrade check', phase='checks'),
        model.Step(UPGRADE_CHECK, UPGRADE_CHECK, "Heat's own check",
                   command='heat-status upgrade check', side=model.TARGET,
                   blame=model.HEAT, failure_class=4),
        model.Step(DB_SYNC, DB_SYNC, 'migrate the database',
                   command='heat-manage db_sync', side=model.TARGET,
                   blame=model.HEAT, failure_class=1),
        model.Step(UP, UP, 'the target answers, and its engines are up',
                   side=model.TARGET, blame=model.HEAT, failure_class=4))


def _after():
    return (
        model.Step(SMOKE_TARGET, 'verify', 'the target works',
                   command='resources.sh verify post-upgrade',
                   side=model.TARGET, blame=model.HEAT, failure_class=6,
                   phase='post-upgrade', kinds=('smoke',)),
        model.Step(POST, 'verify', 'compare, update, delete',
                   command='resources.sh verify post-upgrade',
                   side=model.TARGET, blame=model.HEAT, failure_class=2,
                   phase='post-upgrade', kinds=('verify', 'post')))


def _mixed():
    return (
        model.Step(MIXED, 'verify', 'two releases side by side',
                   command='resources.sh verify post-upgrade',
                   blame=model.HEAT, failure_class=5, phase='mixed',
                   kinds=('verify', 'smoke', 'cross')),)


def _destroy():
    return model.Step(
        DESTROY, DESTROY, "remove the tests' account",
        command='resources.sh destroy', side=model.TARGET, blame=model.HEAT,
        failure_class=3, always=True)
