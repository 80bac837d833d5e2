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

"""The ledger's backend: a process of its own, HTTP on loopback.

python -m heat_upgrade.ledger.backend --access FILE --record FILE

FILE of access is JSON {"url", "token"}; every request must bear the token.
Imports only the standard library and the ledger.
"""

import argparse
from collections import abc
import dataclasses
import hmac
import http.server
import json
import os
import re
import socketserver
import sys
import threading
import traceback
import typing
import urllib.parse

from heat_upgrade.ledger import event_log
from heat_upgrade.ledger import state
from heat_upgrade.ledger import store

TOKEN_HEADER = 'X-Ledger-Token'

Json = dict[str, typing.Any]

# Fields that Heat may send with a new operation.
_FIELDS = ('key', 'item', 'label', 'value', 'snapshot', 'stack', 'resource',
           'row')


def work_json(work: state.Work) -> Json:
    """Return the status of an operation, for the plugin and the client."""
    start = work.start
    return {'number': start.number, 'item': start.item, 'label': start.label,
            'operation': start.operation, 'stack': start.stack,
            'resource': start.resource, 'since': start.monotonic,
            'snapshot': start.snapshot, 'status': work.status,
            'reason': work.reason, 'transient': work.transient}


def _start(ledger: store.Store, body: Json) -> Json:
    _require_known(body['operation'])
    return work_json(ledger.start(
        operation=body['operation'],
        **{name: body[name] for name in _FIELDS if name in body}))


def _operation(ledger: store.Store, number: str) -> Json:
    return work_json(ledger.work(int(number)))


def _items(ledger: store.Store) -> list[Json]:
    return [dataclasses.asdict(item) for item in
            list(ledger.state.items.values())]


def _item(ledger: store.Store, name: str) -> Json:
    try:
        return dataclasses.asdict(ledger.state.items[name])
    except KeyError:
        raise store.NotFound(f'no item {name!r}') from None


def _snapshots(ledger: store.Store) -> list[Json]:
    return [dataclasses.asdict(snapshot) for snapshot in
            list(ledger.state.snapshots.values())]


def _events(ledger: store.Store, after: str) -> list[Json]:
    return [dataclasses.asdict(event) for event in ledger.events[int(after):]]


def _parked(ledger: store.Store, body: Json) -> list[Json]:
    return [work_json(work) for work in ledger.parked(body.get('label'))]


def _hold(ledger: store.Store, body: Json) -> None:
    _require_known(body['operation'])
    ledger.hold(body['label'], body['operation'])


def _release(ledger: store.Store, body: Json) -> list[int]:
    return ledger.release(body.get('label'), body.get('operation'))


def _fail(ledger: store.Store, body: Json) -> None:
    _require_known(body['operation'])
    ledger.fail(body['label'], body['operation'], body['times'],
                body['transient'])


def _slow(ledger: store.Store, body: Json) -> None:
    _require_known(body['operation'])
    ledger.slow(body['label'], body['operation'], body['seconds'])


def _require_known(operation: str) -> None:
    if operation not in event_log.OPERATIONS:
        raise ValueError(f'unknown operation {operation!r}; expected one of '
                         f'{", ".join(event_log.OPERATIONS)}')


_Get = abc.Callable[..., object]
_GET: list[tuple[re.Pattern[str], _Get]] = [
    (re.compile(r'/'), lambda ledger: 'ledger'),
    (re.compile(r'/items'), _items),
    (re.compile(r'/items/([^/]+)'), _item),
    (re.compile(r'/operations/(\d+)'), _operation),
    (re.compile(r'/snapshots'), _snapshots),
    (re.compile(r'/events/(\d+)'), _events)]

_POST: dict[str, abc.Callable[[store.Store, Json], object]] = {
    '/operations': _start, '/parked': _parked, '/holds': _hold,
    '/release': _release, '/failures': _fail, '/slowness': _slow}


def _die() -> typing.NoReturn:
    """Exit immediately: continuing without the event log would lose data."""
    traceback.print_exc()
    sys.stderr.flush()
    os._exit(1)


def _keep_time(ledger: store.Store) -> None:
    try:
        ledger.keep_time()
    except Exception:
        _die()


class _Handler(http.server.BaseHTTPRequestHandler):

    server: 'Server'

    # One packet for an answer.
    wbufsize = -1
    timeout = 30

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._post)

    def _get(self) -> object:
        path = urllib.parse.unquote(self.path)
        for pattern, answer in _GET:
            match = pattern.fullmatch(path)
            if match:
                return answer(self.server.store, *match.groups())
        raise store.NotFound(f'no {path}')

    def _post(self) -> object:
        length = int(self.headers.get('Content-Length') or 0)
        body = json.loads(self.rfile.read(length) or b'{}')
        if self.path not in _POST:
            raise store.NotFound(f'no {self.path}')
        return _POST[self.path](self.server.store, body)

    def _answer(self, respond: abc.Callable[[], object]) -> None:
        token = self.headers.get(TOKEN_HEADER) or ''
        body: object
        try:
            if not hmac.compare_digest(token.encode(),
                                       self.server.token.encode()):
                status, body = 403, {'error': 'the token is wrong'}
            else:
                status, body = 200, respond()
        except store.NotFound as exc:
            status, body = 404, {'error': str(exc)}
        except (KeyError, TypeError, ValueError) as exc:
            status, body = 400, {'error': repr(exc)}
        except event_log.Unwritable:
            _die()
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: the event log has it all."""


class Server(http.server.ThreadingHTTPServer):
    """The HTTP server of a store.

    :param port: port on loopback
    :param token: the token that each request must bear
    """

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port: int, ledger: store.Store, token: str) -> None:
        self.store = ledger
        self.token = token
        super().__init__(('127.0.0.1', port), _Handler)

    def server_bind(self) -> None:
        # HTTPServer's method would ask the resolver for an unused name.
        socketserver.TCPServer.server_bind(self)
        self.server_name = str(self.server_address[0])
        self.server_port = self.server_address[1]

    def handle_error(self, request: object, client_address: object) -> None:
        """Print any error except that of a peer that closed its connection."""
        exc = traceback.format_exc()
        if 'ConnectionError' not in exc and 'BrokenPipe' not in exc:
            print(exc, flush=True)


def main(argv: list[str] | None = None) -> None:
    """Serve until a signal ends the process; SIGTERM ends it at once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--access', required=True)
    parser.add_argument('--record', required=True)
    arguments = parser.parse_args(argv)
    with open(arguments.access) as file:
        access = json.load(file)
    port = urllib.parse.urlsplit(access['url']).port
    if port is None:
        parser.error(f'the URL in {arguments.access} has no port')
    ledger = store.Store(event_log.EventLog(arguments.record))
    threading.Thread(target=_keep_time, args=[ledger], daemon=True).start()
    server = Server(port, ledger, access['token'])
    print(f'{len(ledger.events)} events in {arguments.record}', flush=True)
    server.serve_forever()


if __name__ == '__main__':
    main()
