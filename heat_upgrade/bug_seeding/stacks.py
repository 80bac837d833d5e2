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

"""Bugs in a stack of the load: for each rule of its judge, and the ledger's.

Each function takes the :class:`heat_upgrade.bug_seeding.target_stack.Subject`
that it is planted in. What it returns, if anything, is called when all is
planted, and waits for what takes long.
"""

from heat_upgrade.bug_seeding import corruption
from heat_upgrade.bug_seeding import model
from heat_upgrade.bug_seeding import target_stack
from heat_upgrade.ledger import reconciliation
from heat_upgrade.traffic import history

# The first and the second value that a stack of the load is given.
BEFORE, AFTER = 'v1', 'v2'


def lose_change(at):
    at.do(history.CREATE)
    at.do(history.UPDATE)
    at.rewrite(**at.outputs(BEFORE))


def get_stuck(at):
    at.do(history.CREATE)
    with at.midst(history.UPDATE, 'first', expected=history.STUCK,
                  wait=False) as update:
        corruption.forget_sync_points(at.cloud, at.id())
    return update.join


def fail(at):
    at.do(history.CREATE)
    at.cloud.ledger.client.fail(at.label('first'), 'update')
    at.do(history.UPDATE, expected=history.FAILED)


def make_twice(at):
    with at.midst(history.CREATE, 'second'):
        made = at.item('second')
        again = corruption.operate(
            at.cloud, 'create', label=made.label, value=made.value,
            stack=made.stack, resource=made.resource, row=made.row)['item']
    corruption.operate(at.cloud, 'delete', item=again)


def leave_behind(at):
    at.do(history.CREATE)
    at.sql("UPDATE resource SET nova_instance = NULL "
           "WHERE stack_id = %s AND name = 'second'")
    at.do(history.DELETE, expected=history.GONE)


def lose_resource(at):
    at.do(history.CREATE)
    at.remove('second')
    at.stack.resources()
    at.do(history.DELETE, expected=history.GONE)


def mix_outputs(at):
    at.do(history.CREATE)
    at.do(history.UPDATE)
    at.rewrite(second=at.outputs(BEFORE)['second'])


def swallow_event(at):
    at.do(history.CREATE)
    at.do(history.UPDATE)
    at.sql("DELETE FROM event WHERE stack_id = %s AND "
           "resource_name = (SELECT name FROM stack "
           "WHERE stack.id = event.stack_id) "
           "AND resource_action = 'UPDATE' AND resource_status = 'COMPLETE'")


def make_up_value(at):
    at.do(history.CREATE)
    at.rewrite(second='a value that nobody gave')


def go_back(at):
    at.do(history.CREATE)
    at.do(history.UPDATE)
    at.stack.show()
    at.rewrite(**at.outputs(BEFORE))


def refuse(at):
    at.do(history.CREATE)
    at.sql('UPDATE stack SET deleted_at = NOW() WHERE id = %s')
    at.do(history.UPDATE, expected=history.REFUSED)
    at.sql('UPDATE stack SET deleted_at = NULL WHERE id = %s')


def forget_snapshot(at):
    at.do(history.CREATE)
    at.do(history.SNAPSHOT)
    if 'resource_snapshot' in corruption.tables(at.cloud):
        at.sql('DELETE FROM resource_snapshot WHERE snapshot_id IN '
               '(SELECT id FROM snapshot WHERE stack_id = %s)')
    at.sql('DELETE FROM snapshot WHERE stack_id = %s')


def lose_item(at):
    at.do(history.CREATE)
    at.look()
    at.remove('second')


def forget_account(at):
    at.do(history.CREATE)
    at.look()
    (project,), = at.sql('SELECT stack_user_project_id FROM stack '
                         'WHERE id = %s')
    at.marks.add(project)
    at.sql('UPDATE stack SET stack_user_project_id = NULL WHERE id = %s')


def _fault(name, sentence, plant, *oracles):
    return model.Fault(name, sentence, model.STACK, plant, oracles)


# The one that takes longest first: others go on meanwhile.
FAULTS = (
    _fault(
        'stuck',
        'an update loses its sync points, and nobody goes on '
        'with the next resource',
        get_stuck,
        model.load('stuck'),
    ),
    _fault(
        'change-lost',
        'an update is complete, and the resources are what '
        'they were before it',
        lose_change,
        model.load('change-lost'),
    ),
    _fault(
        'failed',
        'an update fails that nobody asked to fail',
        fail,
        model.load('failed'),
    ),
    _fault(
        'made-twice',
        'a resource is made twice, and one of the two is ' 'deleted later',
        make_twice,
        model.load('made-twice'),
        model.ledger(reconciliation.MADE_TWICE),
    ),
    _fault(
        'left-behind',
        'a row loses its physical id, and the delete of '
        'the stack passes over the resource',
        leave_behind,
        model.load('left-behind'),
        model.ledger(reconciliation.LEFT_BEHIND),
    ),
    _fault(
        'resource-lost',
        'a resource is deleted, and Heat goes on to call ' 'it complete',
        lose_resource,
        model.load('resource-lost'),
    ),
    _fault(
        'outputs-wrong',
        'an update reaches a resource, and not the one ' 'that depends on it',
        mix_outputs,
        model.load('outputs-wrong'),
    ),
    _fault(
        'events-incomplete',
        'the event of the end of an update is not ' 'written',
        swallow_event,
        model.load('events-incomplete'),
    ),
    _fault(
        'never-written',
        'a resource has a value that nobody gave to it',
        make_up_value,
        model.load('never-written'),
    ),
    _fault(
        'backwards',
        'an update is seen, and is gone later',
        go_back,
        model.load('backwards'),
    ),
    _fault(
        'refused',
        'an update of a stack that exists is answered 404',
        refuse,
        model.load('refused'),
    ),
    _fault(
        'snapshot-left-behind',
        'a snapshot is forgotten, and what its ' 'resources keep of it stays',
        forget_snapshot,
        model.ledger(reconciliation.SNAPSHOT_LEFT_BEHIND),
    ),
    _fault(
        'lost',
        'a resource of a complete stack vanishes when nobody '
        'looks any more',
        lose_item,
        model.ledger(reconciliation.LOST),
    ),
    _fault(
        'account-left-behind',
        'a stack forgets its project in Keystone',
        forget_account,
        model.ACCOUNTS,
    ),
)

# Of what a fault's stack is to be made, where that is not a chain.
SUBJECTS = {'account-left-behind': target_stack.Signalled}
