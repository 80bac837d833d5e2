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

"""HTTP: one request, one answer.

No retries, redirections or proxies: a probe must see each error.
"""

from collections import abc
import json as jsons
import typing

import urllib3


class Answer(typing.NamedTuple):
    """An HTTP answer; the case of a header's name does not matter."""

    status: int
    headers: abc.Mapping[str, str]
    content: bytes

    def json(self) -> typing.Any:
        """Return the JSON content; None if it is not JSON."""
        try:
            return jsons.loads(self.content)
        except ValueError:
            return None


def ask(method: str, url: str, *,
        headers: abc.Mapping[str, str] | None = None,
        json: typing.Any = None, timeout: float) -> Answer:
    """Send one request in a connection of its own.

    :param url: complete URL
    :param json: content of the body, or None
    :param timeout: seconds without any data
    :returns: the answer, with any status
    :raises: OSError without an answer; its cause is the original error
    """
    try:
        with urllib3.connection_from_url(
                url, timeout=timeout, retries=False) as pool:
            answer = pool.request(
                method, urllib3.util.parse_url(url).request_uri,
                json=json, redirect=False,
                headers={'Connection': 'close', **(headers or {})})
    except urllib3.exceptions.HTTPError as exc:
        raise OSError(f'no answer: {exc}') from exc
    return Answer(answer.status, answer.headers, answer.data)
