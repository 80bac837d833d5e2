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

"""Several names of one option, with different values."""

import pathlib

import testtools

from heat_upgrade.checks.config import conflicts
from heat_upgrade.checks.config import deprecations
from heat_upgrade.checks.config import options
from heat_upgrade.checks.config import remediation
from heat_upgrade.tests.unit.checks.config import test_operator_settings

PASSWORD = options.Option('cache', 'password', old_names=(
    ('cache', 'memcache_password'), ('cache', 'redis_password')))
TARGET = {PASSWORD.key: PASSWORD}
SEPARATE = {('cache', name): options.Option('cache', name)
            for name in ('memcache_password', 'redis_password')}
HISTORY = deprecations.History('25.0.2', '26.0.2')
TAKEN = {'known': True, 'secret': False, 'error': None}


def setting(name, value='1', line=1, path='heat.conf'):
    return test_operator_settings.config_files.Setting(
        pathlib.Path(path), line, line, 'cache', name, value)


class TestConflicts(testtools.TestCase):

    def winner(self, *settings):
        conflict, = conflicts.conflicts(settings, TARGET)
        return conflict.winner

    def findings(self, *settings, base=TARGET):
        return conflicts.findings(
            conflicts.conflicts(settings, TARGET), base, HISTORY, str)

    def test_first_old_name_wins_in_any_order(self):
        old, older = setting('memcache_password'), setting('redis_password')
        self.assertIs(old, self.winner(old, older))
        self.assertIs(old, self.winner(older, old))

    def test_own_name_wins_over_old_names(self):
        own = setting('password')
        self.assertIs(own, self.winner(setting('memcache_password'), own))

    def test_last_file_wins_over_the_order_of_names(self):
        last = setting('redis_password', path='last.conf')
        self.assertIs(last, self.winner(setting('memcache_password'), last))

    def test_last_of_equal_names_wins(self):
        last = setting('memcache_password', '3', line=3)
        self.assertIs(last, self.winner(
            setting('memcache_password'), last, setting('redis_password')))

    def test_different_values_of_separate_options_are_an_error(self):
        finding, = self.findings(setting('redis_password', 'a'),
                                 setting('memcache_password', 'b'),
                                 base=SEPARATE)
        self.assertEqual('error', finding.severity)
        self.assertEqual(
            '[cache] memcache_password wins over [cache] redis_password: '
            'both are [cache] password now', finding.title)

    def test_different_values_of_one_option_are_a_warning(self):
        finding, = self.findings(setting('redis_password', 'a'),
                                 setting('memcache_password', 'b'))
        self.assertEqual('warning', finding.severity)

    def test_equal_values_or_one_name_are_no_finding(self):
        for names in (('redis_password', 'memcache_password'),
                      ('redis_password',), ('password', 'password')):
            self.assertEqual([], self.findings(*map(setting, names)))

    def test_report_keeps_one_line(self):
        settings = [setting('redis_password', 'a', 1),
                    setting('memcache_password', 'b', 2)]
        lines = remediation.lines(settings, [[TAKEN] * 2] * 2, [], HISTORY,
                                  (SEPARATE, TARGET))
        self.assertEqual(
            [('heat.conf:1', remediation.REMOVE),
             ('heat.conf:2', 'password = (the same value)')],
            [(line.place, line.new) for line in lines])
