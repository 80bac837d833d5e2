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

"""The proof that Heat is up."""

import datetime
import time

import testtools

from heat_upgrade import errors
from heat_upgrade.grenade import logs
from heat_upgrade.grenade import run_record
from heat_upgrade.grenade import startup_check
from heat_upgrade.grenade import systemd as units
from heat_upgrade.tests.unit.support import grenade_fakes

ALL = ('h-eng', 'h-api', 'h-api-cfn')
LATER = grenade_fakes.NOW + datetime.timedelta(minutes=1)
BEFORE = grenade_fakes.NOW - datetime.timedelta(minutes=1)


class TestUp(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.grenade = self.useFixture(grenade_fakes.Grenade())
        self.cloud = grenade_fakes.Cloud()
        self.systemctl = grenade_fakes.Systemctl(
            h_eng='active', h_api='active', h_api_cfn='active')

    def wrong(self, names=ALL, **options):
        systemd = units.Systemd(self.grenade.settings, '/nowhere',
                                run=self.systemctl)
        return startup_check.Proof(
            self.cloud, systemd, names, grenade_fakes.NOW, **options
        ).wrong()

    def assertWrong(self, text, **options):
        found = self.wrong(**options)
        self.assertEqual(1, len(found), found)
        self.assertIn(text, found[0])

    def test_when_all_answers_nothing_is_wrong(self):
        self.assertEqual([], self.wrong())

    def test_a_unit_that_is_not_active_is_named(self):
        self.systemctl.states['h-api-cfn'] = 'activating'
        self.assertWrong('devstack@h-api-cfn.service is activating')

    def test_a_unit_that_is_gone_is_named(self):
        del self.systemctl.states['h-api']
        self.assertWrong('devstack@h-api.service is gone')

    def test_a_unit_that_was_never_stopped_is_not_the_target(self):
        self.patch(time, 'time', grenade_fakes.NOW.timestamp)
        self.systemctl.more['h-api'] = {
            'ActiveEnterTimestampMonotonic':
            int((time.monotonic() - 60) * 1e6)}
        self.assertWrong('has not been started since')

    def test_a_unit_that_did_not_run_before_is_not_expected(self):
        del self.systemctl.states['h-api-cfn']
        del self.cloud.endpoints['cloudformation']
        self.assertEqual([], self.wrong(names=('h-eng', 'h-api')))

    def test_versions_are_asked_for(self):
        self.cloud.answers['http://node/heat-api-cfn/'] = (
            grenade_fakes.response(503))
        self.assertWrong('http://node/heat-api-cfn/ does not show its '
                         'versions, but 503')

    def test_page_of_another_server_is_not_a_list_of_versions(self):
        self.cloud.answers['http://node/heat-api/'] = (
            grenade_fakes.response(200, hello='world'))
        self.assertWrong('does not show its versions')

    def test_an_authenticated_list_is_asked_for(self):
        self.cloud.answers['http://node/heat-api/v1/p/stacks'] = (
            grenade_fakes.response(500))
        self.assertWrong('does not list stacks, but 500')

    def test_a_service_that_the_catalog_has_not_is_named(self):
        del self.cloud.endpoints['cloudformation']
        self.assertWrong('the catalog has no cloudformation')

    def test_missing_answer_is_reported(self):
        self.cloud.answers.clear()
        self.assertWrong('no answer from')

    def test_old_engine_is_not_the_target(self):
        self.cloud.listed = [grenade_fakes.engine(BEFORE)]
        self.assertWrong('no engine has come up since')

    def test_each_engine_must_be_up(self):
        self.cloud.listed.append(grenade_fakes.engine(LATER, status='down'))
        self.assertWrong('an engine is not up')

    def test_stopped_engine_may_still_be_listed(self):
        self.cloud.listed.append(grenade_fakes.engine(BEFORE,
                                                      status='down'))
        self.assertEqual([], self.wrong())

    def test_mixed_versions_need_an_old_engine(self):
        self.cloud.listed.append(grenade_fakes.engine(
            BEFORE, updated=LATER, host='other'))
        self.assertEqual([], self.wrong(multinode=True))

    def test_old_engine_must_have_reported_since(self):
        self.cloud.listed.append(grenade_fakes.engine(
            BEFORE, updated=BEFORE, host='other'))
        self.assertWrong('no node runs the base', multinode=True)

    def prove(self):
        """Return the error of the proof."""
        record = self.grenade.record()
        self.addCleanup(record.close)
        systemd = units.Systemd(self.grenade.settings, '/nowhere',
                                run=self.systemctl)
        proof = startup_check.Proof(
            self.cloud, systemd, ALL, grenade_fakes.NOW
        )
        return self.assertRaises(
            errors.LabError,
            startup_check.prove,
            record,
            proof,
            self.grenade.settings,
        )

    def test_a_keystone_that_does_not_answer_is_not_heats_failure(self):
        self.cloud.answers.clear()
        error = self.prove()
        self.assertIsInstance(error, run_record.Broken)
        self.assertIn('Keystone does not answer at http://keystone/v3',
                      str(error))

    def test_timeout_names_the_problem_and_the_logs(self):
        self.cloud.answers[self.cloud.auth_url] = grenade_fakes.response()
        self.systemctl.states['h-api'] = 'failed'
        self.patch(logs, 'last_tracebacks', lambda record, settings, since: (
            f'ImportError since {since:.0f}'))
        error = self.prove()
        self.assertIsInstance(error, errors.WaitTimeout)
        self.assertIn('devstack@h-api.service is failed', str(error))
        self.assertIn('journalctl -u devstack@h-eng', str(error))
        self.assertIn(
            f'ImportError since {grenade_fakes.NOW.timestamp():.0f}',
            str(error))
