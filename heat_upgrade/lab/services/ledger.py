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

"""The ledger's backend as a service of the lab."""

import json
import pathlib
import sys

from heat_upgrade.lab import workspace as workspaces
from heat_upgrade.ledger import client
from heat_upgrade import process

# For heat.conf's plugin_dirs.
PLUGIN_DIR = (pathlib.Path(__file__).resolve().parents[2] / 'ledger'
              / 'plugin')

# The environment variable that points the plugin at the backend.
VARIABLE = 'HEAT_UPGRADE_LEDGER'

# An interpreter with the standard library alone: 0.2 s on an idle machine.
START_TIMEOUT = 30

RECORD = 'ledger.jsonl'


class Ledger:
    """The backend that knows the physical resources, in its own process.

    It does not depend on the cloud, and so answers while Heat is down.

    :ivar record: path of the durable record, in the run directory
    :ivar path: path of the JSON file with its URL and token, for the plugin
    """

    def __init__(self, workspace: workspaces.Workspace) -> None:
        self.url = f'http://127.0.0.1:{workspace.port()}'
        token = workspaces.password()
        workspace.directory('ledger')
        self.path = workspace.secret_file(
            'ledger/access.json',
            json.dumps({'url': self.url, 'token': token}))
        self.record = workspace.run_dir / RECORD
        self.client = client.Client(self.url, token)
        self.process = process.Process(
            'ledger',
            [sys.executable, '-m', 'heat_upgrade.ledger.backend',
             '--access', self.path, '--record', self.record],
            log=workspace.log('ledger'), env=workspace.environment())

    @property
    def environment(self) -> dict[str, str]:
        """Variables that point Heat's processes at the backend."""
        return {VARIABLE: str(self.path)}

    def start(self) -> None:
        self.process.start()

    def wait_ready(self) -> None:
        self.process.wait_ready(self.client.answers, timeout=START_TIMEOUT,
                                what=f'an answer from {self.url}')

    def stop(self) -> tuple[float, bool]:
        return self.process.stop()
