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

"""Heat's old configuration in a grenade run."""

import dataclasses
import re
import shutil
from unittest import mock

import ddt
import testtools

from heat_upgrade import errors
from heat_upgrade.grenade import configuration
from heat_upgrade.tests.unit.support import grenade_fakes


class ConfigurationCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.grenade = self.useFixture(grenade_fakes.Grenade())
        self.settings = self.grenade.settings


class TestKeep(ConfigurationCase):

    def setUp(self):
        super().setUp()
        self.grenade.record().close()

    def test_configuration_is_saved_once(self):
        configuration.keep(self.settings)
        self.settings.heat_conf.write_text('[DEFAULT]\n')
        place = configuration.keep(self.settings)
        self.assertIn('transport_url', (place / 'heat.conf').read_text())

    def test_only_we_can_read_it(self):
        self.settings.heat_conf.chmod(0o644)
        self.settings.heat_conf_dir.chmod(0o755)
        place = configuration.keep(self.settings)
        self.assertEqual((0o700, 0o600), tuple(
            path.stat().st_mode & 0o777 for path in (
                place, place / 'heat.conf')))

    def test_incomplete_earlier_copy_is_not_used(self):
        configuration.keep(self.settings)
        self.settings.heat_conf.write_text('[DEFAULT]\n')
        self.grenade.record().close()
        place = configuration.keep(self.settings)
        self.assertEqual('[DEFAULT]\n', (place / 'heat.conf').read_text())

    def test_half_a_copy_does_not_count(self):
        (self.settings.heat_conf_dir / 'more').mkdir()
        (self.settings.heat_conf_dir / 'more' / 'policy.yaml').touch()

        def cut_off(source, place):
            raise OSError('no space left on device')
        with mock.patch.object(shutil, 'copyfile', cut_off):
            error = self.assertRaises(
                errors.LabError, configuration.keep, self.settings)
        self.assertIn('no space left', str(error))
        self.assertFalse(configuration.kept(self.settings).exists())
        place = configuration.keep(self.settings)
        self.assertTrue((place / 'more' / 'policy.yaml').exists())

    def test_missing_configuration_is_named(self):
        self.settings.heat_conf.unlink()
        error = self.assertRaises(errors.LabError, configuration.keep,
                                  self.settings)
        self.assertIn(str(self.settings.heat_conf), str(error))

    def test_equal_configuration_is_not_a_change(self):
        configuration.keep(self.settings)
        self.assertEqual([], configuration.changed(self.settings))

    def test_options_that_changed_are_named_without_their_values(self):
        configuration.keep(self.settings)
        self.settings.heat_conf.write_text(
            '[DEFAULT]\ntransport_url = rabbit://x:topsecret@host/\n'
            '[new]\nthing = 1\n')
        said, = configuration.changed(self.settings)
        self.assertEqual(
            f'{self.settings.heat_conf}: [DEFAULT] transport_url, [database] '
            'connection, [new] thing', said)

    def test_virtual_host_may_change_in_a_partial_upgrade(self):
        partial = dataclasses.replace(self.settings, topology='multinode')
        configuration.keep(partial)
        text = partial.heat_conf.read_text()
        partial.heat_conf.write_text(re.sub(
            '(transport_url = ).*', r'\1rabbit://elsewhere/', text))
        self.assertNotEqual(text, partial.heat_conf.read_text())
        self.assertEqual([], configuration.changed(partial))
        self.assertEqual(1, len(configuration.changed(self.settings)))

    def test_files_that_came_or_went_are_named(self):
        (self.settings.heat_conf_dir / 'policy.yaml').write_text('{}')
        configuration.keep(self.settings)
        (self.settings.heat_conf_dir / 'policy.yaml').unlink()
        (self.settings.heat_conf_dir / 'fresh').touch()
        self.assertEqual(
            [f'{self.settings.heat_conf_dir}/fresh: new',
             f'{self.settings.heat_conf_dir}/policy.yaml: removed'],
            configuration.changed(self.settings))


@ddt.ddt
class TestVhost(ConfigurationCase):

    def setUp(self):
        super().setUp()
        self.record = self.grenade.record()
        self.addCleanup(self.record.close)
        self.settings = dataclasses.replace(self.settings,
                                            topology='multinode')
        self.ran = []
        self.vhosts = '/'

    def run_it(self, name, argv, **options):
        self.ran.append(argv[2:])
        return 0, self.vhosts

    def move(self):
        return configuration.move_to_vhost(self.record, self.settings,
                                           run=self.run_it)

    def test_target_gets_its_own_virtual_host(self):
        self.assertEqual('heat_upgrade_target', self.move())
        self.assertEqual(
            [['--quiet', 'list_vhosts'], ['add_vhost', 'heat_upgrade_target'],
             ['set_permissions', '-p', 'heat_upgrade_target', 'stack', '.*',
              '.*', '.*']], self.ran)

    def test_later_node_uses_the_same_virtual_host(self):
        # It has no broker.
        self.settings = dataclasses.replace(self.settings, role='subnode')
        configuration.keep(self.settings)
        self.assertEqual('heat_upgrade_target', self.move())
        self.assertEqual([], self.ran)
        self.assertIn('/heat_upgrade_target',
                      self.settings.heat_conf.read_text())
        self.assertEqual([], configuration.changed(self.settings))

    @ddt.data('rabbit://stack:secret@host:5672/',
              'rabbit://stack:secret@host:5672/old')
    def test_rest_of_the_url_stays(self, url):
        self.settings.heat_conf.write_text(
            f'[DEFAULT]\n# a comment\ntransport_url={url}\ndebug = True\n')
        self.move()
        self.assertEqual(
            '[DEFAULT]\n# a comment\ntransport_url=rabbit://stack:secret@'
            'host:5672/heat_upgrade_target\ndebug = True\n',
            self.settings.heat_conf.read_text())

    def test_url_of_notifications_stays(self):
        self.settings.heat_conf.write_text(
            '[oslo_messaging_notifications]\ntransport_url = rabbit://a/b\n'
            '[DEFAULT]\ntransport_url = rabbit://u:p@h/\n')
        self.move()
        self.assertEqual(
            '[oslo_messaging_notifications]\ntransport_url = rabbit://a/b\n'
            '[DEFAULT]\ntransport_url = rabbit://u:p@h/heat_upgrade_target\n',
            self.settings.heat_conf.read_text())

    def test_url_of_notifications_is_not_used_instead(self):
        self.settings.heat_conf.write_text(
            '[DEFAULT]\n[other]\ntransport_url = rabbit://a/b\n')
        self.assertRaises(errors.LabError, self.move)

    def test_link_to_the_file_stays(self):
        path = self.settings.heat_conf
        elsewhere = path.with_name('elsewhere.conf')
        path.rename(elsewhere)
        path.symlink_to(elsewhere)
        self.move()
        self.assertTrue(path.is_symlink())
        self.assertIn('/heat_upgrade_target', elsewhere.read_text())

    def test_the_mode_of_the_file_stays(self):
        self.settings.heat_conf.chmod(0o640)
        self.move()
        self.assertEqual(0o640,
                         self.settings.heat_conf.stat().st_mode & 0o777)

    def test_existing_virtual_host_is_not_made_again(self):
        self.vhosts = '/\nheat_upgrade_target\n'
        self.move()
        self.assertNotIn('add_vhost', [words[0] for words in self.ran])

    def test_without_a_url_there_is_nothing_to_move(self):
        self.settings.heat_conf.write_text('[DEFAULT]\n')
        error = self.assertRaises(errors.LabError, self.move)
        self.assertIn('transport_url', str(error))
