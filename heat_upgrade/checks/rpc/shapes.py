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

"""The shapes of the data in a database: columns, keys and types.

A shape is a path and the types found there: ``snapshot.data.environment.
parameters`` is an object; the members of a list are ``[]``. Parts of a key
that differ from row to row (IDs, and names of the stand-in stacks) are ``#``.
"""

import base64
import contextlib
import json
import re
import sqlite3
import tempfile
import typing
import zlib

# The engines keep these rows for themselves, or alembic does.
NOT_OURS = ('alembic_version', 'sqlite_sequence', 'service', 'migrate_version')
_IDS = re.compile(r'[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|\d+')
_TYPES = {bool: 'boolean', int: 'number', float: 'number', str: 'text',
          bytes: 'binary', dict: 'object', list: 'list'}
# Keys below these are names of a template, not of Heat.
_FREE = ('raw_template.template', 'raw_template_files.files',
         'resource.rsrc_metadata', 'snapshot.data.template',
         'snapshot.data.files', 'resource_snapshot.data.metadata',
         'sync_point.extra_data.extra_data.resource_failures')

# {path: names of the types}, without NULL.
Shapes = dict[str, set[str]]
# {path: (types before, types after)}
Changes = dict[str, tuple[set[str], set[str]]]


def of(packed: str) -> Shapes:
    """Return the shapes of a database.

    :param packed: SQLite file, compressed by zlib, as base64
    :returns: {path: types}, without NULL; empty where all is NULL
    """
    found: Shapes = {}
    with tempfile.NamedTemporaryFile(suffix='.sqlite') as file:
        file.write(zlib.decompress(base64.b64decode(packed)))
        file.flush()
        with contextlib.closing(sqlite3.connect(file.name)) as database:
            for table, in database.execute(
                    "SELECT name FROM sqlite_master WHERE type = 'table'"
                    ).fetchall():
                if table not in NOT_OURS:
                    _of_table(database, table, found)
    return found


def _of_table(database: sqlite3.Connection, table: str,
              found: Shapes) -> None:
    rows = database.execute(f'SELECT * FROM "{table}"')
    columns = [column[0] for column in rows.description]
    for row in rows:
        for column, value in zip(columns, row):
            _add(f'{table}.{column}', _parsed(value), found)


def _parsed(value: typing.Any) -> typing.Any:
    if isinstance(value, str) and value[:1] in ('{', '[', 'n'):
        with contextlib.suppress(ValueError):
            return json.loads(value)
    return value


def _add(path: str, value: typing.Any, found: Shapes) -> None:
    types = found.setdefault(path, set())
    if value is None:
        return
    types.add(_TYPES[type(value)])
    if path.startswith(_FREE):
        return
    if isinstance(value, dict):
        for key, below in value.items():
            _add(f'{path}.{_IDS.sub("#", key)}', below, found)
    elif isinstance(value, list):
        for below in value:
            _add(f'{path}[]', below, found)


def differences(before: Shapes, after: Shapes) -> Changes:
    """Return the paths that the target no longer writes, or with other types.

    New paths are left out: a release ignores keys that it does not know.
    """
    found: Changes = {}
    for path, types in before.items():
        now = after.get(path, set())
        if types and (not now or now - types):
            if not any(path.startswith((f'{other}.', f'{other}['))
                       for other in found):
                found[path] = (types, now)
    return found
