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

"""Runs a ledger's backend in a thread of the test."""

import pathlib
import threading

import fixtures

from heat_upgrade.ledger import backend
from heat_upgrade.ledger import client
from heat_upgrade.ledger import event_log
from heat_upgrade.ledger import store


class Backend(fixtures.Fixture):
    """The real server and store on a free port.

    :ivar client: a client that has the token
    :ivar url: URL of the server
    :ivar token: the token that each request must bear
    """

    token = 'token-of-the-test'

    def _setUp(self):
        home = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        log = event_log.EventLog(home / 'ledger.jsonl')
        self.addCleanup(log.close)
        self.store = store.Store(log)
        server = backend.Server(0, self.store, self.token)
        self.addCleanup(server.server_close)
        thread = threading.Thread(target=server.serve_forever,
                                  kwargs={'poll_interval': 0.01})
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)
        self.url = f'http://127.0.0.1:{server.server_port}'
        self.client = client.Client(self.url, self.token)
