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

"""What a planted bug is, and what sees it: as data."""

import dataclasses
import typing

from heat_upgrade import errors
from heat_upgrade.inflight import outcomes
from heat_upgrade.ledger import reconciliation
from heat_upgrade.probes import definitions
from heat_upgrade.traffic import validator

# Where a bug is planted: in a stack of its own of the load, in an operation
# in flight, or in the cloud while the probes ask.
STACK, FLIGHT, PROBES = 'stack', 'flight', 'probes'
PLACES = (STACK, FLIGHT, PROBES)

# What nobody has planted belongs to it.
CONTROL = 'control'


def load(rule):
    """Return the name of the judge of the load, by one of its rules."""
    return f'load: {rule}'


def ledger(kind):
    """Return the name of the ledger's comparison, by a kind of difference."""
    return f'ledger: {kind}'


def probe(name):
    """Return the name of a probe's budget."""
    return f'probe: {name}'


# Accounts of stacks in Keystone that Heat does not know.
ACCOUNTS = 'keystone: LEFT_BEHIND'

# How an operation in flight may end that the reference table has not.
STUCK_IN_FLIGHT = 'in flight: stuck'
WRONG_END = 'in flight: wrong end'

# All that there is to prove.
ORACLES = (
    *map(load, validator.RULES),
    *map(
        ledger,
        (
            reconciliation.LEFT_BEHIND,
            reconciliation.SNAPSHOT_LEFT_BEHIND,
            reconciliation.LOST,
            reconciliation.MADE_TWICE,
        ),
    ),
    ACCOUNTS,
    STUCK_IN_FLIGHT,
    WRONG_END,
    *map(probe, definitions.NAMES),
)


def of_outcome(outcome: outcomes.Outcome):
    """Return the name of the oracle that an illegal end is a matter of."""
    return STUCK_IN_FLIGHT if outcome.stuck else WRONG_END


@dataclasses.dataclass(frozen=True)
class Fault:
    """A bug that is planted.

    :ivar name: unique, in lower case with hyphens
    :ivar sentence: what the bug would be in Heat
    :ivar place: one of PLACES
    :ivar plant: function that plants it; what it takes depends on the place,
        see :mod:`heat_upgrade.bug_seeding.stacks`, ``operations`` and
        ``outages``
    :ivar oracles: those of ORACLES that must see it
    :ivar may: those that may see it too
    :ivar case: id of the case in flight, '' elsewhere
    """

    name: str
    sentence: str
    place: str
    plant: typing.Callable
    oracles: tuple[str, ...]
    may: tuple[str, ...] = ()
    case: str = ''


@dataclasses.dataclass(frozen=True)
class Seen:
    """What an oracle has said.

    :ivar oracle: one of ORACLES
    :ivar title: of its finding
    """

    oracle: str
    title: str

    @property
    def identity(self) -> tuple[str, str]:
        """Return what tells it from the others that were seen."""
        return self.oracle, self.title


@dataclasses.dataclass(frozen=True)
class Result:
    """What came of a fault, or of the control.

    :ivar name: of the fault, or CONTROL
    :ivar oracles: that must see it; none for the control
    :ivar may: that may see it too
    :ivar seen: tuple of :class:`Seen`
    :ivar seconds: that it took to plant it, with what had to be there before
    """

    name: str
    oracles: tuple[str, ...]
    may: tuple[str, ...]
    seen: tuple[Seen, ...]
    seconds: float

    @property
    def as_expected(self):
        """Whether all oracles saw it that must, and no other one."""
        seen = {one.oracle for one in self.seen}
        return set(self.oracles) <= seen <= {*self.oracles, *self.may}

    def as_dict(self):
        """Return it for a JSON file."""
        return {'name': self.name, 'oracles': self.oracles, 'may': self.may,
                'as_expected': self.as_expected,
                'seen': [vars(one) for one in self.seen],
                'seconds': round(self.seconds, 1)}


def chosen(faults, names):
    """Return the faults with these names, all of them for none.

    :param faults: tuple of :class:`Fault`
    :raises: :class:`errors.UsageError` if there is no such fault
    """
    known = {one.name: one for one in faults}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise errors.UsageError(
            f'no fault is called {unknown[0]}; there are {", ".join(known)}')
    return tuple(one for one in faults if not names or one.name in names)
