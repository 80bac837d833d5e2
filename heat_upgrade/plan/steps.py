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

"""The steps that strategies are made of: one function for each."""

from heat_upgrade.plan import model

# Predicted seconds, as measured with warm caches on two cores.
DRAIN, STOP_ENGINE, START_ENGINE, CHANGE_API, QUEUES = 1, 12, 6, 6, 1


def environments():
    return model.Step(
        'environments', 'environments', 'install both releases',
        command='uv pip install openstack-heat', seconds=1)


def checks():
    """Return the step of the static checks.

    What it takes when both releases have been read before; the first time it
    is half a minute.
    """
    return model.Step(
        'checks', 'check', 'compare the releases before anything is started',
        command='heat-upgrade check all', seconds=3, phase='checks')


def base_up(*, nodes=1):
    several = f' on {nodes} nodes' if nodes > 1 else ''
    return model.Step(
        'base-up', 'base_up', f'start a cloud with the base release{several}',
        side=model.BASE, seconds=6 + 3 * nodes)


def pre_upgrade():
    return model.Step(
        'pre-upgrade', 'suite', 'create and record',
        command='tox -e pre-upgrade', side=model.BASE, seconds=20,
        phase='pre-upgrade', kinds=('pre',))


def verify_base():
    return model.Step(
        'verify-base', 'suite', 'all is as recorded', side=model.BASE,
        seconds=6, phase='pre-upgrade', kinds=('verify',))


def smoke_base():
    return model.Step(
        'smoke-base', 'suite', 'the base works', command='tox -e smoke',
        side=model.BASE, seconds=22, phase='pre-upgrade', kinds=('smoke',))


def save_database():
    return model.Step(
        'save-database', 'save_database', 'save the database',
        command='mariadb-dump heat', seconds=0.2)


def upgrade_check():
    return model.Step(
        'upgrade-check', 'upgrade_check', "Heat's own check",
        command='heat-status upgrade check', side=model.TARGET,
        blame=model.HEAT, failure_class=4, seconds=1)


def db_sync():
    return model.Step(
        'db-sync', 'db_sync', 'migrate the database',
        command='heat-manage db_sync', side=model.TARGET, blame=model.HEAT,
        failure_class=1, seconds=3)


def verify_target():
    return model.Step(
        'verify-target', 'suite', 'all is as recorded', side=model.TARGET,
        blame=model.HEAT, failure_class=2, seconds=6, phase='post-upgrade',
        kinds=('verify',))


def post_upgrade(name='post-upgrade'):
    return model.Step(
        name, 'suite', 'update, delete, nothing is left',
        command='tox -e post-upgrade', side=model.TARGET, blame=model.HEAT,
        failure_class=2, seconds=25, phase='post-upgrade', kinds=('post',))


def smoke_target():
    return model.Step(
        'smoke-target', 'suite', 'the target works', command='tox -e smoke',
        side=model.TARGET, blame=model.HEAT, failure_class=6, seconds=20,
        phase='post-upgrade', kinds=('smoke',))


def destroy():
    return model.Step(
        'destroy', 'destroy', "remove the tests' account",
        command='tox -e destroy', side=model.TARGET, blame=model.HEAT,
        failure_class=3, seconds=3)


def account():
    return model.Step(
        'account', 'account', 'compare what exists with what Heat knows',
        side=model.TARGET, blame=model.HEAT, failure_class=3, seconds=1)


def down():
    return model.Step('down', 'down', 'stop the cloud', seconds=1,
                      always=True)


def prepare(cases, suffix='', *, upgrading=True):
    """Make the stacks whose operations will be in flight.

    :param upgrading: whether the upgrade has begun; before it nothing is
        Heat's failure
    """
    return cases and model.Step(
        f'prepare{suffix}', 'prepare', 'make the stacks of work in flight',
        side=model.BASE, blame=model.HEAT if upgrading else model.LAB,
        failure_class=5 if upgrading else None,
        seconds=4 + len(cases) * 0.4, cases=cases) or None


def park(cases, suffix='', *, upgrading=True):
    """Start the operations, each until it is parked for certain.

    :param upgrading: as for :func:`prepare`
    """
    return cases and model.Step(
        f'park{suffix}', 'park', 'start operations and park them',
        side=model.BASE, blame=model.HEAT if upgrading else model.LAB,
        failure_class=2 if upgrading else None,
        seconds=2 + len(cases) * 0.2, cases=cases) or None


def settle(cases, disruption, suffix=''):
    """Let them go on, and see how they end."""
    return cases and model.Step(
        f'settle{suffix}', 'settle',
        'verify the outcome of in-flight operations',
        side=model.TARGET, blame=model.HEAT, failure_class=2,
        seconds=8 + len(cases) * 0.5, cases=cases, disruption=disruption
    ) or None


def make_orphans():
    """Create the stacks that a killed engine will have left behind."""
    return model.Step(
        'make-orphans', 'make_orphans', 'create stacks to be orphaned',
        side=model.BASE, seconds=6)


def leave_orphans():
    """Write what an engine leaves in the database when it is killed."""
    return model.Step(
        'leave-orphans', 'leave_orphans',
        'orphan stacks as a killed engine does', side=model.BASE,
        seconds=0.4)


def recover_orphans():
    return model.Step(
        'recover-orphans', 'recover_orphans',
        'recover the stacks of a dead engine', side=model.TARGET,
        blame=model.HEAT, failure_class=2, seconds=25)


def stop_base(killed=''):
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


def probe():
    return model.Step(
        'probes', 'probe', 'start the probes', side=model.BASE, seconds=4)


def unprobe():
    return model.Step(
        'end-of-probes', 'unprobe', 'stop the probes, and judge',
        side=model.TARGET, blame=model.HEAT, failure_class=8, seconds=6)


def watch():
    return model.Step(
        'watch', 'watch', 'start the load and the probes', side=model.BASE,
        seconds=5)


def unwatch():
    return model.Step(
        'unwatch', 'unwatch', 'stop the load and the probes, and judge',
        side=model.TARGET, blame=model.HEAT, failure_class=8, seconds=15)


# Of a rolling upgrade: what is done to one node.

def add_vhost(name):
    return model.Step(
        'add-vhost', 'add_vhost', 'a virtual host for the new release',
        command=f'rabbitmqctl add_vhost {name}', seconds=1)


def drain(node, suffix=''):
    return model.Step(
        f'drain-{node}{suffix}', 'drain', f'take {node} out of rotation',
        command=f'set server heat-api/{node} state drain', node=node,
        seconds=DRAIN)


def ready(node, suffix=''):
    return model.Step(
        f'ready-{node}{suffix}', 'ready', f'take {node} back into rotation',
        command=f'set server heat-api/{node} state ready', node=node,
        blame=model.HEAT, failure_class=8, seconds=DRAIN)


def stop_engine(node, disruption, side, suffix=''):
    """Stop an engine of a side; how, the disruption says."""
    killed = disruption == model.KILL
    return model.Step(
        f'stop-engine-{node}{suffix}', 'stop_engine',
        (f'kill the engine of {node}' if killed
         else f'stop the engine of {node} gracefully'),
        command=(f'systemctl kill -s KILL heat-engine  # on {node}' if killed
                 else f'systemctl stop heat-engine  # on {node}'),
        node=node, service='engine', disruption=disruption, side=side,
        seconds=1 if killed else STOP_ENGINE)


def start_engine(node, side, suffix=''):
    return model.Step(
        f'start-engine-{node}{suffix}', 'start_service',
        f'start the engine of {node} with the {side} release',
        command=f'systemctl start heat-engine  # on {node}', node=node,
        service='engine', side=side, blame=model.HEAT, failure_class=4,
        seconds=START_ENGINE)


def change_api(node, side, suffix=''):
    return model.Step(
        f'change-api-{node}{suffix}', 'change_api',
        f'restart the APIs of {node} with the {side} release',
        command=f'systemctl restart heat-api heat-api-cfn  # on {node}',
        node=node, service='api', side=side, blame=model.HEAT,
        failure_class=4, seconds=CHANGE_API)


def queues(node, side, suffix=''):
    """The guide's rule about the last engine of a release."""
    return model.Step(
        f'queues-{node}{suffix}', 'queues',
        'wait until no message waits for the last engine',
        command='rabbitmqctl list_queues', node=node, side=side,
        seconds=QUEUES)


def left_in_queues(node, side, suffix=''):
    return model.Step(
        f'left-in-queues-{node}{suffix}', 'left_in_queues',
        'no message is left that nobody will ever read',
        command='rabbitmqctl list_queues', node=node, side=side,
        blame=model.HEAT, failure_class=5, seconds=QUEUES)


def fault(kind, suffix=''):
    """Something that happens to the cloud, and passes."""
    title, command, seconds = {
        model.CUT_BROKER: ('cut every connection to the broker',
                           'rabbitmqctl close_all_connections', 1),
        model.SLOW_DATABASE: ('let the database answer slowly',
                              'FLUSH TABLES WITH READ LOCK', 5),
    }[kind]
    return model.Step(f'{kind}{suffix}', 'fault', title, command=command,
                      fault=kind, seconds=seconds)


# Of a mixed state: what is asserted of it.

def verify_mixed(suffix=''):
    return model.Step(
        f'verify-mixed{suffix}', 'suite', 'all is as recorded',
        command='tox -e mixed-upgrade', blame=model.HEAT, failure_class=2,
        seconds=8, phase='mixed', kinds=('verify',))


def smoke_mixed(node, suffix=''):
    return model.Step(
        f'smoke-{node}{suffix}', 'suite', f'the API of {node} works',
        blame=model.HEAT, failure_class=5, seconds=40, phase='mixed',
        kinds=('smoke',), node=node)


def cross_mixed(suffix=''):
    return model.Step(
        f'cross{suffix}', 'suite', 'begun on one release, done on the other',
        blame=model.HEAT, failure_class=5, seconds=40, phase='mixed',
        kinds=('cross',))
