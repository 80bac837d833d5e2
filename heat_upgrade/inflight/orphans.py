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

"""Stacks orphaned by a killed engine, and their recovery.

Real orphans need a kill of an engine before each upgrade. These take less than
a second: the tool writes the rows that SIGKILL leaves into Heat's database.
The rows were read on 26.0.2 after a SIGKILL of the engine that updated the
first of three resources in a chain. It leaves:

* stack: action UPDATE, status IN_PROGRESS, status_reason "Stack UPDATE
  started", a new current_traversal, a new row in raw_template with the former
  one as prev_raw_template_id;
* resource: for the one that the engine held, action UPDATE, status
  IN_PROGRESS, the engine_id, and atomic_key plus one; the others unchanged;
* sync_point: in this traversal one row for the stack, and two for each
  resource (is_update 0 and 1), all with input_data {} and atomic_key 0;
* service: the engine's row, until another engine removes it after minutes.

An engine that dies while it works on a stack without convergence leaves one
row in stack_lock. Such stacks were created before 2018, or with
convergence_engine = false. Since 2026.1 Heat locks no other stack.

If the operation is not an update, the stack keeps action, status and
status_reason of its begin. The next engine that starts resets it, also a
nested one, to FAILED (heat/engine/service.py, reset_stack_status).

The engine belongs to the base. All engines of the base have ended when Heat
must recover the stacks, so the engine is dead.
"""

import dataclasses
import functools
import secrets
import time
import typing
import uuid

from heat_upgrade import concurrency
from heat_upgrade import errors
from heat_upgrade.inflight import evidence
from heat_upgrade.lab import cloud as clouds
from heat_upgrade.lab import heat_client
from heat_upgrade import waiting

# Seconds to create five stacks of three resources: 3 s on an idle machine.
MAKE_TIMEOUT = 90
# Seconds. Before a delete, Heat waits 15 s for a dead engine to cancel its
# work (heat/engine/worker.py), and asks for 2 s whether the engine is alive.
RECOVER_TIMEOUT = 90
REMOVE_TIMEOUT = 60
INTERVAL = 0.5

PREFIX = 'orphan-'

HELD, LOCKED, DELETED = 'held', 'locked', 'deleted'
BEGUN, NESTED = 'begun', 'nested'

# In place of the operation of a user, for stacks that an engine resets.
RESET = 'reset'


@dataclasses.dataclass(frozen=True)
class Recovery:
    """A user's operation on an orphaned stack, and its expected result.

    :ivar kind: HELD, LOCKED, DELETED, BEGUN or NESTED
    :ivar left: the remains of the dead engine
    :ivar operation: the operation that the user requests; RESET for none
    :ivar status: final status of the stack
    """

    kind: str
    left: str
    operation: str
    status: str


RECOVERIES = (
    Recovery(HELD, 'a resource that a dead engine was updating', 'update',
             'UPDATE_COMPLETE'),
    Recovery(LOCKED, 'the lock of a dead engine', 'suspend',
             'SUSPEND_COMPLETE'),
    Recovery(DELETED, 'a resource that a dead engine was updating', 'delete',
             'DELETE_COMPLETE'),
    Recovery(BEGUN, 'an operation without convergence of a dead engine',
             RESET, 'SUSPEND_FAILED'),
    Recovery(NESTED, 'a nested operation without convergence of a dead '
             'engine', RESET, 'SUSPEND_FAILED'),
)


@dataclasses.dataclass(frozen=True)
class Outcome:
    """The outcome of a recovery.

    :ivar story: the failure, '' for a success
    :ivar seconds: its duration
    :ivar evidence: text, '' for a success
    """

    recovery: Recovery
    story: str
    seconds: float
    evidence: str = ''

    def as_dict(self) -> dict[str, typing.Any]:
        """Return it for the journal: short words and numbers only."""
        return {'orphan': self.recovery.kind, 'recovered': not self.story,
                'seconds': round(self.seconds, 2)}

    @property
    def title(self) -> str:
        """The failure in one line."""
        return (f'a stack with {self.recovery.left} cannot be recovered: '
                f'{self.recovery.operation}')


class Orphans:
    """The orphaned stacks of a run."""

    def __init__(self, api: heat_client.Api, cloud: clouds.Cloud) -> None:
        self._api = api
        self._call = functools.partial(heat_client.accepted, api)
        self._cloud = cloud
        self._engine = ''
        self._ids: dict[str, str] = {}
        self._started = 0.0
        self._stories: dict[Recovery, tuple[str, float]] = {}
        mark = secrets.token_hex(3)
        self.names = {recovery.kind: f'{PREFIX}{recovery.kind}-{mark}'
                      for recovery in RECOVERIES}

    def make(self) -> None:
        """Create the stacks, and wait until they are complete.

        :raises: errors.LabError
        """
        self._engine = min(self._cloud.engines())
        for kind, name in self.names.items():
            answer = self._call('POST', 'stacks', {
                'stack_name': name, 'template': _template(kind, 'v1'),
                'disable_rollback': True})
            self._ids[kind] = answer.body['stack']['id']

        def complete() -> bool:
            statuses = self._statuses()
            for name, status in statuses.items():
                if status.endswith('_FAILED'):
                    raise errors.LabError(f'{name} is {status}')
            return set(statuses.values()) == {'CREATE_COMPLETE'}
        waiting.wait_until(complete, timeout=MAKE_TIMEOUT, interval=INTERVAL,
                           what='the stacks to be orphaned')

    def leave(self) -> None:
        """Write the rows that a killed engine leaves."""
        self._leave_held(self._ids[HELD])
        self._leave_held(self._ids[DELETED])
        self._leave_locked(self._ids[LOCKED])
        for kind in (BEGUN, NESTED):
            self._leave_locked(self._ids[kind])
            self._execute(
                "UPDATE stack SET action = 'SUSPEND', "
                "status = 'IN_PROGRESS', "
                "status_reason = 'Stack SUSPEND started', "
                'updated_at = UTC_TIMESTAMP() WHERE id = %s', self._ids[kind])
        self._nest(self._ids[BEGUN])

    def _nest(self, owner: str | None) -> None:
        """Nest a stack in another one, or in none."""
        self._execute('UPDATE stack SET owner_id = %s WHERE id = %s', owner,
                      self._ids[NESTED])

    def _leave_locked(self, stack_id: str) -> None:
        """Lock a stack, which then is one without convergence."""
        self._execute('UPDATE stack SET convergence = 0, '
                      'current_traversal = NULL, current_deps = NULL '
                      'WHERE id = %s', stack_id)
        self._execute('INSERT INTO stack_lock (stack_id, engine_id, '
                      'created_at) VALUES (%s, %s, UTC_TIMESTAMP())',
                      stack_id, self._engine)

    def _leave_held(self, stack_id: str) -> None:
        """Orphan a stack during the update of its first resource."""
        traversal = str(uuid.uuid4())
        columns = ', '.join(
            f'`{row[0]}`' for row in self._execute(
                'SHOW COLUMNS FROM raw_template') if row[0] != 'id')
        (before,), = self._execute(
            'SELECT raw_template_id FROM stack WHERE id = %s', stack_id)
        self._execute(
            f'INSERT INTO raw_template ({columns}) SELECT {columns} '
            'FROM raw_template WHERE id = %s', before)
        (after,), = self._execute('SELECT MAX(id) FROM raw_template')
        self._execute(
            "UPDATE stack SET action = 'UPDATE', status = 'IN_PROGRESS', "
            "status_reason = 'Stack UPDATE started', current_traversal = %s, "
            'prev_raw_template_id = raw_template_id, raw_template_id = %s, '
            'updated_at = UTC_TIMESTAMP() WHERE id = %s',
            traversal, after, stack_id)
        self._execute(
            "UPDATE resource SET action = 'UPDATE', status = 'IN_PROGRESS', "
            'engine_id = %s, atomic_key = atomic_key + 1, '
            "updated_at = UTC_TIMESTAMP() WHERE stack_id = %s AND name = 'a'",
            self._engine, stack_id)
        points = [(str(row[0]), is_update) for row in self._execute(
            'SELECT id FROM resource WHERE stack_id = %s', stack_id)
            for is_update in (0, 1)] + [(stack_id, 1)]
        row = "(%s, %s, %s, 0, %s, '{}', UTC_TIMESTAMP())"
        self._execute(
            'INSERT INTO sync_point (entity_id, traversal_id, is_update, '
            'atomic_key, stack_id, input_data, created_at) VALUES '
            + ', '.join([row] * len(points)),
            *(value for entity, is_update in points
              for value in (entity, traversal, is_update, stack_id)))

    def recover(self, timeout: float = RECOVER_TIMEOUT) -> list[Outcome]:
        """Request an operation on each stack, and return the outcomes.

        :param timeout: seconds
        """
        self._started = time.monotonic()
        concurrency.map_parallel(
            self._try, list(RECOVERIES), threads=len(RECOVERIES)
        )
        try:
            waiting.wait_until(self._all_ended, timeout=timeout,
                               interval=INTERVAL,
                               what='orphaned stacks to be recovered')
        except errors.WaitTimeout:
            statuses = self._statuses()
            for recovery in self._left():
                status = statuses[self.names[recovery.kind]]
                self._note(recovery, f'the stack is {status} after '
                           f'{timeout:g} s')
        return [self._outcome(recovery, *self._stories[recovery])
                for recovery in RECOVERIES]

    def _note(self, recovery: Recovery, story: str) -> None:
        self._stories[recovery] = story, time.monotonic() - self._started

    def _left(self) -> list[Recovery]:
        return [recovery for recovery in RECOVERIES
                if recovery not in self._stories]

    def _try(self, recovery: Recovery) -> None:
        try:
            self._begin(recovery.kind)
        except errors.LabError as exc:
            self._note(recovery, str(exc))

    def _all_ended(self) -> bool:
        statuses = self._statuses()
        for recovery in self._left():
            status = statuses[self.names[recovery.kind]]
            if status == recovery.status:
                self._note(recovery, '')
            elif status == recovery.status.replace('COMPLETE', 'FAILED'):
                self._note(recovery, f'the stack ended in {status}')
        return not self._left()

    def _begin(self, kind: str) -> None:
        path = f'stacks/{self.names[kind]}/{self._ids[kind]}'
        if kind == HELD:
            self._call('PUT', path, {'template': _template(kind, 'v2'),
                                     'disable_rollback': True})
        elif kind == LOCKED:
            self._call('POST', f'{path}/actions', {'suspend': None})
        elif kind == DELETED:
            self._call('DELETE', path)

    def _outcome(self, recovery: Recovery, story: str,
                 seconds: float) -> Outcome:
        return Outcome(recovery, story, seconds, evidence.collect(
            self._cloud, self._ids[recovery.kind],
            self.names[recovery.kind]) if story else '')

    def remove(self) -> list[str]:
        """Delete the stacks; return a line for each that remains."""
        self._nest(None)
        for kind in self.names:
            self._api.call('DELETE',
                           f'stacks/{self.names[kind]}/{self._ids[kind]}')

        def gone() -> bool:
            return set(self._statuses().values()) == {'DELETE_COMPLETE'}
        try:
            waiting.wait_until(gone, timeout=REMOVE_TIMEOUT,
                               interval=INTERVAL,
                               what='recovered stacks to be deleted')
        except errors.WaitTimeout:
            return [f'{name}: {status}'
                    for name, status in self._statuses().items()
                    if status != 'DELETE_COMPLETE']
        return []

    def _statuses(self) -> dict[str, str]:
        """Return {name: status}; DELETE_COMPLETE for a stack that is gone."""
        statuses = {name: f'{action}_{status}' for name, action, status
                    in self._execute(
                        'SELECT name, action, status FROM stack WHERE '
                        'deleted_at IS NULL AND name LIKE %s', f'{PREFIX}%')}
        return {name: statuses.get(name, 'DELETE_COMPLETE')
                for name in self.names.values()}

    def _execute(self, statement: str, *values: object) -> typing.Any:
        return self._cloud.mariadb.execute(
            statement, values, database=clouds.DATABASE)


def _template(kind: str, value: str) -> dict[str, typing.Any]:
    """Return a chain of three items."""
    resources: dict[str, typing.Any] = {}
    for name, before in (('a', ''), ('b', 'a'), ('c', 'b')):
        resources[name] = {
            'type': 'HeatUpgrade::Ledger::Item', 'properties': {
                'label': f'orphan/{kind}/{name}', 'value': value}}
        if before:
            resources[name]['depends_on'] = before
    return {'heat_template_version': '2021-04-16', 'resources': resources}
