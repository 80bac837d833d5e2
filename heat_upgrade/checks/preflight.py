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

"""Check ``preflight``: objects of a running cloud to settle before.

It reads Heat's database, and a list of RabbitMQ's queues. A rehearsal counts
the same objects in a dump.
"""

from collections import abc
import dataclasses
import pathlib
import re
import typing

from heat_upgrade.checks import check_context
from heat_upgrade.checks.config import config_files
from heat_upgrade.checks import external_database
from heat_upgrade import errors
from heat_upgrade.rehearsal import preflight
from heat_upgrade.results import findings

READINGS = ()

# The columns of: rabbitmqctl list_queues -q -p VHOST name type messages
COLUMNS = ('name', 'type', 'messages')

# The queues of Heat that survive a restart: heat.rpc.api and
# heat.rpc.worker_api, each also with the name of a host.
_LASTING = re.compile(r'(engine|engine_worker|heat-engine-listener)(\.\S+)?')
# Those, and the queues of one process.
_OF_HEAT = re.compile(rf'{_LASTING.pattern}|(engine|engine_worker|heat-engine'
                      r'-listener)_fanout\S*|reply_\S+')
_QUORUM = ('oslo_messaging_rabbit', 'rabbit_quorum_queue')
_TRUE = ('true', '1', 'on', 'yes')


@dataclasses.dataclass(frozen=True)
class Queue:
    """A queue of RabbitMQ; its type is classic, quorum or stream."""

    name: str
    type: str
    messages: int


def check(base: check_context.InstalledRelease,
          target: check_context.InstalledRelease,
          context: check_context.Context) -> list[findings.Finding]:
    """Return a finding for each kind of objects that there are.

    :raises: UsageError if the list of queues cannot be read; LabError if the
        database cannot
    """
    inputs = context.operator_inputs
    queues = read_queues(inputs.queues) if inputs.queues else []
    messages = (sum(queue.messages for queue in queues) if inputs.queues
                else None)
    items: list[dict[str, typing.Any]] = []
    if inputs.live_database:
        with external_database.reader(inputs.live_database) as cursor:
            items = preflight.counts(cursor, now=preflight.NOW,
                                     messages=messages)
    elif inputs.queues:
        items = preflight.counts(None, messages=messages)
    for item in items:
        count = '?' if item['count'] is None else item['count']
        context.progress(f'to settle: {count} {item["title"]}')
    return [*map(_finding, (item for item in items if item['count'])),
            *_types(queues, inputs)]


def _finding(item: dict[str, typing.Any]) -> findings.Finding:
    return check_context.warning(
        'preflight.to-settle', item['title'],
        f'{item["count"]} {item["title"]}', '', own_files=True,
        remedy=item['command'])


def read_queues(path: pathlib.Path) -> list[Queue]:
    """Return the queues of Heat in a list of rabbitmqctl.

    :raises: :class:`errors.UsageError`
    """
    text = config_files.read_text(path, 'the list of queues')
    rows = [line.split('\t') for line in text.splitlines() if line.strip()]
    rows = [row for row in rows if len(row) == len(COLUMNS)
            and row[2].strip().isdigit()]
    if not rows and text.strip():
        raise errors.UsageError(
            f'{path} is not the output of: rabbitmqctl list_queues -q -p '
            f'VHOST {" ".join(COLUMNS)}')
    return [Queue(name, kind, int(messages)) for name, kind, messages in rows
            if _OF_HEAT.fullmatch(name)]


def _types(queues: abc.Iterable[Queue],
           inputs: check_context.OperatorInputs
           ) -> abc.Iterator[findings.Finding]:
    """Yield the finding of queues that the target cannot declare.

    RabbitMQ keeps a queue with its type, and refuses another one.
    """
    files = inputs.target_config_files or inputs.config_files
    if not files:
        return
    values = [setting.value for setting in config_files.settings(
        dataclasses.replace(inputs, config_files=files))
        if setting.key == _QUORUM]
    kind = ('quorum' if values and values[-1].strip().lower() in _TRUE
            else 'classic')
    other = [queue for queue in queues if _LASTING.fullmatch(queue.name)
             and queue.type.removeprefix('rabbit_').removesuffix(
                 '_queue') != kind]
    if other:
        yield check_context.error(
            'preflight.queue-type', _QUORUM[1],
            f'{len(other)} queues of Heat are not of the type {kind} that the '
            'configuration declares',
            '\n'.join(f'{queue.name}: {queue.type}' for queue in other),
            own_files=True)
