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

"""Runs one side of an upgrade of the schema, on a real database.

Two of these programs run at once, one in each release's environment, and take
turns:

    base    makes its schema, writes rows
    target  migrates them, watched; reads them; writes rows of its own
    base    reads all rows, writes more, changes and deletes: it still serves
    target  reads the rows that the base wrote during its last turn

At the end of a turn a side leaves a file with data for the other side, also
after a failure. The answer contains the failures of a release; an exception
means that the program itself cannot continue.

Given: {'side', 'databases': {name: URL}, 'place': directory of the files,
'wait': seconds}.
"""

import json
import os
import time

from alembic import autogenerate
from alembic import command
from alembic import config as alembic_config
from alembic.runtime import migration as alembic_migration
from alembic import script as alembic_script
import heat_upgrade_program
from oslo_config import cfg
from oslo_db.sqlalchemy import enginefacade


objects = heat_upgrade_program.load_sibling('schema_objects')
rows = heat_upgrade_program.load_sibling('schema_rows')
shapes = heat_upgrade_program.load_sibling('schema_shape')
watches = heat_upgrade_program.load_sibling('schema_watch')

# Seconds between two looks for a file of the other side.
INTERVAL = 0.02


def read(given):
    """Run one side; returns its answer."""
    cls = {'base': Base, 'target': Target}[given['side']]
    try:
        return cls(given).play()
    finally:
        # Even after a failure, the other side must not wait.
        for name in cls.SIGNALS:
            if not os.path.exists(os.path.join(given['place'], name)):
                _signal(given, name, None)


def _signal(given, name, data):
    """Write a file for the other side, atomically."""
    path = os.path.join(given['place'], name)
    with open(f'{path}.new', 'w') as out:
        os.chmod(f'{path}.new', 0o600)
        json.dump(data, out)
    os.rename(f'{path}.new', path)


class _Side:
    SIGNALS: tuple[str, ...] = ()

    def __init__(self, given):
        cfg.CONF([], project='heat', default_config_files=[],
                 default_config_dirs=[])
        from heat.db import migration
        from heat.db import models
        # Heat itself opens only the database that is upgraded.
        cfg.CONF.set_override('connection', given['databases']['upgraded'],
                              'database')
        self.migration, self.models = migration, models
        self.given = given
        self.engines = {name: _engine(url)
                        for name, url in given['databases'].items()}
        self.objects = objects.Objects(rows.to_text, rows.failure)
        self.rows = rows.Rows(self.engines['upgraded'], models.BASE)
        self.answer = {'failed': {}, 'seconds': {}}

    def stage(self, name, function, *arguments):
        """Run a function, and record its failure and its time.

        :returns: the result of the function, None if it failed
        """
        started = time.monotonic()
        try:
            return function(*arguments)
        except Exception as exc:
            self.answer['failed'][name] = rows.failure(exc)
            return None
        finally:
            self.answer['seconds'][name] = round(
                time.monotonic() - started, 3)

    def shape(self, database):
        with self.engines[database].connect() as connection:
            return _shape(connection.dialect.name)(
                lambda text: connection.exec_driver_sql(text).fetchall())

    def config(self):
        """Return alembic's configuration, as Heat makes it."""
        config = alembic_config.Config(os.path.join(
            os.path.dirname(self.migration.__file__), 'alembic.ini'))
        config.attributes['configure_logger'] = False
        return config

    def revisions(self):
        """Return alembic's script directory; fills in ``heads``."""
        script = alembic_script.ScriptDirectory.from_config(self.config())
        self.answer['heads'] = sorted(script.get_heads())
        return script

    def sync(self, database):
        """Migrate a database as `heat-manage db_sync` does."""
        # db_sync does nothing with more than one head; "heads" still shows
        # the effect of each migration.
        version = 'heads' if len(self.answer['heads']) > 1 else None
        self.migration.db_sync(version, engine=self.engines[database])

    def model_shape(self, database):
        """Return the shape that the models alone would make."""
        self.models.BASE.metadata.create_all(self.engines[database])
        return self.shape(database)

    def drift(self, database):
        """Return the differences between models and database, by alembic.

        :returns: list of [kind, table, name]
        """
        with self.engines[database].connect() as connection:
            context = alembic_migration.MigrationContext.configure(
                connection, opts={'compare_type': True,
                                  'compare_server_default': True})
            differences = autogenerate.compare_metadata(
                context, self.models.BASE.metadata)
        flat = []
        for entry in differences:
            flat.extend(entry if isinstance(entry, list) else [entry])
        return sorted(_described(entry) for entry in flat)

    def signal(self, name, data):
        _signal(self.given, name, data)

    def wait(self, name):
        """Return data of the other side; None if it failed, or hangs."""
        path = os.path.join(self.given['place'], name)
        deadline = time.monotonic() + self.given['wait']
        while not os.path.exists(path):
            if time.monotonic() > deadline:
                # The answer of the other side shows the cause.
                self.answer['gave_up'] = name
                return None
            time.sleep(INTERVAL)
        with open(path) as source:
            return json.load(source)

    def play(self):
        self.turns()
        return self.answer

    def look(self, name, known):
        """Read rows through the models and through the objects."""
        self.answer[name] = {
            'models': self.stage(f'{name}-models', self._read_all, known),
            'objects': self.stage(f'{name}-objects', self.objects.read,
                                  known)}

    def _read_all(self, known):
        return rows.Rows(self.engines['upgraded'], self.models.BASE,
                         known).read('')

    def write(self, side):
        """Write rows through both; returns their {table: {kind: key}}."""
        self.answer['wrote'] = self.answer.get('wrote', {})
        self.answer['made'] = self.answer.get('made', {})
        self.answer['wrote'][side] = self.stage(
            f'write-{side}', self.rows.write, side)
        made = self.stage(f'make-{side}', self.objects.make, side)
        keys = {table: {kind: key for kind, key in kinds.items()
                        if kind.startswith(side)}
                for table, kinds in self.rows.known.items()}
        if made:
            self.answer['made'][side] = made[1]
            for table, kinds in made[0].items():
                keys.setdefault(table, {}).update(kinds)
        return keys


class Base(_Side):
    SIGNALS = ('base-wrote', 'base-served')

    def turns(self):
        answer = self.answer
        self.revisions()
        self.sync('upgraded')
        answer['shape'] = self.shape('upgraded')
        answer['drift'] = self.stage('drift', self.drift, 'upgraded')
        before = self.write('before')
        self.look('before', before)
        self.signal('base-wrote', {'heads': answer['heads'],
                                   'keys': before})
        answer['model_shape'] = self.stage('model_shape', self.model_shape,
                                           'base_models')
        migrated = self.wait('target-migrated')
        if migrated is None or not migrated['migrated']:
            return
        if migrated['rows']:
            self.look('after', before)
        else:
            self.rows.known = {}
        during = self.write('during')
        answer['changed'] = self.stage('change', self.rows.change,
                                       f'during-{rows.BARE}')
        self.look('during', during)
        self.look('theirs', migrated['keys'])
        self.signal('base-served', {'keys': during})
        rows_of_target = rows.Rows(self.engines['upgraded'], self.models.BASE,
                                   migrated['keys'])
        self.wait('target-read')
        answer['deleted'] = self.stage(
            'delete', rows_of_target.delete, 'target')
        answer['deleted_own'] = self.stage('delete_own', self.rows.delete,
                                           'during')


class Target(_Side):
    SIGNALS = ('target-migrated', 'target-read')

    def turns(self):
        answer = self.answer
        script = self.stage('revisions', self.revisions)
        if script is None:
            return
        self.stage('fresh', self.sync, 'target_fresh')
        answer['fresh_shape'] = self.shape('target_fresh')
        answer['drift'] = self.stage('drift', self.drift, 'target_fresh')
        answer['model_shape'] = self.stage('model_shape', self.model_shape,
                                           'target_models')
        base = self.wait('base-wrote')
        if base is None:
            return
        known = {revision.revision
                 for revision in script.walk_revisions('base', 'heads')}
        answer['unknown'] = sorted(set(base['heads']) - known)
        if answer['unknown']:
            return
        answer['path'] = self.stage('path', self._steps, script,
                                    base['heads']) or []
        migrated = self._migrate(base)
        answer['shape'] = self.shape('upgraded')
        answer['again'] = self.stage('again', self._again)
        if answer['rows']:
            self.look('before', base['keys'])
            self.rows.known = base['keys']
        keys = self.write('target')
        self.look('own', keys)
        self.signal('target-migrated', {
            'migrated': migrated, 'rows': answer['rows'], 'keys': keys})
        if answer['path'] and 'shadow' in self.engines:
            answer['algorithms'] = self.stage(
                'algorithms', watches.algorithms, self.engines['shadow'],
                self.sent)
        if answer['path']:
            answer['downgrade'] = self.stage(
                'downgrade', self._downgrade, base['heads'])
        served = self.wait('base-served')
        if served is not None:
            self.look('during', served['keys'])
        self.signal('target-read', None)

    def _steps(self, script, heads):
        """Return the revisions to apply, in order."""
        steps = list(script.iterate_revisions('heads', tuple(heads)))
        done = {revision.revision for revision in
                script.iterate_revisions(tuple(heads), 'base')}
        return [{'revision': step.revision, 'title': step.doc,
                 'down': step.down_revision,
                 'file': os.path.basename(step.path)}
                for step in reversed(steps) if step.revision not in done]

    def _migrate(self, base):
        """Migrate the base's database; returns True if it succeeded.

        If a row makes it fail, which an operator may have, too, the migration
        is repeated without rows, to see the rest of it.
        """
        answer = self.answer
        mysql = self.engines['upgraded'].dialect.name == 'mysql'
        tables = watches.structure(self.engines['upgraded']) if mysql else []
        if mysql and answer['path']:
            watches.rebuild(
                self.engines['shadow'], tables,
                rows_from=self.engines['upgraded'].url.database)
        answer['rows'] = True
        if self._watched('migrate'):
            return True
        answer['rows'] = False
        if mysql:
            watches.rebuild(self.engines['upgraded'], tables)
            with self.engines['upgraded'].begin() as connection:
                connection.exec_driver_sql('DELETE FROM alembic_version')
                for head in base['heads']:
                    connection.exec_driver_sql(
                        f"INSERT INTO alembic_version VALUES ('{head}')")
        else:
            with self.engines['upgraded'].begin() as connection:
                for name in self.shape('upgraded'):
                    connection.exec_driver_sql(
                        f'TRUNCATE TABLE {name} CASCADE')
        if mysql:
            watches.rebuild(self.engines['shadow'], tables)
        return self._watched('migrate-empty')

    def _watched(self, name):
        engine = self.engines['upgraded']
        watch = watches.Watch(engine, _shape(engine.dialect.name))
        with watch.watching():
            self.stage(name, self.sync, 'upgraded')
        self.answer['seen'] = watch.seen
        self.sent = watch.sent
        if name in self.answer['failed']:
            self.answer.setdefault('last', {})[name] = (
                watch.last or '')[:watches.TEXT]
        return name not in self.answer['failed']

    def _again(self):
        """Run db_sync again; returns the statements that it sends."""
        engine = self.engines['upgraded']
        watch = watches.Watch(engine, _shape(engine.dialect.name))
        with watch.watching():
            self.sync('upgraded')
        return [seen['statement'] for seen in watch.seen]

    def _downgrade(self, heads):
        """Downgrade to the base's schema; returns the resulting shape."""
        config = self.config()
        for head in heads:
            with self.engines['target_fresh'].begin() as connection:
                config.attributes['connection'] = connection
                command.downgrade(config, head)
        return self.shape('target_fresh')


def _engine(url):
    """Return an engine as Heat's own: with strict checks of values."""
    facade = enginefacade.transaction_context()
    facade.configure(connection=url, mysql_sql_mode='TRADITIONAL')
    return facade.writer.get_engine()


def _shape(dialect):
    return lambda run: shapes.shape(dialect, run)


def _described(entry):
    """Return [kind, table, name] of a difference that alembic reports."""
    kind, *rest = entry
    if kind in ('add_table', 'remove_table'):
        return [kind, rest[0].name, '']
    if kind in ('add_column', 'remove_column'):
        return [kind, rest[1], rest[2].name]
    if kind.startswith('modify_'):
        return [kind, rest[1], str(rest[2])]
    thing = rest[0]
    table = getattr(getattr(thing, 'table', None), 'name', '')
    columns = [getattr(column, 'name', str(column))
               for column in getattr(thing, 'columns', ())]
    return [kind, table, ','.join(columns)]
