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

"""Configuration files of Heat, and of other programs."""

import pathlib

import ddt
import fixtures
import testtools

from heat_upgrade.checks.config import config_files
from heat_upgrade.checks.config import options
from heat_upgrade.checks.config import recognition
from heat_upgrade import errors

KNOWN = {key: options.Option(*key) for key in (
    ('DEFAULT', 'debug'), ('DEFAULT', 'plugin_dirs'),
    ('database', 'connection'), ('trustee', 'auth_type'),
    ('keystone_authtoken', 'password'))}

NOVA = [('DEFAULT', 'debug'), ('DEFAULT', 'my_ip'),
        ('database', 'connection'), ('api_database', 'connection'),
        ('libvirt', 'virt_type'), ('placement', 'password'),
        ('vnc', 'enabled')]
PASTE = [('app:heat', 'paste.app_factory'), ('filter:a', 'use'),
         ('pipeline:heat-api', 'pipeline')]
KEYSTONE = [('DEFAULT', 'debug'), ('token', 'provider'),
            ('fernet_tokens', 'key_repository')]


@ddt.ddt
class TestRecognition(testtools.TestCase):

    def refuse(self, settings, path='heat.conf'):
        recognition.refuse_foreign([
            config_files.Setting(pathlib.Path(path), 1, 1, *key, 'SECRET')
            for key in settings], KNOWN, {})

    @ddt.data(NOVA, PASTE, KEYSTONE)
    def test_file_of_another_program_is_refused(self, settings):
        exc = self.assertRaises(errors.UsageError, self.refuse, settings,
                                'other.conf')
        self.assertIn('other.conf is not a configuration file of Heat',
                      str(exc))
        self.assertNotIn('SECRET', str(exc))

    @ddt.data(
        [], [('DEFAULT', 'plugin_dirs')], [('DEFAULT', 'never_an_option')],
        # Names of retired options, and a section of a plug-in.
        [('DEFAULT', 'idle_timeout'), ('database', 'max_pool'),
         ('trustee', 'auth_plugin'), ('revision', 'heat_revision')],
        [('DEFAULT', 'debug'), ('own_plugin', 'address')],
        [('clients_sahara', 'endpoint_type'), ('heat_api', 'tcp_keepidle'),
         ('eventlet_opts', 'wsgi_keep_alive')])
    def test_file_of_heat_is_accepted(self, settings):
        self.refuse(settings)

    @ddt.data(('', True), ('# a comment\n', True), ('[trustee]\n', False))
    @ddt.unpack
    def test_files_without_a_section_are_refused(self, text, refused):
        place = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        paths = [place / 'a.conf', place / 'b.conf']
        paths[0].write_text('')
        paths[1].write_text(text)
        if refused:
            error = self.assertRaises(errors.UsageError,
                                      recognition.refuse_empty, paths)
            self.assertIn('b.conf: no section was found', str(error))
        else:
            recognition.refuse_empty(paths)
        recognition.refuse_empty([])
