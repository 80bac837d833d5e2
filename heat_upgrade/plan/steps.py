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

"""The steps of all strategies: one function for each."""

from heat_upgrade.plan import model

# Predicted seconds, measured with warm caches on two cores.
DRAIN, STOP_ENGINE, START_ENGINE, CHANGE_API, QUEUES = 1, 12, 6, 6, 1


def environments() -> model.Step:
    return model.Step(
        'environments', 'environments', 'install both releases',
        command='uv pip install openstack-heat', seconds=1)


def checks() -> model.Step:
    """Return the step of the static checks.

    The prediction is for two releases whose readings are in the cache; the
    first comparison takes half a minute.
    """
    return model.Step(
        'checks', 'check', 'compare the releases before the cloud starts',
        command='heat-upgrade check all', seconds=3, phase='checks')


def base_up(*, nodes: int = 1) -> model.Step:
    several = f' on {nodes} nodes' if nodes > 1 else ''
    return model.Step(
        'base-up', 'base_up', f'start a cloud with the base release{several}',
        side=model.BASE, seconds=6 + 3 * nodes)


def pre_upgrade() -> model.Step:
    return model.Step(
        'pre-upgrade', 'suite', 'create and record resources',
        command='tox -e pre-upgrade', side=model.BASE, seconds=20,
        phase='pre-upgrade', kinds=('pre',))


def verify_base() -> model.Step:
    return model.Step(
        'verify-base', 'suite', 'compare resources with their records',
        side=model.BASE, seconds=6, phase='pre-upgrade', kinds=('verify',))


def smoke_base() -> model.Step:
    return model.Step(
        'smoke-base', 'suite', 'run smoke tests on the base release',
        command='tox -e smoke', side=model.BASE, seconds=22,
        phase='pre-upgrade', kinds=('smoke',))


def save_database() -> model.Step:
    return model.Step(
        'save-database', 'save_database', 'save the database',
        command='mariadb-dump heat', seconds=0.2)


def upgrade_check() -> model.Step:
    return model.Step(
        'upgrade-check', 'upgrade_check', "run Heat's own upgrade check",
        command='heat-status upgrade check', side=model.TARGET,
        blame=model.HEAT, failure_class=4, seconds=1)


def db_sync() -> model.Step:
    return model.Step(
        'db-sync', 'db_sync', 'migrate the database',
        command='heat-manage db_sync', side=model.TARGET, blame=model.HEAT,
        failure_class=1, seconds=3)


def verify_target() -> model.Step:
    return model.Step(
        'verify-target', 'suite', 'compare resources with their records',
        side=model.TARGET, blame=model.HEAT, failure_class=2, seconds=6,
        phase='post-upgrade', kinds=('verify',))


def post_upgrade() -> model.Step:
    return model.Step(
        'post-upgrade', 'suite', 'update and delete the recorded stacks',
        command='tox -e post-upgrade', side=model.TARGET, blame=model.HEAT,
        failure_class=2, seconds=25, phase='post-upgrade', kinds=('post',))


def smoke_target() -> model.Step:
    return model.Step(
        'smoke-target', 'suite', 'run smoke tests on the target release',
        command='tox -e smoke', side=model.TARGET, blame=model.HEAT,
        failure_class=6, seconds=20, phase='post-upgrade', kinds=('smoke',))


def destroy() -> model.Step:
    return model.Step(
        'destroy', 'destroy', "remove the tests' account",
        command='tox -e destroy', side=model.TARGET, blame=model.HEAT,
        failure_class=3, seconds=3)


def account() -> model.Step:
    return model.Step(
        'account', 'account', "compare existing resources with Heat's records",
        side=model.TARGET, blame=model.HEAT, failure_class=3, seconds=1)


def down() -> model.Step:
    return model.Step('down', 'down', 'stop the cloud', seconds=1,
                      always=True)


def prepare(cases: tuple[str, ...], suffix: str = '', *,
            upgrading: bool = True) -> model.Step | None:
    """Create the stacks of the in-flight operations.

    :param upgrading: whether the upgrade has begun; a failure before it is
        the lab's
    """
    if not cases:
        return None
    return model.Step(
        f'prepare{suffix}', 'prepare',
        'create the stacks of in-flight operations',
        side=model.BASE, blame=model.HEAT if upgrading else model.LAB,
        failure_class=5 if upgrading else None,
        seconds=4 + len(cases) * 0.4, cases=cases)


def park(cases: tuple[str, ...], suffix: str = '', *,
         upgrading: bool = True) -> model.Step | None:
    """Start the operations, and wait until each is at its hold point.

    :param upgrading: as for :func:`prepare`
    """
    if not cases:
        return None
    return model.Step(
        f'park{suffix}', 'park', 'start operations and hold them in flight',
        side=model.BASE, blame=model.HEAT if upgrading else model.LAB,
        failure_class=2 if upgrading else None,
        seconds=2 + len(cases) * 0.2, cases=cases)


def settle(cases: tuple[str, ...], disruption: str,
           suffix: str = '') -> model.Step | None:
    """Release the operations, and judge their outcome."""
    if not cases:
        return None
    return model.Step(
        f'settle{suffix}', 'settle',
        'verify the outcome of in-flight operations',
        side=model.TARGET, blame=model.HEAT, failure_class=2,
        seconds=8 + len(cases) * 0.5, cases=cases, disruption=disruption)


def make_orphans() -> model.Step:
    """Create the stacks that a killed engine will orphan."""
    return model.Step(
        'make-orphans', 'make_orphans', 'create stacks to be orphaned',
        side=model.BASE, seconds=6)


def leave_orphans() -> model.Step:
    """Put the database into the state that a killed engine leaves behind."""
    return model.Step(
        'leave-orphans', 'leave_orphans',
        'orphan stacks as a killed engine does', side=model.BASE,
        seconds=0.4)


def recover_orphans() -> model.Step:
    return model.Step(
        'recover-orphans', 'recover_orphans',
        'recover the orphaned stacks', side=model.TARGET,
        blame=model.HEAT, failure_class=2, seconds=25)


def age_rows() -> model.Step:
    """Create stacks, and give them rows that only old clouds hold."""
    return model.Step(
        'age-rows', 'age_rows', 'create stacks with rows of old releases',
        side=model.BASE, seconds=20)


def use_aged_rows() -> model.Step:
    return model.Step(
        'aged-rows', 'use_aged_rows',
        'update and delete the stacks with rows of old releases',
        side=model.TARGET, blame=model.HEAT, failure_class=2, seconds=25)


def check_profile(side: str) -> model.Step:
    """Check the expectations of the profile.

    :param side: BASE or TARGET
    """
    upgraded = side == model.TARGET
    return model.Step(
        f'profile-{side}', 'check_profile',
        'check the expectations of the profile', side=side,
        blame=model.HEAT if upgraded else model.LAB,
        failure_class=4 if upgraded else None, seconds=0.4)


def stop_base(killed: str = '') -> model.Step:
    """Stop Heat.

    :param killed: name of the node whose engine is killed, '' for none
    """
    if not killed:
        return model.Step(
            'stop-base', 'stop_base', 'stop Heat and let it drain',
            command='systemctl stop heat-api heat-api-cfn heat-engine',
            side=model.BASE, seconds=15)
    return model.Step(
        'stop-base', 'stop_base', f'stop Heat; kill the engine of {killed}',
        command='systemctl kill -s KILL heat-engine; '
                'systemctl stop heat-api heat-api-cfn heat-engine',
        side=model.BASE, node=killed, disruption=model.KILL, seconds=3)


def probe() -> model.Step:
    return model.Step(
        'probes', 'probe', 'start the probes', side=model.BASE, seconds=4)


def fill(stacks: int, events: int) -> model.Step:
    """Clone stacks; 300 microseconds a stack and 20 an event."""
    return model.Step(
        'fill', 'fill', f'fill the database with {stacks} stacks',
        side=model.BASE, seconds=15 + stacks * 0.003 + events * 0.00002,
        volume=stacks, events=events)


def full(stacks: int | None, events: int | None
         ) -> tuple[model.Stages, model.Stages]:
    """Return the stages that fill and measure, on the base and the target.

    They run alone: other work would be measured too.

    :param stacks: None for no measurement
    """
    if stacks is None:
        return (), ()
    return ((model.alone(fill(stacks, events or 0)),
             model.alone(measure(model.BASE))),
            (model.alone(measure(model.TARGET)),))


def measure(side: str) -> model.Step:
    """Measure a release on the full database."""
    upgraded = side == model.TARGET
    return model.Step(
        f'measure-{side}', 'measure',
        f'measure the {side} release on the full database',
        side=side, blame=model.HEAT if upgraded else model.LAB,
        failure_class=8 if upgraded else None, seconds=60)


def unprobe() -> model.Step:
    return model.Step(
        'end-of-probes', 'unprobe', 'stop the probes and check their budgets',
        side=model.TARGET, blame=model.HEAT, failure_class=8, seconds=6)


def watch() -> model.Step:
    return model.Step(
        'watch', 'watch', 'start the traffic and the probes',
        side=model.BASE, seconds=5)


def unwatch() -> model.Step:
    return model.Step(
        'unwatch', 'unwatch', 'stop and judge the traffic and the probes',
        side=model.TARGET, blame=model.HEAT, failure_class=8, seconds=15)


# Steps of a rolling upgrade, for one node.

def add_vhost(name: str) -> model.Step:
    return model.Step(
        'add-vhost', 'add_vhost', 'add a virtual host for the target release',
        command=f'rabbitmqctl add_vhost {name}', seconds=1)


def drain(node: str, suffix: str = '') -> model.Step:
    return model.Step(
        f'drain-{node}{suffix}', 'drain', f'take {node} out of rotation',
        command=f'set server heat-api/{node} state drain', node=node,
        seconds=DRAIN)


def ready(node: str, suffix: str = '') -> model.Step:
    return model.Step(
        f'ready-{node}{suffix}', 'ready', f'take {node} back into rotation',
        command=f'set server heat-api/{node} state ready', node=node,
        blame=model.HEAT, failure_class=8, seconds=DRAIN)


def stop_engine(node: str, disruption: str, side: str,
                suffix: str = '') -> model.Step:
    """Stop or kill an engine.

    :param side: the release that it runs
    """
    killed = disruption == model.KILL
    return model.Step(
        f'stop-engine-{node}{suffix}', 'stop_engine',
        (f'kill the engine of {node}' if killed
         else f'stop the engine of {node} gracefully'),
        command=(f'systemctl kill -s KILL heat-engine  # on {node}' if killed
                 else f'systemctl stop heat-engine  # on {node}'),
        node=node, service='engine', disruption=disruption, side=side,
        seconds=1 if killed else STOP_ENGINE)


def start_engine(node: str, side: str, suffix: str = '') -> model.Step:
    return model.Step(
        f'start-engine-{node}{suffix}', 'start_service',
        f'start the engine of {node} with the {side} release',
        command=f'systemctl start heat-engine  # on {node}', node=node,
        service='engine', side=side, blame=model.HEAT, failure_class=4,
        seconds=START_ENGINE)


def change_api(node: str, side: str, suffix: str = '') -> model.Step:
    return model.Step(
        f'change-api-{node}{suffix}', 'change_api',
        f'restart the APIs of {node} with the {side} release',
        command=f'systemctl restart heat-api heat-api-cfn  # on {node}',
        node=node, service='api', side=side, blame=model.HEAT,
        failure_class=4, seconds=CHANGE_API)


def queues(node: str, side: str, suffix: str = '') -> model.Step:
    """Wait for empty queues, the guide's rule for a release's last engine."""
    return model.Step(
        f'queues-{node}{suffix}', 'queues',
        'wait until no message waits for the last engine',
        command='rabbitmqctl list_queues', node=node, side=side,
        seconds=QUEUES)


def left_in_queues(node: str, side: str, suffix: str = '') -> model.Step:
    return model.Step(
        f'left-in-queues-{node}{suffix}', 'left_in_queues',
        'check for orphaned messages',
        command='rabbitmqctl list_queues', node=node, side=side,
        blame=model.HEAT, failure_class=5, seconds=QUEUES)


def fault(kind: str, suffix: str = '') -> model.Step:
    """Inject a temporary fault into the cloud."""
    title, command, seconds = {
        model.CUT_BROKER: ('cut every connection to the broker',
                           'rabbitmqctl close_all_connections', 1),
        model.SLOW_DATABASE: ('delay every write to the database',
                              'FLUSH TABLES WITH READ LOCK', 5),
    }[kind]
    return model.Step(f'{kind}{suffix}', 'fault', title, command=command,
                      fault=kind, seconds=seconds)


# Assertions in a state of mixed versions.

def verify_mixed(suffix: str = '') -> model.Step:
    return model.Step(
        f'verify-mixed{suffix}', 'suite',
        'compare resources with their records',
        command='tox -e mixed-upgrade', blame=model.HEAT, failure_class=2,
        seconds=8, phase='mixed', kinds=('verify',))


def smoke_mixed(node: str, suffix: str = '') -> model.Step:
    return model.Step(
        f'smoke-{node}{suffix}', 'suite',
        f'run smoke tests through the API of {node}',
        blame=model.HEAT, failure_class=5, seconds=40, phase='mixed',
        kinds=('smoke',), node=node)


def mixed_version(suffix: str = '') -> model.Step:
    return model.Step(
        f'mixed-version{suffix}', 'suite',
        'start operations on one release, finish them on the other',
        blame=model.HEAT, failure_class=5, seconds=40, phase='mixed',
        kinds=('mixed-version',))
