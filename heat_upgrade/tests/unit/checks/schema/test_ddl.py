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

"""Unit tests of judging the statements of migrations."""

import ddt
import testtools

from heat_upgrade.checks.schema import ddl
from heat_upgrade.tests.unit.checks.schema import test_check

_INSTANT = {'algorithm': 'INSTANT', 'lock': 'NONE', 'refused': None,
            'failed': None}
_COPY = {'algorithm': 'COPY', 'lock': 'SHARED', 'failed': None,
         'refused': 'Cannot change column type. Try ALGORITHM=COPY'}
_NO_WAY = {'algorithm': None, 'lock': 'EXCLUSIVE', 'refused': 'no',
           'failed': 'no'}


def changed(**columns):
    return test_check.shape(stack=test_check.with_columns('stack', **columns))


def altered(**more):
    return test_check.shape(stack={**test_check.SHAPE['stack'], **more})


def judged(*statements, answers=None):
    base, target = test_check.sides()
    target.update(seen=list(statements), algorithms=answers)
    return ddl.findings(base, target)


@ddt.ddt
class TestStatements(testtools.TestCase):

    @ddt.data(
        changed(note=test_check.column()),
        changed(note=test_check.column(nullable=False, default="'x'")),
        changed(name=test_check.column('varchar(512)')),
        changed(id=test_check.column('varchar(36)')),
        test_check.shape(note=test_check.table(
            id=test_check.column(nullable=False))),
        altered(indexes={**test_check.SHAPE['stack']['indexes'],
                         'ix_id': test_check.index('id', 'name')}))
    def test_adding_and_widening_is_no_finding(self, after):
        self.assertEqual([], judged(
            test_check.statement('ALTER TABLE stack ...', after)))

    @ddt.data(
        ('error', 'stack.name is dropped', changed(name=None)),
        ('error', 'event is dropped', test_check.shape(event=None)),
        ('error', 'stack.note is added as NOT NULL without a default',
         changed(note=test_check.column(nullable=False))),
        ('error', 'stack.name becomes NOT NULL',
         changed(name=test_check.column(nullable=False))),
        ('error', 'stack.name is narrowed or retyped from varchar(255) to '
         'varchar(64)', changed(name=test_check.column('varchar(64)'))),
        ('warning', 'stack.name changes its collation from None to '
         'latin1_bin', changed(name=test_check.column(
             collation='latin1_bin'))),
        ('warning', 'stack loses the index (name)', altered(indexes={
            'PRIMARY': test_check.index('id', unique=True)})),
        ('error', 'stack gets a unique (id, name) index', altered(indexes={
            **test_check.SHAPE['stack']['indexes'],
            'ux': test_check.index('id', 'name', unique=True)})),
        ('warning', 'stack gets a foreign key (name) to event(id)',
         altered(foreign_keys={'fk': {
             'columns': ['name'], 'table': 'event', 'referred': ['id'],
             'delete': '', 'update': ''}})),
        ('warning', 'stack gets a check name > 1',
         altered(checks={'c': 'name > 1'})),
        ('warning', 'stack changes its engine InnoDB to engine Aria',
         altered(options={'engine': 'Aria'})))
    @ddt.unpack
    def test_incompatible_change_is_found(self, severity, title, after):
        found, = judged(test_check.statement('ALTER TABLE stack ...', after))
        self.assertEqual((severity, 5, title), (
            found.severity, found.failure_class, found.title))
        self.assertIn('revision bbb: ALTER TABLE stack ...', found.evidence)

    def test_a_default_that_goes_is_found(self):
        base, target = test_check.sides()
        base['shape'] = changed(name=test_check.column(
            nullable=False, default="'x'"))
        target['seen'] = [test_check.statement(
            'ALTER TABLE stack ...',
            changed(name=test_check.column(nullable=False)))]
        self.assertEqual(['stack.name loses its default'], test_check.titles(
            ddl.findings(base, target)))

    def test_renamed_column_is_not_reported_as_dropped(self):
        after = changed(name=None, title=test_check.column())
        self.assertEqual(
            ['stack.name is renamed to stack.title'],
            test_check.titles(judged(test_check.statement(
                'ALTER TABLE stack CHANGE ...', after))))

    def test_renamed_table_is_not_reported_as_dropped(self):
        after = test_check.shape(event=None, news=test_check.SHAPE['event'])
        self.assertEqual(
            ['event is renamed to news'],
            test_check.titles(judged(test_check.statement(
                'ALTER TABLE event RENAME TO news', after))))

    def test_index_dropped_with_its_column_is_not_reported_twice(self):
        after = altered(
            columns={'id': test_check.SHAPE['stack']['columns']['id']},
            indexes={'PRIMARY': test_check.index('id', unique=True)})
        self.assertEqual(['stack.name is dropped'], test_check.titles(judged(
            test_check.statement('ALTER TABLE stack DROP name', after))))

    def test_tables_that_the_base_has_not_may_be_changed_at_will(self):
        self.assertEqual([], judged(
            test_check.statement('CREATE TABLE note ...', test_check.shape(
                note=test_check.table(id=test_check.column()))),
            test_check.statement('UPDATE note SET id = 1'),
            test_check.statement('DROP TABLE note', test_check.shape())))


@ddt.ddt
class TestRows(testtools.TestCase):

    @ddt.data(
        ('UPDATE stack SET name=%(name)s', 'warning',
         'rows of stack are rewritten'),
        ('UPDATE `stack` SET name = 1', 'warning',
         'rows of stack are rewritten'),
        ('INSERT INTO event (id) SELECT 1', 'warning',
         'rows of event are added'),
        ('DELETE FROM event WHERE id > 1', 'error',
         'rows of event are deleted'),
        ('TRUNCATE TABLE event', 'error', 'rows of event are deleted'))
    @ddt.unpack
    def test_statement_that_changes_rows_is_found(self, text, severity, title):
        found, = judged(test_check.statement(text, count=3))
        self.assertEqual((severity, title), (found.severity, found.title))
        self.assertIn('3 of the base', found.evidence)


@ddt.ddt
class TestLocks(testtools.TestCase):

    STATEMENT = test_check.statement(
        'ALTER TABLE stack MODIFY name TEXT',
        changed(name=test_check.column('text')))

    def test_non_blocking_statement_is_not_reported(self):
        self.assertEqual([], judged(self.STATEMENT, answers=[_INSTANT]))

    @ddt.data((_COPY, 'writing'), (_NO_WAY, 'reading and writing'))
    @ddt.unpack
    def test_blocking_statement_is_a_warning(self, answer, blocked):
        found, = judged(self.STATEMENT, answers=[answer])
        self.assertEqual(
            ('warning', f'{blocked} is blocked while stack.name changes from '
             'varchar(255) NULL to text NULL'),
            (found.severity, found.title))
        self.assertIn('class: blocking', found.evidence)

    def test_the_server_s_reason_is_in_the_evidence(self):
        found, = judged(self.STATEMENT, answers=[_COPY])
        self.assertIn('ALGORITHM=COPY, LOCK=SHARED; Cannot change column',
                      found.evidence)

    def test_an_index_on_a_table_of_the_base_names_it_after_on(self):
        seen = test_check.statement(
            'CREATE INDEX ix ON stack (id, name)',
            altered(indexes={**test_check.SHAPE['stack']['indexes'],
                             'ix': test_check.index('id', 'name')}))
        found, = judged(seen, answers=[_COPY])
        self.assertEqual('writing is blocked while stack index ix is added',
                         found.title)

    def test_each_answer_is_of_its_statement(self):
        found = judged(
            test_check.statement('UPDATE stack SET name = 1'), self.STATEMENT,
            answers=[{**_INSTANT, 'algorithm': None, 'lock': None}, _COPY])
        self.assertEqual(2, len(found))
        self.assertIn('is blocked', found[1].title)

    @ddt.data(
        ('CREATE INDEX ix ON stack (id, name)',
         {'stack': ['ShareLock']}, [], True),
        ('ALTER TABLE stack ADD COLUMN note TEXT',
         {'stack': ['AccessExclusiveLock']}, [], False),
        ('ALTER TABLE stack ALTER COLUMN name TYPE TEXT',
         {'stack': ['AccessExclusiveLock']}, ['stack'], True),
        ('CREATE INDEX ix ON note (id)',
         {'stack': ['AccessExclusiveLock'], 'note': ['ShareLock']}, [],
         False))
    @ddt.unpack
    def test_postgresql_blocks_only_while_it_reads_all_rows(
            self, text, locks, rewritten, blocks):
        base, target = test_check.sides()
        target['seen'] = [test_check.statement(
            text, test_check.shape(), locks=locks, rewritten=rewritten)]
        operation, = ddl.operations(base, target)
        self.assertEqual('writing' if blocks else None, operation.lock)
        self.assertIn('PostgreSQL holds', operation.method)


@ddt.ddt
class TestClasses(testtools.TestCase):

    @ddt.data(
        ('ALTER TABLE stack ADD note', changed(note=test_check.column()),
         _INSTANT, {ddl.EXPAND}),
        ('ALTER TABLE stack DROP name', changed(name=None), _INSTANT,
         {ddl.DESTRUCTIVE}),
        ('ALTER TABLE stack MODIFY name', changed(name=test_check.column(
            'varchar(9)')), _COPY,
         {ddl.DESTRUCTIVE, ddl.BLOCKING}),
        ('UPDATE stack SET name = 1', None, None, {ddl.REWRITING}),
        ('DELETE FROM stack', None, None, {ddl.DESTRUCTIVE}),
        ('UPDATE other SET name = 1', None, None, {ddl.EXPAND}))
    @ddt.unpack
    def test_each_statement_has_a_class(self, text, after, answer, classes):
        base, target = test_check.sides()
        target.update(seen=[test_check.statement(text, after)],
                      algorithms=[answer])
        operation, = ddl.operations(base, target)
        self.assertEqual(classes, operation.classes)
