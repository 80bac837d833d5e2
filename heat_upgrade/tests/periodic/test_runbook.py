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

"""The runbook of a rolling upgrade, executed on a cloud of the lab."""

from heat_upgrade.lab import workspace as workspaces
from heat_upgrade.runbook import model
from heat_upgrade.tests.functional import runbook_case

BASE = {'node-1': model.BASE, 'node-2': model.BASE}
TARGET = {'node-1': model.TARGET, 'node-2': model.TARGET}


class RollingRunbookTest(runbook_case.RunbookCase):

    def test_commands_return_to_the_base_and_upgrade_again(self):
        runbook = self.runbook(model.ROLLING, 2)
        with workspaces.Workspace(self.home / 'run') as workspace:
            self.start_cloud(workspace, 2)
            self.perform(runbook.section('before'))
            self.perform(runbook.section('window'))
            self.assertEqual(TARGET, self.sides())
            self.perform(runbook.section('rollback'))
            self.assertEqual(BASE, self.sides())
            self.perform(runbook.section('window'))
            self.assertEqual(TARGET, self.sides())
            self.perform(runbook.section('afterwards'))
            self.assertEqual('0', self.count())
