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

"""Traces the upgrade of a real database once, and keeps the trace.

Two processes, one in each release's environment, play the two sides (see
``inspectors/schema.py``). The trace depends on the two releases, on those
inspectors and on the database server; it is kept by the hash of these.
"""

from collections import abc
import contextlib
import hashlib
import json
import os
import pathlib
import tempfile
import typing

from heat_upgrade.checks import blame
from heat_upgrade.checks import check_context
from heat_upgrade.checks import external_database
from heat_upgrade.checks import introspection
from heat_upgrade.checks import private_database
from heat_upgrade.checks.schema import postgresql_driver
from heat_upgrade import concurrency
from heat_upgrade import errors
from heat_upgrade import filesystem
from heat_upgrade.install import cache
from heat_upgrade.lab.services import mariadb
from heat_upgrade.lab.services import postgresql

MARIADB, POSTGRESQL = 'MariaDB', 'PostgreSQL'

# Part of the cache key: raise it when the traces are made differently.
RECIPE = 2

# Each side takes five seconds, fifty on a busy machine, and waits for the
# other; less than introspection.TIMEOUT.
WAIT = 240

# The files that each side leaves for the other; see inspectors/schema.py.
SIGNALS = {'base': ('base-wrote', 'base-served'),
           'target': ('target-migrated', 'target-read')}

_DATABASES = {'base': ('upgraded', 'base_models'),
              'target': ('upgraded', 'target_fresh', 'target_models')}

# {'base': trace, 'target': trace}, each as the inspector returned it.
Traces = dict[str, typing.Any]

_Release = check_context.InstalledRelease
_Context = check_context.Context


def observe(base: _Release, target: _Release, context: _Context,
            server: str = MARIADB) -> Traces:
    """Return the traces of both sides.

    :param server: MARIADB or POSTGRESQL
    :raises: Blamed if a side fails, LabError if there is no database
    """
    path = _path(base, target, context, server)
    try:
        traces: Traces = json.loads(path.read_text())
    except FileNotFoundError:
        traces = _play(base, target, context, server)
        path.parent.mkdir(parents=True, exist_ok=True)
        filesystem.write_atomically(path, json.dumps(traces))
    else:
        os.utime(path)
    return traces


def _path(base: _Release, target: _Release, context: _Context,
          server: str) -> pathlib.Path:
    whole = hashlib.sha256()
    for path in (introspection.PROGRAMS / 'driver.py',
                 *sorted(introspection.PROGRAMS.glob('schema*.py'))):
        whole.update(path.read_bytes() + b'\0')
    program = postgresql.find('postgres') if server == POSTGRESQL else None
    version = (
        external_database.version(context.operator_inputs.server)
        if _is_external(context, server)
        else private_database.version(context.workspace, program)
    )
    whole.update(json.dumps([
        RECIPE, base.key, target.key, server, version]).encode())
    # With the readings, so that it is pruned as they are.
    return (cache.directory() / 'readings'
            / f'schema-{whole.hexdigest()[:32]}.json')


def _is_external(context: _Context, server: str) -> bool:
    return server == MARIADB and bool(context.operator_inputs.server)


def _play(base: _Release, target: _Release, context: _Context,
          server: str) -> Traces:
    context.progress(f'migrating a {server} from {base.name} to '
                     f'{target.name}')
    play = {MARIADB: _on_mariadb, POSTGRESQL: _on_postgresql}[server]
    if _is_external(context, server):
        play = _on_external
    with tempfile.TemporaryDirectory(dir=context.workspace.data,
                                     prefix='schema-') as directory:
        return play(base, target, context, pathlib.Path(directory))


def _on_mariadb(base: _Release, target: _Release, context: _Context,
                directory: pathlib.Path) -> Traces:
    with private_database.mariadb_server(
        context.workspace, 'schema'
    ) as server:
        # One account for all: the shadow is a copy of the upgraded database.
        url = server.database('heat')
        names = {*_DATABASES['base'], *_DATABASES['target'], 'shadow'}
        for name in sorted(names):
            server.execute(f'CREATE DATABASE `{name}`')
            server.execute(f"GRANT ALL ON `{name}`.* TO `heat`@'127.0.0.1'")
        urls = {name: mariadb.of_database(url, name) for name in names}
        return _sides(base, target, context, directory, urls,
                      {**_DATABASES, 'target': (*_DATABASES['target'],
                                                'shadow')})


def _on_external(base: _Release, target: _Release, context: _Context,
                 directory: pathlib.Path) -> Traces:
    names = {*_DATABASES['base'], *_DATABASES['target'], 'shadow'}
    with external_database.databases(
        context.operator_inputs.server, sorted(names)
    ) as urls:
        return _sides(base, target, context, directory, urls,
                      {**_DATABASES, 'target': (*_DATABASES['target'],
                                                'shadow')})


def _on_postgresql(base: _Release, target: _Release, context: _Context,
                   directory: pathlib.Path) -> Traces:
    driver = postgresql_driver.psycopg2(context)
    with private_database.postgresql_server(
        context.workspace, 'schema'
    ) as server:
        urls = {name: server.database(name) for name in sorted(
            {*_DATABASES['base'], *_DATABASES['target']})}
        return _sides(
            postgresql_driver.with_path(base, driver),
            postgresql_driver.with_path(target, driver),
            context,
            directory,
            urls,
            _DATABASES,
        )


def _sides(base: _Release, target: _Release, context: _Context,
           directory: pathlib.Path, urls: abc.Mapping[str, str],
           databases: abc.Mapping[str, abc.Iterable[str]]) -> Traces:
    subjects = {'base': base, 'target': target}
    failed: dict[str, introspection.Failure] = {}

    def side(name: str) -> typing.Any:
        request = introspection.Request('schema', {
            'side': name, 'place': str(directory), 'wait': WAIT,
            'databases': {each: urls[each] for each in databases[name]}},
            kept=False)
        try:
            return introspection.read_all(subjects[name], [request],
                                          context)[0]
        except introspection.ProgramsFailed as exc:
            failed[name], = exc.failures
            # A process that was killed leaves no file for the other side.
            _leave(directory, SIGNALS[name])
            return None
    traces = concurrency.run_parallel(
        lambda: side('base'), lambda: side('target')
    )
    if failed:
        # Each side reports its own failure, not the loss of the other one.
        raise blame.Blamed([blame.of_sides(
            'schema', next(iter(failed.values())).request,
            (base.name, target.name), failed.get('base'),
            failed.get('target'))])
    late = [name for name, trace in zip(SIGNALS, traces)
            if trace.get('gave_up')]
    if late:
        raise errors.LabError(
            f'the {late[0]} side of the schema check waited {WAIT} s for the '
            'other side, which was still running')
    return dict(zip(SIGNALS, traces))


def _leave(directory: pathlib.Path, names: abc.Iterable[str]) -> None:
    """Leave the files that a side leaves when it has failed."""
    for name in names:
        with contextlib.suppress(FileExistsError), open(
                directory / name, 'x') as out:
            out.write('null')
