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

"""Actions of a rolling upgrade: what is done to one node at a time."""

import time

from heat_upgrade import errors
from heat_upgrade.lab import heat_client
from heat_upgrade.lab import log_errors
from heat_upgrade.lab.services import heat
from heat_upgrade.plan import model
from heat_upgrade.plan import planner
from heat_upgrade.plan import rolling
from heat_upgrade.results import findings
from heat_upgrade.run import disturbances
from heat_upgrade import waiting

# The operator's patience before the last engine of a release is stopped.
QUEUES_TIMEOUT = 60
# A look costs half a second of CPU.
QUEUES_INTERVAL = 0.5

# Work for any engine is in queues with these names (heat/rpc/api.py and
# worker_api.py); messages to one engine alone, such as to cancel what it does,
# and answers to calls go with who wanted them.
WORK_QUEUES = ('engine', 'engine_worker')


def add_vhost(run, step):
    """Make the virtual host of the new release."""
    run.cloud.rabbitmq.add_vhost(rolling.TARGET_VHOST)
    return {'vhost': rolling.TARGET_VHOST}


def drain(run, step):
    """Take a node out of HAProxy's rotation."""
    run.cloud.haproxy.drain(step.node)
    return {}


def ready(run, step):
    """Take a node into HAProxy's rotation, once it serves."""
    node = run.cloud.nodes[step.node]
    run.cloud.check_answer(node)
    run.cloud.haproxy.ready(step.node)
    return {'release': node.environment.version}


def stop_engine(run, step):
    """Stop the engine of a node gracefully, or kill it."""
    engine = run.cloud.nodes[step.node].process(heat.ENGINE)
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


def _deploy(run, step, services):
    """Install the release of the step's side on its node."""
    node = run.cloud.nodes[step.node]
    vhost = (rolling.TARGET_VHOST if step.side == planner.TARGET
             and run.plan.vhost == planner.PER_RELEASE
             else run.cloud.rabbitmq.vhost)
    for which in services:
        node.deploy(which, run.environments[step.side], side=step.side,
                    vhost=vhost)
    return node


def start_service(run, step):
    """Start the engine of a node with the release of a side."""
    node = _deploy(run, step, [step.service])
    logged = _logged([node.process(step.service)])
    node.start(step.service)
    run.restarted = time.monotonic()
    _new_tracebacks(run, step, logged)
    return {'release': run.environments[step.side].version}


def change_api(run, step):
    """Restart heat-api and heat-api-cfn of a node with another release."""
    node = run.cloud.nodes[step.node]
    services = (heat.API, heat.CFN)
    stopped = {which: node.process(which).stop() for which in services}
    _deploy(run, step, services)
    logged = _logged([node.process(which) for which in services])
    for which in services:
        node.begin(which)
    for which in services:
        node.wait_ready(which)
    run.restarted = time.monotonic()
    _new_tracebacks(run, step, logged)
    return {'release': node.environment.version,
            'stopped_s': {which: round(seconds, 2)
                          for which, (seconds, _) in stopped.items()}}


def _logged(processes):
    """Return how much each has logged so far, also who has not begun to."""
    return {**dict.fromkeys(processes, 0), **log_errors.sizes(processes)}


def _new_tracebacks(run, step, logged):
    """Make a finding of what services logged as errors since then."""
    shown = log_errors.of_start_since(logged)
    if shown:
        run.finding(findings.make(
            'service.traceback-at-start', step.node,
            f'{step.node} logs a traceback when it starts', shown,
            step=step.name))


def _waiting(run, vhost):
    """Return {queue: messages} of the work that nobody has taken."""
    return {queue.name: queue.messages
            for queue in run.cloud.rabbitmq.queues(vhost)
            if queue.messages and queue.name in WORK_QUEUES}


def _vhost(run, step):
    return run.cloud.nodes[step.node].deployed[heat.ENGINE].vhost


def queues(run, step):
    """Look at the queues until no message waits, as the guide warns to."""
    vhost = _vhost(run, step)
    seen = []

    def empty():
        seen.append(_waiting(run, vhost))
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


def left_in_queues(run, step):
    """Make a finding of work that was left to nobody."""
    vhost = _vhost(run, step)
    left = _waiting(run, vhost)
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


def fault(run, step):
    """Let something happen to the cloud, and see that it gets over it."""
    run.note_fault(step.fault)
    measured = disturbances.BY_NAME[step.fault](run.cloud)
    for node in run.cloud.nodes.values():
        _wait_for_answer(run, node)
    return measured


def _wait_for_answer(run, node):
    def answers():
        answer = heat_client.Api(run.cloud.identity, node.api_url).call(
            'GET', 'stacks?limit=1')
        return answer.status == 200
    waiting.wait_until(
        answers, timeout=heat_client.ANSWER_TIMEOUT * 2,
        what=f'{node.name} to list stacks after the fault',
        log=node.process(heat.API).log)
