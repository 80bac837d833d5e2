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

"""The workload of a client: its stacks and operations; pure, from a seed."""

import dataclasses
import random
import typing

from heat_upgrade.ledger import state
from heat_upgrade.traffic import history

VERSION = '2018-08-31'
HANDLE = 'signals'

# The items of a stack: {item: the item whose attribute it takes}. Small,
# because the scenarios share two cores with the traffic; the handle costs
# Keystone a project and a user.
CHAIN, FAN, SIGNALLED = 'chain', 'fan', 'signalled'
ITEMS: dict[str, dict[str, str | None]] = {
    CHAIN: {'first': None, 'second': 'first'},
    FAN: {'first': None, 'second': 'first', 'third': 'first'},
    SIGNALLED: {'first': None, 'second': 'first'},
}
SHAPES = tuple(ITEMS)

# The operations between create and delete; each line stays together.
BLOCKS: tuple[tuple[str, ...], ...] = (
    (history.UPDATE,),
    (history.CHECK,),
    (history.SUSPEND, history.RESUME),
    (history.SNAPSHOT, history.UPDATE, history.RESTORE),
)


@dataclasses.dataclass(frozen=True)
class Walk:
    """The life of one stack.

    :ivar stack: its name, unique in a run
    :ivar shape: one of SHAPES
    :ivar operations: from create to delete
    """

    stack: str
    shape: str
    operations: tuple[str, ...]


def walk(seed: int | str, client: int, number: int) -> Walk:
    """Return the walk of a client's stack, determined by the arguments.

    :param seed: seed of the run
    :param client: number of the client, from 0
    :param number: number of its stack, from 0
    """
    rng = random.Random(f'{seed}/{client}/{number}')
    shape = rng.choice(SHAPES)
    blocks = list(BLOCKS)
    if shape == SIGNALLED:
        blocks.append((history.SIGNAL,))
    rng.shuffle(blocks)
    return Walk(f'load-{client}-{number}', shape, (
        history.CREATE,
        *(operation for block in blocks for operation in block),
        history.UPDATE, history.DELETE))


def label(stack: str, item: str) -> str:
    """Return the label of an item in the ledger."""
    return f'load/{stack}/{item}'


def stack_of(text: str) -> str | None:
    """Return the stack of a label, None for an item outside the traffic."""
    words = text.split('/')
    return words[1] if len(words) == 3 and words[0] == 'load' else None


def template(stack: str, shape: str) -> dict[str, typing.Any]:
    """Return the template of a stack.

    Its one parameter is ``value``: each change sets another value, so the
    value identifies the change in force.
    """
    resources: dict[str, typing.Any] = {
        name: {'type': state.ITEM, 'properties': {
            'label': label(stack, name),
            'value': {'get_param': 'value'} if source is None else {
                'list_join': ['/', [{'get_attr': [source, 'value']}, name]]},
        }} for name, source in ITEMS[shape].items()}
    if shape == SIGNALLED:
        resources[HANDLE] = {'type': 'OS::Heat::WaitConditionHandle',
                             'properties': {'signal_transport': 'NO_SIGNAL'}}
    return {
        'heat_template_version': VERSION,
        'parameters': {'value': {'type': 'string'}},
        'resources': resources,
        'outputs': {name: {'value': {'get_attr': [name, 'value']}}
                    for name in ITEMS[shape]}}


def outputs(shape: str, value: str) -> dict[str, str]:
    """Return the outputs of a stack with a value."""
    expected: dict[str, str] = {}
    for name, source in ITEMS[shape].items():
        expected[name] = (value if source is None
                          else f'{expected[source]}/{name}')
    return expected
