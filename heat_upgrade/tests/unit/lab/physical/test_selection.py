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

import ddt
import fixtures
import testtools

from heat_upgrade import errors
from heat_upgrade.install import releases
from heat_upgrade.lab.physical import selection


@ddt.ddt
class TestParse(testtools.TestCase):

    def test_names_come_in_the_order_of_their_dependencies(self):
        self.assertEqual(('placement', 'glance'),
                         selection.parse('glance, placement'))

    def test_no_name_selects_nothing(self):
        self.assertEqual((), selection.parse(''))

    def test_all_selects_every_service(self):
        self.assertEqual(tuple(selection.SERVICES), selection.parse('all'))

    @ddt.data(*selection.SERVICES)
    def test_a_service_brings_the_services_that_it_needs(self, name):
        chosen = selection.parse(name)
        for one in chosen:
            self.assertEqual(
                [], [needed for needed in selection.SERVICES[one].needs
                     if needed not in chosen[:chosen.index(one)]])

    def test_unknown_name_is_refused_with_the_known_ones(self):
        exc = self.assertRaises(errors.UsageError, selection.parse, 'nvoa')
        self.assertIn("no service 'nvoa'", str(exc))
        self.assertIn('glance', str(exc))
        self.assertIn('compute', str(exc))


class TestEnvironment(testtools.TestCase):

    def test_no_service_needs_no_environment(self):
        self.assertEqual([], selection.specs((), releases.parse('2026.1')))
        self.assertIsNone(selection.prepared((), None))

    def test_two_choices_share_an_environment(self):
        release = releases.parse('2026.1')
        one, = selection.specs(('glance',), release)
        other, = selection.specs(('glance', 'placement'), release)
        self.assertEqual(one.key, other.key)

    def test_environment_does_not_depend_on_the_release_of_heat(self):
        one, = selection.specs(('glance',), releases.parse('26.0.0'))
        other, = selection.specs(('glance',), releases.parse('2026.1'))
        self.assertEqual(one.key, other.key)

    def test_series_without_a_lock_file_of_services_is_refused(self):
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.install.releases.known_series', lambda: ['2026.1']))
        release = releases.Release('2031.1', 'series', '2031.1', '37.0.0')
        exc = self.assertRaises(errors.UsageError, selection.specs,
                                ('glance',), release)
        self.assertIn('no lock file of services for 2031.1', str(exc))
        self.assertIn('2026.1', str(exc))
