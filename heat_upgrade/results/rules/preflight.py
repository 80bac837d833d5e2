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

"""Rules of the check ``preflight``: objects to settle before an upgrade."""

from heat_upgrade.results.rules import model

_DOCS = 'reference/checks/preflight'

RULES = (
    model.Rule(
        'preflight.to-settle',
        'The cloud has objects to settle before the upgrade.',
        'Operations that are interrupted end as failed, and locks of engines '
        'that are gone refuse further operations.',
        'Run the command before the upgrade, and check again.',
        '3 stacks in progress',
        failure_class=model.FailureClass.AVAILABILITY,
        severity=model.Severity.WARNING, docs=_DOCS),
    model.Rule(
        'preflight.queue-type',
        'Queues of RabbitMQ have another type than the configuration '
        'declares.',
        'RabbitMQ refuses to declare an existing queue with another type '
        '(PRECONDITION_FAILED): services of the target get no messages.',
        'Stop all services of Heat, delete its queues, and start the target: '
        'rabbitmqctl delete_queue NAME; or keep the type of queue.',
        '2 queues of Heat are not of the type quorum that the configuration '
        'declares',
        failure_class=model.FailureClass.OPTIONS, docs=_DOCS),
)
