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

"""Evidence about a stack from Heat's tables, queues and engine logs."""

import collections
from collections import abc
import dataclasses
import pathlib
import re
import typing

from heat_upgrade.lab import cloud as clouds
from heat_upgrade.lab.services import rabbitmq

# Maximum number of lines of each engine's log: enough for one operation.
LOG_LINES = 30

# Queues of work that any engine may take (heat/rpc/api.py and worker_api.py).
# Messages to one engine, such as a cancellation, and replies to calls are in
# other queues (heat-engine-listener.*, reply_*), and change no stack.
WORK_QUEUES = ('engine', 'engine_worker')

# oslo.messaging logs this for a message that its endpoint does not know.
_REFUSED = re.compile(
    r'\brpc\.dispatcher\.((?:UnsupportedVersion|NoSuchMethod): .*)')

# A node of the graph, as a key of a sync point's input data.
_NODE = re.compile(r'"tuple:\(([^)]*)\)"')

_STACKS = '''
SELECT id, name, action, status, status_reason, current_traversal, convergence
FROM stack WHERE deleted_at IS NULL AND ({}) ORDER BY created_at
'''
_ONE_TREE = _STACKS.format('id = %s OR name = %s OR name LIKE %s')
_TREES_OF_A_PREFIX = _STACKS.format('name LIKE %s')

# id, name, action, status, reason, traversal, convergence
StackRow = tuple[str, str, str, str, str | None, str | None, int]
# stack id, engine id
LockRow = tuple[str, str]
# stack id, row id, name, action, status, physical id, engine id
ResourceRow = tuple[str, int, str, str, str, str | None, str | None]
# stack id, entity, traversal, is_update, input data
SyncPointRow = tuple[str, str, str, int, str | None]

# {engine id: (node, side)}
_Engines = abc.Mapping[str, tuple[str, ...]]


class Owner(abc.Hashable, typing.Protocol):
    """An operation that knows its stacks by their names."""

    def owns(self, name: str) -> bool:
        ...


_Owner = typing.TypeVar('_Owner', bound=Owner)


@dataclasses.dataclass(frozen=True)
class Rows:
    """The rows of a stack and its nested stacks in Heat's database."""

    stacks: tuple[StackRow, ...]
    locks: tuple[LockRow, ...]
    resources: tuple[ResourceRow, ...]
    sync_points: tuple[SyncPointRow, ...]

    def status(self, name: str) -> str:
        """Return the status of a stack by its name, such as 'CREATE_FAILED'.

        A stack that is gone counts as DELETE_COMPLETE.
        """
        return next((f'{row[2]}_{row[3]}' for row in self.stacks
                     if row[1] == name), 'DELETE_COMPLETE')

    def story(self, name: str) -> str:
        """Return the status of a stack with its reason."""
        return next((f'{row[2]}_{row[3]}: {row[4]}' for row in self.stacks
                     if row[1] == name), 'the stack does not exist')

    @property
    def in_progress(self) -> bool:
        """Whether the stack or a nested stack is in progress."""
        return any(row[3] == 'IN_PROGRESS' for row in self.stacks)

    def resource_status(self, name: str) -> str:
        """Return the status of a resource, 'gone' if it does not exist.

        During a replacement both resources exist: the newest counts.
        """
        return next((f'{row[3]}_{row[4]}' for row in reversed(self.resources)
                     if row[2] == name), 'gone')

    def at_work(self) -> set[str]:
        """Return the ids of the engines that hold a lock or a resource.

        An engine only waits for a resource that is a nested stack in
        progress.
        """
        waited_for = {row[0] for row in self.stacks
                      if row[3] == 'IN_PROGRESS'}
        return ({engine for _, engine in self.locks}
                | {row[-1] for row in self.resources
                   if row[-1] and row[-2] not in waited_for})

    def has_mixed_sync_points(self) -> bool:
        """Return True if two releases have written into one sync point.

        Its input data has a key for each awaited node: (18, True) up to
        2025.2, (18, True, 'resource') since. Neither release finds the key
        of the other, so the traversal never ends.
        """
        return any(len({node.count(',') for node in _NODE.findall(
            row[-1] or '')}) > 1 for row in self.sync_points)


def rows(cloud: clouds.Cloud, stack_id: str, name: str) -> Rows:
    """Return the rows of a stack and its nested stacks.

    A stack that OS::Heat::Stack creates is identified only by its name, which
    begins with that of its parent.
    """
    stacks = _select(cloud, _ONE_TREE, (stack_id, name,
                                        f'{_literal(name)}-%'))
    return Rows(stacks, *_of_stacks(cloud, [row[0] for row in stacks]))


def rows_of(cloud: clouds.Cloud, operations: abc.Sequence[_Owner],
            prefix: str) -> dict[_Owner, Rows]:
    """Return the rows of many operations, by one query for each table.

    :param prefix: common prefix of the names of their stacks
    """
    owners: dict[str, _Owner] = {}
    stacks: dict[_Owner, list[StackRow]] = {
        operation: [] for operation in operations}
    for row in _select(cloud, _TREES_OF_A_PREFIX,
                       (f'{_literal(prefix)}%',)) if operations else ():
        owner = next((operation for operation in operations
                      if operation.owns(row[1])), None)
        if owner is not None:
            owners[row[0]] = owner
            stacks[owner].append(row)
    locks, resources, sync_points = _of_stacks(cloud, list(owners))
    return {operation: Rows(
        tuple(stacks[operation]),
        tuple(row for row in locks if owners.get(row[0]) is operation),
        tuple(row for row in resources if owners.get(row[0]) is operation),
        tuple(row for row in sync_points if owners.get(row[0]) is operation))
        for operation in operations}


def _of_stacks(cloud: clouds.Cloud, ids: list[str]) -> tuple[
        tuple[LockRow, ...], tuple[ResourceRow, ...],
        tuple[SyncPointRow, ...]]:
    """Return the locks, resources and sync points of stacks."""
    def of(table: str, columns: str,
           order: str = '') -> tuple[typing.Any, ...]:
        if not ids:
            return ()
        marks = ', '.join(['%s'] * len(ids))
        return _select(cloud, f'SELECT {columns} FROM {table} '
                       f'WHERE stack_id IN ({marks}) {order}', ids)

    return (of('stack_lock', 'stack_id, engine_id'),
            of('resource',
               'stack_id, id, name, action, status, nova_instance, '
               'engine_id', 'ORDER BY id'),
            of('sync_point',
               'stack_id, entity_id, traversal_id, is_update, input_data'))


def snapshots_without_data(cloud: clouds.Cloud) -> int:
    """Return the number of snapshots in progress without data.

    Up to 2025.2 a snapshot has no data until it is complete.
    """
    number: int
    (number,), = _select(
        cloud, "SELECT COUNT(*) FROM snapshot WHERE status = 'IN_PROGRESS' "
        "AND (data IS NULL OR data = 'null')", ())
    return number


def _select(cloud: clouds.Cloud, statement: str,
            values: abc.Iterable[str]) -> tuple[typing.Any, ...]:
    return tuple(tuple(row) for row in cloud.mariadb.execute(
        statement, tuple(values), database=clouds.DATABASE))


def _literal(name: str) -> str:
    return name.replace('\\', '\\\\').replace('%', '\\%').replace('_', '\\_')


def waiting_work(queues: abc.Iterable[rabbitmq.Queue]
                 ) -> list[rabbitmq.Queue]:
    """Return the queues with work and with an engine that consumes it."""
    return [queue for queue in queues if _carries_work(queue)
            and queue.consumers and queue.messages + queue.unacknowledged]


def is_delivered(queues: abc.Iterable[rabbitmq.Queue]) -> bool:
    """Return True if every message for an engine was delivered.

    An unacknowledged message counts as waiting: oslo.messaging acknowledges
    it when it passes the message to a thread.
    """
    return not waiting_work(queues)


def lost_work(queues: abc.Iterable[rabbitmq.Queue]) -> list[rabbitmq.Queue]:
    """Return the queues with work and without a consumer."""
    return [queue for queue in queues if queue.name in WORK_QUEUES
            and queue.messages and not queue.consumers]


def _carries_work(queue: rabbitmq.Queue) -> bool:
    return queue.name.split('.')[0] in WORK_QUEUES


def collect(cloud: clouds.Cloud, stack_id: str, name: str = '',
            queues: abc.Iterable[rabbitmq.Queue] | None = None,
            stack_rows: Rows | None = None) -> str:
    """Return the evidence about a stack, as text.

    :param name: name of the stack, by which nested stacks are found
    :param queues: recent queues of the broker; None to read them
    :param stack_rows: recent rows of the stack; None to read them
    """
    if stack_rows is None:
        stack_rows = rows(cloud, stack_id, name or stack_id)
    alive: _Engines = cloud.engines()
    queues = cloud.queues() if queues is None else queues
    parts: list[tuple[str, abc.Iterable[object]]] = [
        ('stack (id, name, action, status, reason, traversal, convergence)',
         stack_rows.stacks),
        ('stack_lock (stack, engine)',
         [(stack, _engine(engine, alive))
          for stack, engine in stack_rows.locks]),
        ('resource (stack, row, name, action, status, physical, engine)',
         [(*row[:-1], _engine(row[-1], alive))
          for row in stack_rows.resources]),
        ('sync_point (stack, entity, traversal, is_update, input)',
         stack_rows.sync_points),
        ('living engines',
         [(engine, *node) for engine, node in sorted(alive.items())]),
        ('queues (vhost, name, messages, unacknowledged, consumers)',
         [dataclasses.astuple(queue) for queue in queues
          if _carries_work(queue)
          and (queue.messages or queue.unacknowledged
               or queue.name in WORK_QUEUES)]),
    ]
    ids = {row[0] for row in stack_rows.stacks} | {stack_id} - {''}
    logs = engine_logs(cloud)
    parts += [(f'last lines of {log.name}', _lines(log, ids))
              for log in logs]
    parts.append(('messages that an engine refused, for any stack',
                  [line for log in logs for line in _refused(log)]))
    return '\n'.join(f'{title}:\n' + (''.join(
        f'  {_text(row)}\n' for row in lines) or '  none\n')
        for title, lines in parts)


def _engine(engine: str | None, alive: _Engines) -> str:
    if engine is None:
        return 'no engine'
    if engine in alive:
        return f'{engine} lives: {" ".join(alive[engine])}'
    return f'{engine} is dead'


def _text(row: object) -> str:
    if isinstance(row, tuple):
        return ', '.join(str(word) for word in row)
    return str(row)


def engine_logs(cloud: clouds.Cloud) -> list[pathlib.Path]:
    """Return the paths of all engine logs of the run, sorted."""
    return sorted(cloud.workspace.logs.glob('*heat-engine*.log'))


def _refused(log: pathlib.Path) -> list[str]:
    """Return the errors of refused messages, each with its count.

    A refused message is acknowledged, and so it is lost (oslo.messaging).
    """
    with open(log, errors='replace') as lines:
        counter = collections.Counter(
            match[1] for match in map(_REFUSED.search, lines) if match)
    return [f'{log.name}: {number} times {error}'
            for error, number in counter.most_common()]


def _lines(log: pathlib.Path, ids: abc.Collection[str]) -> list[str]:
    with open(log, errors='replace') as lines:
        return [line.rstrip()[:400] for line in lines
                if any(stack_id in line for stack_id in ids)][-LOG_LINES:]
