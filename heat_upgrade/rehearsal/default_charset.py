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

"""Runs the migrations on the empty schema with another default charset.

New tables get the default character set of the database, which a dump without
CREATE DATABASE does not carry. A key from a new table to an old one needs the
same collation on both sides.
"""

import pathlib

from heat_upgrade.install import environments
from heat_upgrade.lab.services import mariadb
from heat_upgrade.lab import workspace as workspaces
from heat_upgrade.rehearsal import dump_summary
from heat_upgrade.rehearsal import failure_causes
from heat_upgrade.rehearsal import heat_commands
from heat_upgrade.results import findings

DATABASE = 'heat_default'

# The defaults of MariaDB and MySQL of this decade: a database whose tables
# have one of them was made with it, most likely.
USUAL = ('utf8mb4_general_ci', 'utf8mb4_0900_ai_ci',
         'utf8mb4_uca1400_ai_ci', 'utf8mb4_uca1400_nopad_ai_ci')


def is_guessed(survey: dump_summary.Survey) -> bool:
    """Return True if the default of a dump's database may be another one."""
    return not survey.has_default and not any(
        name in survey.charset for name in USUAL)


def copy_schema(server: mariadb.MariaDB, source: str) -> None:
    """Copy the tables of a database, without rows, below USUAL[0].

    :param source: name of the database
    """
    server.execute(f'CREATE DATABASE `{DATABASE}` CHARACTER SET utf8mb4 '
                   f'COLLATE {USUAL[0]}')
    names = [str(name) for name, kind in server.execute(
        f'SHOW FULL TABLES FROM `{source}`') if kind == 'BASE TABLE']
    with server.connection(DATABASE) as connection:
        with connection.cursor() as cursor:
            cursor.execute('SET foreign_key_checks = 0')
            for name in names:
                (_, text), = server.execute(
                    f'SHOW CREATE TABLE `{source}`.`{name}`')
                cursor.execute(str(text))
            cursor.execute(
                f'INSERT INTO `{dump_summary.REVISIONS}` SELECT * FROM '
                f'`{source}`.`{dump_summary.REVISIONS}`')


def migrate(workspace: workspaces.Workspace, server: mariadb.MariaDB,
            target: environments.Environment, timeout: float) -> bool:
    """Return True if the migrations succeed on the copied schema."""
    config: pathlib.Path = heat_commands.configuration(
        workspace, server.database(DATABASE), {})
    status, _ = heat_commands.manage(
        workspace, target, config, 'heat-manage', 'db_sync', timeout=timeout)
    return not status


def finding(server: mariadb.MariaDB, source: str,
            step: str) -> findings.Finding:
    """Return the finding of a default that decides the migrations."""
    schema = failure_causes.schema_of(server, source)
    collation = schema.collations.get(
        (dump_summary.STACKS, 'id'), schema.default)
    return findings.make(
        'rehearsal.default-charset-decides', 'default character set',
        'the migrations depend on the default character set of the database, '
        'which this dump does not carry',
        f'with the default {schema.default}: they succeed\n'
        f'with the default {USUAL[0]}, as of today\'s servers: they fail, '
        'and leave the database half migrated\n'
        + failure_causes.default_differs(
            dump_summary.STACKS, 'id', collation, USUAL[0])
        + f'\nSHOW CREATE DATABASE heat must have {collation}.', step=step)
