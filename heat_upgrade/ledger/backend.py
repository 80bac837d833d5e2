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

FILE of access is JSON {"url", "token"}; the token is wanted in each request.
Knows only the standard library, and of this package the ledger.
"""

import argparse
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
import urllib.parse

from heat_upgrade.ledger import event_log
from heat_upgrade.ledger import store

TOKEN_HEADER = 'X-Ledger-Token'

# What Heat may say when it asks for an operation.
_ASKED = ('key', 'item', 'label', 'value', 'snapshot', 'stack', 'resource',
          'row')


def work_json(work):
    """Return how an operation stands, for the plugin and the client."""
    start = work.start
    return {'number': start.number, 'item': start.item, 'label': start.label,
            'operation': start.operation, 'stack': start.stack,
            'resource': start.resource, 'since': start.monotonic,
            'snapshot': start.snapshot, 'status': work.status,
            'reason': work.reason, 'transient': work.transient}


def _start(book, body):
    _known(body['operation'])
    return work_json(book.start(
        operation=body['operation'],
        **{name: body[name] for name in _ASKED if name in body}))


def _operation(book, number):
    return work_json(book.work(int(number)))


def _items(book):
    return [dataclasses.asdict(one) for one in
            list(book.state.items.values())]


def _item(book, name):
    try:
        return dataclasses.asdict(book.state.items[name])
    except KeyError:
        raise store.NotFound(f'no item {name!r}') from None


def _snapshots(book):
    return [dataclasses.asdict(one) for one in
            list(book.state.snapshots.values())]


def _events(book, after):
    return [dataclasses.asdict(one) for one in book.events[int(after):]]


def _parked(book, body):
    return [work_json(one) for one in book.parked(body.get('label'))]


def _hold(book, body):
    _known(body['operation'])
    book.hold(body['label'], body['operation'])


def _release(book, body):
    return book.release(body.get('label'), body.get('operation'))


def _fail(book, body):
    _known(body['operation'])
    book.fail(body['label'], body['operation'], body['times'],
              body['transient'])


def _slow(book, body):
    _known(body['operation'])
    book.slow(body['label'], body['operation'], body['seconds'])


def _known(operation):
    if operation not in event_log.OPERATIONS:
        raise ValueError(f'no operation {operation!r}; there are '
                         f'{", ".join(event_log.OPERATIONS)}')


_GET = [(re.compile(pattern), answer) for pattern, answer in (
    (r'/', lambda book: 'ledger'),
    (r'/items', _items),
    (r'/items/([^/]+)', _item),
    (r'/operations/(\d+)', _operation),
    (r'/snapshots', _snapshots),
    (r'/events/(\d+)', _events))]

_POST = {'/operations': _start, '/parked': _parked, '/holds': _hold,
         '/release': _release, '/failures': _fail, '/slowness': _slow}


def _die():
    """End at once: who has no record must not go on as if it had."""
    traceback.print_exc()
    sys.stderr.flush()
    os._exit(1)


def _keep_time(book):
    try:
        book.keep_time()
    except Exception:
        _die()


class _Handler(http.server.BaseHTTPRequestHandler):

    # One packet for an answer.
    wbufsize = -1
    timeout = 30

    def do_GET(self):
        self._answer(self._get)

    def do_POST(self):
        self._answer(self._post)

    def _get(self):
        path = urllib.parse.unquote(self.path)
        for pattern, answer in _GET:
            found = pattern.fullmatch(path)
            if found:
                return answer(self.server.book, *found.groups())
        raise store.NotFound(f'no {path}')

    def _post(self):
        length = int(self.headers.get('Content-Length') or 0)
        body = json.loads(self.rfile.read(length) or b'{}')
        if self.path not in _POST:
            raise store.NotFound(f'no {self.path}')
        return _POST[self.path](self.server.book, body)

    def _answer(self, find):
        given = self.headers.get(TOKEN_HEADER) or ''
        try:
            if not hmac.compare_digest(given.encode(),
                                       self.server.token.encode()):
                status, body = 403, {'error': 'the token is wrong'}
            else:
                status, body = 200, find()
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

    def log_message(self, format, *args):
        """Say nothing: the record tells."""


class Server(http.server.ThreadingHTTPServer):
    """The HTTP server of a book.

    :param port: on loopback
    :param book: :class:`heat_upgrade.ledger.store.Book`
    :param token: that each request must bear
    """

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port, book, token):
        self.book = book
        self.token = token
        super().__init__(('127.0.0.1', port), _Handler)

    def server_bind(self):
        # HTTPServer's own asks the resolver for a name that nobody needs.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]

    def handle_error(self, request, client_address):
        """Say nothing of a peer that went away, all of what else fails."""
        exc = traceback.format_exc()
        if 'ConnectionError' not in exc and 'BrokenPipe' not in exc:
            print(exc, flush=True)


def main(argv=None):
    """Serve until a signal ends it; SIGTERM does so at once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--access', required=True)
    parser.add_argument('--record', required=True)
    arguments = parser.parse_args(argv)
    with open(arguments.access) as file:
        access = json.load(file)
    book = store.Book(event_log.Record(arguments.record))
    threading.Thread(target=_keep_time, args=[book], daemon=True).start()
    server = Server(urllib.parse.urlsplit(access['url']).port, book,
                    access['token'])
    print(f'{len(book.events)} events in {arguments.record}', flush=True)
    server.serve_forever()


if __name__ == '__main__':
    main()
