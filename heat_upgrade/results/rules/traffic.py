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

"""Rules about the traffic and the probes that run during an upgrade."""

from heat_upgrade.results.rules import model

_OLD, _PHYSICAL = (model.FailureClass.OLD_STACKS,
                   model.FailureClass.PHYSICAL)


def _traffic(name: str, failure_class: model.FailureClass, summary: str,
             impact: str, remedy: str, operation: str) -> model.Rule:
    return model.Rule(
        f'traffic.{name}', summary, impact, remedy,
        f'traffic: {operation} breaks the rule {name}: {summary[:-1]}',
        failure_class=failure_class, docs='reference/judge')


_REPAIR = ('Update the stack again and compare its outputs and resources '
           'with the template.')

RULES = (
    _traffic('change-lost', _OLD,
             'An acknowledged change that finished must be there.',
             'Users see the state from before a change that Heat called '
             'complete.', _REPAIR, 'update'),
    _traffic('stuck', _OLD, 'Every accepted operation must finish.',
             'The stack stays in progress and refuses other operations.',
             'Update or delete the stack.', 'update'),
    _traffic('failed', _OLD, 'No operation fails unexpectedly.',
             'Operations of users fail although nothing is wrong with them.',
             'Update the stack again.', 'create'),
    _traffic('made-twice', _PHYSICAL, 'A resource is created once.',
             'A second physical resource exists, and costs money.',
             'Compare the resources of the service with those of Heat, and '
             'delete the one that Heat does not know.', 'create'),
    _traffic('left-behind', _PHYSICAL,
             'No resource outlives its stack, and Heat knows every existing '
             'resource.',
             'Physical resources stay after their stack is deleted.',
             'Delete them in their own service.', 'delete'),
    _traffic('resource-lost', _PHYSICAL,
             'A resource that Heat calls complete exists.',
             'A physical resource is gone while Heat shows it as complete.',
             'Mark the resource unhealthy and update the stack.', 'show'),
    _traffic('outputs-wrong', _OLD,
             'The outputs of a stack are those of one change.',
             'Outputs mix the values of two updates.', _REPAIR, 'update'),
    _traffic('events-incomplete', _OLD,
             'Each operation has its first event and, when complete, its '
             'last one.',
             'Tools that wait for an event wait for ever.',
             'Read the status of the stack instead of its events.',
             'update'),
    _traffic('never-written', _OLD,
             'Every value that is read was written before.',
             'Users see values that no template has.', _REPAIR, 'show'),
    _traffic('backwards', _OLD,
             'A newer value is not followed by an older one.',
             'Users see an update disappear again.', _REPAIR, 'show'),
    _traffic('refused', model.FailureClass.API,
             'No call is refused that the state of the stack allows.',
             'Clients get 4xx for valid requests.',
             'Send the request again; read the error text.', 'update'),
    model.Rule(
        'probe.over-budget',
        'A probe failed more often, or for longer, than its budget allows '
        'in a step.',
        'Users of this API, or of resources of a stack, notice an outage.',
        'Plan the maintenance window for the outage that was measured here.',
        'probe stack-list exceeded its failure budget in stop-engine-node-1',
        failure_class=model.FailureClass.AVAILABILITY,
        docs='reference/probes', by_step=True),
    model.Rule(
        'probe.never-recovered',
        'A probe had no good answer after the last restart of Heat.',
        'Users of this API cannot use it after the upgrade.',
        'Read the first error of the probe and the log of the node that '
        'answered.',
        'probe canary had no good answer after the last restart',
        failure_class=model.FailureClass.AVAILABILITY,
        docs='reference/probes'),
    model.Rule(
        'probe.stacks-not-deleted',
        'Heat does not delete the stacks of the probes.',
        'Stacks cannot be deleted after the upgrade.',
        'Delete them again, as their owner and as an administrator.',
        'the stacks of the probes cannot be deleted',
        failure_class=_OLD),
)
