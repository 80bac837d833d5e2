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

# Heat's own limit of an RPC call is 60 s; after that it answers 500 or 504.
ANSWER_TIMEOUT = 65

# HAProxy writes here which node it has given a request to.
NODE_HEADER = 'X-Heat-Node'


@dataclasses.dataclass(frozen=True)
class Answer:
    """What came back of one call.

    :ivar status: HTTP status
    :ivar body: what the JSON says, or the text if it is none
    :ivar node: name of the node that answered, '' if nobody says
    :ivar start: monotonic time in seconds at which it was sent
    :ivar end: likewise, at which all of the answer was there
    """

    status: int
    body: typing.Any
    node: str
    start: float
    end: float


class Api:
    """Heat's API version 1 as one user in one project sees it.

    :param identity: :class:`heat_upgrade.lab.services.identity.Identity`: who
        asks, and in which project
    :param url: of the API, with its version, without the project
    """

    def __init__(self, identity, url):
        self._identity = identity
        self.url = url

    def call(self, method, path, body=None, *, timeout=ANSWER_TIMEOUT):
        """Send one request; never twice.

        :param method: of HTTP
        :param path: below the project, such as 'stacks/NAME/ID'
        :param body: what becomes JSON, or None
        :param timeout: seconds
        :returns: :class:`Answer`, whatever its status
        :raises: OSError if there is none in time
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
