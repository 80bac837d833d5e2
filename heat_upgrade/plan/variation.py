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

"""The choices of a rolling upgrade, and how a seed makes them."""

from collections import abc
import dataclasses
import functools
import itertools
import random
import typing

from heat_upgrade import errors
from heat_upgrade.inflight import sampling
from heat_upgrade.plan import model

# The seed of the guide's own procedure: nodes in their order, each engine
# before its APIs, no faults, no rollback.
GUIDE = 0

# Three of ten seeds roll back once. Few operators need a rollback, but it
# takes the longest way through the code.
ROLLBACK_PROBABILITY = 0.3

# Where the guide allows both orders, neither is better: its note names the
# other one.
API_FIRST_PROBABILITY = 0.5

# systemd kills an engine that does not stop in time: rare, but every operator
# has seen it.
KILL_PROBABILITY = 0.35

# Connections break and databases slow down in any maintenance window. With
# more than one of each in a run, the cause of a failure would be unclear.
FAULT_PROBABILITY = 0.4

# Default number of in-flight operations of a run. Samples of this size cover
# all pairs in four seeds, see heat_upgrade.inflight.sampling. Each operation
# is a stack of about four resources on two cores.
COLD_SAMPLE = 24
# Around an engine that stops while others of its release run, and around the
# last engine of its release.
ENGINE_SAMPLE, LAST_ENGINE_SAMPLE = 15, 12


# In place of the node after which an upgrade rolls back.
RANDOM, NEVER = 'random', 'never'


@dataclasses.dataclass(frozen=True)
class Choices:
    """One way to do a rolling upgrade.

    :ivar order: names of the nodes, in the order of their upgrade
    :ivar api_first: names of the nodes whose APIs change before their engine,
        where the guide allows both orders
    :ivar kills: names of the nodes whose engine is killed, not stopped
    :ivar faults: {name of a node: the fault injected after its upgrade}
    :ivar rollback: name of the node after whose upgrade it rolls back, ''
        for no rollback
    :ivar cases: {node: IDs of the cases in flight when its engine stops}
    :ivar quick: leave out the smoke and the mixed-version tests
    :ivar checks: do the static checks first
    :ivar checks_only: leave out all steps that need a cloud
    :ivar orphans: orphan some stacks, as an engine does that is killed before
        the upgrade
    :ivar volume: number of stacks to clone before both releases are measured,
        None for no measurement
    :ivar volume_events: number of additional events of the clones
    :ivar aged_rows: have stacks with rows that only old clouds hold
    """

    order: tuple[str, ...]
    api_first: tuple[str, ...] = ()
    kills: tuple[str, ...] = ()
    faults: dict[str, str] = dataclasses.field(default_factory=dict)
    rollback: str = ''
    cases: dict[str, tuple[str, ...]] = dataclasses.field(
        default_factory=dict)
    quick: bool = False
    checks: bool = True
    checks_only: bool = False
    orphans: bool = False
    volume: int | None = None
    volume_events: int | None = None
    aged_rows: bool = False

    def as_dict(self) -> dict[str, typing.Any]:
        """Return the choices as they are in a plan's JSON."""
        made = {name: value for name, value in vars(self).items()
                if value is not None}
        return {**made, 'order': list(self.order),
                'api_first': list(self.api_first), 'kills': list(self.kills),
                'faults': dict(self.faults),
                'cases': {node: list(ids)
                          for node, ids in self.cases.items()}}


def from_dict(data: dict[str, typing.Any]) -> Choices:
    """Return the choices that :meth:`Choices.as_dict` returned.

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
            f'the plan has no choices, or invalid ones: {exc!r}') from exc


def names(nodes: int) -> tuple[str, ...]:
    """Return the names of that many nodes."""
    return tuple(f'node-{number}' for number in range(1, nodes + 1))


def draw(seed: int, *, nodes: int, in_flight: abc.Iterable[str] | None = None,
         rollback: str | None = None) -> Choices:
    """Return the choices of a seed; they are the same on every machine.

    :param seed: GUIDE is the guide's own procedure
    :param nodes: number of nodes
    :param in_flight: IDs of cases to share out among the nodes; None draws a
        sample for each node
    :param rollback: name of a node; RANDOM for any node; NEVER or '' for no
        rollback; None to let the seed decide
    :raises: :class:`errors.UsageError` for a node that does not exist
    """
    everywhere = names(nodes)
    if rollback == NEVER:
        rollback = ''
    if rollback not in (None, '', RANDOM, *everywhere):
        raise errors.UsageError(
            f'there is no node {rollback!r} to roll back after; there are: '
            + ', '.join((*everywhere, RANDOM, NEVER)))
    chance = random.Random(seed)
    order = list(everywhere)
    shuffled = chance.sample(order, nodes)
    api_first = tuple(node for node in everywhere
                      if chance.random() < API_FIRST_PROBABILITY)
    kills = tuple(node for node in everywhere
                  if chance.random() < KILL_PROBABILITY)
    faults: dict[str, str] = {}
    for fault in model.FAULTS:
        probability, node = chance.random(), chance.choice(everywhere)
        if probability < FAULT_PROBABILITY:
            faults.setdefault(node, fault)
    probability, after = chance.random(), chance.choice(everywhere)
    if rollback is None:
        rolls_back = probability < ROLLBACK_PROBABILITY and seed != GUIDE
        rollback = after if rolls_back else ''
    elif rollback == RANDOM:
        rollback = after
    if seed == GUIDE:
        shuffled, api_first, kills, faults = order, (), (), {}
    return Choices(
        order=tuple(shuffled), api_first=api_first, kills=kills,
        faults=faults, rollback=rollback,
        cases=(_samples(seed, shuffled) if in_flight is None
               else _share_out(shuffled, in_flight)))


def _samples(seed: int, order: list[str]) -> dict[str, tuple[str, ...]]:
    """Draw a sample for each node of an order."""
    samples = sampling.samples(
        seed, functools.partial(rolling_hands, len(order)))
    return {node: tuple(case.id for case in sample)
            for node, sample in zip(order, samples)}


def rolling_hands(nodes: int, seed: int) -> sampling.Hands:
    """Return the size and the allowed cases of each node's sample.

    The last node has the last engine of the base. An engine that is not the
    last may wait for a message that RabbitMQ has given to a stopping engine,
    until its grace period ends. The guide's own procedure has no such case.
    """
    others = (sampling.for_a_last_engine if seed == GUIDE
              else sampling.everywhere)
    return (*(((ENGINE_SAMPLE, others),) * (nodes - 1)),
            (LAST_ENGINE_SAMPLE, sampling.for_a_last_engine))


def cold_hands(seed: int) -> sampling.Hands:
    """Return the size and the allowed cases of a cold upgrade's sample."""
    return ((COLD_SAMPLE, sampling.for_a_cold_stop),)


def cold_sample(seed: int) -> tuple[str, ...]:
    """Return the IDs of the cases in flight at a cold upgrade."""
    sample, = sampling.samples(seed, cold_hands)
    return tuple(case.id for case in sample)


def _share_out(order: list[str],
               ids: abc.Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Deal cases to the nodes in turn."""
    return {node: tuple(itertools.islice(ids, number, None, len(order)))
            for number, node in enumerate(order)}


def lighter(choices: Choices) -> list[Choices]:
    """Return variants of choices, each without one thing.

    The order is that in which a budget leaves things out: events that are
    optional in an upgrade first, assertions of every upgrade last. Shrinking
    a failed plan tries the same variants.
    """
    def without(**changed: typing.Any) -> Choices:
        return dataclasses.replace(choices, **changed)

    variants = []
    if choices.rollback:
        variants.append(without(rollback=''))
    variants += [
        without(faults={node: fault for node, fault in choices.faults.items()
                        if node != dropped})
        for dropped in choices.faults]
    variants += [without(kills=tuple(node for node in choices.kills
                                     if node != dropped))
                 for dropped in choices.kills]
    # The node with the most cases first: so all nodes keep some.
    for node, ids in sorted(choices.cases.items(),
                            key=lambda item: -len(item[1])):
        half = len(ids) // 2
        for part in (ids[:half], ids[half:]) if half else ((),) if ids else ():
            variants.append(without(cases={**choices.cases, node: part}))
    if choices.orphans:
        variants.append(without(orphans=False))
    if choices.volume is not None:
        variants.append(without(volume=None, volume_events=None))
    if choices.aged_rows:
        variants.append(without(aged_rows=False))
    if not choices.quick:
        variants.append(without(quick=True))
    if choices.api_first:
        variants.append(without(api_first=()))
    if list(choices.order) != sorted(choices.order):
        variants.append(without(order=tuple(sorted(choices.order))))
    return variants


def one_node_less(choices: Choices) -> Choices:
    """Return choices without the last node and its events.

    Nodes are numbered without gaps, so the dropped node is always the one
    with the highest number.
    """
    kept = names(len(choices.order) - 1)
    return dataclasses.replace(
        choices, order=tuple(node for node in choices.order if node in kept),
        api_first=tuple(node for node in choices.api_first if node in kept),
        kills=tuple(node for node in choices.kills if node in kept),
        faults={node: fault for node, fault in choices.faults.items()
                if node in kept},
        rollback=choices.rollback if choices.rollback in kept else '',
        cases={node: ids for node, ids in choices.cases.items()
               if node in kept})
