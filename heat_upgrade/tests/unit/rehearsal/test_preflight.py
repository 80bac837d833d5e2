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

"""The list of things to settle before an upgrade."""

import pymysql
import testtools

from heat_upgrade.rehearsal import preflight
from heat_upgrade.rehearsal import report


class _Cursor:
    """A cursor of a database without the table service."""

    def execute(self, query):
        if 'service' in query:
            raise pymysql.err.ProgrammingError(1146, 'no such table')

    def fetchone(self):
        return (3,)


class TestPreflight(testtools.TestCase):

    def test_each_item_has_its_number_and_its_command(self):
        items = {item['title']: item for item in preflight.counts(_Cursor())}
        self.assertEqual(len(preflight.ITEMS), len(items))
        self.assertEqual(3, items['stacks in progress']['count'])
        self.assertIn('purge_deleted', items[
            'deleted stacks that were not purged']['command'])

    def test_number_that_the_database_does_not_have_is_unknown(self):
        items = {item['title']: item for item in preflight.counts(_Cursor())}
        self.assertIsNone(items['services that are down']['count'])
        self.assertIsNone(items['messages in queues']['count'])

    def lines(self, **facts):
        return list(report._preflight(facts))

    def test_command_is_shown_where_something_is_to_do(self):
        lines = self.lines(preflight=[
            {'title': 'a', 'command': 'do a', 'count': 0},
            {'title': 'b', 'command': 'do b', 'count': 2},
            {'title': 'c', 'command': 'do c', 'count': None}])
        self.assertEqual(
            ['before            0  a', 'before            2  b', 'do b',
             'before            ?  c', 'do c'],
            [line.strip() for line in lines])

    def test_snapshots_that_do_not_load_are_counted(self):
        failures = [{'stack': stack, 'part': part} for stack, part in (
            ('x', 'snapshots'), ('x', 'stack'), ('y', 'snapshots'))]
        self.assertIn('2  stacks with snapshots that do not load',
                      self.lines(stacks={'failures': failures})[0])
