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

"""What Heat's tables, its queues and its engines' logs say of a stack."""

import collections
import dataclasses
import re

DATABASE = 'heat'

# Lines of each engine's log: enough for one operation, not for a day.
LOG_LINES = 30

# Queues that carry work between engines. What Heat's engines are asked by
# others (heat-engine-listener.*, reply_*) changes no stack.
_WORK_QUEUES = ('engine', 'engine_worker')

# How oslo.messaging logs a message that its endpoint does not know.
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


@dataclasses.dataclass(frozen=True)
class Rows:
    """What the database says of a stack and those nested in it.

    :ivar stacks: (id, name, action, status, reason, traversal, convergence)
    :ivar locks: (stack id, engine id)
    :ivar resources: (stack id, row id, name, action, status, physical id,
        engine id)
    :ivar sync_points: (stack id, entity, traversal, is_update, input data)
    """

    stacks: tuple
    locks: tuple
    resources: tuple
    sync_points: tuple

    def status(self, name):
        """Return the status of a stack by its name, such as 'CREATE_FAILED'.

        A stack that is gone counts as DELETE_COMPLETE.
        """
        return next((f'{row[2]}_{row[3]}' for row in self.stacks
                     if row[1] == name), 'DELETE_COMPLETE')

    def story(self, name):
        """Return the status of a stack with its reason."""
        return next((f'{row[2]}_{row[3]}: {row[4]}' for row in self.stacks
                     if row[1] == name), 'there is no stack')

    @property
    def in_progress(self):
        """Return True if the stack or one nested in it is in progress."""
        return any(row[3] == 'IN_PROGRESS' for row in self.stacks)

    def resource_status(self, name):
        """Return the status of a resource, 'gone' if there is none.

        Of a resource that is being replaced both are there: the newest
        counts.
        """
        return next((f'{row[3]}_{row[4]}' for row in reversed(self.resources)
                     if row[2] == name), 'gone')

    def at_work(self):
        """Return the ids of the engines that hold something of it.

        A resource that is a stack of its own, itself in progress, is not
        worked on, but waited for.
        """
        waited_for = {row[0] for row in self.stacks
                      if row[3] == 'IN_PROGRESS'}
        return ({engine for _, engine in self.locks}
                | {row[-1] for row in self.resources
                   if row[-1] and row[-2] not in waited_for})

    def has_mixed_sync_points(self):
        """Tell whether two releases have written into one sync point.

        Who is waited for stands in its input data: (18, True) up to 2025.2,
        (18, True, 'resource') since. What the one waits for under its key the
        other sends under another, and neither goes on.
        """
        return any(len({node.count(',') for node in _NODE.findall(
            row[-1] or '')}) > 1 for row in self.sync_points)


def rows(cloud, stack_id, name):
    """Return the :class:`Rows` of a stack and of those nested in it.

    A stack that OS::Heat::Stack makes is Heat's own only by its name, which
    begins with that of the stack around it.

    :param cloud: :class:`heat_upgrade.lab.cloud.Cloud`
    :param stack_id: id of the stack
    :param name: its name
    """
    stacks = _select(cloud, _ONE_TREE, (stack_id, name,
                                        f'{_literal(name)}-%'))
    return Rows(stacks, *_of_stacks(cloud, [row[0] for row in stacks]))


def rows_of(cloud, flights, prefix):
    """Return the :class:`Rows` of many stacks, by one query for each table.

    :param cloud: as for :func:`rows`
    :param flights: list of
        :class:`heat_upgrade.inflight.operation.InFlightOperation`
    :param prefix: that the names of all their stacks begin with
    :returns: {flight: its Rows}
    """
    owners = {}
    stacks = {flight: [] for flight in flights}
    for row in _select(cloud, _TREES_OF_A_PREFIX,
                       (f'{_literal(prefix)}%',)) if flights else ():
        owner = next((flight for flight in flights if flight.owns(row[1])),
                     None)
        if owner is not None:
            owners[row[0]] = owner
            stacks[owner].append(row)
    others = _of_stacks(cloud, list(owners))
    return {flight: Rows(tuple(stacks[flight]), *(
        tuple(row for row in table if owners.get(row[0]) is flight)
        for table in others)) for flight in flights}


def _of_stacks(cloud, ids):
    """Return the locks, resources and sync points of stacks."""
    def of(table, columns, more=''):
        if not ids:
            return ()
        marks = ', '.join(['%s'] * len(ids))
        return _select(cloud, f'SELECT {columns} FROM {table} '
                       f'WHERE stack_id IN ({marks}) {more}', ids)

    return (of('stack_lock', 'stack_id, engine_id'),
            of('resource',
               'stack_id, id, name, action, status, nova_instance, '
               'engine_id', 'ORDER BY id'),
            of('sync_point',
               'stack_id, entity_id, traversal_id, is_update, input_data'))


def snapshots_without_data(cloud):
    """Return the number of snapshots in progress that have no data.

    Up to 2025.2 a snapshot has none until it is complete.

    :param cloud: :class:`heat_upgrade.lab.cloud.Cloud`
    """
    (number,), = _select(
        cloud, "SELECT COUNT(*) FROM snapshot WHERE status = 'IN_PROGRESS' "
        "AND (data IS NULL OR data = 'null')", ())
    return number


def _select(cloud, statement, values):
    return tuple(tuple(row) for row in cloud.mariadb.execute(
        statement, tuple(values), database=DATABASE))


def _literal(name):
    return name.replace('\\', '\\\\').replace('%', '\\%').replace('_', '\\_')


def waiting_work(queues):
    """Return the queues in which work waits for an engine that takes it."""
    return [queue for queue in queues if _carries_work(queue)
            and queue.consumers and queue.messages + queue.unacknowledged]


def is_delivered(queues):
    """Return True if no message for an engine waits in any queue.

    A message that a consumer was given and has not acknowledged waits too: it
    is acknowledged when it is handed to a thread (oslo.messaging).
    """
    return not waiting_work(queues)


def lost_work(queues):
    """Return the queues in which work lies and no engine listens."""
    return [queue for queue in queues if queue.name in _WORK_QUEUES
            and queue.messages and not queue.consumers]


def _carries_work(queue):
    return queue.name.split('.')[0] in _WORK_QUEUES


def collect(cloud, stack_id, name='', queues=None, found=None):
    """Return as text what there is to know of a stack.

    :param cloud: :class:`heat_upgrade.lab.cloud.Cloud`
    :param stack_id: id of the stack
    :param name: its name, by which stacks nested in it are found
    :param queues: as the broker told a moment ago; None: it is asked
    :param found: likewise, its :class:`Rows`
    """
    if found is None:
        found = rows(cloud, stack_id, name or stack_id)
    alive = cloud.engines()
    queues = cloud.queues() if queues is None else queues
    parts = [
        ('stack (id, name, action, status, reason, traversal, convergence)',
         found.stacks),
        ('stack_lock (stack, engine)',
         [(stack, _engine(engine, alive)) for stack, engine in found.locks]),
        ('resource (stack, row, name, action, status, physical, engine)',
         [(*row[:-1], _engine(row[-1], alive)) for row in found.resources]),
        ('sync_point (stack, entity, traversal, is_update, input)',
         found.sync_points),
        ('engines that live',
         [(engine, *where) for engine, where in sorted(alive.items())]),
        ('queues (vhost, name, messages, unacknowledged, consumers)',
         [dataclasses.astuple(queue) for queue in queues
          if _carries_work(queue)
          and (queue.messages or queue.unacknowledged
               or queue.name in _WORK_QUEUES)]),
    ]
    ids = {row[0] for row in found.stacks} | {stack_id} - {''}
    logs = engine_logs(cloud)
    parts += [(f'last lines of {log.name}', _lines(log, ids))
              for log in logs]
    parts.append(('messages that an engine refused, of any stack',
                  [line for log in logs for line in _refused(log)]))
    return '\n'.join(f'{title}:\n' + (''.join(
        f'  {_text(row)}\n' for row in lines) or '  none\n')
        for title, lines in parts)


def _engine(engine, alive):
    if engine is None:
        return 'no engine'
    if engine in alive:
        return f'{engine} lives: {" ".join(alive[engine])}'
    return f'{engine} is dead'


def _text(row):
    if isinstance(row, str):
        return row
    return ', '.join(str(word) for word in row)


def engine_logs(cloud):
    """Return the paths of all engines' logs of the run, sorted."""
    return sorted(cloud.workspace.logs.glob('*heat-engine*.log'))


def _refused(log):
    """Return what an engine could not take, each once with its number.

    A message that is refused is acknowledged, and gone (oslo.messaging).
    """
    with open(log, errors='replace') as lines:
        told = collections.Counter(
            match[1] for match in map(_REFUSED.search, lines) if match)
    return [f'{log.name}: {number} times {what}'
            for what, number in told.most_common()]


def _lines(log, ids):
    with open(log, errors='replace') as lines:
        return [line.rstrip()[:400] for line in lines
                if any(one in line for one in ids)][-LOG_LINES:]
