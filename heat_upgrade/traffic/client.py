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

"""One stack of the load: each operation is sent, waited for and recorded."""

import time

from heat_upgrade.traffic import history
from heat_upgrade.traffic import workload

# An API call costs the engine 40 ms of CPU, and there are two cores.
POLL_INTERVAL = 1

# Until an accepted operation has ended. The items take no time; a drained
# engine goes on for up to 60 s (process.STOP_TIMEOUT), and its successor
# needs 10 s.
DEADLINE = 90

# After that many seconds an answer says no more how a stack is.
STALE = 15

# How often in sequence a stack has to be seen at rest after a call of which
# nothing is known: its message may still be in a queue.
LOOKS = 2

IN_PROGRESS = '_IN_PROGRESS'
GONE_STATE = 'DELETE_COMPLETE'


class Stack:
    """A stack of the load, as its one client sees it.

    :param walk: :class:`heat_upgrade.traffic.workload.Walk`
    :param client: name of the client
    :param api: :class:`heat_upgrade.lab.heat_client.Api`
    :param calls: :class:`heat_upgrade.traffic.history.History`
    :param release_of: callable: the release that a node (by name, '' if
        nobody says) runs now
    :param clock: monotonic clock, for tests
    :param sleep: for tests
    """

    def __init__(self, walk, *, client, api, calls, release_of,
                 clock=time.monotonic, sleep=time.sleep):
        self.walk = walk
        self.id = None
        self.state = ''
        self._client = client
        self._api = api
        self._calls = calls
        self._release_of = release_of
        self._clock = clock
        self._sleep = sleep
        self._values = 0
        self._signals = 0
        self.snapshot = None

    @property
    def path(self):
        return '/'.join(filter(None, ('stacks', self.walk.stack, self.id)))

    def fits(self, operation):
        """Tell whether Heat allows an operation in the state seen last."""
        suspended = self.state.startswith('SUSPEND')
        if operation == history.DELETE:
            return True
        if operation == history.RESTORE and self.snapshot is None:
            return False
        return suspended == (operation == history.RESUME)

    def do(self, operation):
        """Send one of MUTATIONS and wait for its end.

        :returns: REFUSED, or what came of the wait
        """
        request = getattr(self, f'_{operation}')
        method, path, body, detail = request()
        call, content = self._call(operation, method, path, body, detail,
                                   learn=self._learn)
        if call.result == history.REFUSED:
            return history.REFUSED
        known = call.result == history.OK
        if operation == history.SIGNAL:
            return self._wait(call, lambda: self._signalled(call, known))
        if not known:
            return self._wait(call, self._at_rest())
        return self._wait(call, lambda: self._ended(operation))

    # What is sent: method, path, body, and what the history notes of it.

    def _value(self):
        self._values += 1
        return f'v{self._values}'

    def _create(self):
        value = self._value()
        return 'POST', 'stacks', {
            'stack_name': self.walk.stack, 'disable_rollback': True,
            'template': workload.template(self.walk.stack, self.walk.shape),
            'parameters': {'value': value},
        }, {'value': value, 'shape': self.walk.shape}

    def _update(self):
        value = self._value()
        return 'PUT', self.path, {
            'template': workload.template(self.walk.stack, self.walk.shape),
            'parameters': {'value': value},
        }, {'value': value}

    def _action(self, name):
        return 'POST', f'{self.path}/actions', {name: None}, {}

    def _check(self):
        return self._action('check')

    def _suspend(self):
        return self._action('suspend')

    def _resume(self):
        return self._action('resume')

    def _snapshot(self):
        return 'POST', f'{self.path}/snapshots', {'name': 'load'}, {}

    def _restore(self):
        return ('POST', f'{self.path}/snapshots/{self.snapshot}/restore',
                None, {'snapshot': self.snapshot})

    def _signal(self):
        self._signals += 1
        name = f's{self._signals}'
        return ('POST', f'{self.path}/resources/{workload.HANDLE}/signal',
                {'id': name, 'status': 'SUCCESS', 'reason': 'load',
                 'data': name}, {'signal': name})

    def _delete(self):
        return 'DELETE', self.path, None, {}

    # How it is sent, and what is read.

    def _call(self, operation, method, path, body=None, detail=None, *,
              learn=None):
        """Send one call and record it.

        :param learn: given what it answered, returns more to note
        :returns: (:class:`heat_upgrade.traffic.history.Call`, content)
        """
        detail, content = dict(detail or {}), None
        start = self._clock()
        node, status = '', None
        try:
            answer = self._api.call(method, path, body)
        except OSError as exc:
            detail['error'] = f'{type(exc).__name__}: {exc}'[:300]
            release = ''
        else:
            node, status, content = answer.node, answer.status, answer.body
            release = self._release_of(node) or ''
            if status >= 400:
                detail['error'] = _reason(content)
            elif learn:
                detail.update(learn(operation, content))
        call = self._calls.add(
            client=self._client, stack=self.walk.stack, operation=operation,
            start=start, end=self._clock(), node=node, release=release,
            status=status, result=history.result_of(status), detail=detail)
        return call, content

    def _learn(self, operation, content):
        """Note the ids of what an answer says was made."""
        if operation == history.CREATE:
            self.id = content['stack']['id']
            return {'id': self.id}
        if operation == history.SNAPSHOT:
            self.snapshot = content['id']
            return {'snapshot': self.snapshot}
        return {}

    def _see(self, operation, content):
        """Note what an answer says of the stack."""
        stack = content['stack']
        self.id, self.state = stack['id'], stack['stack_status']
        seen = {'id': self.id, 'state': self.state,
                'reason': stack.get('stack_status_reason') or ''}
        if operation == history.SHOW:
            seen['outputs'] = {one['output_key']: one.get('output_value')
                               for one in stack.get('outputs') or []}
        return seen

    def _poll(self):
        return self._call(history.POLL, 'GET',
                          f'{self.path}?resolve_outputs=False',
                          learn=self._see)[0]

    def show(self):
        """Read the stack with its outputs; returns the call."""
        return self._call(history.SHOW, 'GET', self.path, learn=self._see)[0]

    def resources(self):
        """Read its resources: the state and physical id of each."""
        def learn(operation, content):
            return {'resources': {
                one['resource_name']: [one['resource_status'],
                                       one['physical_resource_id']]
                for one in content['resources']}}
        return self._call(history.RESOURCES, 'GET', f'{self.path}/resources',
                          learn=learn)[0]

    def signals(self):
        """Read what the handle has been told; None if it has none."""
        if self.walk.shape != workload.SIGNALLED:
            return None
        return self._call(
            history.METADATA, 'GET',
            f'{self.path}/resources/{workload.HANDLE}/metadata',
            learn=lambda operation, content: {
                'signals': sorted(content['metadata'] or {})})[0]

    def events(self):
        """Read the events of the stack itself, [time, state] each."""
        def learn(operation, content):
            return {'events': [[one['event_time'], one['resource_status']]
                               for one in content['events']]}
        return self._call(
            history.EVENTS, 'GET',
            f'{self.path}/events?resource_name={self.walk.stack}',
            learn=learn)[0]

    # Waiting.

    def _wait(self, call, look):
        """Look until an operation has ended, or is overdue; record it.

        :param look: returns the read, and what came of the wait or None
        """
        deadline = call.end + DEADLINE
        answered = None
        while True:
            self._sleep(POLL_INTERVAL)
            read, result = look()
            if read.result == history.OK:
                answered = read
            if result or self._clock() >= deadline:
                break
        result = result or _overdue(answered, read)
        self._calls.add(
            client=self._client, stack=self.walk.stack,
            operation=history.WAIT, start=call.end, end=read.end,
            node=read.node, release=read.release, status=read.status,
            result=result, detail={
                'of': call.id, 'operation': call.operation,
                'state': (answered or read).detail.get('state', ''),
                'reason': (answered or read).detail.get('reason', '')})
        return result

    def _ended(self, operation):
        """Look whether what was accepted has ended."""
        read = self._poll()
        state = read.detail.get('state', '')
        if read.status == 404 or state == GONE_STATE:
            return read, history.GONE
        action, _, status = state.partition('_')
        if action != operation.upper() or status not in (
                history.COMPLETE, history.FAILED):
            return read, None
        if operation == history.SNAPSHOT and status == history.COMPLETE:
            return self._snapshot_ended(read)
        return read, status

    def _snapshot_ended(self, poll):
        read, _ = self._call(
            history.SNAPSHOTS, 'GET',
            f'{self.path}/snapshots/{self.snapshot}',
            learn=lambda operation, content: {
                'state': 'SNAPSHOT_' + content['snapshot']['status']})
        status = read.detail.get('state', '').partition('_')[2]
        ended = status in (history.COMPLETE, history.FAILED)
        return (poll, status) if ended else (read, None)

    def _signalled(self, call, known):
        read = self.signals()
        there = call.detail['signal'] in read.detail.get('signals', ())
        if there:
            return read, history.COMPLETE
        at_rest = not known and read.result == history.OK
        return read, history.AT_REST if at_rest else None

    def _at_rest(self):
        """Return a look that ends when nothing has gone on for a while."""
        seen = []

        def look():
            read = self._poll()
            state = ('' if read.status == 404 else
                     read.detail.get('state', IN_PROGRESS))
            seen.append(state)
            if state.endswith(IN_PROGRESS) or (
                    seen[-LOOKS:] != [state] * LOOKS):
                return read, None
            gone = state in ('', GONE_STATE)
            return read, history.GONE if gone else history.AT_REST
        return look


def _overdue(answered, last):
    """Return what a wait came to whose deadline has passed.

    :param answered: the last read that was answered, or None
    :param last: the last read
    """
    if answered is None or last.end - answered.end > STALE:
        return history.UNREADABLE
    if answered.detail.get('state', '').endswith(IN_PROGRESS):
        return history.STUCK
    return history.NOT_BEGUN


def _reason(content):
    """Return what Heat, or a proxy, says of an error, on one line."""
    if isinstance(content, dict) and isinstance(content.get('error'), dict):
        content = content['error'].get('message', '')
    return ' '.join(str(content).split())[:300]
