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

"""Counts objects to settle before an upgrade, with the command for each."""

import dataclasses
import typing

import pymysql
from pymysql import cursors

# Times the report interval after which heat.engine.service counts an engine
# as down; compared with the last report of any engine, which is about the
# time of the dump.
_INTERVALS = 2


@dataclasses.dataclass(frozen=True)
class Item:
    """A kind of objects to settle before the upgrade.

    :ivar title: in the plural
    :ivar command: that settles them
    :ivar query: SQL of the number; '' if a database does not have it
    """

    title: str
    command: str
    query: str = ''


# The engines that have reported since the given time.
_ALIVE = ('SELECT engine_id FROM service WHERE deleted_at IS NULL AND '
          'TIMESTAMPDIFF(SECOND, COALESCE(updated_at, created_at), {now}) <= '
          f'{_INTERVALS} * report_interval')
# SQL of the present time: in a dump, the last report of any engine.
_LAST_REPORT = '(SELECT MAX(COALESCE(updated_at, created_at)) FROM service)'
NOW = 'UTC_TIMESTAMP()'

ITEMS = (
    Item('stacks in progress',
         'wait, or cancel: openstack stack list --all-projects --nested '
         '--property status=IN_PROGRESS',
         "SELECT COUNT(*) FROM stack WHERE deleted_at IS NULL AND status = "
         "'IN_PROGRESS'"),
    Item('locks of stacks whose engine is gone',
         'heat-manage reset_stack_status STACK_ID',
         'SELECT COUNT(*) FROM stack_lock WHERE engine_id NOT IN '
         f'({_ALIVE})'),
    Item('locks of resources whose engine is gone',
         'heat-manage reset_stack_status STACK_ID',
         'SELECT COUNT(*) FROM resource WHERE engine_id IS NOT NULL AND '
         f'engine_id NOT IN ({_ALIVE})'),
    Item('stacks of the legacy engine',
         'leave them: both releases run them, and heat-manage '
         'migrate_convergence_1 fails',
         'SELECT COUNT(*) FROM stack WHERE deleted_at IS NULL AND '
         'NOT COALESCE(convergence, 0)'),
    Item('deleted stacks that were not purged',
         'heat-manage purge_deleted -g days 30',
         'SELECT COUNT(*) FROM stack WHERE deleted_at IS NOT NULL'),
    Item('snapshots in progress',
         'openstack stack snapshot list STACK',
         "SELECT COUNT(*) FROM snapshot WHERE status = 'IN_PROGRESS'"),
    Item('snapshots without data, which cannot be restored',
         'openstack stack snapshot delete STACK SNAPSHOT',
         "SELECT COUNT(*) FROM snapshot WHERE data IS NULL AND "
         "status <> 'IN_PROGRESS'"),
    Item('services that are down', 'heat-manage service clean',
         'SELECT COUNT(*) FROM service WHERE deleted_at IS NULL AND '
         f'engine_id NOT IN ({_ALIVE})'),
    Item('messages in queues',
         'rabbitmqctl list_queues -p VHOST name messages'),
)


def counts(cursor: cursors.Cursor | None, *, now: str = _LAST_REPORT,
           messages: int | None = None) -> list[dict[str, typing.Any]]:
    """Return the list as data: [{title, command, count}].

    :param cursor: of Heat's database before the migrations; None to leave out
        what a database has
    :param now: SQL of the time at which its engines are judged
    :param messages: the number of messages in queues, if it is known
    :returns: without a count where this database has no number
    """
    return [{'title': item.title, 'command': item.command,
             'count': _count(cursor, item.query.format(now=now))
             if cursor and item.query else messages}
            for item in ITEMS if cursor or not item.query]


def _count(cursor: cursors.Cursor, query: str) -> int | None:
    try:
        cursor.execute(query)
    except (pymysql.err.ProgrammingError, pymysql.err.OperationalError):
        # A table or column that this release does not have.
        return None
    row: tuple[int, ...] = cursor.fetchone() or (0,)
    return int(row[0])
