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

"""heat-upgrade rehearse, on generated dumps and on those of a real cloud."""

import gzip
import json
import os
import re
import signal
import subprocess
import time

import ddt
import psutil

from heat_upgrade.install import releases
from heat_upgrade.lab import cloud_start
from heat_upgrade.lab import heat_client
from heat_upgrade.lab.services import mariadb
from heat_upgrade.lab import workspace as workspaces
from heat_upgrade.tests.functional import base
from heat_upgrade.tests.unit.support import dumps
from heat_upgrade import waiting
from tools import dump_generator

# Between these there are three migrations.
BASE, TARGET = '25.0.2', '27.0.1'

SECRET = 'hunter2-is-secret'

TEMPLATE = '''
heat_template_version: 2018-08-31
parameters:
  secret: {type: string, hidden: true}
resources:
  text: {type: OS::Heat::RandomString}
  value: {type: OS::Heat::Value, properties: {value: {get_param: secret}}}
outputs:
  text: {value: {get_attr: [text, value]}}
'''


class RehearseCase(base.ToolTestCase):
    """Runs heat-upgrade rehearse in a place of its own."""

    def setUp(self):
        super().setUp()
        self.place = self.work_dir / 'place'
        self.place.mkdir()

    def words(self, dump, *more, base_=BASE, target=TARGET):
        return ('rehearse', '--dump', str(dump), '--from', base_, '--to',
                target, '--work-dir', str(self.place), *more)

    def rehearse(self, dump, *more, **releases_):
        """Rehearse; returns (exit status, report or None, output)."""
        report = self.work_dir / 'report'
        status, output = self.run_tool(*self.words(
            dump, '--keep-report', str(report), **releases_), *more)
        self.assert_nothing_remains()
        if not report.exists():
            return status, None, output
        for path in report.iterdir():
            self.assertNotIn(SECRET, path.read_text())
        return (status, json.loads((report / 'report.json').read_text()),
                output)

    def generated(self, change=None, *, stacks=20, events=100):
        """Make a generated dump; returns its path.

        :param change: callable that is given its text, and returns another
        """
        path = self.work_dir / 'heat.sql'
        dump_generator.write(path, stacks=stacks, events=events)
        if change:
            path.write_text(change(path.read_text()))
        return path

    def with_key(self):
        """Return the option that names the key of generated dumps."""
        path = self.work_dir / 'heat.conf'
        path.write_text(
            f'[DEFAULT]\nauth_encryption_key = {dump_generator.KEY}\n'
            '[database]\n'
            f'connection = mysql+pymysql://heat:{SECRET}@192.0.2.1/heat\n')
        return '--config-file', str(path)

    def assert_nothing_remains(self):
        """Assert that the place is empty, and no process knows it."""
        def left():
            return ([str(path) for path in self.place.iterdir()]
                    + [one.pid for one in psutil.process_iter()
                       if _knows(one, self.place)])
        deadline = time.monotonic() + 30
        while left() and time.monotonic() < deadline:
            time.sleep(base.POLL)
        self.assertEqual([], left())


def _knows(process, place):
    try:
        return any(str(place) in word for word in process.cmdline()
                   + list(process.environ().values()))
    except psutil.Error:
        return False


@ddt.ddt
class TestBadInput(RehearseCase):
    """None of these starts a server."""

    def assert_refused(self, dump, *more, said, **releases_):
        status, report, output = self.rehearse(dump, *more, **releases_)
        self.assertEqual((2, None), (status, report), output)
        self.assertRegex(output, said)
        self.assertNotIn(SECRET, output)
        self.assertNotIn('Traceback', output)

    def write(self, text, packing=None):
        return dumps.write(self.work_dir, text, packing=packing)

    @ddt.data(
        (b'', 'is empty'), (b'hunter2-is-secret', 'is cut off'),
        (b'hunter2-is-secret;\n', 'line 1 is not a statement'),
        (dumps.HEAD.encode('utf-16'), 'is UTF-16, not UTF-8'),
        (b'\x7fELF\0\0\0\1' + bytes(range(256)), 'is not a text'),
        (b'BZh91AY', 'is compressed by bzip2'))
    @ddt.unpack
    def test_file_that_is_not_a_dump_is_refused(self, content, said):
        self.assert_refused(self.write(content), said=said)

    @ddt.data(None, 'gzip', 'zstd')
    def test_a_dump_that_is_cut_off_is_refused(self, packing):
        text = self.generated().read_bytes()
        if packing is None:
            path = self.write(text[:-len(text) // 3])
        else:
            path = self.write(text, packing)
            os.truncate(path, path.stat().st_size * 2 // 3)
        self.assert_refused(path, said='is cut off|is damaged')

    def test_a_dump_of_another_service_is_refused(self):
        self.assert_refused(self.write(dumps.HEAD + dumps.table(
            'instances', ['id'], f"'{SECRET}'") + dumps.TAIL),
            said='looks like one of Nova')

    def test_a_dump_in_another_encoding_is_refused(self):
        self.assert_refused(self.write(
            dumps.HEAD + f'SET NAMES latin1; -- {SECRET}\n' + dumps.heat()
            + dumps.TAIL), said='character set latin1')

    def test_a_command_in_a_dump_is_refused_and_not_executed(self):
        mark = self.work_dir / 'mark'
        for command in (f'\\! touch {mark} {SECRET}',
                        f'system touch {mark} {SECRET};'):
            self.assert_refused(self.write(
                dumps.HEAD + dumps.heat(extra=f'{command}\n') + dumps.TAIL),
                said='statement that begins on line')
        self.assertFalse(mark.exists())

    def test_a_dump_of_another_release_is_refused_and_named(self):
        self.assert_refused(
            self.generated(), base_='26.0.2',
            said=r'not from 26\.0\.2 .*97b2a986f922.*it is at revision '
                 r'c6214ca60943 \(Heat 2023\.1 to 2025\.2\)')

    def test_a_dump_that_is_not_there_is_refused(self):
        self.assert_refused(self.work_dir / 'none.sql',
                            said='none.sql cannot be read: No such file')

    def test_a_configuration_file_that_is_none_is_refused(self):
        path = self.work_dir / 'heat.conf'
        path.write_text(f'[DEFAULT\n{SECRET}')
        self.assert_refused(self.generated(), '--config-file', str(path),
                            said='heat.conf: not all of them can be read')


class TestRehearse(RehearseCase):

    def test_a_generated_dump_passes_with_all_of_its_stacks(self):
        status, report, output = self.rehearse(self.generated(),
                                               *self.with_key())
        self.assertEqual(0, status, output)
        self.assertEqual([], report['findings'])
        self.assertEqual((20, 2, 1, 0, 0, []), tuple(
            report['stacks'][name] for name in (
                'stacks', 'deleted', 'snapshots', 'encrypted', 'failed',
                'failures')))
        self.assertEqual(
            ['d2db381e3324', '88be64598c0f', '97b2a986f922'],
            [one['id'] for one in report['revisions']])
        self.assertTrue(all(one['same'] for one in report['tables']))
        self.assertEqual(
            {'deleted stacks that were not purged': 2},
            {one['title']: one['count'] for one in report['preflight']
             if one['count'] and 'legacy' not in one['title']})
        update = report['revisions'][2]['statements'][-1]
        self.assertEqual(1, update['rows'])
        self.assertTrue(all(one['samples'] for one in report['waits']))

    def test_a_database_of_three_byte_characters_passes(self):
        # A new table of another set could have no key to an old one.
        status, report, output = self.rehearse(self.generated(
            lambda text: text.replace(
                'CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci',
                'CHARSET=utf8mb3')), *self.with_key())
        self.assertEqual(0, status, output)
        found, = report['findings']
        self.assertEqual('rehearsal.default-charset-decides', found['rule'])
        self.assertIn('stack.id is utf8mb3_general_ci, and new tables get',
                      found['evidence'])

    def facts(self, charset, collation):
        path = self.work_dir / 'info.txt'
        path.write_text(f'charset\t{charset}\ncollation\t{collation}\n')
        return '--server-info', str(path)

    def test_default_of_the_server_decides(self):
        dump = self.generated(lambda text: text.replace(
            'CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci', 'CHARSET=utf8mb3'))
        status, report, output = self.rehearse(
            dump, *self.with_key(),
            *self.facts('utf8mb3', 'utf8mb3_general_ci'))
        self.assertEqual((0, []), (status, report['findings']), output)
        status, report, output = self.rehearse(
            dump, *self.with_key(),
            *self.facts('utf8mb4', 'utf8mb4_general_ci'))
        self.assertEqual(1, status, output)
        self.assertIn('cause: snapshot.id is utf8mb3_general_ci, and new '
                      'tables get the default of the database, '
                      'utf8mb4_general_ci: ALTER DATABASE heat CHARACTER SET '
                      'utf8mb3', report['findings'][0]['evidence'])

    def test_table_of_another_engine_is_the_cause(self):
        status, report, output = self.rehearse(self.generated(
            lambda text: re.sub(
                r'(CREATE TABLE `snapshot` [^;]*ENGINE=)InnoDB',
                r'\1MyISAM', text)), *self.with_key())
        self.assertEqual(1, status, output)
        self.assertIn('ALTER TABLE snapshot ENGINE=InnoDB',
                      report['findings'][0]['evidence'])

    def test_key_that_decrypts_nothing_fails(self):
        path = self.work_dir / 'other.conf'
        path.write_text('[DEFAULT]\nauth_encryption_key = '
                        f'{dump_generator.KEY[::-1]}\n')
        status, report, output = self.rehearse(
            self.generated(), '--config-file', str(path))
        self.assertEqual(1, status, output)
        self.assertEqual(['rehearsal.key-does-not-decrypt'],
                         [one['rule'] for one in report['findings']])

    def test_stack_that_does_not_load_is_named_by_its_id(self):
        def change(text):
            # Of the templates of stacks 5 and 6, the sixth and seventh row.
            head, table = text.split('INSERT INTO `raw_template` VALUES')
            lines = table.split('\n')
            lines[6] = lines[6].replace('{', '{' + SECRET, 1)
            lines[7] = lines[7].replace('OS::Heat::TestResource',
                                        f'OS::Heat::{SECRET}')
            return (head + 'INSERT INTO `raw_template` VALUES'
                    + '\n'.join(lines))
        status, report, output = self.rehearse(self.generated(change),
                                               *self.with_key())
        self.assertNotIn(SECRET, output)
        self.assertEqual(
            [('00000005-5ac0-4000-8000-000000000005', 'object'),
             ('00000006-5ac0-4000-8000-000000000006', 'resources')],
            [(one['stack'], one['part'])
             for one in report['stacks']['failures']])
        # The base cannot load them either.
        self.assertEqual((0, {'warning'}), (
            status, {one['severity'] for one in report['findings']}))

    def test_a_migration_that_fails_is_an_error_without_the_data(self):
        def change(text):
            text = text.replace(
                'INSERT INTO `snapshot` VALUES',
                'INSERT INTO `snapshot` (`id`,`stack_id`,`name`,'
                '`created_at`,`updated_at`,`status`,`status_reason`,`data`,'
                '`tenant`) VALUES')
            return re.sub(
                r'(CREATE TABLE `snapshot` \(\n)',
                r'\1  `action` varchar(30) DEFAULT "' + SECRET + '",\n',
                text).replace(f'"{SECRET}"', f"'{SECRET}'")
        status, report, output = self.rehearse(self.generated(change))
        self.assertEqual(1, status, output)
        self.assertNotIn(SECRET, output)
        found, = report['findings']
        self.assertEqual(('db-sync', 1, 'error'), tuple(
            found[name] for name in ('step', 'class', 'severity')))
        self.assertIn('97b2a986f922', found['title'])
        self.assertIn('1060', found['evidence'])

    def test_text_that_is_not_utf8_is_refused_by_the_server(self):
        path = self.generated()
        path.write_bytes(path.read_bytes().replace(
            b"'stack-4'", b"'stack-\xe4" + SECRET.encode() + b"'"))
        status, report, output = self.rehearse(path)
        self.assertEqual((2, None), (status, report), output)
        self.assertRegex(output, 'text that is not UTF-8 .*, table ')
        self.assertNotIn(SECRET, output)

    def test_an_interrupted_rehearsal_leaves_nothing_behind(self):
        path = self.work_dir / 'heat.sql.zst'
        dump_generator.write(path, stacks=20000, events=200000)
        tool = self.start(*self.words(path))
        waiting.wait_until(
            lambda: 'load: ' in self.output() or tool.poll() is not None,
            timeout=base.RUN_TIMEOUT, interval=base.POLL,
            what='the start of the load')
        time.sleep(1)
        tool.send_signal(signal.SIGINT)
        self.assertEqual(130, tool.wait(60), self.output())
        self.assert_nothing_remains()

    def test_a_killed_rehearsal_leaves_nothing_behind(self):
        path = self.work_dir / 'heat.sql.zst'
        dump_generator.write(path, stacks=20000, events=200000)
        tool = self.start(*self.words(path))
        waiting.wait_until(
            lambda: 'load: ' in self.output() or tool.poll() is not None,
            timeout=base.RUN_TIMEOUT, interval=base.POLL,
            what='the start of the load')
        tool.kill()
        tool.wait(60)
        self.assert_nothing_remains()


class TestRealCloud(RehearseCase):

    def test_dumps_of_a_real_cloud_pass(self):
        one, all_of_them = (self.work_dir / name
                            for name in ('heat.sql', 'all.sql'))
        config = self.work_dir / 'heat.conf'
        with workspaces.Workspace(self.work_dir / 'cloud') as workspace:
            cloud = self.cloud(workspace)
            self.fill(heat_client.Api(cloud.identity, cloud.api_url))
            key, = re.findall('auth_encryption_key = (.*)', (
                workspace.data / 'heat' / 'heat.conf').read_text())
            cloud.save_database(one)
            subprocess.run(
                [mariadb.find('mariadb-dump'), '--no-defaults',
                 f'--socket={cloud.mariadb.socket}', '--user=root',
                 '--all-databases', '--routines', '--events',
                 f'--result-file={all_of_them}'], check=True)
            cloud.down()
        config.write_text(f'[DEFAULT]\nauth_encryption_key = {key}\n')
        packed = self.work_dir / 'without-a-suffix'
        packed.write_bytes(gzip.compress(all_of_them.read_bytes()))
        for dump in (one, packed):
            status, report, output = self.rehearse(
                dump, '--config-file', str(config))
            self.assertEqual((0, []), (status, report['findings']), output)
            self.assertEqual((2, 1, 0), tuple(
                report['stacks'][name]
                for name in ('stacks', 'snapshots', 'encrypted')))
        # The databases of Keystone and of MariaDB itself.
        self.assertEqual(2, report['dump']['skipped']['other databases'])
        status, report, output = self.rehearse(one)
        self.assertEqual((0, 2), (status, report['stacks']['encrypted']),
                         output)

    def cloud(self, workspace):
        return cloud_start.start(workspace, releases.parse(BASE))

    def fill(self, heat):
        """Make two stacks, and a snapshot of one."""
        for name in ('one', 'two'):
            answer = heat.call('POST', 'stacks', {
                'stack_name': name, 'template': TEMPLATE,
                'parameters': {'secret': SECRET}})
            self.assertEqual(201, answer.status, answer.body)
            path = f'stacks/{name}/{answer.body["stack"]["id"]}'
            waiting.wait_until(
                lambda path=path: heat.call('GET', path).body['stack'][
                    'stack_status'] == 'CREATE_COMPLETE',
                timeout=120, what=f'stack {name}')
        answer = heat.call('POST', f'{path}/snapshots', {'name': 's'})
        snapshot = f'{path}/snapshots/{answer.body["id"]}'
        waiting.wait_until(
            lambda: heat.call('GET', snapshot).body['snapshot'][
                'status'] == 'COMPLETE',
            timeout=120, what='the snapshot')
