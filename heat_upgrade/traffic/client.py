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

"""One stack of the traffic: sends, awaits and records each operation."""

from collections import abc
import time
import typing

from heat_upgrade.traffic import history
from heat_upgrade.traffic import workload

# Seconds. An API call costs the engine 40 ms of CPU, and there are two cores.
POLL_INTERVAL = 1

# Seconds in which an accepted operation must finish. The items take no time;
# a drained engine works for up to 60 s (process.STOP_TIMEOUT), and its
# successor needs 10 s.
DEADLINE = 90

# Seconds after which an answer no longer proves the state of a stack.
STALE = 15

# Number of consecutive reads that must see a stack at rest after a call with
# an unknown outcome: its message may still be in a queue.
LOOKS = 2

IN_PROGRESS = '_IN_PROGRESS'
GONE_STATE = 'DELETE_COMPLETE'

# Method, path, body, and the detail for the history.
_Request = tuple[str, str, typing.Any, dict[str, typing.Any]]

# A read, and the result of the wait or None.
_Look = tuple[history.Call, str | None]

# Takes the operation and the content of the answer; returns more detail.
_Learn = abc.Callable[[str, typing.Any], dict[str, typing.Any]]


class Answer(typing.Protocol):
    """The part of an answer of the API that a stack uses."""

    @property
    def status(self) -> int:
        ...

    @property
    def body(self) -> typing.Any:
        ...

    @property
    def node(self) -> str:
        ...


class Api(typing.Protocol):
    """The part of the API client that a stack uses."""

    def call(self, method: str, path: str,
             body: typing.Any = None) -> Answer:
        ...


class Stack:
    """A stack of the traffic, as its one client sees it.

    :param client: name of the client
    :param release_of: returns the current release of a node ('' if the node
        is unknown)
    :param clock: monotonic clock, for tests
    :param sleep: for tests
    """

    def __init__(self, walk: workload.Walk, *, client: str, api: Api,
                 calls: history.History,
                 release_of: abc.Callable[[str], str | None],
                 clock: abc.Callable[[], float] = time.monotonic,
                 sleep: abc.Callable[[float], object] = time.sleep) -> None:
        self.walk = walk
        self.id: str | None = None
        self.state = ''
        self._client = client
        self._api = api
        self._calls = calls
        self._release_of = release_of
        self._clock = clock
        self._sleep = sleep
        self._values = 0
        self._signals = 0
        self.snapshot: str | None = None
        self._requests: dict[str, abc.Callable[[], _Request]] = {
            history.CREATE: self._create,
            history.UPDATE: self._update,
            history.CHECK: lambda: self._action('check'),
            history.SUSPEND: lambda: self._action('suspend'),
            history.RESUME: lambda: self._action('resume'),
            history.SNAPSHOT: self._snapshot,
            history.RESTORE: self._restore,
            history.SIGNAL: self._signal,
            history.DELETE: self._delete,
        }

    @property
    def path(self) -> str:
        return '/'.join(filter(None, ('stacks', self.walk.stack, self.id)))

    def fits(self, operation: str) -> bool:
        """Return True if Heat allows an operation in the last state seen."""
        suspended = self.state.startswith('SUSPEND')
        if operation == history.DELETE:
            return True
        if operation == history.RESTORE and self.snapshot is None:
            return False
        return suspended == (operation == history.RESUME)

    def do(self, operation: str) -> str:
        """Send one of MUTATIONS and wait for its end.

        :returns: REFUSED, or the result of the wait
        """
        method, path, body, detail = self._requests[operation]()
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

    # Requests.

    def _value(self) -> str:
        self._values += 1
        return f'v{self._values}'

    def _create(self) -> _Request:
        value = self._value()
        return 'POST', 'stacks', {
            'stack_name': self.walk.stack, 'disable_rollback': True,
            'template': workload.template(self.walk.stack, self.walk.shape),
            'parameters': {'value': value},
        }, {'value': value, 'shape': self.walk.shape}

    def _update(self) -> _Request:
        value = self._value()
        return 'PUT', self.path, {
            'template': workload.template(self.walk.stack, self.walk.shape),
            'parameters': {'value': value},
        }, {'value': value}

    def _action(self, name: str) -> _Request:
        return 'POST', f'{self.path}/actions', {name: None}, {}

    def _snapshot(self) -> _Request:
        return 'POST', f'{self.path}/snapshots', {'name': 'load'}, {}

    def _restore(self) -> _Request:
        return ('POST', f'{self.path}/snapshots/{self.snapshot}/restore',
                None, {'snapshot': self.snapshot})

    def _signal(self) -> _Request:
        self._signals += 1
        name = f's{self._signals}'
        return ('POST', f'{self.path}/resources/{workload.HANDLE}/signal',
                {'id': name, 'status': 'SUCCESS', 'reason': 'load',
                 'data': name}, {'signal': name})

    def _delete(self) -> _Request:
        return 'DELETE', self.path, None, {}

    # Calls and reads.

    def _call(self, operation: str, method: str, path: str,
              body: typing.Any = None,
              detail: dict[str, typing.Any] | None = None, *,
              learn: _Learn | None = None
              ) -> tuple[history.Call, typing.Any]:
        """Send one call and record it; returns the record and the content."""
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

    def _learn(self, operation: str,
               content: typing.Any) -> dict[str, typing.Any]:
        """Note the ids of a new stack or snapshot."""
        if operation == history.CREATE:
            self.id = content['stack']['id']
            return {'id': self.id}
        if operation == history.SNAPSHOT:
            self.snapshot = content['id']
            return {'snapshot': self.snapshot}
        return {}

    def _see(self, operation: str,
             content: typing.Any) -> dict[str, typing.Any]:
        """Note the state of the stack in an answer."""
        stack = content['stack']
        self.id, self.state = stack['id'], stack['stack_status']
        seen = {'id': self.id, 'state': self.state,
                'reason': stack.get('stack_status_reason') or ''}
        if operation == history.SHOW:
            seen['outputs'] = {
                output['output_key']: output.get('output_value')
                for output in stack.get('outputs') or []}
        return seen

    def _poll(self) -> history.Call:
        return self._call(history.POLL, 'GET',
                          f'{self.path}?resolve_outputs=False',
                          learn=self._see)[0]

    def show(self) -> history.Call:
        """Read the stack with its outputs."""
        return self._call(history.SHOW, 'GET', self.path, learn=self._see)[0]

    def resources(self) -> history.Call:
        """Read the state and physical id of each resource."""
        def learn(operation: str,
                  content: typing.Any) -> dict[str, typing.Any]:
            return {'resources': {
                resource['resource_name']: [resource['resource_status'],
                                            resource['physical_resource_id']]
                for resource in content['resources']}}
        return self._call(history.RESOURCES, 'GET', f'{self.path}/resources',
                          learn=learn)[0]

    def signals(self) -> history.Call | None:
        """Read the signals of the handle; None for a stack without one."""
        if self.walk.shape != workload.SIGNALLED:
            return None
        return self._metadata()

    def _metadata(self) -> history.Call:
        return self._call(
            history.METADATA, 'GET',
            f'{self.path}/resources/{workload.HANDLE}/metadata',
            learn=lambda operation, content: {
                'signals': sorted(content['metadata'] or {})})[0]

    def events(self) -> history.Call:
        """Read the events of the stack itself, [time, state] each."""
        def learn(operation: str,
                  content: typing.Any) -> dict[str, typing.Any]:
            return {'events': [[event['event_time'], event['resource_status']]
                               for event in content['events']]}
        return self._call(
            history.EVENTS, 'GET',
            f'{self.path}/events?resource_name={self.walk.stack}',
            learn=learn)[0]

    # Waiting.

    def _wait(self, call: history.Call,
              look: abc.Callable[[], _Look]) -> str:
        """Read until an operation has ended or is overdue; record the wait.

        :param look: returns the read, and the result of the wait or None
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

    def _ended(self, operation: str) -> _Look:
        """Read whether an accepted operation has ended."""
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

    def _snapshot_ended(self, poll: history.Call) -> _Look:
        read, _ = self._call(
            history.SNAPSHOTS, 'GET',
            f'{self.path}/snapshots/{self.snapshot}',
            learn=lambda operation, content: {
                'state': 'SNAPSHOT_' + content['snapshot']['status']})
        status = read.detail.get('state', '').partition('_')[2]
        ended = status in (history.COMPLETE, history.FAILED)
        return (poll, status) if ended else (read, None)

    def _signalled(self, call: history.Call, known: bool) -> _Look:
        read = self._metadata()
        if call.detail['signal'] in read.detail.get('signals', ()):
            return read, history.COMPLETE
        at_rest = not known and read.result == history.OK
        return read, history.AT_REST if at_rest else None

    def _at_rest(self) -> abc.Callable[[], _Look]:
        """Return a look that ends when consecutive reads see no change."""
        states: list[str] = []

        def look() -> _Look:
            read = self._poll()
            state = ('' if read.status == 404 else
                     read.detail.get('state', IN_PROGRESS))
            states.append(state)
            if state.endswith(IN_PROGRESS) or (
                    states[-LOOKS:] != [state] * LOOKS):
                return read, None
            gone = state in ('', GONE_STATE)
            return read, history.GONE if gone else history.AT_REST
        return look


def _overdue(answered: history.Call | None, last: history.Call) -> str:
    """Return the result of a wait whose deadline has passed.

    :param answered: the last read with an answer, or None
    :param last: the last read
    """
    if answered is None or last.end - answered.end > STALE:
        return history.UNREADABLE
    if answered.detail.get('state', '').endswith(IN_PROGRESS):
        return history.STUCK
    return history.NOT_BEGUN


def _reason(content: typing.Any) -> str:
    """Return the error text of Heat or a proxy, on one line."""
    if isinstance(content, dict) and isinstance(content.get('error'), dict):
        content = content['error'].get('message', '')
    return ' '.join(str(content).split())[:300]
