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

"""The ledger's durable record: one JSON line for each event."""

import dataclasses
import json
import os

OPERATIONS = ('create', 'update', 'delete', 'suspend', 'resume', 'check',
              'snapshot', 'restore', 'delete-snapshot')

STARTED, DONE, FAILED = 'started', 'done', 'failed'


class Unwritable(Exception):
    """The record cannot be written, so nothing may be answered any more."""


@dataclasses.dataclass(frozen=True)
class Event:
    """What happened to one item.

    :ivar time: seconds since the epoch
    :ivar monotonic: seconds of this machine's monotonic clock, which all of
        its processes share
    :ivar item: id of the item, Heat's physical resource id
    :ivar label: of the item
    :ivar stack: id of Heat's stack, '' where Heat did not say
    :ivar resource: logical name in that stack
    :ivar row: uuid of Heat's resource row, '' where there is none any more
    :ivar operation: one of OPERATIONS
    :ivar status: STARTED, DONE or FAILED
    :ivar number: of the operation, from 1
    :ivar value: that the item takes by it, None if it takes none
    :ivar snapshot: id of the snapshot that it is about, or ''
    :ivar reason: of a failure
    :ivar transient: whether a failure is worth another try
    :ivar key: that the caller gave it, to be known again
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


def from_json(data):
    """Return the event that a line tells of; newer fields are ignored."""
    return Event(**{name: value for name, value in data.items()
                    if name in _FIELDS})


def read(path):
    """Return the events of a record, in their order.

    :raises: FileNotFoundError, ValueError if a line is damaged; a last line
        without its end was never answered for, and is left out
    """
    with open(path, 'rb') as lines:
        return [from_json(json.loads(line)) for line in lines
                if line.endswith(b'\n')]


class Record:
    """A record that is open for writing.

    :param path: of the file, made if need be
    """

    def __init__(self, path):
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        os.ftruncate(self._fd, _whole(path))
        self.events = read(path)
        directory = os.open(os.path.dirname(os.path.abspath(path)),
                            os.O_RDONLY)
        os.fsync(directory)
        os.close(directory)

    def append(self, event):
        """Write an event; when this returns it outlives a power cut.

        :raises: :class:`Unwritable`
        """
        line = json.dumps(dataclasses.asdict(event)) + '\n'
        left = line.encode()
        try:
            while left:
                left = left[os.write(self._fd, left):]
            os.fsync(self._fd)
        except OSError as exc:
            raise Unwritable(f'the record cannot be written: {exc}') from exc
        self.events.append(event)

    def close(self):
        os.close(self._fd)


def _whole(path):
    """Return how many bytes of a record are whole lines."""
    with open(path, 'rb') as record:
        return record.read().rfind(b'\n') + 1
