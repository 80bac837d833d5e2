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

"""Requests to the ledger's backend.

Loaded as one of Heat's plugins, and so run by Heat's Python; imports only
the standard library.
"""

import http.client
import json
import os
import time
import urllib.parse
import uuid

VARIABLE = 'HEAT_UPGRADE_LEDGER'

# Seconds. A restart of the backend takes half a second; Heat's own RPC gives
# up after 60 s.
AWAY_TIMEOUT = 20
AWAY_INTERVAL = 0.2
ANSWER_TIMEOUT = 10


class Gone(Exception):
    """The item, snapshot or operation does not exist in the backend."""


class Refused(Exception):
    """The backend refuses the request."""


def get(path):
    """Return the JSON of a GET; :raises: Gone, Refused, OSError."""
    return _call('GET', path, None)


def start(operation, **fields):
    """Begin an operation; a repeated request does not begin it again.

    :returns: {'number', 'status', 'item', 'snapshot', 'reason', ...}
    :raises: Gone, Refused, OSError
    """
    return _call('POST', '/operations', dict(
        fields, operation=operation, key=uuid.uuid4().hex))


def _call(method, path, body):
    deadline = time.monotonic() + AWAY_TIMEOUT
    while True:
        try:
            # Read each time: the backend may have moved.
            with open(os.environ[VARIABLE]) as file:
                access = json.load(file)
            status, content = _ask(access, method, path, body)
            break
        except (OSError, http.client.HTTPException):
            if time.monotonic() >= deadline:
                raise
            time.sleep(AWAY_INTERVAL)
    if status == 404:
        raise Gone(content)
    if status != 200:
        raise Refused('the ledger answers %s to %s %s: %s'
                      % (status, method, path, content))
    return json.loads(content)


def _ask(access, method, path, body):
    connection = http.client.HTTPConnection(
        urllib.parse.urlsplit(access['url']).netloc, timeout=ANSWER_TIMEOUT)
    try:
        connection.request(
            method, path, body=None if body is None else json.dumps(body),
            headers={'X-Ledger-Token': access['token']})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()
