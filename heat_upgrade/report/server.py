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

"""Serves the history of runs, and their reports, on loopback.

The server only reads. Of a run directory it shows the report and the logs,
never the files with passwords.
"""

import http
from http import server
import pathlib
import typing
from urllib import parse

from heat_upgrade import errors
from heat_upgrade.report import history
from heat_upgrade.report import html

ADDRESS = '127.0.0.1'
# A page of another site must not reach the server by a name that it resolves
# to loopback.
_HOSTS = (ADDRESS, 'localhost')
_TEXT, _HTML = 'text/plain; charset=utf-8', 'text/html; charset=utf-8'
_LOGS = 'logs'


class Server(server.ThreadingHTTPServer):
    """Answers GET for the runs of a work directory.

    :param port: 0 for a free one
    :raises: errors.UsageError if the port is taken
    """

    daemon_threads = True

    def __init__(self, work_dir: pathlib.Path, port: int) -> None:
        self.work_dir = work_dir
        try:
            super().__init__((ADDRESS, port), _Handler)
        except OSError as exc:
            raise errors.UsageError(
                f'cannot listen on port {port}: {exc.strerror}; choose '
                'another --port') from exc

    @property
    def url(self) -> str:
        return f'http://{ADDRESS}:{self.server_address[1]}/'


def file_of(work_dir: pathlib.Path, path: str) -> pathlib.Path | None:
    """Return the file of a URL path, None if it is not to be shown.

    :param path: such as /RUN/report.html or /RUN/logs/heat-api.log
    """
    name, *rest = [parse.unquote(part) for part in path.split('/')[1:]]
    if rest == [history.PAGE]:
        allowed = work_dir / name
    elif len(rest) == 2 and rest[0] == _LOGS:
        allowed = work_dir / name / _LOGS
    else:
        return None
    file = work_dir.joinpath(name, *rest).resolve()
    return file if (file.parent == allowed.resolve() and file.is_file()
                    and allowed.resolve().is_relative_to(work_dir.resolve())
                    ) else None


class _Handler(server.BaseHTTPRequestHandler):

    server: Server

    def do_GET(self) -> None:
        host = self.headers.get('Host', '').rpartition(':')[0]
        if host not in _HOSTS:
            self.send_error(http.HTTPStatus.FORBIDDEN)
            return
        path = parse.urlsplit(self.path).path
        if path == '/':
            try:
                page = html.history_page(history.runs(self.server.work_dir))
            except errors.UsageError as exc:
                self._answer(str(exc).encode(), _TEXT,
                             http.HTTPStatus.INTERNAL_SERVER_ERROR)
                return
            self._answer(page.encode(), _HTML)
            return
        file = file_of(self.server.work_dir, path)
        if file is None:
            self.send_error(http.HTTPStatus.NOT_FOUND)
            return
        self._answer(file.read_bytes(),
                     _HTML if file.suffix == '.html' else _TEXT)

    def _answer(self, body: bytes, kind: str,
                status: int = http.HTTPStatus.OK) -> None:
        self.send_response(status)
        self.send_header('Content-Type', kind)
        self.send_header('Content-Length', str(len(body)))
        self.send_header('X-Content-Type-Options', 'nosniff')
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *values: typing.Any) -> None:
        """Log nothing: the terminal shows the URL alone."""
