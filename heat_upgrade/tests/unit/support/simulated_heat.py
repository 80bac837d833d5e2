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

"""A simulated Heat with its ledger, on a clock of its own, with faults.

It takes the calls of :class:`heat_upgrade.lab.heat_client.Api`. Like the real
Heat during an upgrade, it can lose answers, answer 503, or consume a message
much later. Each seeded bug makes it incorrect in a single way.
"""

import random

from heat_upgrade.lab import heat_client
from heat_upgrade.ledger import event_log
from heat_upgrade.traffic import generator
from heat_upgrade.traffic import history
from heat_upgrade.traffic import workload

SECONDS = 1.5
LONGEST_IN_QUEUE = 50


class Clock:
    """Time that passes only in sleep()."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


class _Stack:

    def __init__(self, name, template, value, number):
        self.name, self.template, self.value = name, template, value
        self.id = f'id-{number}'
        self.action, self.status = 'CREATE', 'IN_PROGRESS'
        self.due = None
        self.items = {}
        self.snapshots = {}
        self.signals = []
        self.events = []

    @property
    def state(self):
        return f'{self.action}_{self.status}'


class Heat:
    """Answers calls.

    :param clock: :class:`Clock`
    :param seed: seed for the faults
    :param faults: probability that a call meets a fault of an upgrade
    :param bug: name of the bug that occurs once, None for a correct Heat
    :param bug_at: number of opportunities to skip before the bug occurs
    """

    def __init__(self, clock, *, seed=0, faults=0.0, bug=None, bug_at=0):
        self.clock = clock
        self.ledger = []
        self._rng = random.Random(seed)
        self._faults = faults
        self._bug, self._bug_at = bug, bug_at
        self._stacks = {}
        self._queue = []
        self._rows = 0
        self.bug_done = False

    def _has_bug(self, name):
        """Return True, once, when it is time for a bug."""
        if self._bug != name or self.bug_done:
            return False
        self._bug_at -= 1
        self.bug_done = self._bug_at < 0
        return self.bug_done

    def call(self, method, path, body=None, *, timeout=65):
        start = self.clock.now
        self.clock.sleep(0.05)
        self._pass_time()
        path, _, query = path.partition('?')
        words = path.split('/')
        if self._rng.random() < self._faults:
            status, content = self._fault(method, words, body, query)
        else:
            status, content = self._answer(method, words, body, query)
        return heat_client.Answer(
            status, content, 'node-1', start, self.clock.now
        )

    def _fault(self, method, words, body, query):
        kind = self._rng.choice(('unavailable', 'refused', 'lost', 'late'))
        if kind == 'unavailable':
            return 503, '<html>no server'
        if kind == 'refused':
            raise ConnectionRefusedError('connection refused')
        if kind == 'lost':
            self._answer(method, words, body, query)
            raise ConnectionResetError('the answer got lost')
        if method != 'GET':
            self._queue.append((
                self.clock.now + self._rng.uniform(0, LONGEST_IN_QUEUE),
                (method, words, body)))
        return 504, {'error': {'message': 'timed out'}}

    def _pass_time(self):
        for due, message in sorted(self._queue, key=lambda entry: entry[0]):
            if due <= self.clock.now:
                self._queue.remove((due, message))
                self._answer(*message)
        for stack in self._stacks.values():
            if stack.due is not None and stack.due <= self.clock.now:
                self._finish(stack)

    def _answer(self, method, words, body, query=''):
        if words == ['stacks']:
            return self._create(body)
        stack = self._stacks.get(words[1])
        if stack is None or self._has_bug('forget'):
            return 404, {'error': {'message': 'not found'}}
        if method == 'GET':
            return 200, self._read(stack, words[3:], query)
        if stack.state == 'DELETE_COMPLETE':
            return 404, {'error': {'message': 'not found'}}
        return self._change(stack, method, words[3:], body)

    # Changes.

    def _create(self, body):
        name = body['stack_name']
        if name in self._stacks:
            return 409, {'error': {'message': 'exists'}}
        stack = _Stack(name, body['template'], body['parameters']['value'],
                       len(self._stacks))
        self._stacks[name] = stack
        self._begin(stack, 'CREATE')
        return 201, {'stack': {'id': stack.id}}

    def _change(self, stack, method, rest, body):
        if rest[:1] == ['resources']:
            stack.signals.append(body['id'])
            return 200, None
        suspended = stack.action in ('SUSPEND', 'DELETE')
        if method == 'DELETE':
            self._begin(stack, 'DELETE')
        elif method == 'PUT':
            if suspended:
                return 400, {'error': {'message': 'suspended'}}
            if not self._has_bug('drop-update'):
                stack.value = body['parameters']['value']
            self._begin(stack, 'UPDATE')
        elif rest == ['actions']:
            action, = body
            self._begin(stack, action.upper())
        elif rest == ['snapshots']:
            if stack.status == 'IN_PROGRESS':
                return 409, {'error': {'message': 'in progress'}}
            key = f'snapshot-{len(stack.snapshots)}'
            stack.snapshots[key] = stack.value
            self._begin(stack, 'SNAPSHOT')
            return 200, {'id': key}
        else:
            stack.value = stack.snapshots[rest[1]]
            self._begin(stack, 'RESTORE')
        return 202, None

    def _begin(self, stack, action):
        stack.action, stack.status = action, 'IN_PROGRESS'
        stack.due = (None if self._has_bug('never-end')
                     else self.clock.now + SECONDS)
        self._event(stack)

    def _event(self, stack):
        if not self._has_bug('no-event'):
            stack.events.append((f'time-{self.clock.now}', stack.state))

    def _finish(self, stack):
        stack.due = None
        if self._has_bug('fail'):
            stack.status = 'FAILED'
            self._event(stack)
            return
        if stack.action == 'DELETE':
            self._delete_items(stack)
        else:
            self._converge(stack)
        stack.status = 'COMPLETE'
        self._event(stack)

    def _shape(self, stack):
        if workload.HANDLE in stack.template['resources']:
            return workload.SIGNALLED
        return {2: workload.CHAIN, 3: workload.FAN}[
            len(stack.template['resources'])]

    def _converge(self, stack):
        wanted = workload.outputs(self._shape(stack), stack.value)
        for name, value in wanted.items():
            if name not in stack.items:
                self._rows += 1
                row = f'row-{self._rows}'
                if self._has_bug('make-twice'):
                    self._work(stack, name, 'create', 'lost-item', row,
                               value)
                if not self._has_bug('lose-item'):
                    self._work(stack, name, 'create', f'item-{row}', row,
                               value)
                stack.items[name] = (row, value)
            elif stack.items[name][1] != value:
                row, _ = stack.items[name]
                if not self._has_bug('drop-item-update'):
                    self._work(stack, name, 'update', f'item-{row}', row,
                               value)
                stack.items[name] = (row, value)

    def _delete_items(self, stack):
        for name, (row, _) in stack.items.items():
            if not self._has_bug('leave-item'):
                self._work(stack, name, 'delete', f'item-{row}', row, None)

    def _work(self, stack, name, operation, item, row, value):
        number = len(self.ledger) // 2 + 1
        for status in (event_log.STARTED, event_log.DONE):
            self.ledger.append(event_log.Event(
                time=self.clock.now, monotonic=self.clock.now, item=item,
                label=workload.label(stack.name, name), stack=stack.id,
                resource=name, row=row, operation=operation, status=status,
                number=number, value=value))

    # Reads.

    def _read(self, stack, rest, query):
        if not rest:
            seen = {'id': stack.id, 'stack_status': stack.state}
            if not query:
                seen['outputs'] = [
                    {'output_key': name, 'output_value': value}
                    for name, value in self._outputs(stack).items()]
            return {'stack': seen}
        if rest[0] == 'events':
            return {'events': [{'event_time': time, 'resource_status': state}
                               for time, state in stack.events]}
        if rest == ['resources']:
            return {'resources': [
                {'resource_name': name, 'physical_resource_id': f'item-{row}',
                 'resource_status': 'CREATE_COMPLETE'}
                for name, (row, _) in stack.items.items()]}
        if rest[0] == 'resources':
            if stack.signals and self._has_bug('drop-signal'):
                stack.signals.clear()
            return {'metadata': dict.fromkeys(stack.signals)}
        status = 'IN_PROGRESS' if stack.due else 'COMPLETE'
        return {'snapshot': {'status': status}}

    def _outputs(self, stack):
        found = {name: stack.items[name][1] if name in stack.items else None
                 for name in workload.ITEMS[self._shape(stack)]}
        if stack.status == 'COMPLETE' and stack.items:
            if found['first'] != 'v1' and self._has_bug('swap-outputs'):
                found['second'] = 'v1/second'
            if found['first'] != 'v1' and self._has_bug('old-read'):
                found = workload.outputs(self._shape(stack), 'v1')
            if self._has_bug('garbage'):
                found['first'] = 'garbage'
        return found


class Stopping:
    """A threading.Event that is set after some stacks have begun."""

    def __init__(self, clock, stacks):
        self._clock, self._left = clock, stacks
        self.waits = 0
        self.stop_at = None

    def is_set(self):
        return self._left <= 0 or (
            self.stop_at is not None and self.waits >= self.stop_at)

    def wait(self, seconds):
        self.waits += 1
        self._clock.sleep(seconds)

    def begin(self):
        self._left -= 1


def run(run_dir, *, stacks=2, seed=0, stop_at=None, **options):
    """Let one client walk through stacks; returns the files of a run.

    :param stop_at: number of pauses after which the client must stop
    :param options: arguments of :class:`Heat`
    :returns: (calls, ledger events, final, the :class:`Heat`)
    """
    clock = Clock()
    heat = Heat(clock, seed=seed, **options)
    calls = history.History(run_dir)
    stopping = Stopping(clock, stacks)
    stopping.stop_at = stop_at
    walker = generator.Client(
        0, seed=seed, rate=2, stopping=stopping, api=heat, calls=calls,
        release_of=lambda node: '26.0.2', clock=clock, sleep=clock.sleep)
    begin = walker._new_stack

    def new_stack():
        stopping.begin()
        return begin()
    walker._new_stack = new_stack
    walker.run()
    if walker.error:
        raise AssertionError(walker.error)
    calls.close()
    return history.read(run_dir), heat.ledger, walker.final, heat
