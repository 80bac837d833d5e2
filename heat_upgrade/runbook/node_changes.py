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

"""The change of one node to the other release, in a rolling upgrade.

Source: Heat's doc/source/operating_guides/upgrades_guide.rst, "Rolling
Upgrades", and heat_upgrade/plan/rolling.py, which executes the same order.
"""

from heat_upgrade.inflight import evidence
from heat_upgrade.runbook import deployment as deployments
from heat_upgrade.runbook import evidence as evidences
from heat_upgrade.runbook import model

# The engines that a command may reach: one row for each worker, "up".
ENGINES = 'openstack orchestration service list -f value -c Host -c Status'

# Formatted with a virtual host.
QUEUES = 'rabbitmqctl --silent list_queues -p {} name messages_ready'

_APIS = (deployments.API, deployments.CFN)


def change(facts: evidences.Evidence, deployment: deployments.Deployment,
           node: str, side: str, *, number: int | None, last: bool
           ) -> list[model.Action]:
    """Return the actions that change one node to the other release.

    An API in the rotation needs an engine of its own release. Therefore the
    last engine of the other release stops after the APIs of its node, when
    its queues are empty.

    :param side: BASE or TARGET, the side after the change
    :param number: of the node in the run, from 1; None for unmeasured actions
    :param last: whether the other nodes have changed already
    """
    def measured(step: str) -> float | None:
        return (None if number is None
                else facts.seconds.get(f'{step}-node-{number}'))

    upgrading = side == model.TARGET
    start = deployment.start if upgrading else deployment.start_base
    stop_engine = model.Action(
        f'Stop the engine of {node}', where=node,
        commands=deployment.stop((deployments.ENGINE,)),
        expected='The process ends by itself, within a minute.',
        seconds=measured('stop-engine'))
    start_engine = model.Action(
        f'Start the engine of {node} with the {side}', where=node,
        commands=(*start((deployments.ENGINE,)), ENGINES),
        expected=f'The last command prints "{node} up" within a minute.',
        seconds=measured('start-engine'))
    change_apis = model.Action(
        f'Restart the APIs of {node} with the {side}', where=node,
        commands=(*deployment.stop(_APIS), *start(_APIS)),
        expected=f'http://{node}:8004/ lists its versions.',
        seconds=measured('change-api'))
    ready = _rotation(node, 'ready')
    order = ([change_apis, ready,
              _queues(deployment, side, measured('queues')),
              stop_engine, start_engine] if last else
             [stop_engine, start_engine, change_apis, ready])
    code = (deployment.install(node) if upgrading
            else deployment.reinstall(node))
    return [_rotation(node, 'drain'), *(
        (code,) if code and deployment.in_place else ()),
        configure(deployment, node, side), *order]


def configure(deployment: deployments.Deployment, node: str, side: str
              ) -> model.Action:
    """Return the change of a node's configuration for the next start."""
    vhost, changes = ((deployment.target_vhost, 'Make')
                      if side == model.TARGET
                      else (deployment.vhost, 'Take back'))
    return model.Action(
        f'Configure {node} for the {side}', where=node,
        expected='/etc/heat/heat.conf has the new transport_url; no service '
                 'was restarted.',
        notes=(f'Write the virtual host {vhost} at the end of transport_url. '
               f'{changes} your changes for the target.',))


def _queues(deployment: deployments.Deployment, side: str,
            seconds: float | None) -> model.Action:
    """Return the wait for the queues of the release that is left."""
    left, vhost = ((model.BASE, deployment.vhost) if side == model.TARGET
                   else (model.TARGET, deployment.target_vhost))
    return model.Action(
        f'Wait for empty queues of the {left}', where=model.BROKER,
        commands=(QUEUES.format(vhost),), seconds=seconds,
        expected=f'{" and ".join(evidence.WORK_QUEUES)} have 0 messages. '
                 'Repeat the command until then. Replies to a stopped process '
                 'stay in queues with other names.')


def _rotation(node: str, state: str) -> model.Action:
    """Return the change of a node's state in HAProxy."""
    drained = (' Wait until the node has no session in "show stat".'
               if state == 'drain' else '')
    return model.Action(
        f'Set {node} to {state} in HAProxy', where=model.LOAD_BALANCER,
        commands=tuple(
            f'echo "set server {service}/{node} state {state}" | '
            'socat stdio /run/haproxy/admin.sock'
            for service in _APIS),
        expected=f'HAProxy prints an empty line.{drained}')
