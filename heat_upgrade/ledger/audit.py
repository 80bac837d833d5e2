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

"""Compares the ledger with Heat's database."""

from collections import abc
import re
import typing

from heat_upgrade.ledger import client
from heat_upgrade.ledger import reconciliation

DATABASE = 'heat'

# nova_instance holds the physical ID; the name dates from Heat's first
# releases.
_ROWS = '''\
SELECT r.stack_id, r.name, r.nova_instance, r.uuid, r.action, r.status,
       s.deleted_at IS NOT NULL
FROM resource r JOIN stack s ON s.id = r.stack_id
'''

_BUSY = '''\
SELECT id FROM stack WHERE deleted_at IS NULL AND status = 'IN_PROGRESS'
'''

# Heat keeps the data of handle_snapshot with the snapshot up to 25 (2025.2),
# and in a table with a row for each resource since.
_SNAPSHOT_TABLES = ('snapshot', 'resource_snapshot')

_SNAPSHOT = re.compile(r'ledger-snapshot-[0-9a-f]{32}')


class Database(typing.Protocol):
    """A database server, such as heat_upgrade.lab.services.mariadb.MariaDB."""

    def execute(
        self, statement: str, arguments: tuple[str, ...] | None = None, *,
        database: str | None = None
    ) -> abc.Iterable[tuple[typing.Any, ...]]:
        """Execute a statement; returns all rows."""


def rows(mariadb: Database) -> list[reconciliation.Row]:
    """Return all rows of Heat's table "resource"."""
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


def known_snapshots(mariadb: Database) -> set[str]:
    """Return the IDs of the ledger's snapshots that Heat has recorded."""
    tables = {name for name, in mariadb.execute(
        'SELECT table_name FROM information_schema.tables '
        'WHERE table_schema = %s', (DATABASE,))}
    return {snapshot
            for table in _SNAPSHOT_TABLES if table in tables
            for data, in mariadb.execute(f'SELECT data FROM {table}',
                                         database=DATABASE)
            for snapshot in _SNAPSHOT.findall(data or '')}


def busy(mariadb: Database) -> set[str]:
    """Return the IDs of the stacks that are in progress."""
    return {stack for stack, in mariadb.execute(_BUSY, database=DATABASE)}


def audit(mariadb: Database,
          ledger: client.Client) -> list[reconciliation.Difference]:
    """Return the current differences between the ledger and Heat.

    Heat may be working during the audit. Therefore a difference counts only
    if two reads in a row show it.
    """
    first = _differences(mariadb, ledger)
    if not first:
        return []
    second = {(difference.kind, difference.item)
              for difference in _differences(mariadb, ledger)}
    return [difference for difference in first
            if (difference.kind, difference.item) in second]


def _differences(mariadb: Database,
                 ledger: client.Client) -> list[reconciliation.Difference]:
    return reconciliation.differences(
        ledger.items(), ledger.events(), rows(mariadb),
        snapshots=ledger.snapshots(), known=known_snapshots(mariadb),
        busy=busy(mariadb))
