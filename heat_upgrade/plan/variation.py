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

"""What a rolling upgrade leaves open, and how a seed decides it."""

import dataclasses
import functools
import itertools
import random

from heat_upgrade import errors
from heat_upgrade.inflight import sampling
from heat_upgrade.plan import model

# The seed of the guide's own procedure: nodes in their order, each engine
# before its APIs, no faults, no way back.
GUIDE = 0

# Of ten upgrades by a seed three go back once: the operator who needs it is
# rare, but it takes the longest way through the code.
ROLLBACK_PROBABILITY = 0.3

# Where the guide allows both orders each is as good: it names the other one
# in a note.
API_FIRST_PROBABILITY = 0.5

# A node's engine that does not stop in time is killed by systemd: rare, but
# every operator has seen it.
KILL_PROBABILITY = 0.35

# A broken connection and a slow database happen in any maintenance window;
# more than one of each in a run would hide which one did it.
FAULT_PROBABILITY = 0.4

# How many operations a run has in flight by default: so many that the samples
# of four seeds have all pairs, see heat_upgrade.inflight.sampling. Each is a
# stack of about four resources on two cores.
COLD_SAMPLE = 24
# Around an engine that stops while others of its release go on, and around
# the last one of its release.
ENGINE_SAMPLE, LAST_ENGINE_SAMPLE = 15, 12


# In place of the node after which an upgrade goes back.
RANDOM, NEVER = 'random', 'never'


@dataclasses.dataclass(frozen=True)
class Choices:
    """One way to do a rolling upgrade.

    :ivar order: names of the nodes, in the order of their upgrade
    :ivar api_first: names of those whose APIs change before their engine,
        where the guide allows both
    :ivar kills: names of those whose engine is killed, not stopped
    :ivar faults: {name of the node after whose upgrade it falls: fault}
    :ivar rollback: name of the node after whose upgrade it goes back, ''
    :ivar cases: {node: ids of the cases in flight when its engine stops}
    :ivar quick: leave out the smoke and the cross-version tests
    :ivar checks: do the static checks first
    :ivar checks_only: leave out all that needs a cloud
    :ivar orphans: have stacks that an engine has left behind which was killed
        before the upgrade
    """

    order: tuple[str, ...]
    api_first: tuple[str, ...] = ()
    kills: tuple[str, ...] = ()
    faults: dict = dataclasses.field(default_factory=dict)
    rollback: str = ''
    cases: dict = dataclasses.field(default_factory=dict)
    quick: bool = False
    checks: bool = True
    checks_only: bool = False
    orphans: bool = False

    def as_dict(self):
        """Return it as a plan's JSON has it."""
        return {**vars(self), 'order': list(self.order),
                'api_first': list(self.api_first), 'kills': list(self.kills),
                'faults': dict(self.faults),
                'cases': {node: list(ids)
                          for node, ids in self.cases.items()}}


def from_dict(data):
    """Return the choices of what :meth:`Choices.as_dict` returned.

    :raises: :class:`errors.UsageError` if it is something else
    """
    try:
        data = dict(data)
        for name in ('order', 'api_first', 'kills'):
            data[name] = tuple(data[name])
        data['cases'] = {node: tuple(ids)
                         for node, ids in data['cases'].items()}
        return Choices(**data)
    except (AttributeError, KeyError, TypeError, ValueError) as exc:
        raise errors.UsageError(
            f'the plan does not tell what its seed drew: {exc!r}') from exc


def names(nodes):
    """Return the names of that many nodes."""
    return tuple(f'node-{number}' for number in range(1, nodes + 1))


def draw(seed, *, nodes, in_flight=None, rollback=None):
    """Return what a seed chooses; the same on every machine.

    :param seed: GUIDE is the guide's own procedure
    :param nodes: how many there are
    :param in_flight: None for a sample for each node; else ids of cases,
        shared out among the nodes
    :param rollback: None to let the seed decide; NEVER or '' for none;
        RANDOM for one certainly; or the name of a node
    :raises: :class:`errors.UsageError` for a node that is not there
    """
    everywhere = names(nodes)
    if rollback == NEVER:
        rollback = ''
    if rollback not in (None, '', RANDOM, *everywhere):
        raise errors.UsageError(
            f'there is no node {rollback!r} to go back after; there are: '
            + ', '.join((*everywhere, RANDOM, NEVER)))
    chance = random.Random(seed)
    order = list(everywhere)
    shuffled = chance.sample(order, nodes)
    api_first = tuple(node for node in everywhere
                      if chance.random() < API_FIRST_PROBABILITY)
    kills = tuple(node for node in everywhere
                  if chance.random() < KILL_PROBABILITY)
    faults = {}
    for fault in model.FAULTS:
        falls, node = chance.random(), chance.choice(everywhere)
        if falls < FAULT_PROBABILITY:
            faults.setdefault(node, fault)
    goes_back, after = chance.random(), chance.choice(everywhere)
    if rollback is None:
        goes_back = goes_back < ROLLBACK_PROBABILITY and seed != GUIDE
        rollback = after if goes_back else ''
    elif rollback == RANDOM:
        rollback = after
    if seed == GUIDE:
        shuffled, api_first, kills, faults = order, (), (), {}
    return Choices(
        order=tuple(shuffled), api_first=api_first, kills=kills,
        faults=faults, rollback=rollback,
        cases=(_samples(seed, shuffled) if in_flight is None
               else _share_out(shuffled, in_flight)))


def _samples(seed, order):
    """Draw a sample for each node of an order."""
    drawn = sampling.samples(
        seed, functools.partial(rolling_hands, len(order)))
    return {node: tuple(case.id for case in hand)
            for node, hand in zip(order, drawn)}


def rolling_hands(nodes, seed):
    """Return what each node's engine may have in flight.

    The last node has the last engine of the base. An engine beside others may
    wait for a message that RabbitMQ has given to one that stops, until its
    grace period is over: the guide's own procedure has no such case.
    """
    others = (sampling.for_a_last_engine if seed == GUIDE
              else sampling.everywhere)
    return (*(((ENGINE_SAMPLE, others),) * (nodes - 1)),
            (LAST_ENGINE_SAMPLE, sampling.for_a_last_engine))


def cold_hands(seed):
    """Return what the engines may have in flight at a cold upgrade."""
    return ((COLD_SAMPLE, sampling.for_a_cold_stop),)


def cold_sample(seed):
    """Return the ids of the cases in flight at a cold upgrade."""
    hand, = sampling.samples(seed, cold_hands)
    return tuple(case.id for case in hand)


def _share_out(order, ids):
    """Deal cases to the nodes, one after the other, as cards."""
    return {node: tuple(itertools.islice(ids, number, None, len(order)))
            for number, node in enumerate(order)}


def lighter(choices):
    """Return choices with one thing less each, in a list.

    What does not fit into a budget is left out in this order: what may
    happen to an upgrade first, what an upgrade is always asked last. It is
    also what shrinking a failed plan tries.
    """
    def without(**changed):
        return dataclasses.replace(choices, **changed)

    found = []
    if choices.rollback:
        found.append(without(rollback=''))
    found += [without(faults={node: fault for node, fault
                              in choices.faults.items() if node != dropped})
              for dropped in choices.faults]
    found += [without(kills=tuple(node for node in choices.kills
                                  if node != dropped))
              for dropped in choices.kills]
    # Where most is: so no node is without work while others have much.
    for node, ids in sorted(choices.cases.items(),
                            key=lambda item: -len(item[1])):
        half = len(ids) // 2
        for part in (ids[:half], ids[half:]) if half else ((),) if ids else ():
            found.append(without(cases={**choices.cases, node: part}))
    if choices.orphans:
        found.append(without(orphans=False))
    if not choices.quick:
        found.append(without(quick=True))
    if choices.api_first:
        found.append(without(api_first=()))
    if list(choices.order) != sorted(choices.order):
        found.append(without(order=tuple(sorted(choices.order))))
    return found


def one_node_less(choices):
    """Return choices without the last node, and without what it had.

    Nodes are numbered, and a plan has no gaps: so it is always the one with
    the highest number.
    """
    left = names(len(choices.order) - 1)
    return Choices(
        order=tuple(node for node in choices.order if node in left),
        api_first=tuple(node for node in choices.api_first if node in left),
        kills=tuple(node for node in choices.kills if node in left),
        faults={node: fault for node, fault in choices.faults.items()
                if node in left},
        rollback=choices.rollback if choices.rollback in left else '',
        cases={node: ids for node, ids in choices.cases.items()
               if node in left}, quick=choices.quick,
        orphans=choices.orphans)
