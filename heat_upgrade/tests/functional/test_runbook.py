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

"""The runbook of a cold upgrade, executed on a cloud of the lab."""

from heat_upgrade.lab import workspace as workspaces
from heat_upgrade.runbook import model
from heat_upgrade.tests.functional import runbook_case


class ColdRunbookTest(runbook_case.RunbookCase):

    def test_commands_upgrade_a_cloud_and_return_to_the_base(self):
        runbook = self.runbook(model.COLD, 1)
        with workspaces.Workspace(self.home / 'run') as workspace:
            self.start_cloud(workspace, 1)
            self.perform(runbook.section('before'))
            stacks = self.count()
            self.assertNotEqual('0', stacks)
            self.perform(runbook.section('window'))
            self.assertEqual({'node-1': model.TARGET}, self.sides())
            self.perform(runbook.section('afterwards'))
            self.assertEqual('0', self.count())
            self.perform(runbook.section('rollback'))
            self.assertEqual({'node-1': model.BASE}, self.sides())
            self.assertEqual(stacks, self.count())
