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

"""HTTP for probes: one request, one answer, as little work as there can be.

A session with pools, retries and redirections costs 3 ms of CPU a request,
ten times of what this does, and would hide what a probe is there to see.
"""

import http.client
import json as jsons
import typing
import urllib.parse

from heat_upgrade.lab import heat_client
from heat_upgrade.probes import error_classes
from heat_upgrade.probes import samples


class Answer(typing.NamedTuple):
    """What came back.

    :ivar status: HTTP status
    :ivar headers: mapping, its keys in any case
    :ivar content: bytes
    """

    status: int
    headers: typing.Any
    content: bytes

    def json(self):
        """Return what the content says; None if it is no JSON."""
        try:
            return jsons.loads(self.content)
        except ValueError:
            return None

    def reply(self, statuses, good=lambda body: True):
        """Return whether it is what was hoped for, as a probe's reply.

        :param statuses: those of a good answer
        :param good: tells whether the JSON of such an answer is right; that
            it has another shape than expected is wrong as well
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
            error, self.headers.get(heat_client.NODE_HEADER, ''),
            self.content.decode(errors='replace') if error else '')


def ask(method, url, *, headers=None, json=None, timeout):
    """Send one request; never twice, and never to another place.

    :param method: of HTTP
    :param url: of HTTP, with everything
    :param headers: mapping
    :param json: what becomes the body, or None
    :param timeout: seconds in which something must come
    :returns: :class:`Answer`, whatever its status
    :raises: OSError if there is none; its cause is what happened
    """
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port,
                                            timeout=timeout)
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
        raise OSError(f'no whole answer: {exc!r}') from exc
    finally:
        connection.close()
