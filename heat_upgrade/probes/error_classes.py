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

"""Classes of bad answers: one word each, to be counted.

An unexpected HTTP status is its own class ('503').
"""

import http.client

# The port is closed; no answer in time; the connection ended before the
# answer; it ended within the answer; no route to the port.
REFUSED = 'refused'
TIMEOUT = 'timeout'
RESET = 'reset'
CUT_OFF = 'cut-off'
UNREACHABLE = 'unreachable'

# The content of the answer is wrong.
WRONG = 'wrong'

# An accepted operation ended as FAILED.
FAILED = 'failed'

# The question has a bug: the state of the service is unknown.
MISTAKE = 'mistake'

_BY_TYPE: tuple[tuple[type[Exception], str], ...] = (
    (ConnectionRefusedError, REFUSED),
    # Also http.client.RemoteDisconnected.
    (ConnectionResetError, RESET),
    (BrokenPipeError, RESET),
    (ConnectionAbortedError, RESET),
    (TimeoutError, TIMEOUT),
    (http.client.HTTPException, CUT_OFF),
)


def of_exception(exc: BaseException | None) -> str:
    """Return the class of an exception that a question raised.

    Libraries wrap the error of the socket; the innermost known error decides.

    :param exc: OSError or http.client.HTTPException
    """
    error = UNREACHABLE
    visited = set()
    while exc is not None and id(exc) not in visited:
        visited.add(id(exc))
        error = next((name for kind, name in _BY_TYPE
                      if isinstance(exc, kind)), error)
        exc = exc.__cause__ or exc.__context__
    return error
