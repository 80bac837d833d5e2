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

"""What the tool asks of the ledger's backend."""

import dataclasses
import http.client
import json
import urllib.parse

from heat_upgrade import errors
from heat_upgrade.ledger import event_log
from heat_upgrade.ledger import state

# The backend answers within milliseconds; this is for a machine that hangs.
ANSWER_TIMEOUT = 10

TOKEN_HEADER = 'X-Ledger-Token'

Item = state.Item
Snapshot = state.Snapshot
Event = event_log.Event


@dataclasses.dataclass(frozen=True)
class Operation:
    """An operation in progress.

    :ivar item: id of the item
    :ivar label: of the item
    :ivar operation: one of :data:`heat_upgrade.ledger.event_log.OPERATIONS`
    :ivar stack: id of Heat's stack
    :ivar resource: logical name
    :ivar since: monotonic time in seconds at which it was asked for
    """

    item: str
    label: str
    operation: str
    stack: str
    resource: str
    since: float


class Client:
    """The ledger as the tool sees it.

    A label is a pattern of :mod:`fnmatch` wherever operations are meant. All
    methods raise :class:`heat_upgrade.errors.LabError` if the backend
    refuses, and OSError if it does not answer.

    :param url: of the backend
    :param token: that it wants
    """

    def __init__(self, url, token):
        self._address = urllib.parse.urlsplit(url).netloc
        self._token = token

    def answers(self):
        """Tell that it answers; :raises: OSError if not."""
        return self._call('GET', '/') == 'ledger'

    def hold(self, label, operation):
        """Keep matching operations in progress, from now on."""
        self._call('POST', '/holds', label=label, operation=operation)

    def release(self, label=None, operation=None):
        """Let go what is held; None stands for all.

        :param label: the hold's pattern or a wider one, which end the hold;
            or a narrower one, which lets go only what is parked now
        """
        self._call('POST', '/release', label=label, operation=operation)

    def parked(self, label=None):
        """Return the :class:`Operation` list that holds keep in progress."""
        names = [field.name for field in dataclasses.fields(Operation)]
        return [Operation(**{name: one[name] for name in names})
                for one in self._call('POST', '/parked', label=label)]

    def fail(self, label, operation, times=1, *, transient=False):
        """Let the next matching operations fail; 0 takes it back.

        :param transient: Heat gets to see an item in error, and tries a
            create again by itself (its option action_retry_limit), else it
            gives up at once
        """
        self._call('POST', '/failures', label=label, operation=operation,
                   times=times, transient=transient)

    def slow(self, label, operation, seconds):
        """Let matching operations take that long; 0 takes it back."""
        self._call('POST', '/slowness', label=label, operation=operation,
                   seconds=seconds)

    def items(self):
        """Return the :class:`Item` list of what exists now."""
        return [Item(**one) for one in self._call('GET', '/items')]

    def snapshots(self):
        """Return the :class:`Snapshot` list of what exists now."""
        return [Snapshot(**one) for one in self._call('GET', '/snapshots')]

    def events(self, after=0):
        """Return the :class:`Event` list of all that ever happened.

        :param after: how many to leave out, since they are known
        """
        return [event_log.from_json(one) for one in
                self._call('GET', f'/events/{after}')]

    def _call(self, method, path, **body):
        connection = http.client.HTTPConnection(self._address,
                                                timeout=ANSWER_TIMEOUT)
        try:
            connection.request(
                method, path, body=json.dumps(body) if body else None,
                headers={TOKEN_HEADER: self._token})
            answer = connection.getresponse()
            content = answer.read()
        except http.client.HTTPException as exc:
            raise OSError(f'no answer from the ledger: {exc!r}') from exc
        finally:
            connection.close()
        if answer.status != 200:
            raise errors.LabError(
                f'the ledger answers {answer.status} to {method} {path}: '
                f'{content.decode(errors="replace")[:500]}')
        return json.loads(content)
