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

"""What a client of the load does with its stacks: pure, from a seed."""

import dataclasses
import random

from heat_upgrade.traffic import history

VERSION = '2018-08-31'
ITEM = 'HeatUpgrade::Ledger::Item'
HANDLE = 'signals'

# What a stack is made of: {item: the item whose attribute it takes}. Small,
# for two cores carry the scenarios beside; the handle costs Keystone a
# project and a user.
CHAIN, FAN, SIGNALLED = 'chain', 'fan', 'signalled'
ITEMS = {
    CHAIN: {'first': None, 'second': 'first'},
    FAN: {'first': None, 'second': 'first', 'third': 'first'},
    SIGNALLED: {'first': None, 'second': 'first'},
}
SHAPES = tuple(ITEMS)

# What is done between create and delete; each line stays together.
BLOCKS = (
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


def walk(seed, client, number):
    """Return the walk of a client's stack; always the same one.

    :param seed: of the run
    :param client: number of the client, from 0
    :param number: of its stack, from 0
    """
    rng = random.Random(f'{seed}/{client}/{number}')
    shape = rng.choice(SHAPES)
    blocks = list(BLOCKS)
    if shape == SIGNALLED:
        blocks.append((history.SIGNAL,))
    rng.shuffle(blocks)
    return Walk(f'load-{client}-{number}', shape, (
        history.CREATE, *(one for block in blocks for one in block),
        history.UPDATE, history.DELETE))


def label(stack, item):
    """Return the label under which the ledger knows an item."""
    return f'load/{stack}/{item}'


def stack_of(text):
    """Return the stack of a label, None if it is not one of the load's."""
    words = text.split('/')
    return words[1] if len(words) == 3 and words[0] == 'load' else None


def template(stack, shape):
    """Return the template of a stack, as a dict.

    It has one parameter, value: each value that is given to it is another,
    and with that says which change is in force.
    """
    resources = {
        name: {'type': ITEM, 'properties': {
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


def outputs(shape, value):
    """Return the outputs that a stack has with a value."""
    found = {}
    for name, source in ITEMS[shape].items():
        found[name] = value if source is None else f'{found[source]}/{name}'
    return found
