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

"""An operator's configuration files, good and bad."""

import os
import pathlib

import ddt
import fixtures
import testtools

from heat_upgrade.checks import check_context
from heat_upgrade.checks.config import config_files
from heat_upgrade.checks.config import redaction
from heat_upgrade import errors

SECRET = 'hunter2'

# Content of a file, and the error after its path, which must not show it.
BAD = {
    'no section': (f'password = {SECRET}\n', ':1: a value before any'),
    'no assignment': (f'[DEFAULT]\na = 1\n{SECRET}\n',
                      ":3: No ':' or '=' found in assignment"),
    'a section without an end': (f'[DEFAULT]\n\n[{SECRET}\n',
                                 ':3: Invalid section'),
    'a line that goes on from nothing': (f'[DEFAULT]\n  {SECRET}\n',
                                         ':2: Unexpected continuation'),
    'no name': (f'[DEFAULT]\n= {SECRET}\n', ':2: Key cannot be empty'),
    'JSON': (f'{{"password": "{SECRET}"}}', ':1: a value before any'),
    'Latin-1': (f'[DEFAULT]\na = 1\nb = \xe4{SECRET}\n'.encode('latin-1'),
                ':3: this is not UTF-8'),
    'bytes': (f'[DEFAULT]\na = \0{SECRET}'.encode(), ':2: this is not text'),
}


@ddt.ddt
class TestFiles(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.place = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.path = self.place / 'heat.conf'

    def asked(self, *dirs):
        return check_context.OperatorInputs(
            config_files=(self.path,) if not dirs else (), config_dirs=dirs)

    def test_section_without_a_setting_is_named(self):
        self.path.write_text('[trustee]\n# a = b\n[cache]\nc = d\n')
        self.assertEqual({'trustee', 'cache'},
                         config_files.sections([self.path]))

    def settings(self, text):
        self.path.write_text(text)
        return config_files.settings(self.asked())

    def refused(self, *dirs):
        exc = self.assertRaises(errors.UsageError, config_files.settings,
                                self.asked(*dirs))
        self.assertNotIn(SECRET, str(exc))
        self.assertIsNone(exc.__cause__)
        return str(exc)

    def test_setting_has_its_lines(self):
        found = self.settings('# first\n[DEFAULT]\na = 1\nb = x\n  y\n\n'
                              '[Other]\nc: "3"\na = 2')
        self.assertEqual(
            [(3, 3, ('DEFAULT', 'a'), '1'), (4, 5, ('DEFAULT', 'b'), 'x\ny'),
             (8, 8, ('other', 'c'), '3'), (9, 9, ('other', 'a'), '2')],
            [(setting.line, setting.last_line, setting.key, setting.value)
             for setting in found])

    def test_section_of_one_cloud_has_the_options_of_its_group(self):
        setting, = self.settings('[ec2authtoken.east]\nauth_uri = x\n')
        self.assertEqual((('ec2authtoken', 'auth_uri'), 'ec2authtoken.east'),
                         (setting.key, setting.section))

    def test_repr_of_a_setting_has_no_value(self):
        setting, = self.settings(f'[DEFAULT]\npassword = {SECRET}\n')
        self.assertNotIn(SECRET, repr(setting))

    @ddt.data(*BAD)
    def test_invalid_file_is_refused_with_its_line(self, name):
        content, expected = BAD[name]
        self.path.write_bytes(content if isinstance(content, bytes)
                              else content.encode())
        self.assertIn(f'{self.path}{expected}', self.refused())

    def test_byte_order_mark_is_ignored(self):
        self.path.write_bytes(b'\xef\xbb\xbf[DEFAULT]\na = 1\n')
        setting, = config_files.settings(self.asked())
        self.assertEqual('1', setting.value)

    def test_empty_file_has_no_settings(self):
        self.assertEqual([], self.settings(''))

    def test_missing_file_is_named(self):
        self.assertIn(f'{self.path} does not exist', self.refused())

    def test_directory_is_not_a_file(self):
        self.path.mkdir()
        self.assertIn(f'{self.path} is not a file', self.refused())

    def test_unreadable_file_is_named(self):
        self.path.write_text('')

        def refuse(path):
            raise PermissionError(13, os.strerror(13))
        self.patch(pathlib.Path, 'read_bytes', refuse)
        self.assertIn('cannot be read: Permission denied', self.refused())

    def test_directory_has_its_conf_files_in_order(self):
        for name in ('b.conf', 'a.conf', 'c.txt'):
            (self.place / name).write_text(f'[DEFAULT]\nname = {name}\n')
        found = config_files.settings(self.asked(self.place))
        self.assertEqual(['a.conf', 'b.conf'],
                         [setting.value for setting in found])

    def test_missing_directory_is_named(self):
        self.assertIn('does not exist',
                      self.refused(self.place / 'heat.conf.d'))


@ddt.ddt
class TestRedaction(testtools.TestCase):

    @ddt.data('password', 'stack_domain_admin_pasword', 'passwd',
              'auth_encryption_key', 'transport_url', 'connection',
              'slave_connection', 'hmac_keys', 'admin_token', 'client_secret',
              'application_credential_id')
    def test_name_of_a_secret_is_recognized(self, name):
        self.assertTrue(redaction.is_secret(name))

    def test_harmless_name_is_not_a_secret(self):
        self.assertFalse(redaction.is_secret('num_engine_workers', None))

    @ddt.data(('http://u:p@host/a', 'http://***@host/a'),
              ('http://u:p@ss/w@host', 'http://***@host'),
              ('a, rabbit://u:p@one:5672,two', 'a, rabbit://***@one:5672,two'),
              ('u:p@host', '***@host'), ('http://host/a', 'http://host/a'),
              ("bad 'amqp://u:p@h'", "bad 'amqp://***@h'"))
    @ddt.unpack
    def test_url_is_shown_without_credentials(self, text, expected):
        self.assertEqual(expected, redaction.shown(text, False))

    def test_secret_is_not_shown(self):
        self.assertEqual(redaction.HIDDEN, redaction.shown(SECRET, True))

    def test_long_value_is_shortened(self):
        self.assertEqual(123, len(redaction.shown('x' * 500, False)))
