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

"""The real scheduler, with a merger and ZooKeeper, validates our tenant."""

import pathlib

import fixtures
import testtools
from testtools import content
from testtools import matchers

from heat_upgrade.lab import workspace as workspaces
from heat_upgrade.tests.scheduler import certificates
from heat_upgrade.tests.scheduler import daemons
from heat_upgrade.tests.scheduler import projects
from heat_upgrade.tests.scheduler import zookeeper
from heat_upgrade.tests.zuul import gate

# What the scheduler says when it has loaded a tenant whole.
COMPLETE = 'Config validation complete'


class SchedulerTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        place = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        workspace = self.enterContext(
            workspaces.Workspace(place / 'run'))
        self.addOnException(lambda exc_info: self._attach(workspace.logs))
        self.repositories = place / 'git'
        made, port = certificates.make(workspace.data), workspace.port()
        self.addCleanup(zookeeper.start(workspace, port, made).kill)
        self.zuul = daemons.Zuul(
            workspace, repositories=self.repositories,
            tenants_file=projects.make(self.repositories), port=port,
            certificates=made)
        self.addCleanup(self.zuul.start_merger().kill)

    def _attach(self, logs):
        for log in logs.iterdir():
            content.attach_file(self, log, log.name, buffer_now=True)

    def test_scheduler_accepts_our_jobs_and_refuses_a_broken_one(self):
        # One test: the daemons take longer to start than it takes.
        status, said = self.zuul.validate('whole')
        self.assertThat(said, matchers.Contains(COMPLETE))
        self.assertEqual(0, status)

        ours = self.repositories / gate.OURS
        jobs = ours / 'zuul.d' / 'lab.yaml'
        text = jobs.read_text()
        whole, broken = 'parent: heat-upgrade-base', 'parent: no-such-job'
        self.assertIn(whole, text)
        jobs.write_text(text.replace(whole, broken, 1))
        projects.commit(ours, 'a parent that is not there')
        status, said = self.zuul.validate('broken')
        self.assertThat(said, matchers.Contains('no-such-job'))
        self.assertThat(said, matchers.Not(matchers.Contains(COMPLETE)))
        self.assertEqual(1, status)
