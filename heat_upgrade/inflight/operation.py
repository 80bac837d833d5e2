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

"""One in-flight operation: its stack, its hold point, and its release."""

from collections import abc
import secrets
import typing

from heat_upgrade import errors
from heat_upgrade.inflight import cases
from heat_upgrade.inflight import evidence
from heat_upgrade.inflight import expected_outcomes
from heat_upgrade.inflight import hold_points
from heat_upgrade.inflight import templates
from heat_upgrade.lab import heat_client
from heat_upgrade.ledger import client as ledger_client

# Minutes, longer than any operation is parked. A release that counts them as
# seconds ends each operation.
_STACK_TIMEOUT = 10

# Heat counts a signal of a wait condition once, by its id.
_SIGNAL = {'status': 'SUCCESS', 'id': 'in-flight', 'reason': 'continue',
           'data': 'continued'}

_SNAPSHOT = 'in-flight'

# Status of a stack after each step of its preparation.
_CREATED, _SUSPENDED, _SNAPSHOT_TAKEN, _UPDATED = (
    'CREATE_COMPLETE', 'SUSPEND_COMPLETE', 'SNAPSHOT_COMPLETE',
    'UPDATE_COMPLETE')

# Seconds. A signal is a call that waits for an engine; without an engine,
# Heat's API would wait much longer.
SIGNAL_TIMEOUT = 5

_NO_NODES: abc.Mapping[str, heat_client.Api] = {}


class InFlightOperation:
    """A case with its stack.

    :param nodes: {name: API of the node}, past HAProxy
    :ivar name: name of its stack; those of nested stacks begin with it and
        '-'
    :ivar stack_id: id of its stack, '' before the stack is created
    :ivar held_by: names of the nodes whose engines held it when it was parked
    """

    def __init__(self, case: cases.Case, api: heat_client.Api,
                 ledger: ledger_client.Client, *,
                 nodes: abc.Mapping[str, heat_client.Api] = _NO_NODES
                 ) -> None:
        self.case = case
        self.layout = hold_points.layout(case)
        self.name = f'inflight-{case.id}-{secrets.token_hex(3)}'
        self.stack_id = ''
        self.held_by: tuple[str, ...] = ()
        self.signalled = case.parked != cases.SIGNAL
        self._api = self._updated_through = api
        self._nodes = nodes
        self._ledger = ledger
        self._steps = _PREPARATION.get(case.kind, _CREATE_ONLY)
        if case.kind == cases.CREATE:
            self._steps = ()
        self._prepared = 0
        self._to_cancel = case.kind == cases.CANCEL
        self._snapshot_id = ''

    @property
    def needs_stack(self) -> bool:
        return bool(self._steps)

    @property
    def awaited(self) -> str:
        """Status of the stack at the end of the current preparation step."""
        return self._steps[self._prepared][1]

    @property
    def _path(self) -> str:
        return f'stacks/{self.name}/{self.stack_id}'

    def owns(self, name: str) -> bool:
        """Return True if a stack is its own or nested in it, by the name."""
        return name == self.name or name.startswith(f'{self.name}-')

    def prepare(self) -> None:
        """Begin to create the stack, unless the operation creates it."""
        if self.needs_stack:
            self._create()

    def prepare_next(self) -> bool:
        """Begin the next step of the preparation.

        :returns: False if the preparation is complete
        :raises: errors.LabError if Heat refuses
        """
        if self._prepared + 1 >= len(self._steps):
            return False
        self._prepared += 1
        begin = self._steps[self._prepared][0]
        if begin is not None:
            begin(self)
        return True

    def start(self) -> None:
        """Set the holds, and begin the operation.

        :raises: errors.LabError if Heat refuses
        """
        if self.layout.operation is not None:
            for name in self.layout.held:
                self._ledger.hold(self._label(name), self.layout.operation)
        if self.layout.fails:
            self._ledger.fail(self._label(self.layout.fails), cases.UPDATE)
        _STARTERS[self.case.kind](self)

    def _label(self, name: str) -> str:
        return hold_points.label(self.case, name)

    def _create(self) -> None:
        answer = self._call('POST', 'stacks', self._body(
            templates.FIRST, stack_name=self.name), expected=(201,))
        self.stack_id = answer.body['stack']['id']

    def _update(self) -> None:
        answer = self._call('PUT', self._path, self._body(templates.SECOND))
        self._updated_through = self._nodes.get(answer.node, self._api)

    def _update_to_fail(self) -> None:
        self._call('PUT', self._path, self._body(
            templates.SECOND, disable_rollback=False))

    def _delete(self) -> None:
        self._call('DELETE', self._path, expected=(204,))

    def _snapshot(self) -> None:
        answer = self._call(
            'POST', f'{self._path}/snapshots', {'name': _SNAPSHOT},
            expected=(200, 201, 202))
        self._snapshot_id = answer.body['id']

    def _restore(self) -> None:
        self._call('POST', f'{self._path}/snapshots/{self._snapshot_id}'
                   '/restore', expected=(200, 202))

    def _act(self, action: str) -> None:
        self._call('POST', f'{self._path}/actions', {action: None},
                   expected=(200, 201, 202))

    def _suspend(self) -> None:
        self._act('suspend')

    def _resume(self) -> None:
        self._act('resume')

    def _check(self) -> None:
        self._act('check')

    def _body(self, step: int,
              **arguments: typing.Any) -> dict[str, typing.Any]:
        return {'template': templates.template(self.case, step),
                'files': templates.files(self.case, step),
                'disable_rollback': True, 'timeout_mins': _STACK_TIMEOUT,
                **arguments}

    def _call(self, method: str, path: str,
              body: dict[str, typing.Any] | None = None,
              expected: tuple[int, ...] = (200, 202),
              api: heat_client.Api | None = None) -> heat_client.Answer:
        try:
            answer = (api or self._api).call(method, path, body)
        except OSError as exc:
            raise errors.LabError(
                f'{self.case.id}: {method} {path} got no answer: '
                f'{exc}') from exc
        if answer.status not in expected:
            raise errors.LabError(
                f'{self.case.id}: {method} {path} got {answer.status} '
                f'instead of {expected[0]}: {str(answer.body)[:500]}')
        return answer

    def proceed(self, parked: set[str], rows: evidence.Rows) -> None:
        """Cancel an update as soon as its hold is reached.

        The cancel goes to the node that got the update. In a rolling upgrade,
        an engine in another virtual host would take the update's engine for
        dead (doc/source/findings/taken-for-dead.rst), and the operation would
        end before it is parked.

        :param parked: labels that the ledger holds in progress
        :param rows: rows of its stack
        :raises: errors.LabError if Heat refuses
        """
        if (self._to_cancel and rows.status(self.name) == 'UPDATE_IN_PROGRESS'
                and not self._not_held(parked, rows)):
            self._call('POST', f'{self._path}/actions',
                       {'cancel_update': None}, expected=(200, 201, 202),
                       api=self._updated_through)
            self._to_cancel = False

    def not_parked(self, parked: set[str], rows: evidence.Rows,
                   values: dict[str, str]) -> str:
        """Return the missing condition of a parked operation, '' if parked.

        :param parked: labels that the ledger holds in progress
        :param rows: rows of its stack
        :param values: {label: value} of the existing items
        """
        wanted = f'{expected_outcomes.action(self.case)}_IN_PROGRESS'
        status = rows.status(self.name)
        if status != wanted:
            return f'the stack is {status}, not {wanted}'
        return self._not_held(parked, rows) or next(filter(None, (
            self._not_complete(name, rows, values)
            for name in self.layout.complete)), '')

    def _not_held(self, parked: set[str], rows: evidence.Rows) -> str:
        missing = {self._label(name) for name in self.layout.held} - parked
        if missing:
            return f'{", ".join(sorted(missing))} not held'
        if self.case.parked != cases.SIGNAL:
            return ''
        status = rows.resource_status(hold_points.GATE)
        return '' if status == 'CREATE_IN_PROGRESS' else (
            f'the wait condition is {status}')

    def _gate_path(self, names: abc.Mapping[str, str]) -> str | None:
        """Return the path of the stack with the wait condition, or None."""
        if self.case.shape not in cases.INNER[:2]:
            return self._path
        return next((f'stacks/{name}/{stack_id}'
                     for name, stack_id in names.items()
                     if self.owns(name)
                     and name.rsplit('-', 2)[1:2] == ['inner']), None)

    def _not_complete(self, name: str, rows: evidence.Rows,
                      values: dict[str, str]) -> str:
        """Return the status of an incomplete resource, '' if complete."""
        status = rows.resource_status(name)
        action = expected_outcomes.resource_action(self.case)
        if self.case.kind in _BACK_TO_FIRST:
            # Either changed and changed back, or not changed at all.
            complete = status.endswith('_COMPLETE') and (
                values.get(self._label(name)) == f'v{templates.FIRST}')
        else:
            complete = status == f'{action}_COMPLETE' or (
                action == 'DELETE' and status in ('gone', 'DELETE_COMPLETE'))
        return '' if complete else f'{name} on the same level is {status}'

    def release(self) -> None:
        """Release the holds in the ledger."""
        if self.layout.operation is not None:
            for name in self.layout.held:
                self._ledger.release(self._label(name),
                                     self.layout.operation)

    def signal(self, names: abc.Mapping[str, str]) -> bool:
        """Send the signal of the wait condition, as soon as possible.

        :param names: {name: id} of the existing stacks
        :returns: True if the signal was sent, or the case needs none
        """
        if self.signalled:
            return True
        path = self._gate_path(names)
        if path is None:
            return False
        try:
            answer = self._api.call(
                'POST', f'{path}/resources/{hold_points.HANDLE}/signal',
                _SIGNAL, timeout=SIGNAL_TIMEOUT)
        except OSError:
            return False
        self.signalled = answer.status < 300
        return self.signalled

    def snapshot_status(self) -> str:
        """Return the status of the snapshot, '' for another kind of case."""
        if self.case.kind != cases.SNAPSHOT:
            return ''
        answer = self._call('GET', f'{self._path}/snapshots')
        snapshots = answer.body['snapshots']
        return snapshots[0]['status'] if snapshots else 'gone'

    def mend(self) -> None:
        """Begin the repair: an update to the last requested template.

        :raises: errors.LabError if Heat refuses
        """
        step = (templates.SECOND if self.case.kind == cases.UPDATE
                else templates.FIRST)
        self._call('PUT', self._path, self._body(step))

    def delete(self) -> None:
        """Begin to delete the stack, if it was created.

        :raises: errors.LabError if Heat refuses
        """
        if self.stack_id:
            self._call('DELETE', self._path, expected=(204, 404))


# Kinds that return each item to its first value.
_BACK_TO_FIRST = (cases.ROLLBACK, cases.CANCEL, cases.RESTORE)

_Begin = abc.Callable[[InFlightOperation], None]

# The steps that prepare the stack of an operation: the function that begins a
# step, and the status at its end. The first step creates the stack.
_Steps = tuple[tuple[_Begin | None, str], ...]

_CREATE_ONLY: _Steps = ((None, _CREATED),)

_PREPARATION: dict[str, _Steps] = {
    cases.RESUME: ((None, _CREATED), (InFlightOperation._suspend, _SUSPENDED)),
    cases.RESTORE: (
        (None, _CREATED),
        (InFlightOperation._snapshot, _SNAPSHOT_TAKEN),
        (InFlightOperation._update, _UPDATED),
    ),
}

_STARTERS: dict[str, _Begin] = {
    cases.CREATE: InFlightOperation._create,
    cases.UPDATE: InFlightOperation._update,
    cases.DELETE: InFlightOperation._delete,
    cases.SUSPEND: InFlightOperation._suspend,
    cases.RESUME: InFlightOperation._resume,
    cases.SNAPSHOT: InFlightOperation._snapshot,
    cases.RESTORE: InFlightOperation._restore,
    cases.CHECK: InFlightOperation._check,
    cases.ROLLBACK: InFlightOperation._update_to_fail,
    cases.CANCEL: InFlightOperation._update,
}
