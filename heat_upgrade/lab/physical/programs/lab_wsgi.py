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

"""Writes an access log for a WSGI application, one JSON object a line.

uWSGI loads ``application`` from this module. LAB_APPLICATION names the
service's own application, LAB_ACCESS_LOG the file. uWSGI's own log does not
know the user of a request: keystonemiddleware writes it into the environment
of the request.
"""

import importlib
import json
import os
import time


def logged(application, path):
    """Return an application that appends each request to a file.

    A line has: ``time`` of the request (seconds since the epoch),
    ``seconds`` until the response began, ``method``, ``path`` with the query,
    ``status``, ``user``, ``project`` (names; None without a valid token),
    ``agent`` and ``request_id``.
    """
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def application_with_log(environ, start_response):
        started = time.time()
        method = environ['REQUEST_METHOD']
        url = environ.get('SCRIPT_NAME', '') + environ.get('PATH_INFO', '')
        if environ.get('QUERY_STRING'):
            url += '?' + environ['QUERY_STRING']
        # A client must not choose the names that are logged.
        for name in ('HTTP_X_USER_NAME', 'HTTP_X_PROJECT_NAME'):
            environ.pop(name, None)

        def start(status, headers, exc_info=None):
            names = {name.lower(): value for name, value in headers}
            line = {
                'time': round(started, 3),
                'seconds': round(time.time() - started, 3),
                'method': method, 'path': url,
                'status': int(status.split()[0]),
                'user': environ.get('HTTP_X_USER_NAME'),
                'project': environ.get('HTTP_X_PROJECT_NAME'),
                'agent': environ.get('HTTP_USER_AGENT'),
                'request_id': names.get('x-openstack-request-id'),
            }
            os.write(log, json.dumps(line).encode() + b'\n')
            return start_response(status, headers, exc_info)
        return application(environ, start)
    return application_with_log


if 'LAB_APPLICATION' in os.environ:
    module, _, name = os.environ['LAB_APPLICATION'].partition(':')
    application = logged(getattr(importlib.import_module(module), name),
                         os.environ['LAB_ACCESS_LOG'])
