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

"""Records the requests to Heat that a process makes, and their answers.

Python imports it at the start of a process if its directory is in
PYTHONPATH. It records no headers, and therefore no token.
"""

import json
import os
import threading

from requests import sessions

_LOCK = threading.Lock()
_send = sessions.Session.send


def send(self, request, **kwargs):
    response = _send(self, request, **kwargs)
    if '/v1/' in request.url:
        body = request.body
        if isinstance(body, bytes):
            body = body.decode()
        line = json.dumps([request.method, request.url, body,
                           response.status_code, response.text])
        with _LOCK, open(os.environ['HEAT_UPGRADE_TRAFFIC'], 'a') as out:
            out.write(line + '\n')
    return response


if os.environ.get('HEAT_UPGRADE_TRAFFIC'):
    sessions.Session.send = send
