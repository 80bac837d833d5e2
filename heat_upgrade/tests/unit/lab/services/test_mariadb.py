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
"""Tests of the URLs of a MariaDB."""

import ddt
import testtools

from heat_upgrade.lab.services import mariadb


@ddt.ddt
class UrlTest(testtools.TestCase):

    @ddt.data(
        ('mysql+pymysql://heat:pw@127.0.0.1:3306/heat?ssl_disabled=true',
         'mysql+pymysql://heat:pw@127.0.0.1:3306/shadow?ssl_disabled=true'),
        ('mysql+pymysql://heat:p%40@db/heat', 'mysql+pymysql://heat:p%40@db/'
                                              'shadow'),
    )
    @ddt.unpack
    def test_another_database_has_the_same_account_and_options(
            self, url, expected):
        self.assertEqual(expected, mariadb.of_database(url, 'shadow'))
