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

"""The ledger's durable event log: one JSON line for each event."""

import dataclasses
import json
import os
import typing

OPERATIONS = ('create', 'update', 'delete', 'suspend', 'resume', 'check',
              'snapshot', 'restore', 'delete-snapshot')

STARTED, DONE, FAILED = 'started', 'done', 'failed'

Path = str | os.PathLike[str]


class Unwritable(Exception):
    """The event log cannot be written, so no request may be answered."""


@dataclasses.dataclass(frozen=True)
class Event:
    """The start or the end of an operation on one item.

    :ivar time: seconds since the epoch
    :ivar monotonic: seconds of this machine's monotonic clock, which all of
        its processes share
    :ivar item: id of the item, Heat's physical resource id
    :ivar label: label of the item
    :ivar stack: id of Heat's stack, '' if Heat did not send it
    :ivar resource: logical name in that stack
    :ivar row: uuid of Heat's resource row, '' if it no longer exists
    :ivar operation: one of OPERATIONS
    :ivar status: STARTED, DONE or FAILED
    :ivar number: number of the operation, from 1
    :ivar value: new value of the item, None if the operation sets none
    :ivar snapshot: id of the operation's snapshot, or ''
    :ivar reason: reason of a failure
    :ivar transient: whether a retry can succeed after a failure
    :ivar key: idempotency key of the caller
    """

    time: float
    monotonic: float
    item: str
    label: str
    stack: str
    resource: str
    row: str
    operation: str
    status: str
    number: int = 0
    value: str | None = None
    snapshot: str = ''
    reason: str = ''
    transient: bool = False
    key: str = ''


_FIELDS = frozenset(field.name for field in dataclasses.fields(Event))


def from_json(data: dict[str, typing.Any]) -> Event:
    """Return the event of a line; fields of newer versions are ignored."""
    return Event(**{name: value for name, value in data.items()
                    if name in _FIELDS})


def read(path: Path) -> list[Event]:
    """Return the events of a log, in their order.

    A last line without a newline is left out: the backend had not yet
    answered its request.

    :raises: FileNotFoundError, ValueError if a line is damaged
    """
    with open(path, 'rb') as lines:
        return [from_json(json.loads(line)) for line in lines
                if line.endswith(b'\n')]


class EventLog:
    """An event log that is open for writing; the file is made if need be."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        os.ftruncate(self._fd, _whole(path))
        self.events = read(path)
        directory = os.open(os.path.dirname(os.path.abspath(path)),
                            os.O_RDONLY)
        os.fsync(directory)
        os.close(directory)

    def append(self, event: Event) -> None:
        """Write an event; after the return it survives a power failure.

        :raises: Unwritable
        """
        line = json.dumps(dataclasses.asdict(event)) + '\n'
        unwritten = line.encode()
        try:
            while unwritten:
                unwritten = unwritten[os.write(self._fd, unwritten):]
            os.fsync(self._fd)
        except OSError as exc:
            raise Unwritable(
                f'the event log cannot be written: {exc}') from exc
        self.events.append(event)

    def close(self) -> None:
        os.close(self._fd)


def _whole(path: Path) -> int:
    """Return the size of the whole lines of a log, in bytes."""
    with open(path, 'rb') as log:
        return log.read().rfind(b'\n') + 1
