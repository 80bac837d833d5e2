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

"""Stacks that a killed engine has left behind, and their recovery.

Real ones need an engine that dies before each upgrade. These are made in less
than a second: the rows that SIGKILL leaves are written into Heat's database.
They were read on 26.0.2, by a SIGKILL of the engine while it updated the first
of three resources in a chain. It leaves:

* stack: action UPDATE, status IN_PROGRESS, status_reason "Stack UPDATE
  started", a new current_traversal, a new row in raw_template with the former
  one as prev_raw_template_id;
* resource: of the one in the engine's hands action UPDATE, status
  IN_PROGRESS, its engine_id, and atomic_key one higher; the others unchanged;
* sync_point: for this traversal one row for the stack, and two for each
  resource (is_update 0 and 1), all with input_data {} and atomic_key 0;
* service: the engine's row, until another engine removes it after minutes.

A stack lock is left by an engine that dies while it works on a stack without
convergence, as created before 2018 or with convergence_engine = false: one row
in stack_lock. Since 2026.1 no other stack is ever locked.

The engine is one of the base's. When Heat is asked to recover the stacks, all
engines of the base have ended, so it is dead.
"""

import dataclasses
import secrets
import time
from typing import Any
import uuid

from heat_upgrade import concurrency
from heat_upgrade import errors
from heat_upgrade.inflight import evidence
from heat_upgrade import waiting

# Seconds to create three stacks of three resources: 3 s on an idle machine.
MAKE_TIMEOUT = 90
# Seconds. Heat waits 15 s for a dead engine to cancel its work before it
# deletes (heat/engine/worker.py), and asks for 2 s whether it lives.
RECOVER_TIMEOUT = 90
REMOVE_TIMEOUT = 60
INTERVAL = 0.5

PREFIX = 'orphan-'

HELD, LOCKED, DELETED = 'held', 'locked', 'deleted'


@dataclasses.dataclass(frozen=True)
class Recovery:
    """A user's operation on an orphaned stack, and its expected result.

    :ivar kind: HELD, LOCKED or DELETED
    :ivar left: the state that the dead engine has left
    :ivar operation: the operation that the user requests
    :ivar status: status of the stack in the end
    """

    kind: str
    left: str
    operation: str
    status: str


RECOVERIES = (
    Recovery(HELD, 'a resource that a dead engine updates', 'update',
             'UPDATE_COMPLETE'),
    Recovery(LOCKED, 'the lock of a dead engine', 'suspend',
             'SUSPEND_COMPLETE'),
    Recovery(DELETED, 'a resource that a dead engine updates', 'delete',
             'DELETE_COMPLETE'),
)


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How a recovery ended.

    :ivar recovery: the :class:`Recovery`
    :ivar story: the failure, '' if there was none
    :ivar seconds: that it took
    :ivar evidence: text, '' if nothing went wrong
    """

    recovery: Recovery
    story: str
    seconds: float
    evidence: str = ''

    def as_dict(self) -> dict[str, Any]:
        """Return it for the journal: short words and numbers only."""
        return {'orphan': self.recovery.kind, 'recovered': not self.story,
                'seconds': round(self.seconds, 2)}

    @property
    def title(self) -> str:
        """Return in one line what is wrong."""
        return (f'a stack with {self.recovery.left} cannot be recovered: '
                f'{self.recovery.operation}')


class Orphans:
    """The orphaned stacks of a run.

    :param api: :class:`heat_upgrade.lab.heat_client.Api`
    :param cloud: :class:`heat_upgrade.lab.cloud.Cloud`
    """

    def __init__(self, api: Any, cloud: Any) -> None:
        self._api = api
        self._cloud = cloud
        self._engine = ''
        self._ids: dict[str, str] = {}
        self._started = 0.0
        self._stories: dict[Recovery, tuple[str, float]] = {}
        mark = secrets.token_hex(3)
        self.names = {one.kind: f'{PREFIX}{one.kind}-{mark}'
                      for one in RECOVERIES}

    def make(self) -> None:
        """Create the stacks; returns when they are complete.

        :raises: :class:`errors.LabError`
        """
        self._engine = sorted(self._cloud.engines())[0]
        for kind, name in self.names.items():
            answer = self._call('POST', 'stacks', {
                'stack_name': name, 'template': _template(kind, 'v1'),
                'disable_rollback': True})
            self._ids[kind] = answer.body['stack']['id']

        def complete() -> bool:
            seen = self._statuses()
            failed = [name for name, status in seen.items()
                      if status.endswith('_FAILED')]
            if failed:
                raise errors.LabError(f'{failed[0]} is {seen[failed[0]]}')
            return [status for status in seen.values()
                    ] == ['CREATE_COMPLETE'] * len(RECOVERIES)
        waiting.wait_until(complete, timeout=MAKE_TIMEOUT, interval=INTERVAL,
                           what='the stacks to be orphaned')

    def leave(self) -> None:
        """Write what the engine leaves when it is killed."""
        self._leave_held(self._ids[HELD])
        self._leave_held(self._ids[DELETED])
        stack_id = self._ids[LOCKED]
        self._execute('UPDATE stack SET convergence = 0, '
                      'current_traversal = NULL, current_deps = NULL '
                      'WHERE id = %s', stack_id)
        self._execute('INSERT INTO stack_lock (stack_id, engine_id, '
                      'created_at) VALUES (%s, %s, UTC_TIMESTAMP())',
                      stack_id, self._engine)

    def _leave_held(self, stack_id: str) -> None:
        """Leave a stack whose first resource is being updated."""
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
        """Ask Heat for an operation on each, and see how it ends.

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
            seen = self._statuses()
            for one in self._left():
                self._note(one, f'it is {seen[self.names[one.kind]]} after '
                           f'{timeout:g} s')
        return [self._outcome(one, *self._stories[one]) for one in RECOVERIES]

    def _note(self, recovery: Recovery, story: str) -> None:
        self._stories[recovery] = story, time.monotonic() - self._started

    def _left(self) -> list[Recovery]:
        return [one for one in RECOVERIES if one not in self._stories]

    def _try(self, recovery: Recovery) -> None:
        try:
            self._begin(recovery.kind)
        except errors.LabError as exc:
            self._note(recovery, str(exc))

    def _all_ended(self) -> bool:
        seen = self._statuses()
        for one in self._left():
            status = seen[self.names[one.kind]]
            if status == one.status:
                self._note(one, '')
            elif status == one.status.replace('COMPLETE', 'FAILED'):
                self._note(one, f'it ended in {status}')
        return not self._left()

    def _begin(self, kind: str) -> None:
        path = f'stacks/{self.names[kind]}/{self._ids[kind]}'
        if kind == HELD:
            self._call('PUT', path, {'template': _template(kind, 'v2'),
                                     'disable_rollback': True})
        elif kind == LOCKED:
            self._call('POST', f'{path}/actions', {'suspend': None})
        else:
            self._call('DELETE', path)

    def _outcome(self, recovery: Recovery, story: str,
                 seconds: float) -> Outcome:
        return Outcome(recovery, story, seconds, evidence.collect(
            self._cloud, self._ids[recovery.kind],
            self.names[recovery.kind]) if story else '')

    def remove(self) -> list[str]:
        """Delete the stacks; returns what could not be deleted."""
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
        found = {name: f'{action}_{status}' for name, action, status
                 in self._execute(
                     'SELECT name, action, status FROM stack WHERE '
                     'deleted_at IS NULL AND name LIKE %s', f'{PREFIX}%')}
        return {name: found.get(name, 'DELETE_COMPLETE')
                for name in self.names.values()}

    def _execute(self, statement: str, *values: Any) -> Any:
        return self._cloud.mariadb.execute(
            statement, values, database=evidence.DATABASE)

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        try:
            answer = self._api.call(method, path, body)
        except OSError as exc:
            raise errors.LabError(
                f'{method} {path} got no answer: {exc}') from exc
        if answer.status >= 300:
            raise errors.LabError(f'{method} {path} got {answer.status}: '
                                  f'{str(answer.body)[:500]}')
        return answer


def _template(kind: str, value: str) -> dict[str, Any]:
    """Return a chain of three items."""
    resources: dict[str, Any] = {}
    for name, before in (('a', ''), ('b', 'a'), ('c', 'b')):
        resources[name] = {
            'type': 'HeatUpgrade::Ledger::Item', 'properties': {
                'label': f'orphan/{kind}/{name}', 'value': value}}
        if before:
            resources[name]['depends_on'] = before
    return {'heat_template_version': '2021-04-16', 'resources': resources}
