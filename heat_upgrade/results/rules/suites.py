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

"""Rules about the tests of a run, and about objects left behind by it."""

from heat_upgrade.results.rules import model

_PHYSICAL = model.FailureClass.PHYSICAL

RULES = (
    model.Rule(
        'test.failed',
        'A test of the suites failed.',
        'Users can no longer rely on the behaviour that the test names.',
        'Read the assertion; run the scenario again with the command of the '
        'finding.',
        'scenarios.test_random_string.RandomStringScenario.'
        'test_the_stack_is_as_recorded failed'),
    model.Rule(
        'test.resource-replaced',
        'A test found a physical resource replaced, changed or gone.',
        'The data of the old resource may be lost.',
        'Do not update stacks with this resource before the cause is known.',
        'scenarios.test_snapshot.SnapshotScenario.'
        'test_the_stack_is_as_recorded failed',
        failure_class=_PHYSICAL),
    model.Rule(
        'destroy.left-behind',
        'Objects remain in Heat or Keystone after all stacks of the tests '
        'were deleted.',
        'Projects, users or stacks remain without an owner.',
        'Delete them by hand; the evidence lists them.',
        'objects remain in Heat or Keystone',
        failure_class=_PHYSICAL),
    model.Rule(
        'ledger.left-behind',
        'Physical resources exist that Heat does not know.',
        'Orphaned resources stay after their stack is deleted.',
        'Delete them in their own service; the evidence lists them.',
        'orphaned resources exist (2)',
        failure_class=_PHYSICAL),
    model.Rule(
        'ledger.snapshot-left-behind',
        'Snapshots of physical resources exist that Heat does not know.',
        'Snapshots stay after their stack is deleted.',
        'Delete the snapshots of a stack before the stack (tried: nothing '
        'is left then).',
        'orphaned snapshots exist (4)',
        failure_class=_PHYSICAL, docs='findings/snapshots-left-behind'),
    model.Rule(
        'ledger.lost',
        'Physical resources do not exist that Heat calls complete.',
        'Users rely on resources that are gone.',
        'Mark the resources unhealthy and update the stacks.',
        'resources that Heat calls complete do not exist (1)',
        failure_class=_PHYSICAL),
    model.Rule(
        'ledger.made-twice',
        'Physical resources were created twice for one resource of a stack.',
        'One of the two is orphaned.',
        'Delete the one that Heat does not know.',
        'resources were created twice (1)',
        failure_class=_PHYSICAL),
    model.Rule(
        'physical.left-behind',
        'Resources exist in Nova, Neutron, Cinder or Glance that Heat does '
        'not know.',
        'Servers, ports or volumes stay after their stack is deleted; some '
        'exist twice.',
        'Delete them in their own service; the evidence lists them.',
        'orphaned resources exist in their services (2)',
        failure_class=_PHYSICAL, docs='user/physical'),
    model.Rule(
        'physical.unasked-write',
        'An update of a stack with no change writes to a physical resource.',
        'The resource may be rebuilt, detached or reset without a request '
        'for a change.',
        'Do not update stacks with this resource before the cause is known; '
        'the evidence has the requests.',
        'updates with no change write to services (1)',
        failure_class=_PHYSICAL, docs='user/physical'),
    model.Rule(
        'keystone.left-behind',
        'Users or projects of stacks exist in Keystone that Heat does not '
        'know.',
        'Accounts stay that can still log in.',
        'Delete them in Keystone; the evidence lists them.',
        'orphaned accounts of stacks exist in Keystone (1)',
        failure_class=_PHYSICAL),
)
