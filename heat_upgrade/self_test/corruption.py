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

"""Changes behind Heat's back: in its database, and to physical items."""

import typing

from heat_upgrade import errors
from heat_upgrade.lab import cloud as clouds


def sql(cloud: clouds.Cloud, statement: str,
        *values: object) -> typing.Any:
    """Execute a statement on Heat's database; returns the rows."""
    return cloud.mariadb.execute(statement, values, database=clouds.DATABASE)


def operate(cloud: clouds.Cloud, operation: str,
            **arguments: str) -> dict[str, typing.Any]:
    """Request an operation from the ledger, as Heat's plug-in would.

    :raises: errors.LabError if the backend refuses
    """
    return cloud.ledger.client.operate(operation, **arguments)


def forget_sync_points(cloud: clouds.Cloud, stack: str) -> None:
    """Delete the rows that lead an engine to the next resource.

    :param stack: id
    :raises: errors.LabError if the stack has no such row
    """
    (number,), = sql(cloud, 'SELECT COUNT(*) FROM sync_point '
                     'WHERE stack_id = %s', stack)
    if not number:
        raise errors.LabError(f'the stack {stack} has no sync points')
    sql(cloud, 'DELETE FROM sync_point WHERE stack_id = %s', stack)


def tables(cloud: clouds.Cloud) -> set[str]:
    """Return the names of Heat's tables."""
    return {name for name, in sql(
        cloud, 'SELECT table_name FROM information_schema.tables '
        'WHERE table_schema = %s', clouds.DATABASE)}
