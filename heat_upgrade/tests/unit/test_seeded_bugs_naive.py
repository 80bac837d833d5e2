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


"""Unit tests of the naive suite of the seeded bugs."""

import pathlib
from unittest import mock

import fixtures
import testtools

from heat_upgrade import errors
from heat_upgrade.lab import heat_client
from heat_upgrade.tests.seeded_bugs import bugs
from heat_upgrade.tests.seeded_bugs import judging
from heat_upgrade.tests.seeded_bugs import naive


def bug(kind: str = '2-stacks') -> bugs.Bug:
    return bugs.Bug('lost', kind, 'All is lost.', ('settle',), (2,), ())


class TestNaive(testtools.TestCase):

    def test_a_failure_catches_a_bug(self) -> None:
        self.assertEqual(judging.CAUGHT, naive.outcome(bug(), 'no answer'))
        self.assertEqual(judging.MISSED, naive.outcome(bug(), ''))

    def test_a_failure_with_a_harmless_change_is_a_false_alarm(self) -> None:
        harmless = bug(bugs.HARMLESS)
        self.assertEqual(judging.FALSE_ALARM, naive.outcome(harmless, 'no'))
        self.assertEqual(judging.SILENT, naive.outcome(harmless, ''))


class Database:
    """A data directory that a server holds while it runs."""

    def __init__(self, data: pathlib.Path) -> None:
        self.data = data
        self.data.mkdir()
        (self.data / 'rows').write_text('of the base')
        self.running = True

    def stop(self) -> None:
        self.running = False

    def start(self) -> None:
        self.running = True

    def wait_ready(self) -> None:
        pass


class NaiveCloud:
    """A cloud whose stack a test can change.

    :ivar broken: error of db_sync, None for none
    """

    identity = None
    api_url = 'http://heat'

    def __init__(self, directory: pathlib.Path) -> None:
        self.mariadb = Database(directory / 'data')
        self.heat_processes: list[object] = []
        self.sides: list[str] = []
        self.broken: Exception | None = None

    def stop_heat(self) -> None:
        self.sides.append('stopped')

    def manage(self, environment: object, *words: str, side: str) -> None:
        rows = self.mariadb.data / 'rows'
        if rows.read_text() != 'of the base':
            raise AssertionError('the database is not that of the base')
        rows.write_text('of a target')
        if self.broken:
            raise self.broken

    def deploy(self, environment: object, *, side: str) -> None:
        self.sides.append(side)

    def start_heat(self) -> None:
        self.sides.append('started')


class TestNaiveSuite(testtools.TestCase):

    def setUp(self) -> None:
        super().setUp()
        directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.cloud = NaiveCloud(directory)
        self.shown = {'stack_name': 'naive', 'outputs': ['secret'],
                      'stack_status': 'CREATE_COMPLETE'}
        workspace = mock.Mock(logs=directory, marker='m')
        workspace.directory.return_value = directory
        for name, value in (
                ('cloud_start.start', lambda *args: self.cloud),
                ('releases.parse', str), ('environments.heat', str),
                ('environments.ensure_all', lambda specs, **_: specs),
                ('heat_client.Api.call', self.call)):
            self.useFixture(fixtures.MonkeyPatch(
                f'heat_upgrade.tests.seeded_bugs.naive.{name}', value))
        self.suite = naive.Suite(workspace, '26.0.2')

    def call(self, api: object, method: str, path: str,
             body: object = None) -> heat_client.Answer:
        status = 201 if method == 'POST' else 200
        return heat_client.Answer(status, {'stack': dict(self.shown)}, '',
                                  0, 0)

    def run_bug(self) -> str:
        return self.suite.run(bug(), pathlib.Path('copy')).outcome

    def test_a_stack_that_is_shown_as_before_misses_a_bug(self) -> None:
        self.assertEqual(judging.MISSED, self.run_bug())
        self.assertEqual(['stopped', 'target', 'started'], self.cloud.sides)

    def test_another_value_of_the_output_catches_a_bug(self) -> None:
        self.shown['outputs'] = []
        self.assertEqual(judging.CAUGHT, self.run_bug())

    def test_a_database_that_does_not_migrate_catches_a_bug(self) -> None:
        self.cloud.broken = errors.LabError('db_sync ended with status 1')
        self.assertEqual(judging.CAUGHT, self.run_bug())

    def test_every_bug_begins_with_the_database_of_the_base(self) -> None:
        self.assertEqual([judging.MISSED] * 2,
                         [self.run_bug(), self.run_bug()])
