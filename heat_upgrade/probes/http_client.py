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

"""HTTP for probes: one request, one answer, as little work as possible.

A session with pools, retries and redirections costs 3 ms of CPU a request, ten
times as much, and would hide the errors that a probe must see.
"""

from collections import abc
import http.client
import json as jsons
import typing
import urllib.parse

from heat_upgrade.lab import heat_client
from heat_upgrade.probes import error_classes
from heat_upgrade.probes import samples


class Answer(typing.NamedTuple):
    """An HTTP answer; the case of a header's name does not matter."""

    status: int
    headers: abc.Mapping[str, str] | http.client.HTTPMessage
    content: bytes

    def json(self) -> typing.Any:
        """Return the JSON content; None if it is not JSON."""
        try:
            return jsons.loads(self.content)
        except ValueError:
            return None

    def reply(self, statuses: abc.Container[int],
              good: abc.Callable[[typing.Any], object] = lambda body: True
              ) -> samples.Reply:
        """Return the judgement of the answer, as a probe's reply.

        :param statuses: statuses of a good answer
        :param good: returns True if the JSON of such an answer is right; JSON
            of an unexpected structure is wrong
        """
        error = ''
        if self.status not in statuses:
            error = str(self.status)
        else:
            try:
                right = good(self.json())
            except (AttributeError, IndexError, KeyError, TypeError):
                right = False
            error = '' if right else error_classes.WRONG
        return samples.Reply(
            error, self.headers.get(heat_client.NODE_HEADER, '') or '',
            self.content.decode(errors='replace') if error else '')


def ask(method: str, url: str, *,
        headers: abc.Mapping[str, str] | None = None,
        json: typing.Any = None, timeout: float) -> Answer:
    """Send one request, without retries or redirections.

    :param url: complete URL
    :param json: content of the body, or None
    :param timeout: seconds without any data
    :returns: the answer, with any status
    :raises: OSError without an answer; its cause is the original error
    """
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(
        parts.hostname or '', parts.port, timeout=timeout)
    body = None if json is None else jsons.dumps(json)
    try:
        connection.request(
            method, urllib.parse.urlunsplit(('', '', *parts[2:])), body,
            {'Content-Type': 'application/json', 'Connection': 'close',
             **(headers or {})})
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    except http.client.HTTPException as exc:
        if isinstance(exc, OSError):
            raise
        raise OSError(f'incomplete answer: {exc!r}') from exc
    finally:
        connection.close()
