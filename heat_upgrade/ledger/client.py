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

"""The tool's client of the ledger's backend."""

import dataclasses
import typing
import uuid

from heat_upgrade import errors
from heat_upgrade import http_client
from heat_upgrade.ledger import backend
from heat_upgrade.ledger import event_log
from heat_upgrade.ledger import state

# Seconds. The backend answers within milliseconds; this bound is for a
# machine that hangs.
ANSWER_TIMEOUT = 10

Item = state.Item
Snapshot = state.Snapshot
Event = event_log.Event


@dataclasses.dataclass(frozen=True)
class Operation:
    """An operation in progress.

    :ivar item: id of the item
    :ivar label: label of the item
    :ivar operation: one of event_log.OPERATIONS
    :ivar stack: id of Heat's stack
    :ivar resource: logical name
    :ivar since: monotonic time in seconds of its request
    """

    item: str
    label: str
    operation: str
    stack: str
    resource: str
    since: float


class Client:
    """A client of the ledger's backend.

    Methods that act on operations take an fnmatch pattern as the label. All
    methods raise LabError if the backend refuses, and OSError if it does not
    answer.

    :param token: the token that the backend requires
    """

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._token = token

    def answers(self) -> bool:
        """Return True if the ledger answers; :raises: OSError if not."""
        return bool(self._call('GET', '/') == 'ledger')

    def hold(self, label: str, operation: str) -> None:
        """Keep matching operations in progress, from now on."""
        self._call('POST', '/holds', label=label, operation=operation)

    def release(self, label: str | None = None,
                operation: str | None = None) -> None:
        """Release held operations; None stands for all.

        :param label: the hold's pattern or a wider one ends the hold; a
            narrower one releases only the operations that are held now
        """
        self._call('POST', '/release', label=label, operation=operation)

    def parked(self, label: str | None = None) -> list[Operation]:
        """Return the operations that holds keep in progress."""
        names = [field.name for field in dataclasses.fields(Operation)]
        return [Operation(**{name: data[name] for name in names})
                for data in self._call('POST', '/parked', label=label)]

    def fail(self, label: str, operation: str, times: int = 1, *,
             transient: bool = False) -> None:
        """Let the next matching operations fail; times=0 drops the rule.

        :param transient: whether Heat sees an item in error, and retries a
            create by itself (option action_retry_limit); if not, Heat gives
            up at once
        """
        self._call('POST', '/failures', label=label, operation=operation,
                   times=times, transient=transient)

    def slow(self, label: str, operation: str, seconds: float) -> None:
        """Set the duration of matching operations; 0 drops the rule."""
        self._call('POST', '/slowness', label=label, operation=operation,
                   seconds=seconds)

    def operate(self, operation: str,
                **arguments: str) -> dict[str, typing.Any]:
        """Request an operation, as Heat's plug-in would.

        :param operation: one of event_log.OPERATIONS
        :param arguments: item, label, value, stack, resource, row
        :returns: the backend's answer, with the id of the item
        """
        answer: dict[str, typing.Any] = self._call(
            'POST', '/operations', operation=operation, key=uuid.uuid4().hex,
            **arguments)
        return answer

    def items(self) -> list[Item]:
        """Return the items that exist now."""
        return [Item(**data) for data in self._call('GET', '/items')]

    def snapshots(self) -> list[Snapshot]:
        """Return the snapshots that exist now."""
        return [Snapshot(**data) for data in self._call('GET', '/snapshots')]

    def events(self, after: int = 0) -> list[Event]:
        """Return all events.

        :param after: number of oldest events to leave out
        """
        return [event_log.from_json(data) for data in
                self._call('GET', f'/events/{after}')]

    def _call(self, method: str, path: str, **body: object) -> typing.Any:
        """Send a request; returns the JSON of the answer."""
        answer = http_client.ask(
            method, f'{self._url}{path}', json=body or None,
            headers={backend.TOKEN_HEADER: self._token},
            timeout=ANSWER_TIMEOUT)
        if answer.status != 200:
            raise errors.LabError(
                f'the ledger answers {answer.status} to {method} {path}: '
                f'{answer.content.decode(errors="replace")[:500]}')
        return answer.json()
