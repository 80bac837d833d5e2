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

"""What happens to a real database in an upgrade: seen once, and kept.

Two processes, one in each release's environment, play the two sides (see
``inspectors/schema.py``). What they see depends on the two releases, on those
programs and on the database server; it is kept by the hash of these.
"""

import contextlib
import hashlib
import json
import os
import pathlib
import tempfile

from heat_upgrade.checks import blame
from heat_upgrade.checks import external_database
from heat_upgrade.checks import introspection
from heat_upgrade.checks import private_database
from heat_upgrade.checks.schema import postgresql_driver
from heat_upgrade import concurrency
from heat_upgrade import errors
from heat_upgrade.install import cache
from heat_upgrade.lab.services import postgresql
from heat_upgrade.lab import workspace

MARIADB, POSTGRESQL = 'MariaDB', 'PostgreSQL'

# Each side takes five seconds, fifty on a machine that has other things to do,
# and waits for the other; less than what reading.py gives to a program.
WAIT = 240

# The files that each side leaves for the other one; see programs/schema.py.
SIGNALS = {'base': ('base-wrote', 'base-served'),
           'target': ('target-migrated', 'target-read')}

_DATABASES = {'base': ('upgraded', 'base_models'),
              'target': ('upgraded', 'target_fresh', 'target_models')}


def observe(base, target, context, server=MARIADB):
    """Return what both sides saw.

    :param base: :class:`heat_upgrade.checks.check_context.InstalledRelease`
    :param target: likewise
    :param context: :class:`heat_upgrade.checks.check_context.Context`
    :param server: MARIADB or POSTGRESQL
    :returns: {'base': ..., 'target': ...}, each what the program returned
    :raises: :class:`heat_upgrade.checks.blame.Blamed` if a side fails,
        :class:`heat_upgrade.errors.LabError` if there is no database
    """
    place = _place(base, target, context, server)
    try:
        kept = json.loads(place.read_text())
    except FileNotFoundError:
        kept = _play(base, target, context, server)
        place.parent.mkdir(parents=True, exist_ok=True)
        workspace.write_secret(place, json.dumps(kept))
    else:
        os.utime(place)
    return kept


def _place(base, target, context, server):
    whole = hashlib.sha256()
    for path in (introspection.PROGRAMS / 'driver.py',
                 *sorted(introspection.PROGRAMS.glob('schema*.py'))):
        whole.update(path.read_bytes() + b'\0')
    program = postgresql.find('postgres') if server == POSTGRESQL else None
    version = (
        external_database.version(context.asked.server)
        if _is_given(context, server)
        else private_database.version(context.workspace, program)
    )
    whole.update(json.dumps([
        base.key, target.key, server, version]).encode())
    # Where readings are, so that it is removed like one.
    return (cache.directory() / 'readings'
            / f'schema-{whole.hexdigest()[:32]}.json')


def _is_given(context, server):
    return server == MARIADB and bool(context.asked.server)


def _play(base, target, context, server):
    context.progress(f'migrating a {server} from {base.name} to '
                     f'{target.name}')
    play = {MARIADB: _on_mariadb, POSTGRESQL: _on_postgresql}[server]
    if _is_given(context, server):
        play = _on_given
    with tempfile.TemporaryDirectory(dir=context.workspace.data,
                                     prefix='schema-') as place:
        return play(base, target, context, pathlib.Path(place))


def _on_mariadb(base, target, context, place):
    with private_database.mariadb_server(
        context.workspace, 'schema'
    ) as server:
        # One account for all: the shadow is made from what is upgraded.
        url = server.database('heat')
        names = {*_DATABASES['base'], *_DATABASES['target'], 'shadow'}
        for name in sorted(names):
            server.execute(f'CREATE DATABASE `{name}`')
            server.execute(f"GRANT ALL ON `{name}`.* TO `heat`@'127.0.0.1'")
        urls = {name: url.removesuffix('heat') + name for name in names}
        return _sides(base, target, context, place, urls,
                      {**_DATABASES, 'target': (*_DATABASES['target'],
                                                'shadow')})


def _on_given(base, target, context, place):
    names = {*_DATABASES['base'], *_DATABASES['target'], 'shadow'}
    with external_database.databases(
        context.asked.server, sorted(names)
    ) as urls:
        return _sides(base, target, context, place, urls,
                      {**_DATABASES, 'target': (*_DATABASES['target'],
                                                'shadow')})


def _on_postgresql(base, target, context, place):
    driver_place = postgresql_driver.psycopg2(context)
    with private_database.postgresql_server(
        context.workspace, 'schema'
    ) as server:
        urls = {name: server.database(name) for name in sorted(
            {*_DATABASES['base'], *_DATABASES['target']})}
        return _sides(
            postgresql_driver.with_path(base, driver_place),
            postgresql_driver.with_path(target, driver_place),
            context,
            place,
            urls,
            _DATABASES,
        )


def _sides(base, target, context, place, urls, databases):
    subjects = {'base': base, 'target': target}
    failed = {}

    def side(name):
        request = introspection.Request('schema', {
            'side': name, 'place': str(place), 'wait': WAIT,
            'databases': {each: urls[each] for each in databases[name]}},
            kept=False)
        try:
            return introspection.read_all(subjects[name], [request], context)[
                0
            ]
        except introspection.ProgramsFailed as exc:
            failed[name], = exc.failures
            # A process that was killed leaves nothing for the other side.
            _leave(place, SIGNALS[name])
            return None
    seen = concurrency.run_parallel(
        lambda: side('base'), lambda: side('target')
    )
    if failed:
        # Each side reports its own failure, not that the other one is gone.
        raise blame.Blamed([blame.of_sides(
            'schema', next(iter(failed.values())).request,
            (base.name, target.name), failed.get('base'),
            failed.get('target'))])
    late = [name for name, said in zip(SIGNALS, seen) if said.get('gave_up')]
    if late:
        raise errors.LabError(
            f'the {late[0]} of the schema check waited {WAIT} s in vain for '
            'the other side, which went on working')
    return dict(zip(SIGNALS, seen))


def _leave(place, names):
    """Leave the files that a side leaves when it has failed."""
    for name in names:
        with contextlib.suppress(FileExistsError), open(
                place / name, 'x') as out:
            out.write('null')
