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

"""Unit tests of the audit: its reads of Heat's database."""

import json
import types

import testtools

from heat_upgrade.ledger import audit
from heat_upgrade.ledger import reconciliation
from heat_upgrade.ledger import state

SNAPSHOT = 'ledger-snapshot-' + 32 * 'a'
ITEM = state.Item(id='ledger-item-1', label='a', value='', stack='s',
                  resource='r', row='u', state=state.ACTIVE)


class FakeMariaDB:

    def __init__(self, *, rows=(), busy=(), snapshot=(),
                 resource_snapshot=None):
        self.rows = list(rows)
        self.busy = busy
        self.tables = {'snapshot': snapshot}
        if resource_snapshot is not None:
            self.tables['resource_snapshot'] = resource_snapshot

    def execute(self, statement, arguments=None, *, database=None):
        if 'information_schema' in statement:
            return [(name,) for name in self.tables]
        if 'FROM resource r' in statement:
            return self.rows.pop(0) if self.rows else []
        if 'FROM stack' in statement:
            return [(stack,) for stack in self.busy]
        return [(data,) for data in self.tables[statement.split()[-1]]]


def client(*, items=(), snapshots=()):
    return types.SimpleNamespace(
        items=lambda: list(items), events=list,
        snapshots=lambda: list(snapshots))


class TestReading(testtools.TestCase):

    def test_a_row_is_read(self):
        database = FakeMariaDB(rows=[
            [('s', 'r', None, 'u', None, None, 0),
             ('s', 'r', 'i', 'u', 'CREATE', 'COMPLETE', 1)]])
        self.assertEqual(
            [
                reconciliation.Row('s', 'r', '', 'u', '', '', False),
                reconciliation.Row(
                    's', 'r', 'i', 'u', 'CREATE', 'COMPLETE', True
                ),
            ],
            audit.rows(database),
        )

    def test_the_snapshots_of_an_old_heat_are_known(self):
        data = json.dumps({'resources': {'r': {'resource_data': {
            'snapshot_id': SNAPSHOT}}}})
        database = FakeMariaDB(snapshot=[None, data])
        self.assertEqual({SNAPSHOT}, audit.known_snapshots(database))

    def test_the_snapshots_of_a_new_heat_are_known(self):
        data = json.dumps({'resource_data': {'snapshot_id': SNAPSHOT}})
        database = FakeMariaDB(snapshot=['{}'], resource_snapshot=[data])
        self.assertEqual({SNAPSHOT}, audit.known_snapshots(database))


class TestAudit(testtools.TestCase):

    def test_equal_records_have_no_difference(self):
        self.assertEqual([], audit.audit(FakeMariaDB(), client()))

    def test_difference_in_two_reads_is_reported(self):
        differences = audit.audit(FakeMariaDB(), client(items=[ITEM]))
        self.assertEqual([(reconciliation.LEFT_BEHIND, ITEM.id)],
                         [(difference.kind, difference.item)
                          for difference in differences])

    def test_difference_in_the_first_read_only_is_not_reported(self):
        known = ('s', 'r', ITEM.id, 'u', 'CREATE', 'COMPLETE', 0)
        self.assertEqual([], audit.audit(
            FakeMariaDB(rows=[[], [known]]), client(items=[ITEM])))

    def test_a_snapshot_of_a_stack_in_progress_is_not_judged(self):
        taken = state.Snapshot(SNAPSHOT, 'i', 'a', '', 's', 'r', 'u')
        self.assertEqual([], audit.audit(FakeMariaDB(busy=['s']),
                                         client(snapshots=[taken])))
        self.assertEqual(1, len(audit.audit(FakeMariaDB(busy=['t']),
                                            client(snapshots=[taken]))))
