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

"""Migrates a database to the newest schema, one revision at a time.

Heat's own db_sync does it, in one process, so that the time of a revision
does not include the import of Heat. The events contain no data: no
parameters, no literals, no messages of errors.
"""

import json
import os
import pathlib
import re
import time
import traceback

from heat import db
from heat.db import api
from heat.db import migration
from oslo_config import cfg
import sqlalchemy
from sqlalchemy import event

_LITERAL = re.compile(r"'(?:[^'\\]|\\.|'')*'|\b0x[0-9A-Fa-f]+\b")
_QUIET = re.compile(r'\s*(SELECT|SHOW|DESC|SET|ROLLBACK|COMMIT|BEGIN)\b',
                    re.IGNORECASE)
_LONGEST = 2000

# Seconds until the observers are ready.
GO_TIMEOUT = 120


def read(given):
    """Migrate.

    :param given: {config: path of a heat.conf, revisions: ids in order,
        out: path of a file that takes a line of JSON for each event, go: path
        of a file whose presence starts the migration, port: the database's}
    :returns: {failure: None, or the failure}
    """
    cfg.CONF(['--config-file', given['config']], project='heat',
             default_config_files=[], default_config_dirs=[])
    with open(os.open(given['out'], os.O_WRONLY | os.O_CREAT | os.O_APPEND,
                      0o600), 'w') as out:
        def emit(**fields):
            print(json.dumps({'time': time.monotonic(), **fields}), file=out,
                  flush=True)
        engine = api.get_engine()
        if (engine.url.host, engine.url.port) != ('127.0.0.1', given['port']):
            raise RuntimeError('this is not the private database')
        _listen(emit)
        emit(event='ready')
        _wait_for(given['go'])
        for revision in given['revisions']:
            emit(event='start', revision=revision)
            try:
                migration.db_sync(revision, engine)
            except Exception as exc:
                failure = {'revision': revision, **description(exc)}
                emit(event='end', **failure)
                return {'failure': failure}
            emit(event='end', revision=revision)
    return {'failure': None}


def _wait_for(path: str) -> None:
    deadline = time.monotonic() + GO_TIMEOUT
    while not os.path.exists(path):
        if time.monotonic() > deadline:
            raise RuntimeError(f'{path} did not appear within '
                               f'{GO_TIMEOUT} s')
        time.sleep(0.02)


def _listen(emit):
    started = {}

    @event.listens_for(sqlalchemy.engine.Engine, 'before_cursor_execute')
    def before(connection, cursor, statement, *rest):
        started[id(cursor)] = time.monotonic()

    @event.listens_for(sqlalchemy.engine.Engine, 'after_cursor_execute')
    def after(connection, cursor, statement, *rest):
        seconds = time.monotonic() - started.pop(id(cursor))
        if _QUIET.match(statement) or 'alembic_version' in statement:
            return
        emit(event='statement', statement=scrubbed(statement),
             seconds=seconds, rows=max(cursor.rowcount, 0))


def scrubbed(statement: str) -> str:
    """Return a statement without its literals, on one line."""
    return _LITERAL.sub('?', ' '.join(statement.split()))[:_LONGEST]


def description(exc: Exception) -> dict[str, object]:
    """Return an error without data: its class, number and location."""
    origin = getattr(exc, 'orig', None) or getattr(
        getattr(exc, 'inner_exception', None), 'orig', None)
    number = origin.args[0] if origin is not None and origin.args else None
    statement = getattr(exc, 'statement', None) or getattr(
        getattr(exc, 'inner_exception', None), 'statement', None)
    return {
        'error': f'{type(exc).__module__}.{type(exc).__qualname__}',
        'number': number if isinstance(number, int) else None,
        'statement': scrubbed(statement) if statement else '',
        'where': _where(exc)}


def _where(exc: Exception) -> list[str]:
    """Return the last frames of an error in Heat's own code."""
    root = pathlib.Path(db.__file__).parents[1]
    return [f'{pathlib.Path(frame.filename).relative_to(root.parent)}:'
            f'{frame.lineno}, in {frame.name}'
            for frame in traceback.extract_tb(exc.__traceback__)
            if pathlib.Path(frame.filename).is_relative_to(root)][-3:]
