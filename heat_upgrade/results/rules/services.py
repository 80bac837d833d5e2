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

"""Rules about migrations, and about services that start, stop and serve."""

from heat_upgrade.results.rules import model

RULES = (
    model.Rule(
        'migration.fails',
        'heat-manage db_sync of the target fails on the database of the base.',
        'The upgrade stops half way: the old services are down and the new '
        'ones cannot start.',
        'Do not upgrade. Restore the saved database; the migration needs a '
        'fix in Heat.',
        'db-sync: heat-manage db_sync ended with status 1',
        failure_class=model.FailureClass.MIGRATION),
    model.Rule(
        'upgrade-check.refuses',
        'heat-status upgrade check of the target reports a failure, or '
        'crashes.',
        'The upgrade guide forbids to continue after a failed check.',
        'Follow the output of the check, then run it again.',
        'upgrade-check: heat-status upgrade check ended with status 2',
        failure_class=model.FailureClass.OPTIONS),
    model.Rule(
        'service.does-not-start',
        'A service of the target does not start on the configuration of the '
        'base.',
        'Heat is down, or has fewer engines, until the cause is removed.',
        'Read the log of the service. Keep the old release running until it '
        'starts.',
        'start-target: heat-engine on node-1: 2 new engines in the service '
        'table: not within 90 s',
        failure_class=model.FailureClass.OPTIONS),
    model.Rule(
        'service.traceback-at-start',
        'A service logs a traceback while it starts, before any request.',
        'The service runs, but a part of it may be missing.',
        'Read the traceback: it names the part that failed.',
        'heat-engine on node-1 logs a traceback when it starts',
        failure_class=model.FailureClass.OPTIONS),
    model.Rule(
        'service.died',
        'A service ended unexpectedly.',
        'Requests fail and operations stay in progress until the service is '
        'started again.',
        'Read the last lines of its log; start it again.',
        'heat-engine on node-1 ended by itself with status 1',
        failure_class=model.FailureClass.AVAILABILITY),
    model.Rule(
        'service.worker-died',
        'A worker process of a service ended by itself and was replaced.',
        'The operations that the worker had in progress stay in progress.',
        'Update or delete the stacks that stay in progress.',
        'a worker of heat-engine on node-1 died by itself',
        failure_class=model.FailureClass.AVAILABILITY),
    model.Rule(
        'service.killed-at-stop',
        'A service did not stop gracefully in time and was killed.',
        'The operations that it had in progress stay in progress, and the '
        'downtime grows by its grace period.',
        'Wait until no stack is in progress before the service is stopped.',
        'heat-engine on node-1 did not stop gracefully and was killed',
        failure_class=model.FailureClass.AVAILABILITY,
        severity=model.Severity.WARNING),
    model.Rule(
        'step.failed',
        "A step of the upgrade failed in Heat's code.",
        'The upgrade cannot continue after this step.',
        'Read the evidence and the log of the step.',
        'destroy: the stacks are not deleted after 300 s'),
    model.Rule(
        'queue.not-empty',
        'The work queues of a release do not become empty before its last '
        'engine stops.',
        'Messages that are left there are never read.',
        'Wait until no stack is in progress; then stop the last engine.',
        'the queues of heat do not become empty',
        failure_class=model.FailureClass.RPC,
        severity=model.Severity.WARNING),
    model.Rule(
        'queue.orphaned-messages',
        'Messages are left in the work queues after the last engine of a '
        'release has stopped.',
        'The stacks that these messages are about stay in progress.',
        'Update the stacks that stay in progress: an update repairs them '
        '(tried). With one virtual host for both releases it does not '
        'happen.',
        'messages are left in the queues of the base after its last engine '
        'has stopped',
        failure_class=model.FailureClass.RPC,
        docs='findings/last-engine'),
    model.Rule(
        'gate.configuration-changed',
        "The upgrade has changed Heat's configuration files.",
        'The target does not run on the configuration of the base, as the '
        'Theory of Upgrade requires.',
        'Announce the change one release ahead, in a release note.',
        "the upgrade has changed Heat's configuration",
        failure_class=model.FailureClass.OPTIONS,
        severity=model.Severity.WARNING),
)
