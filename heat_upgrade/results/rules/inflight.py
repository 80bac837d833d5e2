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

"""Rules about operations in flight while engines stop."""

from heat_upgrade.results.rules import model

_OLD_STACKS = model.FailureClass.OLD_STACKS

RULES = (
    model.Rule(
        'inflight.not-started',
        'An operation in flight could not be prepared or started.',
        'Users cannot start this kind of operation at that point of the '
        'upgrade.',
        'Start no such operation until the upgrade is over.',
        'update-fan-in-resource could not be started',
        failure_class=model.FailureClass.RPC),
    model.Rule(
        'inflight.stuck',
        'An operation that was in flight stays in progress, and no engine, '
        'lock or message is left that could finish it.',
        'The stack stays in progress; its owner can only wait, and then has '
        'to repair it.',
        'Let no stack be in progress when an engine stops. Afterwards, '
        'update or delete the stack: the finding names the operation that '
        'repaired it here.',
        'create-fan-in-resource, graceful: stuck in CREATE_IN_PROGRESS; an '
        'update repairs it',
        failure_class=_OLD_STACKS),
    model.Rule(
        'inflight.wrong-end',
        'An operation that was in flight ended in a state that is not '
        'allowed.',
        'The operation fails although nothing was wrong with it.',
        'Let no stack be in progress when an engine stops. Afterwards, '
        'update or delete the stack: the finding names the operation that '
        'repaired it here.',
        'suspend-nested-resource, graceful: ended in SUSPEND_FAILED; only a '
        'delete ends it',
        failure_class=_OLD_STACKS),
    model.Rule(
        'inflight.not-removed',
        'Stacks that had an operation in flight cannot be deleted '
        'afterwards.',
        'The stacks and their resources stay, and cost money.',
        'No remedy is known: mark the resources unhealthy, or repair the '
        'rows by hand.',
        'cannot be deleted: inflight-snapshot-chain-resource',
        failure_class=_OLD_STACKS),
    model.Rule(
        'orphan.not-recovered',
        'The target does not recover a stack that a dead engine left in '
        'progress.',
        'Each stack that was in progress when an engine died stays locked '
        'for ever.',
        'Remove the stale rows of stack_lock by hand, or keep the old '
        'release.',
        'suspend of orphan-locked is refused: a dead engine holds its lock',
        failure_class=_OLD_STACKS),
)
