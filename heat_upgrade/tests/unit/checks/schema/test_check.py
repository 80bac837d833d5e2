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

"""Unit tests of the schema check, and helpers of its tests."""

import copy
import json
import os
import pathlib
import stat

import fixtures
import testtools

from heat_upgrade.checks import blame
from heat_upgrade.checks import check_context
from heat_upgrade.checks import introspection
from heat_upgrade.checks import private_database
from heat_upgrade.checks.schema import check
from heat_upgrade.checks.schema import migration_trace
from heat_upgrade.checks.schema import postgresql_driver
from heat_upgrade import errors


def column(kind='varchar(255)', *, nullable=True, default=None,
           collation=None, extra=''):
    """Return a column as a shape has it."""
    return {'type': kind, 'nullable': nullable, 'default': default,
            'collation': collation, 'extra': extra}


def index(*columns, unique=False):
    """Return an index as a shape has it."""
    return {'unique': unique, 'columns': list(columns)}


def table(indexes=None, **columns):
    """Return a table as a shape has it."""
    return {'options': {'engine': 'InnoDB'}, 'columns': columns,
            'indexes': indexes or {}, 'foreign_keys': {}, 'checks': {}}


SHAPE = {
    'stack': table({'PRIMARY': index('id', unique=True),
                    'ix_name': index('name')},
                   id=column('varchar(36)', nullable=False), name=column()),
    'event': table({'PRIMARY': index('id', unique=True)},
                   id=column('int(11)', nullable=False),
                   stack_id=column('varchar(36)', nullable=False)),
}


def shape(**tables):
    """Return a copy of SHAPE with some tables replaced; None to omit."""
    made = {**copy.deepcopy(SHAPE), **tables}
    return {name: made[name] for name in made if made[name] is not None}


def with_columns(of, /, **columns):
    """Return a table of SHAPE with some columns replaced; None to omit."""
    made = copy.deepcopy(SHAPE[of])
    made['columns'].update(columns)
    made['columns'] = {key: value for key, value in made['columns'].items()
                       if value is not None}
    return made


def rows(value='"x"', kinds=('full', 'bare'), side='before', **tables):
    """Return readings of rows, equal by models and by objects."""
    def kind_values():
        return {f'{side}-{kind}': {'values': {'id': '"1"', 'name': value}}
                for kind in kinds}
    read = {name: kind_values() for name in ('stack', 'event')}
    read.update(tables)
    return {'models': read, 'objects': copy.deepcopy(read)}


def wrote(side, **tables):
    """Return that all rows could be written."""
    return {side: {**{name: {f'{side}-full': None, f'{side}-bare': None}
                      for name in SHAPE}, **tables}}


def sides():
    """Return the traces of an upgrade without any change."""
    base = {
        'failed': {}, 'seconds': {}, 'heads': ['aaa'], 'shape': shape(),
        'model_shape': shape(), 'drift': [], 'before': rows(),
        'after': rows(), 'during': rows(side='during'),
        'theirs': rows(side='target'),
        'wrote': {**wrote('before'), **wrote('during')},
        'made': {'before': {}, 'during': {}},
        'changed': {}, 'deleted': {}, 'deleted_own': {}}
    target = {
        'failed': {}, 'seconds': {'migrate': 1}, 'heads': ['aaa'],
        'unknown': [], 'path': [], 'seen': [], 'shape': shape(),
        'fresh_shape': shape(), 'model_shape': shape(), 'drift': [],
        'rows': True, 'again': [], 'before': rows(),
        'during': rows(side='during'), 'own': rows(side='target'),
        'wrote': wrote('target'), 'made': {'target': {}}}
    return copy.deepcopy(base), copy.deepcopy(target)


def statement(text, after=None, *, revision='bbb', count=0, locks=None,
              rewritten=None):
    """Return the trace of a statement; with a shape if it changed it."""
    seen = {'statement': text, 'revision': revision, 'operation': None,
            'seconds': 0.1, 'rows': count}
    if after is not None:
        seen.update(shape=after, locks=locks, rewritten=rewritten)
    return seen


def titles(found):
    return [finding.title for finding in found]


class TestSchema(testtools.TestCase):

    def test_equal_releases_have_no_findings(self):
        base, target = sides()
        self.assertEqual([], check.findings({'base': base,
                                             'target': target}))

    def test_findings_name_the_check_and_have_something_to_do(self):
        base, target = sides()
        target['heads'] = ['aaa', 'bbb']
        found, = check.findings({'base': base, 'target': target})
        self.assertEqual(('check-schema', 'heat', 1, 'error'), (
            found.step, found.origin, found.failure_class, found.severity))
        self.assertIn('merge', found.evidence)

    def test_postgresql_adds_findings_that_mariadb_did_not_have(self):
        base, target = sides()
        both = copy.deepcopy(target)
        both['heads'] = ['aaa', 'bbb']
        more = copy.deepcopy(both)
        more['again'] = ['UPDATE stack']
        seen = {
            migration_trace.MARIADB: both,
            migration_trace.POSTGRESQL: more,
        }
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.checks.schema.migration_trace.observe',
            lambda base_, target_, context, server=migration_trace.MARIADB: {
                'base': base, 'target': seen[server]}))
        asked = check_context.Context(
            None, check_context.OperatorInputs(postgresql=True)
        )
        self.assertEqual(
            ['the migrations have more than one head',
             'PostgreSQL: a second db_sync is not without effect'],
            titles(check.check(None, None, asked)))
        self.assertEqual(
            ['the migrations have more than one head'],
            titles(check.check(None, None, check_context.Context(None))))


class _Subject:
    def __init__(self, key):
        self.key = self.name = key


class TestObservation(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.cache = pathlib.Path(
            self.useFixture(fixtures.TempDir()).path)
        self.useFixture(fixtures.EnvironmentVariable(
            'XDG_CACHE_HOME', str(self.cache)))
        self.played = []
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.checks.schema.migration_trace._play', self.play))
        self.version = 'MariaDB 10'
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.checks.private_database.version',
            lambda workspace, program=None: self.version))

    def play(self, base, target, context, server):
        self.played.append((base.key, target.key, server))
        return {'base': len(self.played), 'target': {}}

    def observe(self, base='a', target='b'):
        return migration_trace.observe(_Subject(base), _Subject(target),
                                       check_context.Context(None))

    def test_trace_is_kept(self):
        first = self.observe()
        self.assertEqual(first, self.observe())
        self.assertEqual([('a', 'b', 'MariaDB')], self.played)

    def test_another_release_or_server_is_seen_anew(self):
        self.observe()
        self.observe(base='c')
        self.observe(target='c')
        self.version = 'MariaDB 11'
        self.observe()
        self.assertEqual(4, len(self.played))

    def test_trace_is_pruned_with_the_readings(self):
        self.observe()
        kept, = (self.cache / 'heat-upgrade/readings').glob('*.json')
        os.utime(kept, (1, 1))
        introspection.prune()
        self.assertEqual([], list(kept.parent.glob('*.json')))

    def test_failed_trace_is_not_kept(self):
        def fail(*_):
            raise errors.LabError('no database')
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.checks.schema.migration_trace._play', fail))
        self.assertRaises(errors.LabError, self.observe)
        self.assertEqual([], list(self.cache.glob('**/*.json')))


class TestSides(testtools.TestCase):

    URLS = {name: f'mysql://{name}' for name in (
        'upgraded', 'base_models', 'target_fresh', 'target_models')}

    def setUp(self):
        super().setUp()
        self.place = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.given = {}
        self.failing = {}

        def read_all(subject, requests, context):
            request, = requests
            side = request.argument['side']
            self.given[side] = (subject.key, request)
            if side in self.failing:
                raise introspection.ProgramsFailed([introspection.Failure(
                    subject.key, side, request, self.failing[side],
                    self.place / 'log')])
            return [{'of': side, **self.said}]
        self.said = {}
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.checks.introspection.read_all', read_all))

    def sides(self):
        return migration_trace._sides(
            _Subject('a'), _Subject('b'), None, self.place, self.URLS,
            migration_trace._DATABASES)

    def blamed(self, **failing):
        """Return the finding if a side fails with a text."""
        self.failing = failing
        error = self.assertRaises(blame.Blamed, self.sides)
        found, = error.findings
        return found

    def test_each_side_gets_its_databases_and_nothing_is_kept(self):
        self.assertEqual({'base': {'of': 'base'},
                          'target': {'of': 'target'}}, self.sides())
        key, request = self.given['base']
        self.assertEqual(('a', 'schema', False),
                         (key, request.program, request.kept))
        self.assertEqual({'upgraded': 'mysql://upgraded',
                          'base_models': 'mysql://base_models'},
                         request.argument['databases'])
        self.assertNotIn('base_models',
                         self.given['target'][1].argument['databases'])
        json.dumps(request.argument)

    def test_a_target_that_fails_is_blamed(self):
        found = self.blamed(target='no module')
        self.assertEqual(('target.program-fails', 'heat', 1),
                         (found.rule, found.origin, found.failure_class))
        self.assertTrue(found.evidence.startswith('target: no module'))

    def test_base_that_fails_has_a_rule_of_its_own(self):
        self.assertEqual('base.program-fails', self.blamed(base='x').rule)

    def test_a_failure_of_both_is_the_lab_s(self):
        self.assertEqual('both.program-fails',
                         self.blamed(base='x', target='x').rule)

    def test_the_other_side_need_not_wait_for_one_that_was_killed(self):
        self.blamed(target='the process was ended by the signal SIGKILL')
        self.assertEqual(
            ['null', 'null'],
            [(self.place / name).read_text()
             for name in ('target-migrated', 'target-read')])

    def test_file_that_a_side_left_before_it_failed_stays(self):
        (self.place / 'target-migrated').write_text('{}')
        self.blamed(target='x')
        self.assertEqual('{}', (self.place / 'target-migrated').read_text())

    def test_a_side_that_waited_in_vain_is_the_lab_s(self):
        self.said = {'gave_up': 'target-migrated'}
        self.assertRaises(errors.LabError, self.sides)


class TestDriver(testtools.TestCase):

    def test_the_driver_comes_after_a_planted_change(self):
        plain = check_context.InstalledRelease('release', 'environment')
        self.assertEqual(
            {'PYTHONPATH': '/driver'},
            postgresql_driver.with_path(
                plain, pathlib.Path('/driver')
            ).variables(),
        )
        changed = check_context.InstalledRelease(
            'release', 'environment', pathlib.Path('/overlay'), 'digest'
        )
        self.assertEqual({'PYTHONPATH': '/overlay:/driver'},
                         postgresql_driver.with_path(changed, pathlib.Path(
                             '/driver')).variables())


class _Workspace:
    def __init__(self, data):
        self.data = data
        self.environment = self.port = None

    def log(self, name):
        return self.data / f'{name}.log'


class TestCorner(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.data = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def test_two_of_one_name_do_not_meet(self):
        workspace = _Workspace(self.data)
        places = {
            private_database.Corner(workspace, 'schema').directory('mariadb')
            for _ in range(2)
        }
        self.assertEqual(2, len(places))
        for place in places:
            self.assertEqual(0o700, stat.S_IMODE(place.stat().st_mode))
            self.assertIn(self.data, place.parents)

    def test_logs_of_a_corner_bear_its_name(self):
        corner = private_database.Corner(_Workspace(self.data), 'schema')
        self.assertEqual('schema-mariadb.log', corner.log('mariadb').name)
