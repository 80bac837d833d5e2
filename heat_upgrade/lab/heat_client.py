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

"""Calls to Heat's API, each with its times and the node that answered."""

import dataclasses
import time
import typing

from heat_upgrade import errors
from heat_upgrade.lab.services import identity as identities

# Heat's own limit of an RPC call is 60 s; after that it answers 500 or 504.
ANSWER_TIMEOUT = 65

# The header in which HAProxy names the node that answered.
NODE_HEADER = 'X-Heat-Node'


@dataclasses.dataclass(frozen=True)
class Answer:
    """The answer to one call.

    :ivar status: HTTP status
    :ivar body: the decoded JSON, or the text if the body is not JSON
    :ivar node: name of the node that answered, '' if unknown
    :ivar start: monotonic time in seconds of the request
    :ivar end: monotonic time in seconds of the end of the answer
    """

    status: int
    body: typing.Any
    node: str
    start: float
    end: float


class Api:
    """Heat's API version 1, as one user sees it in one project.

    :param identity: the user and the project
    :param url: of the API, with its version, without the project
    """

    def __init__(self, identity: identities.Identity, url: str) -> None:
        self._identity = identity
        self.url = url

    def at(self, url: str) -> 'Api':
        """Return the API at another URL, such as a node's, as this user."""
        return Api(self._identity, url)

    def call(self, method: str, path: str, body: typing.Any = None, *,
             timeout: float = ANSWER_TIMEOUT) -> Answer:
        """Send one request; never twice.

        :param path: below the project, such as 'stacks/NAME/ID'
        :param body: sent as JSON
        :param timeout: seconds
        :returns: the answer, also with an HTTP status of 400 or above
        :raises: OSError without an answer in time
        """
        url = f'{self.url}/{self._identity.project_id()}/{path}'
        start = time.monotonic()
        response = self._identity.request(method, url, json=body,
                                          timeout=timeout)
        try:
            content = response.json() if response.content else None
        except ValueError:
            content = response.text
        return Answer(status=response.status_code, body=content,
                      node=response.headers.get(NODE_HEADER, ''),
                      start=start, end=time.monotonic())


def accepted(api: Api, method: str, path: str, body: typing.Any = None
             ) -> Answer:
    """Return the answer to a request that Heat accepts.

    The arguments are those of Api.call.

    :raises: errors.LabError without an answer, or if its status is not 2xx
    """
    try:
        answer = api.call(method, path, body)
    except OSError as exc:
        raise errors.LabError(
            f'{method} {path} got no answer: {exc}') from exc
    if answer.status >= 300:
        raise errors.LabError(f'{method} {path} got {answer.status}: '
                              f'{str(answer.body)[:500]}')
    return answer
