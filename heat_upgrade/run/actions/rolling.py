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

"""Actions of a rolling upgrade, on one node at a time."""

from collections import abc
import time
import typing

from heat_upgrade import errors
from heat_upgrade.inflight import evidence
from heat_upgrade.lab import cloud as clouds
from heat_upgrade.lab import heat_client
from heat_upgrade.lab import log_errors
from heat_upgrade.lab import node as nodes
from heat_upgrade.lab.services import heat
from heat_upgrade.plan import model
from heat_upgrade.plan import planner
from heat_upgrade.plan import rolling
from heat_upgrade import process
from heat_upgrade.results import findings
from heat_upgrade.run.actions import common
from heat_upgrade.run import disturbances
from heat_upgrade import waiting

if typing.TYPE_CHECKING:
    from heat_upgrade.run import runner

# An operator's patience before the last engine of a release is stopped.
QUEUES_TIMEOUT = 60
# A query costs half a second of CPU.
QUEUES_INTERVAL = 0.5

Measured = dict[str, typing.Any]
Logged = dict[process.Process, int]


def add_vhost(run: 'runner.Run', step: planner.Step) -> Measured:
    """Add the virtual host of the target release."""
    common.existing(run.cloud, 'cloud').rabbitmq.add_vhost(
        rolling.TARGET_VHOST)
    return {'vhost': rolling.TARGET_VHOST}


def drain(run: 'runner.Run', step: planner.Step) -> Measured:
    """Take a node out of HAProxy's rotation."""
    common.existing(run.cloud, 'cloud').haproxy.drain(step.node)
    return {}


def ready(run: 'runner.Run', step: planner.Step) -> Measured:
    """Take a node into HAProxy's rotation, once it serves."""
    cloud = common.existing(run.cloud, 'cloud')
    node = cloud.nodes[step.node]
    cloud.check_answer(node)
    cloud.haproxy.ready(step.node)
    return {'release': node.environment.version}


def stop_engine(run: 'runner.Run', step: planner.Step) -> Measured:
    """Stop the engine of a node gracefully, or kill it."""
    cloud = common.existing(run.cloud, 'cloud')
    engine = cloud.nodes[step.node].process(heat.ENGINE)
    if step.disruption == model.KILL:
        run.note_fault('SIGKILL', step.node)
        engine.kill()
        return {'killed': True}
    engine.ask_to_stop()
    run.release([step.node])
    seconds, killed = engine.stop()
    if killed:
        run.finding(findings.make(
            'service.killed-at-stop', engine.name,
            f'{engine.name} did not stop gracefully and was killed',
            f'{seconds:.1f} s after SIGTERM\n{engine.last_words(20)}',
            step=step.name, log=str(engine.log)))
    return {'drained_s': round(seconds, 2), 'killed': killed}


def _deploy(run: 'runner.Run', step: planner.Step,
            services: abc.Iterable[str]) -> nodes.Node:
    """Install the release of the step's side on its node."""
    cloud = common.existing(run.cloud, 'cloud')
    node = cloud.nodes[step.node]
    vhost = (rolling.TARGET_VHOST if step.side == planner.TARGET
             and run.plan.vhost == planner.PER_RELEASE
             else cloud.rabbitmq.vhost)
    for service in services:
        node.deploy(service, run.environments[step.side], side=step.side,
                    vhost=vhost)
    return node


def start_service(run: 'runner.Run', step: planner.Step) -> Measured:
    """Start the engine of a node with the release of a side."""
    node = _deploy(run, step, [step.service])
    logged = _logged([node.process(step.service)])
    node.start(step.service)
    run.restarted = time.monotonic()
    _report_tracebacks(run, step, logged)
    return {'release': run.environments[step.side].version}


def change_api(run: 'runner.Run', step: planner.Step) -> Measured:
    """Restart heat-api and heat-api-cfn of a node with another release."""
    node = common.existing(run.cloud, 'cloud').nodes[step.node]
    services = (heat.API, heat.CFN)
    stopped = {service: node.process(service).stop() for service in services}
    _deploy(run, step, services)
    logged = _logged([node.process(service) for service in services])
    for service in services:
        node.begin(service)
    for service in services:
        node.wait_ready(service)
    run.restarted = time.monotonic()
    _report_tracebacks(run, step, logged)
    return {'release': node.environment.version,
            'stopped_s': {service: round(seconds, 2)
                          for service, (seconds, _) in stopped.items()}}


def _logged(processes: abc.Sequence[process.Process]) -> Logged:
    """Return the size of each log so far, 0 for a missing log."""
    return {**dict.fromkeys(processes, 0), **log_errors.sizes(processes)}


def _report_tracebacks(run: 'runner.Run', step: planner.Step,
                       logged: Logged) -> None:
    """Make a finding of the tracebacks logged since a start."""
    shown = log_errors.of_start_since(logged)
    if shown:
        run.finding(findings.make(
            'service.traceback-at-start', step.node,
            f'{step.node} logs a traceback when it starts', shown,
            step=step.name))


def _waiting(cloud: clouds.Cloud, vhost: str) -> dict[str, int]:
    """Return {queue: messages} of the work that no engine has taken."""
    return {queue.name: queue.messages
            for queue in cloud.rabbitmq.queues(vhost)
            if queue.messages and queue.name in evidence.WORK_QUEUES}


def _vhost(cloud: clouds.Cloud, step: planner.Step) -> str:
    return cloud.nodes[step.node].deployed[heat.ENGINE].vhost


def queues(run: 'runner.Run', step: planner.Step) -> Measured:
    """Wait until no message waits in the queues, as the guide requires."""
    cloud = common.existing(run.cloud, 'cloud')
    vhost = _vhost(cloud, step)
    seen: list[dict[str, int]] = []

    def empty() -> bool:
        seen.append(_waiting(cloud, vhost))
        return not seen[-1]
    try:
        waiting.wait_until(empty, timeout=QUEUES_TIMEOUT,
                           interval=QUEUES_INTERVAL,
                           what=f'the queues of {vhost} to be empty')
    except errors.WaitTimeout:
        run.finding(findings.make(
            'queue.not-empty', vhost,
            f'the queues of {vhost} do not become empty',
            f'{seen[-1]} after {QUEUES_TIMEOUT} s', step=step.name))
    return {'vhost': vhost, 'looks': len(seen), 'messages': seen[-1]}


def left_in_queues(run: 'runner.Run', step: planner.Step) -> Measured:
    """Make a finding of orphaned messages."""
    cloud = common.existing(run.cloud, 'cloud')
    vhost = _vhost(cloud, step)
    left = _waiting(cloud, vhost)
    if left:
        run.finding(findings.make(
            'queue.orphaned-messages', step.side,
            f'messages are left in the queues of the {step.side} after its '
            'last engine has stopped',
            f'{vhost}: {left}; no engine listens there '
            "(the warning of Heat's guide of rolling upgrades)",
            step=step.name, facts={
                'messages': sum(left.values()), 'base_shows':
                step.side == planner.BASE}))
    return {'vhost': vhost, 'messages': left}


def fault(run: 'runner.Run', step: planner.Step) -> Measured:
    """Inject a fault, and wait until every node answers again."""
    cloud = common.existing(run.cloud, 'cloud')
    run.note_fault(step.fault)
    measured = disturbances.BY_NAME[step.fault](cloud)
    for node in cloud.nodes.values():
        _wait_for_answer(cloud, node)
    return measured


def _wait_for_answer(cloud: clouds.Cloud, node: nodes.Node) -> None:
    def answers() -> bool:
        answer = heat_client.Api(cloud.identity, node.api_url).call(
            'GET', 'stacks?limit=1')
        return answer.status == 200
    waiting.wait_until(
        answers, timeout=heat_client.ANSWER_TIMEOUT * 2,
        what=f'{node.name} to list stacks after the fault',
        log=node.process(heat.API).log)
