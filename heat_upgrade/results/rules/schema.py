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

"""Rules of the check ``schema``: changes of the database by an upgrade."""

import functools

from heat_upgrade.results.rules import model

_rolling = functools.partial(
    model.Rule, failure_class=model.FailureClass.RPC,
    docs='reference/checks/schema')
_rolling_warning = functools.partial(
    _rolling, severity=model.Severity.WARNING)
_any = functools.partial(
    model.Rule, failure_class=model.FailureClass.MIGRATION,
    docs='reference/checks/schema')
_any_warning = functools.partial(_any, severity=model.Severity.WARNING)

_FAILS = 'Services of the base that still run fail on this table.'
_COLD = ('Stop all services of the base before db_sync: a rolling upgrade is '
         'not safe.')
_KEEP = 'Do not upgrade. If you have begun, keep a dump of the database.'
_WAIT = ('Measure it on a copy (heat-upgrade rehearse), or stop all services '
         'before db_sync.')
_HALTS = ('db_sync ends with an error, and no service of the target can '
          'start.')

RULES = (
    _any('schema.migrations-not-loaded',
         'The migrations of the target cannot be loaded.', _HALTS, _KEEP,
         'the migrations cannot be loaded'),
    _any('schema.many-heads', 'The migrations have more than one head.',
         _HALTS, 'Do not upgrade; authors let one head revise the other, or '
         'add a merge (alembic merge heads).',
         'the migrations have more than one head'),
    _any('schema.base-revision-unknown',
         'The target does not know the revision of the base.', _HALTS,
         'Upgrade to a release that is newer than the base; authors put the '
         'migration back.',
         'the target does not know the revision of the base'),
    _any('schema.db-sync-fails-on-empty',
         'db_sync of the target fails on an empty database.',
         'The target cannot be installed anew.', _KEEP,
         'db_sync fails on an empty database'),
    _any('schema.db-sync-fails',
         'db_sync of the target fails on a database of the base, even '
         'without rows.', _HALTS, _KEEP,
         'db_sync fails on a database of the base'),
    _any('schema.db-sync-fails-on-rows',
         'db_sync of the target fails on rows that the base may have '
         'written.', _HALTS,
         'Try it on a copy of your database first (heat-upgrade rehearse).',
         'db_sync fails on rows of the base'),
    _any('schema.second-db-sync-changes',
         'A second db_sync fails or changes something.',
         'Tools that run db_sync on each node break the database or stop.',
         'Run db_sync once, on one node.',
         'a second db_sync is not without effect'),
    _any_warning('schema.downgrade-leads-elsewhere',
                 'The downgrades of the migrations do not lead back.',
                 'A downgrade by alembic leaves neither of the two schemas.',
                 'Restore a backup to go back; do not use the downgrades.',
                 'the downgrades of the migrations do not lead back'),
    _any('schema.upgraded-differs-from-new',
         'An upgraded database and a new one have different schemas.',
         'Later migrations fail on one of the two.',
         'Do not upgrade: authors put the released migration back and add a '
         'new one.',
         'stack.name is not the same in an upgraded and in a new database',
         plural='{count} parts of {family} are not the same in an upgraded '
                'and in a new database'),
    _any('schema.model-differs',
         'The models of the target do not match the schema that its '
         'migrations make.',
         'The target fails when it reads or writes this table.',
         'Do not upgrade: authors add a migration, or correct the model.',
         'models and migrations differ in stack.name',
         plural='models and migrations differ in {count} parts of {family}'),
    _any_warning('schema.model-drifts',
                 'The models of the target and its migrations differ '
                 'harmlessly.',
                 'Nothing now: a later migration may change the database.',
                 'Operators need no action; authors add a migration, or '
                 'correct the model.',
                 'models and migrations differ in stack.name',
                 plural='models and migrations differ in {count} parts of '
                        '{family}'),
    _rolling('schema.table-dropped', 'A migration drops a table.',
             'Its content is lost, and the base fails on it.', _COLD,
             'watch_data is dropped', plural='{count} tables are dropped'),
    _rolling('schema.column-dropped', 'A migration drops a column.',
             'Its content is lost, and the base fails on the table.', _COLD,
             'stack.owner is dropped',
             plural='{count} columns of {family} are dropped'),
    _rolling('schema.renamed', 'A migration renames a table or column.',
             _FAILS, _COLD, 'stack.owner is renamed to stack.owner_id'),
    _rolling('schema.not-null-without-default',
             'A migration adds a column that is NOT NULL and has no '
             'default.', 'The base can write no row of this table.', _COLD,
             'stack.kind is added as NOT NULL without a default'),
    _rolling('schema.becomes-not-null', 'A column becomes NOT NULL.',
             'db_sync fails on rows with NULL, and the base fails to write '
             'such rows.',
             'Stop all services of the base before db_sync, and fill the '
             'column before.', 'stack.name becomes NOT NULL'),
    _rolling('schema.default-dropped', 'A column loses its default.',
             'The base may fail to write rows of this table.', _COLD,
             'stack.convergence loses its default'),
    _rolling('schema.type-narrowed',
             'A column becomes narrower, or of another type.',
             'db_sync fails on rows that do not fit, or cuts them; the base '
             'fails to write such rows.', _COLD,
             'stack.name is narrowed or retyped from varchar(255) to '
             'varchar(64)'),
    _rolling_warning('schema.collation-changed',
                     'A column changes its collation.',
                     'Texts may not fit, and compare and sort differently.',
                     _COLD, 'stack.name changes its collation from '
                     'utf8mb3_bin to utf8mb4_bin',
                     plural='{count} columns of {family} change their '
                            'collation'),
    _rolling_warning('schema.index-dropped', 'A table loses an index.',
                     'Requests become slow on large tables.',
                     'Stop all services of the base before db_sync, or '
                     'expect slow requests until they stop.',
                     'stack loses the index (name)'),
    _rolling('schema.unique-added', 'A table gets a unique index.',
             'db_sync fails on duplicate rows, and the base fails to write '
             'such rows.',
             'Look for duplicate rows and remove them before the upgrade; '
             'stop all services of the base before db_sync.',
             'stack gets a unique (name) index'),
    _rolling_warning('schema.foreign-key-added',
                     'A table gets a foreign key.',
                     'The base may fail to write or delete rows.', _COLD,
                     'event gets a foreign key (stack_id) to stack(id)'),
    _rolling_warning('schema.check-added', 'A table gets a check.',
                     'The base may fail to write rows.', _COLD,
                     'stack gets a check version > 0'),
    _rolling_warning('schema.table-options-changed',
                     'A table changes its engine, charset or collation.',
                     'All of the table is written anew.', _WAIT,
                     'stack changes its charset utf8mb3 to charset utf8mb4'),
    _rolling_warning('schema.blocked',
                     'A statement of a migration blocks others while it '
                     'runs.',
                     'Requests wait; on a large table this is as long as a '
                     'downtime.', _WAIT,
                     'writing is blocked while stack.kind is added',
                     plural='{count} statements block {family}'),
    _rolling('schema.rows-deleted', 'A migration deletes rows.',
             'The rows are lost for good.',
             'Save the table before db_sync; stop all services of the base '
             'before it.', 'rows of service are deleted'),
    _rolling_warning('schema.rows-rewritten', 'A migration rewrites rows.',
                     'The more rows there are, the longer requests wait.',
                     _WAIT, 'rows of stack are rewritten'),
    _rolling_warning('schema.rows-added', 'A migration adds rows.',
                     'The more rows there are, the longer requests wait.',
                     _WAIT, 'rows of stack_tag are added'),
    _any('schema.rows-not-read',
         'The target cannot read rows that the base has written.',
         'Stacks of these rows cannot be shown, updated or deleted.',
         'Do not upgrade; try it on a copy first (heat-upgrade rehearse).',
         'stack: the target cannot read rows that the base wrote before the '
         'migration'),
    _rolling('schema.rows-not-read-by-base',
             'The base cannot read rows after the migration.', _FAILS, _COLD,
             'stack: the base cannot read rows that the target wrote'),
    _any('schema.rows-read-differently',
         'The target reads other values than the base has written.',
         'Stacks of these rows behave differently.',
         'Do not upgrade; try it on a copy first (heat-upgrade rehearse).',
         'stack.tags is read differently by the target in rows that the base '
         'wrote before the migration'),
    _rolling('schema.rows-read-differently-by-base',
             'The base reads other values after the migration than were '
             'written.', 'Stacks of these rows behave differently while '
             'services of the base answer.', _COLD,
             'stack.tags is read differently by the base in rows that the '
             'target wrote'),
    _any('schema.rows-not-written',
         'The target cannot write rows after the migration.',
         'Stacks cannot be created or updated.', _KEEP,
         'stack: the target cannot write rows after the migration'),
    _rolling('schema.rows-not-written-by-base',
             'The base cannot write rows after the migration.',
             'Stacks cannot be created or updated while services of the base '
             'answer.', _COLD,
             'stack: the base cannot write rows after the migration'),
    _rolling('schema.own-rows-not-read',
             'The base cannot read its own rows after the migration.',
             _FAILS, _COLD,
             'stack: the base cannot read rows that it writes after the '
             'migration'),
    _rolling('schema.rows-not-changed',
             'The base cannot change rows after the migration.', _FAILS,
             _COLD, 'stack: the base cannot change rows after the migration'),
    _rolling('schema.rows-not-deleted',
             'The base cannot delete rows that the target wrote.',
             'Stacks cannot be deleted while services of the base answer.',
             'Let no such row be deleted before the last service of the base '
             'has stopped, or upgrade while all are down.',
             'snapshot: the base cannot delete rows that the target wrote'),
    _rolling('schema.own-rows-not-deleted',
             'The base cannot delete its own rows after the migration.',
             'Stacks cannot be deleted while services of the base answer.',
             _COLD, 'stack: the base cannot delete rows that it wrote after '
             'the migration'),
)
