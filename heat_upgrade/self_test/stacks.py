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

"""Bugs in a stack of the traffic: for each rule of validator and ledger.

Each function takes its target stack. It may return a function, called after
all bugs are planted, that waits for a slow outcome.
"""

from collections import abc

from heat_upgrade.ledger import reconciliation
from heat_upgrade.self_test import corruption
from heat_upgrade.self_test import model
from heat_upgrade.self_test import target_stack
from heat_upgrade.traffic import history

# The first and the second value of a stack of the traffic.
BEFORE, AFTER = 'v1', 'v2'


def lose_change(target: target_stack.TargetStack) -> None:
    target.do(history.CREATE)
    target.do(history.UPDATE)
    target.rewrite(**target.outputs(BEFORE))


def get_stuck(target: target_stack.TargetStack) -> abc.Callable[[], None]:
    target.do(history.CREATE)
    with target.midst(history.UPDATE, 'first', expected=history.STUCK,
                      wait=False) as update:
        corruption.forget_sync_points(target.cloud, target.id())
    return update.join


def fail(target: target_stack.TargetStack) -> None:
    target.do(history.CREATE)
    target.cloud.ledger.client.fail(target.label('first'), 'update')
    target.do(history.UPDATE, expected=history.FAILED)


def make_twice(target: target_stack.TargetStack) -> None:
    with target.midst(history.CREATE, 'second'):
        made = target.item('second')
        again = corruption.operate(
            target.cloud, 'create', label=made.label, value=made.value,
            stack=made.stack, resource=made.resource, row=made.row)['item']
    corruption.operate(target.cloud, 'delete', item=again)


def leave_behind(target: target_stack.TargetStack) -> None:
    target.do(history.CREATE)
    target.sql("UPDATE resource SET nova_instance = NULL "
               "WHERE stack_id = %s AND name = 'second'")
    target.do(history.DELETE, expected=history.GONE)


def lose_resource(target: target_stack.TargetStack) -> None:
    target.do(history.CREATE)
    target.remove('second')
    target.stack.resources()
    target.do(history.DELETE, expected=history.GONE)


def mix_outputs(target: target_stack.TargetStack) -> None:
    target.do(history.CREATE)
    target.do(history.UPDATE)
    target.rewrite(second=target.outputs(BEFORE)['second'])


def swallow_event(target: target_stack.TargetStack) -> None:
    target.do(history.CREATE)
    target.do(history.UPDATE)
    target.sql("DELETE FROM event WHERE stack_id = %s AND "
               "resource_name = (SELECT name FROM stack "
               "WHERE stack.id = event.stack_id) "
               "AND resource_action = 'UPDATE' "
               "AND resource_status = 'COMPLETE'")


def make_up_value(target: target_stack.TargetStack) -> None:
    target.do(history.CREATE)
    target.rewrite(second='a value that was never written')


def go_back(target: target_stack.TargetStack) -> None:
    target.do(history.CREATE)
    target.do(history.UPDATE)
    target.stack.show()
    target.rewrite(**target.outputs(BEFORE))


def refuse(target: target_stack.TargetStack) -> None:
    target.do(history.CREATE)
    target.sql('UPDATE stack SET deleted_at = NOW() WHERE id = %s')
    target.do(history.UPDATE, expected=history.REFUSED)
    target.sql('UPDATE stack SET deleted_at = NULL WHERE id = %s')


def forget_snapshot(target: target_stack.TargetStack) -> None:
    target.do(history.CREATE)
    target.do(history.SNAPSHOT)
    if 'resource_snapshot' in corruption.tables(target.cloud):
        target.sql('DELETE FROM resource_snapshot WHERE snapshot_id IN '
                   '(SELECT id FROM snapshot WHERE stack_id = %s)')
    target.sql('DELETE FROM snapshot WHERE stack_id = %s')


def lose_item(target: target_stack.TargetStack) -> None:
    target.do(history.CREATE)
    target.look()
    target.remove('second')


def forget_account(target: target_stack.TargetStack) -> None:
    target.do(history.CREATE)
    target.look()
    (project,), = target.sql('SELECT stack_user_project_id FROM stack '
                             'WHERE id = %s')
    target.marks.add(project)
    target.sql('UPDATE stack SET stack_user_project_id = NULL WHERE id = %s')


def _bug(name: str, sentence: str,
         plant: abc.Callable[[target_stack.TargetStack],
                             abc.Callable[[], None] | None],
         *oracles: str) -> model.PlantedBug:
    return model.PlantedBug(name, sentence, model.STACK, plant, oracles)


# The slowest comes first: the others run concurrently.
BUGS = (
    _bug('stuck', 'an update loses its sync points, and no engine continues '
         'with the next resource', get_stuck, model.load('stuck')),
    _bug('change-lost', 'an update is complete, but the resources keep their '
         'previous state', lose_change, model.load('change-lost')),
    _bug('failed', 'an update fails unexpectedly', fail,
         model.load('failed')),
    _bug('made-twice', 'a resource is created twice, and one of the two is '
         'deleted later', make_twice, model.load('made-twice'),
         model.ledger(reconciliation.MADE_TWICE)),
    _bug('left-behind', 'a row loses its physical id, and the delete of the '
         'stack skips the resource', leave_behind, model.load('left-behind'),
         model.ledger(reconciliation.LEFT_BEHIND)),
    _bug('resource-lost', 'a resource is deleted, and Heat still calls it '
         'complete', lose_resource, model.load('resource-lost')),
    _bug('outputs-wrong', 'an update changes a resource, but not the one that '
         'depends on it', mix_outputs, model.load('outputs-wrong')),
    _bug('events-incomplete', 'the event at the end of an update is not '
         'written', swallow_event, model.load('events-incomplete')),
    _bug('never-written', 'a resource has a value that was never written',
         make_up_value, model.load('never-written')),
    _bug('backwards', 'an update is visible, and disappears later', go_back,
         model.load('backwards')),
    _bug('refused', 'an update of an existing stack gets 404', refuse,
         model.load('refused')),
    _bug('snapshot-left-behind', 'a snapshot is forgotten, but its physical '
         'snapshots stay', forget_snapshot,
         model.ledger(reconciliation.SNAPSHOT_LEFT_BEHIND)),
    _bug('lost', 'a resource of a complete stack vanishes after the last '
         'read', lose_item, model.ledger(reconciliation.LOST)),
    _bug('account-left-behind', 'a stack forgets its project in Keystone',
         forget_account, model.ACCOUNTS),
)

# {bug: the kind of its stack}, unless it is a chain.
TARGETS: dict[str, type[target_stack.TargetStack]] = {
    'account-left-behind': target_stack.Signalled}
