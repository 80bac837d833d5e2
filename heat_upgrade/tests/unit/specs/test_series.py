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

"""Unit tests of the series of OpenStack and their order."""

import ddt
import testtools

from heat_upgrade import errors
from heat_upgrade.install import releases
from heat_upgrade.specs import series


@ddt.ddt
class TestSeries(testtools.TestCase):

    def test_names_are_in_the_order_of_the_series(self):
        names = ('austin bexar cactus diablo essex folsom grizzly havana '
                 'icehouse juno kilo liberty mitaka newton ocata pike queens '
                 'rocky stein train ussuri victoria wallaby xena yoga zed '
                 'antelope bobcat caracal dalmatian epoxy flamingo gazpacho '
                 'hibiscus').split()
        places = list(map(series.place, names))
        self.assertNotIn(None, places)
        self.assertEqual(sorted(set(places)), places)

    @ddt.data(('kilo', '2015.1'), ('diablo', '2011.3'), ('essex', '2012.1'),
              ('zed', '2022.2'), ('antelope', '2023.1'),
              ('epoxy', '2025.1'), ('flamingo', '2025.2'),
              ('gazpacho', '2026.1'), ('hibiscus', '2026.2'),
              ('Hibiscus', '2026.2-hibiscus'))
    @ddt.unpack
    def test_a_name_and_a_number_are_the_same_series(self, name, number):
        self.assertIsNotNone(series.place(name))
        self.assertEqual(series.place(name), series.place(number))

    def test_every_series_that_can_be_deployed_has_a_place(self):
        places = list(map(series.place, releases.known_series()))
        self.assertEqual(sorted(places), places)

    def test_a_number_of_the_future_follows_all_names(self):
        self.assertLess(series.place('hibiscus'), series.place('2031.2'))

    @ddt.data('', 'backlog', 'templates', '2026', '2026.9', '26.1', 'v2026.1',
              '2026.1.0', '2026.1-zed', 'specs', '2027.3')
    def test_unknown_series_has_no_place(self, text):
        self.assertIsNone(series.place(text))
        self.assertIn('hibiscus (2026.2)', str(self.assertRaises(
            errors.UsageError, series.parse, text)))
