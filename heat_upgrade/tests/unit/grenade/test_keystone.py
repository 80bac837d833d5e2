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

"""Keystone while Heat is down."""

import testtools

from heat_upgrade import errors
from heat_upgrade.grenade import keystone
from heat_upgrade.grenade import run_record
from heat_upgrade.grenade import systemd as units
from heat_upgrade.tests.unit.support import grenade_fakes


class TestKeystone(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.grenade = self.useFixture(grenade_fakes.Grenade())
        self.record = self.grenade.record()
        self.addCleanup(self.record.close)
        self.systemctl = grenade_fakes.Systemctl(keystone='inactive')
        self.cloud = grenade_fakes.Cloud()
        self.cloud.get = self.get
        self.outside = False
        self.said, self.seen = [], []

    def get(self, url, *, authenticated):
        if self.outside or self.systemctl.states.get('keystone') == 'active':
            return grenade_fakes.response(200)
        return grenade_fakes.response(503)

    def run_phase(self, exc=None):
        systemd = units.Systemd(self.grenade.settings, '/nowhere',
                                run=self.systemctl)
        with keystone.answering(self.record, systemd, self.cloud,
                                self.grenade.settings, say=self.said.append):
            self.seen.append(self.systemctl.states.get('keystone'))
            if exc:
                raise exc

    def test_stopped_keystone_runs_only_during_the_phase(self):
        self.run_phase()
        self.assertEqual(['active'], self.seen)
        self.assertEqual('inactive', self.systemctl.states['keystone'])
        self.assertIn('devstack@keystone.service', self.said[0])

    def test_started_keystone_is_stopped_after_a_failure(self):
        self.assertRaises(run_record.StepFailed, self.run_phase,
                          run_record.StepFailed())
        self.assertEqual('inactive', self.systemctl.states['keystone'])

    def test_running_keystone_is_left_alone(self):
        self.outside = True
        self.run_phase()
        self.assertEqual(([], ['inactive']), (self.systemctl.ran, self.seen))

    def test_slow_keystone_is_awaited_and_left_alone(self):
        self.systemctl.states['keystone'] = 'active'
        answers = iter([503, 503, 200])
        self.cloud.get = lambda url, *, authenticated: (
            grenade_fakes.response(next(answers)))
        self.grenade.environ['SERVICE_TIMEOUT'] = '30'
        self.patch(keystone, 'INTERVAL', 0)
        self.run_phase()
        self.assertEqual({'show'}, {verb for verb, _ in self.systemctl.ran})
        self.assertEqual('active', self.systemctl.states['keystone'])

    def test_missing_keystone_is_an_error(self):
        self.systemctl.states.clear()
        error = self.assertRaises(run_record.Broken, self.run_phase)
        self.assertIn('http://keystone/v3', str(error))
        self.assertEqual([], self.seen)

    def test_keystone_that_does_not_start_is_an_error(self):
        self.systemctl.stubborn.add('keystone')
        error = self.assertRaises(run_record.Broken, self.run_phase)
        self.assertIn('to answer at http://keystone/v3', str(error))

    def test_keystone_that_systemd_cannot_start_is_not_heats_failure(self):
        def refuse(name, argv, **options):
            if argv[2] == 'start':
                raise errors.LabError('systemctl start: Unit is masked')
            return self.systemctl(name, argv, **options)
        systemd = units.Systemd(self.grenade.settings, '/nowhere', run=refuse)
        context = keystone.answering(
            self.record, systemd, self.cloud, self.grenade.settings,
            say=self.said.append)
        error = self.assertRaises(run_record.Broken, context.__enter__)
        self.assertIn('masked', str(error))

    def test_keystone_that_does_not_stop_is_an_error(self):
        def stubborn(name, argv, **options):
            if argv[2] == 'stop':
                return 0, ''
            return self.systemctl(name, argv, **options)
        systemd = units.Systemd(self.grenade.settings, '/nowhere',
                                run=stubborn)
        context = keystone.answering(
            self.record, systemd, self.cloud, self.grenade.settings,
            say=self.said.append)
        context.__enter__()
        error = self.assertRaises(run_record.Broken, context.__exit__,
                                  None, None, None)
        self.assertIn('to be down again', str(error))
