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

"""The shapes of what stands in a database: columns, keys and types.

A shape is a path and the types found there: ``snapshot.data.environment.
parameters`` is an object; of a list it is ``[]``. What differs from row to
row in a key (ids, and names of the stand-in stacks) is ``#``.
"""

import base64
import contextlib
import json
import re
import sqlite3
import tempfile
import zlib

# Which rows the engines keep for themselves, or alembic.
NOT_OURS = ('alembic_version', 'sqlite_sequence', 'service', 'migrate_version')
_IDS = re.compile(r'[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|\d+')
_TYPES = {bool: 'boolean', int: 'number', float: 'number', str: 'text',
          bytes: 'binary', dict: 'object', list: 'list'}
# Keys below these are names of a template, not of Heat.
_FREE = ('raw_template.template', 'raw_template_files.files',
         'resource.rsrc_metadata', 'snapshot.data.template',
         'snapshot.data.files', 'resource_snapshot.data.metadata',
         'sync_point.extra_data.extra_data.resource_failures')


def of(packed):
    """Return the shapes of a database.

    :param packed: SQLite file, compressed by zlib, as base64
    :returns: {path: set of types}, without NULL; empty where all is NULL
    """
    found = {}
    with tempfile.NamedTemporaryFile(suffix='.sqlite') as place:
        place.write(zlib.decompress(base64.b64decode(packed)))
        place.flush()
        with contextlib.closing(sqlite3.connect(place.name)) as database:
            for table, in database.execute(
                    "SELECT name FROM sqlite_master WHERE type = 'table'"
                    ).fetchall():
                if table not in NOT_OURS:
                    _of_table(database, table, found)
    return found


def _of_table(database, table, found):
    rows = database.execute(f'SELECT * FROM "{table}"')
    columns = [column[0] for column in rows.description]
    for row in rows:
        for column, value in zip(columns, row):
            _add(f'{table}.{column}', _parsed(value), found)


def _parsed(value):
    if isinstance(value, str) and value[:1] in ('{', '[', 'n'):
        with contextlib.suppress(ValueError):
            return json.loads(value)
    return value


def _add(path, value, found):
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


def differences(before, after):
    """Return what of the base's shapes the target no longer writes.

    New paths are left out: what is more hurts nobody who does not look.

    :returns: {path: (types before, types after)}
    """
    found = {}
    for path, types in before.items():
        now = after.get(path, set())
        if types and (not now or now - types):
            if not any(path.startswith((f'{other}.', f'{other}['))
                       for other in found):
                found[path] = (types, now)
    return found
