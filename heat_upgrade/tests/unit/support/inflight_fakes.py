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

"""A fake Heat, ledger and cloud for the tests of in-flight operations."""

import collections
import pathlib

from heat_upgrade.lab import heat_client
from heat_upgrade.lab.services import rabbitmq
from heat_upgrade.ledger import client


def queue(name, messages=0, unacknowledged=0, consumers=2, vhost='heat'):
    return rabbitmq.Queue(vhost=vhost, name=name, messages=messages,
                          unacknowledged=unacknowledged, consumers=consumers)


class Heat:
    """Answers as heat-api does, and records the requests.

    :ivar operator_inputs: the requests: (method, path, body)
    :ivar stacks: {name: status}; a test may change it
    :ivar resources: {(stack name, resource): status}
    :ivar answers: {(method, end of the path): (status, body)}; they take
        precedence
    :ivar on_create: status of a new stack
    :ivar node: name of the node that answers
    """

    def __init__(self):
        self.asked = []
        self.stacks = {}
        self.resources = {}
        self.answers = {}
        self.on_create = 'CREATE_COMPLETE'
        self.node = ''

    def at(self, url):
        return self

    def call(self, method, path, body=None, *, timeout=65):
        self.asked.append((method, path, body))
        status, content = self._answer(method, path, body)
        return heat_client.Answer(
            status=status, body=content, node=self.node, start=0.0, end=0.0
        )

    def _answer(self, method, path, body):
        for (expected, end), answer in self.answers.items():
            if method == expected and path.endswith(end):
                return answer
        words = path.split('/')
        if method == 'POST' and path == 'stacks':
            self.stacks[body['stack_name']] = self.on_create
            return 201, {'stack': {'id': 'id-' + body['stack_name']}}
        if method == 'GET' and path.startswith('stacks?'):
            return 200, {'stacks': [
                {'stack_name': name, 'id': f'id-{name}',
                 'stack_status': status, 'stack_status_reason': 'so'}
                for name, status in self.stacks.items()]}
        if method == 'GET' and 'resources' in words:
            known = self.resources.get((words[1], words[-1]))
            return (200, {'resource': {'resource_status': known}}
                    ) if known else (404, None)
        if method == 'POST' and words[-1] == 'snapshots':
            return 200, {'id': 'snapshot-1'}
        if method == 'GET' and words[-1] == 'snapshots':
            return 200, {'snapshots': [{'status': 'COMPLETE'}]}
        if method == 'DELETE':
            self.stacks.pop(words[1], None)
            return 204, None
        return 202, None


class Ledger:
    """Records the orders; parks only the labels that a test sets.

    :ivar orders: the orders: (word, label, operation)
    :ivar in_progress: parked labels
    :ivar values: {label: value} of the existing items
    """

    def __init__(self):
        self.orders = []
        self.in_progress = set()
        self.values = {}

    def hold(self, label, operation):
        self.orders.append(('hold', label, operation))

    def release(self, label=None, operation=None):
        self.orders.append(('release', label, operation))

    def fail(self, label, operation, times=1):
        self.orders.append(('fail', label, operation))

    def parked(self, label=None):
        return [client.Operation(
            item='', label=parked, operation='', stack='', resource='',
            since=0.0) for parked in self.in_progress]

    def items(self):
        Item = collections.namedtuple('Item', 'label value')
        return [Item(*pair) for pair in self.values.items()]


class Process:
    """An engine's process."""

    def __init__(self, log):
        self.log = pathlib.Path(log)
        self.log.touch()
        self.alive = True

    def running(self):
        return self.alive


class Cloud:
    """The sources of evidence.

    :param logs: directory
    :param heat: the fake Heat with the stacks of the database, or None
    :ivar rows: {table: rows} of Heat's database, in place of those of heat
    :ivar living: the result of engines()
    :ivar broker: the result of queues()
    """

    def __init__(self, logs, heat=None):
        self.heat = heat
        self.logs = pathlib.Path(logs)
        self.workspace = self.mariadb = self
        self.rows = {}
        self.living = {'engine-1': ('node-1', 'base')}
        self.broker = [queue('engine'), queue('engine_worker')]
        self.nodes = {}

    def add_node(self, name, ids):
        node = Node(Process(self.logs / f'{name}-base-heat-engine.log'), ids)
        self.nodes[name] = node
        return node

    def execute(self, statement, arguments=None, *, database=None):
        table = statement.split(' FROM ')[1].split()[0] if (
            ' FROM ' in statement) else 'stack'
        if self.heat is None or table in self.rows:
            return self.rows.get(table, [])
        if table == 'stack':
            return [(f'id-{name}', name, *status.split('_', 1), 'so',
                     'traversal', 1)
                    for name, status in self.heat.stacks.items()]
        if table == 'resource':
            return [(f'id-{stack}', number, name, *status.split('_', 1),
                     None, None)
                    for number, ((stack, name), status) in enumerate(
                        self.heat.resources.items())]
        return []

    def engines(self):
        return self.living

    def queues(self):
        return self.broker


class Node:

    def __init__(self, process, ids):
        self._process = process
        self._ids = ids

    def process(self, which):
        return self._process

    def engines(self):
        return set(self._ids)


class Clock:
    """A monotonic clock that advances only in sleep().

    :ivar due: {seconds: the function to call at that time}
    """

    def __init__(self):
        self.now = 0.0
        self.due = {}

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds
        for moment in sorted(self.due):
            if moment <= self.now:
                self.due.pop(moment)()
