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

"""The steps of a grenade run, as a plan for the report."""

import re

from heat_integrationtests import catalogue
from heat_upgrade.grenade import environment
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


def plan(settings: environment.Settings, *, scenarios: str = ''
         ) -> planner.Plan:
    """Return the plan of a run, with the steps of all calls of the scripts.

    :param scenarios: regular expression of the tests to run, '' for all
    """
    partial = settings.partial
    left_out = set()
    if not _is_smoke(scenarios):
        # A user who selects scenarios does not want to wait for smoke tests.
        left_out |= {SMOKE_BASE, SMOKE_TARGET}
    if not settings.static_checks:
        left_out.add(CHECKS)
    if settings.heat_registered:
        # Heat's own plugin migrates, and we cannot observe that.
        left_out.add(DB_SYNC)
    return planner.Plan(
        strategy=model.PARTIAL if partial else model.COLD,
        base=settings.base_branch or 'base',
        target=settings.target_branch or 'target', seed=0,
        scenarios=scenarios, tier=settings.tier,
        nodes=1 + len(settings.subnodes),
        stages=tuple(model.alone(step) for step in (
            *_before(), *_upgrade(), *(_mixed() if partial else _after()),
            _destroy()) if step.name not in left_out))


def step(name: str, settings: environment.Settings) -> model.Step:
    """Return the step of this name."""
    return next(step for step in plan(settings).steps if step.name == name)


def _is_smoke(scenarios: str) -> bool:
    return any(re.search(scenarios, test)
               for test in catalogue.smoke_tests())


def _before() -> tuple[model.Step, ...]:
    return (
        model.Step(CREATE, CREATE, 'create, record and compare resources',
                   command='resources.sh create', side=model.BASE,
                   phase='pre-upgrade', kinds=('pre', 'verify')),
        model.Step(SMOKE_BASE, 'verify', 'run smoke tests on the base release',
                   command='resources.sh verify pre-upgrade',
                   side=model.BASE, phase='pre-upgrade', kinds=('smoke',)),
        model.Step(KEEP, KEEP, 'save the old configuration',
                   command='shutdown.sh', side=model.BASE),
        model.Step(SHUTDOWN, SHUTDOWN, 'stop Heat',
                   command='shutdown.sh', side=model.BASE, blame=model.HEAT,
                   failure_class=8),
        model.Step(DOWN, DOWN, 'verify that Heat is down',
                   side=model.BASE, blame=model.HEAT, failure_class=8),
        model.Step(DURING, 'verify-noapi', 'test resources while Heat is down',
                   command='resources.sh verify_noapi pre-upgrade',
                   blame=model.HEAT, failure_class=3, phase='during-upgrade',
                   kinds=('during',)))


def _upgrade() -> tuple[model.Step, ...]:
    return (
        # Its findings are about Heat, but a failure to run is ours.
        model.Step(CHECKS, CHECKS, 'compare options and schema',
                   command='heat-upgrade check', phase='checks'),
        model.Step(UPGRADE_CHECK, UPGRADE_CHECK,
                   "run Heat's own upgrade check",
                   command='heat-status upgrade check', side=model.TARGET,
                   blame=model.HEAT, failure_class=4),
        model.Step(DB_SYNC, DB_SYNC, 'migrate the database',
                   command='heat-manage db_sync', side=model.TARGET,
                   blame=model.HEAT, failure_class=1),
        model.Step(UP, UP, 'verify that the target and its engines are up',
                   side=model.TARGET, blame=model.HEAT, failure_class=4))


def _after() -> tuple[model.Step, ...]:
    return (
        model.Step(SMOKE_TARGET, 'verify',
                   'run smoke tests on the target release',
                   command='resources.sh verify post-upgrade',
                   side=model.TARGET, blame=model.HEAT, failure_class=6,
                   phase='post-upgrade', kinds=('smoke',)),
        model.Step(POST, 'verify', 'compare, update and delete the resources',
                   command='resources.sh verify post-upgrade',
                   side=model.TARGET, blame=model.HEAT, failure_class=2,
                   phase='post-upgrade', kinds=('verify', 'post')))


def _mixed() -> tuple[model.Step, ...]:
    return (
        model.Step(MIXED, 'verify', 'test mixed versions',
                   command='resources.sh verify post-upgrade',
                   blame=model.HEAT, failure_class=5, phase='mixed',
                   kinds=('verify', 'smoke', 'mixed-version')),)


def _destroy() -> model.Step:
    return model.Step(
        DESTROY, DESTROY, "remove the tests' account",
        command='resources.sh destroy', side=model.TARGET, blame=model.HEAT,
        failure_class=3, always=True)
