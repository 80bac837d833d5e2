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

"""The action that checks the expectations of a profile."""

import types

import fixtures
import testtools

from heat_upgrade import errors
from heat_upgrade.lab import heat_client
from heat_upgrade.lab import profiles
from heat_upgrade.plan import steps
from heat_upgrade.run.actions import profile


class Cloud:

    def __init__(self):
        self.api_url = 'http://api'
        self.identity = types.SimpleNamespace(
            name='admin', member=lambda: types.SimpleNamespace(name='member'))
        self.mariadb = self
        self.number = 1
        self.messages = 0

    def execute(self, query, *, database):
        return [(self.number,)]

    def queues(self):
        self.messages += 1
        return [types.SimpleNamespace(name='other', messages=99),
                types.SimpleNamespace(name='notifications.info',
                                      messages=self.messages)]


class CheckProfileTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.found = []
        self.statuses = {'admin': 200, 'member': 200}
        self.run_ = types.SimpleNamespace(
            cloud=Cloud(), queue_lengths={}, finding=self.found.append,
            plan=types.SimpleNamespace(profile='any'))
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.lab.heat_client.Api', self.api))
        self.useFixture(fixtures.MockPatchObject(
            profile, 'TIMEOUT', 0))

    def api(self, identity, url):
        return types.SimpleNamespace(call=lambda *_: heat_client.Answer(
            self.statuses[identity.name], 'body', '', 0, 0))

    def check(self, at, **fields):
        expected = profiles.Profile('any', expectations=(
            profiles.Expectation('it works', **fields),))
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.lab.profiles.parse', lambda _: expected))
        self.measured = profile.check_profile(
            self.run_, steps.check_profile(at))
        return [(one.rule, one.subject) for one in self.found]

    def test_the_expected_status_is_no_finding(self):
        self.statuses['member'] = 403
        self.assertEqual([], self.check('target', get='services',
                                        user='member', status=403))

    def test_another_status_is_a_finding_of_the_target(self):
        self.statuses['member'] = 403
        self.assertEqual([('profile.not-kept', 'it works')],
                         self.check('target', get='services', user='member'))
        self.assertIn('as member got 403', self.found[0].evidence)

    def test_another_status_on_the_base_is_the_labs_failure(self):
        self.statuses['admin'] = 500
        self.assertRaises(errors.LabError, self.check, 'base', get='services')

    def test_a_query_must_not_return_zero(self):
        self.assertEqual([], self.check('target', query='SELECT 1'))
        self.run_.cloud.number = 0
        self.assertEqual([('profile.not-kept', 'it works')],
                         self.check('target', query='SELECT 1'))

    def test_messages_must_arrive(self):
        self.assertEqual([], self.check('base', queue='notifications.info'))
        self.assertEqual({'notifications.info': 1}, self.run_.queue_lengths)
        self.assertEqual([], self.check('target',
                                        queue='notifications.info'))

    def test_a_queue_without_new_messages_is_a_finding(self):
        self.run_.queue_lengths['notifications.info'] = 5
        self.assertEqual(
            [('profile.not-kept', 'it works')],
            self.check('target', queue='notifications.info'))

    def test_expectations_of_the_other_side_are_not_checked(self):
        self.run_.cloud.number = 0
        self.assertEqual([], self.check('target', query='SELECT 1',
                                        side='base'))
        self.assertEqual(0, self.measured['expectations'])
