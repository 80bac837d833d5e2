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

"""One operation in flight: its stack, where it is parked, how it goes on."""

import secrets

from heat_upgrade import errors
from heat_upgrade.inflight import cases
from heat_upgrade.inflight import expected_outcomes
from heat_upgrade.inflight import hold_points
from heat_upgrade.inflight import templates

# Minutes; what Heat itself would end meanwhile could not be told from what
# the disruption did to it.
_STACK_TIMEOUT = 60

# Heat names a wait condition's signals; one that is sent twice counts once.
_SIGNAL = {'status': 'SUCCESS', 'id': 'in-flight', 'reason': 'go on',
           'data': 'gone on'}

_SNAPSHOT = 'in-flight'

# Status of a stack after each step of its preparation.
_CREATED, _SUSPENDED, _SNAPSHOT_TAKEN, _UPDATED = (
    'CREATE_COMPLETE', 'SUSPEND_COMPLETE', 'SNAPSHOT_COMPLETE',
    'UPDATE_COMPLETE')

# Seconds: a signal is a call that waits for an engine. Where none is left
# nobody may wait for that as long as Heat's API does.
SIGNAL_TIMEOUT = 5


class InFlightOperation:
    """A case on its way.

    :param case: :class:`heat_upgrade.inflight.cases.Case`
    :param api: :class:`heat_upgrade.lab.heat_client.Api`
    :param ledger: :class:`heat_upgrade.ledger.client.Client`

    :ivar name: of its stack; those of nested stacks begin with it and '-'
    :ivar stack_id: id of its stack, '' before there is one
    :ivar held_by: names of the nodes whose engines had it when it was parked
    """

    def __init__(self, case, api, ledger):
        self.case = case
        self.layout = hold_points.layout(case)
        self.name = f'inflight-{case.id}-{secrets.token_hex(3)}'
        self.stack_id = ''
        self.held_by = ()
        self.signalled = case.parked != cases.SIGNAL
        self._api = api
        self._ledger = ledger
        self._steps = _PREPARATION.get(case.kind, ((None, _CREATED),))
        if case.kind == cases.CREATE:
            self._steps = ()
        self._prepared = 0
        self._to_cancel = case.kind == cases.CANCEL
        self._snapshot_id = ''

    @property
    def needs_stack(self):
        return bool(self._steps)

    @property
    def awaited(self):
        """Status of the stack at the end of the step that was begun."""
        return self._steps[self._prepared][1]

    @property
    def _path(self):
        return f'stacks/{self.name}/{self.stack_id}'

    def owns(self, name):
        """Tell whether a stack is its own or nested in it, by the name."""
        return name == self.name or name.startswith(f'{self.name}-')

    def prepare(self):
        """Begin to create the stack of a kind that needs one."""
        if self.needs_stack:
            self._create()

    def prepare_next(self):
        """Begin the next step of the preparation.

        :returns: False if there is none: it is prepared
        :raises: :class:`errors.LabError` if Heat refuses
        """
        if self._prepared + 1 >= len(self._steps):
            return False
        self._prepared += 1
        self._steps[self._prepared][0](self)
        return True

    def start(self):
        """Hold what is to be held, and begin the operation.

        :raises: :class:`errors.LabError` if Heat refuses
        """
        for name in self.layout.held:
            self._ledger.hold(self._label(name), self.layout.operation)
        if self.layout.fails:
            self._ledger.fail(self._label(self.layout.fails), cases.UPDATE)
        _STARTERS[self.case.kind](self)

    def _label(self, name):
        return hold_points.label(self.case, name)

    def _create(self):
        answer = self._call('POST', 'stacks', self._body(
            templates.FIRST, stack_name=self.name), expected=(201,))
        self.stack_id = answer.body['stack']['id']

    def _update(self):
        self._call('PUT', self._path, self._body(templates.SECOND))

    def _update_to_fail(self):
        self._call('PUT', self._path, self._body(
            templates.SECOND, disable_rollback=False))

    def _delete(self):
        self._call('DELETE', self._path, expected=(204,))

    def _snapshot(self):
        answer = self._call(
            'POST', f'{self._path}/snapshots', {'name': _SNAPSHOT},
            expected=(200, 201, 202))
        self._snapshot_id = answer.body['id']

    def _restore(self):
        self._call('POST', f'{self._path}/snapshots/{self._snapshot_id}'
                   '/restore', expected=(200, 202))

    def _act(self, action):
        self._call('POST', f'{self._path}/actions', {action: None},
                   expected=(200, 201, 202))

    def _suspend(self):
        self._act('suspend')

    def _resume(self):
        self._act('resume')

    def _check(self):
        self._act('check')

    def _body(self, step, **more):
        return {'template': templates.template(self.case, step),
                'files': templates.files(self.case, step),
                'disable_rollback': True, 'timeout_mins': _STACK_TIMEOUT,
                **more}

    def _call(self, method, path, body=None, expected=(200, 202)):
        try:
            answer = self._api.call(method, path, body)
        except OSError as exc:
            raise errors.LabError(
                f'{self.case.id}: {method} {path} got no answer: '
                f'{exc}') from exc
        if answer.status not in expected:
            raise errors.LabError(
                f'{self.case.id}: {method} {path} got {answer.status} '
                f'instead of {expected[0]}: {str(answer.body)[:500]}')
        return answer

    def proceed(self, parked, rows):
        """Cancel an update as soon as it waits where it is to be cancelled.

        :param parked: as for :meth:`not_parked`
        :param rows: likewise
        :raises: :class:`errors.LabError` if Heat refuses
        """
        if (self._to_cancel and rows.status(self.name) == 'UPDATE_IN_PROGRESS'
                and not self._not_held(parked, rows)):
            self._act('cancel_update')
            self._to_cancel = False

    def not_parked(self, parked, rows, values):
        """Return what is missing until it is parked for certain.

        :param parked: labels that the ledger says are held in progress
        :param rows: :class:`heat_upgrade.inflight.evidence.Rows` of its stack
        :param values: {label: value} of the items that exist
        :returns: '' if nothing is missing
        """
        wanted = f'{expected_outcomes.action(self.case)}_IN_PROGRESS'
        status = rows.status(self.name)
        if status != wanted:
            return f'the stack is {status}, not {wanted}'
        return self._not_held(parked, rows) or next(filter(None, (
            self._beside_story(name, rows, values)
            for name in self.layout.beside)), '')

    def _not_held(self, parked, rows):
        missing = {self._label(name) for name in self.layout.held} - parked
        if missing:
            return f'{", ".join(sorted(missing))} not held'
        if self.case.parked != cases.SIGNAL:
            return ''
        seen = rows.resource_status(hold_points.GATE)
        return '' if seen == 'CREATE_IN_PROGRESS' else (
            f'the wait condition is {seen}')

    def _gate_path(self, names):
        """Return the path of the stack with the wait condition, or None."""
        if self.case.shape not in cases.INNER[:2]:
            return self._path
        return next((f'stacks/{name}/{stack_id}'
                     for name, stack_id in names.items()
                     if self.owns(name)
                     and name.rsplit('-', 2)[1:2] == ['inner']), None)

    def _beside_story(self, name, rows, values):
        """Tell what one that is to be complete is instead."""
        seen = rows.resource_status(name)
        action = expected_outcomes.resource_action(self.case)
        if self.case.kind in _BACK_TO_FIRST:
            # It may have been changed and back, or not at all.
            good = seen.endswith('_COMPLETE') and (
                values.get(self._label(name)) == f'v{templates.FIRST}')
        else:
            good = seen == f'{action}_COMPLETE' or (
                action == 'DELETE' and seen in ('gone', 'DELETE_COMPLETE'))
        return '' if good else f'{name} beside it is {seen}'

    def release(self):
        """Let the ledger's operations go on."""
        for name in self.layout.held:
            self._ledger.release(self._label(name), self.layout.operation)

    def signal(self, names):
        """Send the signal of the wait condition, once it can be sent.

        :param names: {name: id} of the stacks that are there
        :returns: True when it has been sent, or there is none to send
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

    def snapshot_status(self):
        """Return the status of the snapshot, '' if there is none to take."""
        if self.case.kind != cases.SNAPSHOT:
            return ''
        answer = self._call('GET', f'{self._path}/snapshots')
        found = answer.body['snapshots']
        return found[0]['status'] if found else 'gone'

    def mend(self):
        """Begin the update that is to repair it: what was asked for last.

        :raises: :class:`errors.LabError` if Heat refuses
        """
        step = (templates.SECOND if self.case.kind == cases.UPDATE
                else templates.FIRST)
        self._call('PUT', self._path, self._body(step))

    def delete(self):
        """Begin to delete the stack, if there is one.

        :raises: :class:`errors.LabError` if Heat refuses
        """
        if self.stack_id:
            self._call('DELETE', self._path, expected=(204, 404))


# Kinds after which each item has the value of before again.
_BACK_TO_FIRST = (cases.ROLLBACK, cases.CANCEL, cases.RESTORE)

# The steps that prepare the stack of an operation: the function that begins a
# step, and the status at its end. The first step creates the stack.
_PREPARATION = {
    cases.RESUME: ((None, _CREATED), (InFlightOperation._suspend, _SUSPENDED)),
    cases.RESTORE: (
        (None, _CREATED),
        (InFlightOperation._snapshot, _SNAPSHOT_TAKEN),
        (InFlightOperation._update, _UPDATED),
    ),
}

_STARTERS = {
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
