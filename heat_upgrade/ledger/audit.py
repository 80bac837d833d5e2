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

"""The ledger and Heat's database, read and compared."""

import re

from heat_upgrade.ledger import reconciliation

DATABASE = 'heat'

# nova_instance is the physical id, under the name of Heat's first days.
_ROWS = '''\
SELECT r.stack_id, r.name, r.nova_instance, r.uuid, r.action, r.status,
       s.deleted_at IS NOT NULL
FROM resource r JOIN stack s ON s.id = r.stack_id
'''

_BUSY = '''\
SELECT id FROM stack WHERE deleted_at IS NULL AND status = 'IN_PROGRESS'
'''

# Where Heat keeps what handle_snapshot noted: up to 25 (2025.2) with the
# snapshot, from then on in a table for each resource.
_SNAPSHOT_TABLES = ('snapshot', 'resource_snapshot')

_SNAPSHOT = re.compile(r'ledger-snapshot-[0-9a-f]{32}')


def rows(mariadb):
    """Return all :class:`heat_upgrade.ledger.reconciliation.Row` of Heat's.

    :param mariadb: :class:`heat_upgrade.lab.services.mariadb.MariaDB`
    """
    return [
        reconciliation.Row(
            stack=stack,
            resource=name,
            item=item or '',
            row=row,
            action=action or '',
            status=status or '',
            deleted=bool(deleted),
        )
        for stack, name, item, row, action, status, deleted in mariadb.execute(
            _ROWS, database=DATABASE
        )
    ]


def known_snapshots(mariadb):
    """Return the ids of the ledger's snapshots that Heat's have."""
    there = {name for name, in mariadb.execute(
        'SELECT table_name FROM information_schema.tables '
        'WHERE table_schema = %s', (DATABASE,))}
    return {found
            for table in _SNAPSHOT_TABLES if table in there
            for data, in mariadb.execute(f'SELECT data FROM {table}',
                                         database=DATABASE)
            for found in _SNAPSHOT.findall(data or '')}


def busy(mariadb):
    """Return the ids of the stacks that are in progress."""
    return {stack for stack, in mariadb.execute(_BUSY, database=DATABASE)}


def audit(mariadb, client):
    """Return the differences that are there now.

    Heat may go on meanwhile: what a first look shows, and a second does not,
    was under way.

    :param mariadb: :class:`heat_upgrade.lab.services.mariadb.MariaDB`
    :param client: :class:`heat_upgrade.ledger.client.Client`
    :returns: list of :class:`heat_upgrade.ledger.reconciliation.Difference`
    """
    first = _look(mariadb, client)
    if not first:
        return []
    second = {(one.kind, one.item) for one in _look(mariadb, client)}
    return [one for one in first if (one.kind, one.item) in second]


def _look(mariadb, client):
    return reconciliation.differences(
        client.items(), client.events(), rows(mariadb),
        snapshots=client.snapshots(), known=known_snapshots(mariadb),
        busy=busy(mariadb))
