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

"""A planted bug, and the oracles that must detect it: as data."""

from collections import abc
import dataclasses
import typing

from heat_upgrade import errors
from heat_upgrade.inflight import outcomes
from heat_upgrade.ledger import reconciliation
from heat_upgrade.probes import definitions
from heat_upgrade.traffic import validator

# The target of a bug: a separate stack of the traffic, an in-flight
# operation, or the cloud while the probes ask.
STACK, OPERATION, PROBES = 'stack', 'operation', 'probes'
TARGETS = (STACK, OPERATION, PROBES)

# The owner of findings about no planted bug.
CONTROL = 'control'


def load(rule: str) -> str:
    """Return the name of the traffic validator, by one of its rules."""
    return f'load: {rule}'


def ledger(kind: str) -> str:
    """Return the name of the ledger's audit, by a kind of difference."""
    return f'ledger: {kind}'


def probe(name: str) -> str:
    """Return the name of a probe's budget."""
    return f'probe: {name}'


# Keystone accounts of stacks that Heat does not know.
ACCOUNTS = 'keystone: LEFT_BEHIND'

# Outcomes of an in-flight operation that the reference table does not allow.
STUCK_IN_FLIGHT = 'in flight: stuck'
WRONG_END = 'in flight: wrong end'

# All oracles that the planted bugs must prove.
ORACLES = (
    *map(load, validator.RULES),
    *map(ledger, (reconciliation.LEFT_BEHIND,
                  reconciliation.SNAPSHOT_LEFT_BEHIND,
                  reconciliation.LOST, reconciliation.MADE_TWICE)),
    ACCOUNTS, STUCK_IN_FLIGHT, WRONG_END,
    *map(probe, definitions.NAMES))


def of_outcome(outcome: outcomes.Outcome) -> str:
    """Return the name of the oracle for an illegal outcome."""
    return STUCK_IN_FLIGHT if outcome.stuck else WRONG_END


@dataclasses.dataclass(frozen=True)
class PlantedBug:
    """A bug to plant.

    :ivar name: unique, in lower case with hyphens
    :ivar sentence: the bug, as it would be in Heat
    :ivar target: one of TARGETS
    :ivar plant: plants it; its arguments depend on the target, see the modules
        stacks, operations and outages
    :ivar oracles: the oracles that must detect it
    :ivar may: the oracles that may also detect it
    :ivar case: id of the case of an in-flight operation, '' elsewhere
    """

    name: str
    sentence: str
    target: str
    plant: abc.Callable[..., abc.Callable[[], None] | None]
    oracles: tuple[str, ...]
    may: tuple[str, ...] = ()
    case: str = ''


@dataclasses.dataclass(frozen=True)
class Seen:
    """A finding of an oracle.

    :ivar oracle: one of ORACLES
    :ivar title: title of the finding
    """

    oracle: str
    title: str

    @property
    def identity(self) -> tuple[str, str]:
        """The identity of the finding."""
        return self.oracle, self.title


@dataclasses.dataclass(frozen=True)
class Result:
    """The detections of a bug, or of the control.

    :ivar name: name of the bug, or CONTROL
    :ivar oracles: oracles that must detect it; empty for the control
    :ivar may: oracles that may also detect it
    :ivar seconds: duration of the planting, with its preparation
    """

    name: str
    oracles: tuple[str, ...]
    may: tuple[str, ...]
    seen: tuple[Seen, ...]
    seconds: float

    @property
    def as_expected(self) -> bool:
        """Whether all required oracles detected it, and no forbidden one."""
        oracles = {detection.oracle for detection in self.seen}
        return set(self.oracles) <= oracles <= {*self.oracles, *self.may}

    def as_dict(self) -> dict[str, typing.Any]:
        """Return it for a JSON file."""
        return {'name': self.name, 'oracles': self.oracles, 'may': self.may,
                'as_expected': self.as_expected,
                'seen': [vars(detection) for detection in self.seen],
                'seconds': round(self.seconds, 1)}


def chosen(bugs: tuple[PlantedBug, ...],
           names: abc.Collection[str]) -> tuple[PlantedBug, ...]:
    """Return the bugs with these names, all bugs without names.

    :raises: errors.UsageError if a bug does not exist
    """
    known = [bug.name for bug in bugs]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise errors.UsageError(
            f'no bug is called {unknown[0]}; there are '
            f'{", ".join(known)}')
    return tuple(bug for bug in bugs if not names or bug.name in names)
