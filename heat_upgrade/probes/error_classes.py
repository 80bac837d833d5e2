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

"""The class of a bad answer: one word, so that they can be counted.

An HTTP status that is none of the good ones is its own class ('503').
"""

import http.client

# Nobody listens; no answer in time; the connection ended before the answer;
# it ended in the midst of it; no way to the port at all.
REFUSED = 'refused'
TIMEOUT = 'timeout'
RESET = 'reset'
CUT_OFF = 'cut-off'
UNREACHABLE = 'unreachable'

# The answer came, and does not say what it should.
WRONG = 'wrong'

# An operation was accepted and ended as FAILED.
FAILED = 'failed'

# The question has a mistake: nothing is known of who was asked.
MISTAKE = 'mistake'

_BY_TYPE = (
    (ConnectionRefusedError, REFUSED),
    # Also http.client.RemoteDisconnected.
    (ConnectionResetError, RESET),
    (BrokenPipeError, RESET),
    (ConnectionAbortedError, RESET),
    (TimeoutError, TIMEOUT),
    (http.client.HTTPException, CUT_OFF),
)


def of_exception(exc):
    """Return the class of what a question raised.

    Libraries wrap what the socket said; the innermost error that is known
    decides.

    :param exc: OSError or http.client.HTTPException
    """
    found = UNREACHABLE
    seen = set()
    while exc is not None and id(exc) not in seen:
        seen.add(id(exc))
        found = next((name for kind, name in _BY_TYPE
                      if isinstance(exc, kind)), found)
        exc = exc.__cause__ or exc.__context__
    return found
