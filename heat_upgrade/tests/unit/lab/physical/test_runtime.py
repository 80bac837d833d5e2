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

import configparser
import pathlib
import stat

import fixtures
import testtools

from heat_upgrade.lab.physical import model
from heat_upgrade.lab.physical import runtime
from heat_upgrade.lab.physical import selection
from heat_upgrade.tests.unit.support import fakes

WORKER = model.Service(
    name='worker', distribution='worker',
    configuration=lambda site: {'worker.conf': {
        'DEFAULT': {'debug': True, 'workers': 1},
        'database': {'connection': site.databases['worker_more']}}},
    programs=(
        model.Program('worker-api', model.Answer(), port='worker',
                      wsgi='worker.wsgi:application'),
        model.Program('worker-daemon', model.Announced(), waits=True,
                      script='daemon.py', arguments=('{etc}/worker.conf',),
                      variables=(('WORKER_CONFIG_DIR', '{etc}'),))),
    endpoints=(model.Endpoint('worker', 'work', '/v1'),),
    database='worker', more_databases=('worker_more',),
    copied=('etc/heat/api-paste.ini',))


class MariaDB:
    """A fake server."""

    def __init__(self):
        self.made = []

    def database(self, name, *, also=()):
        self.made += [name, *also]
        return f'mysql+pymysql://{name}:secret@127.0.0.1:5/{name}'


class RuntimeCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.workspace = self.useFixture(fakes.Workspace()).workspace
        self.environment = fakes.environment(
            self.useFixture(fixtures.TempDir()).path)
        self.mariadb, self.rabbitmq = MariaDB(), fakes.Broker()

    def runtime(self, *services):
        return runtime.Runtime(
            self.workspace, self.environment, services, mariadb=self.mariadb,
            rabbitmq=self.rabbitmq, keystone_url='http://127.0.0.1:1',
            region='RegionOne', password='secret')


class TestRuntime(RuntimeCase):

    def test_configuration_is_written_with_mode_0600(self):
        path = self.runtime(WORKER).site.etc / 'worker' / 'worker.conf'
        parsed = configparser.ConfigParser()
        parsed.read_string(path.read_text())
        self.assertEqual('true', parsed['DEFAULT']['debug'])
        self.assertEqual(
            'mysql+pymysql://worker:secret@127.0.0.1:5/worker_more',
            parsed['database']['connection'])
        self.assertEqual(0o600, stat.S_IMODE(path.stat().st_mode))

    def test_files_of_the_environment_are_copied(self):
        home = self.runtime(WORKER).site.etc / 'worker'
        self.assertTrue((home / 'api-paste.ini').exists())

    def test_one_account_has_all_databases_of_a_service(self):
        self.runtime(WORKER)
        self.assertEqual(['worker', 'worker_more'], self.mariadb.made)

    def test_endpoint_has_the_port_of_its_service(self):
        made = self.runtime(WORKER)
        port = made.site.ports['worker']
        self.assertEqual(
            [('worker', 'work', f'http://127.0.0.1:{port}/v1')],
            made.endpoints())

    def test_application_runs_with_an_access_log(self):
        made = self.runtime(WORKER)
        env = made.process_of('worker-api').env
        self.assertEqual('worker.wsgi:application', env['LAB_APPLICATION'])
        self.assertEqual(
            str(self.workspace.logs / 'access-worker-api.jsonl'),
            env['LAB_ACCESS_LOG'])
        self.assertEqual(made.access_log('worker-api'),
                         pathlib.Path(env['LAB_ACCESS_LOG']))

    def test_script_gets_the_directory_of_its_configuration(self):
        made = self.runtime(WORKER)
        child = made.process_of('worker-daemon')
        home = str(made.site.etc / 'worker')
        self.assertEqual(f'{home}/worker.conf', child.argv[-1])
        self.assertEqual(home, child.env['WORKER_CONFIG_DIR'])

    def test_processes_carry_the_marker_of_the_run(self):
        self.assertEqual(
            {self.workspace.marker},
            {child.env['HEAT_UPGRADE_RUN']
             for child in self.runtime(WORKER).processes})

    def test_each_service_of_the_lab_can_be_configured(self):
        (self.environment.path / 'etc').mkdir(exist_ok=True)
        for service in selection.SERVICES.values():
            for copied in service.copied:
                path = self.environment.path / copied
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
        made = self.runtime(*selection.SERVICES.values())
        self.assertEqual(list(selection.SERVICES), made.names)
        for service in selection.SERVICES.values():
            for program in service.programs:
                argv = made.process_of(program.name).argv
                self.assertNotIn('{', ' '.join(argv))
                if program.script:
                    self.assertTrue(
                        (model.PROGRAMS / program.script).exists())


class TestWait(RuntimeCase):

    def setUp(self):
        super().setUp()
        self.seen = []
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.process.Process.wait_ready',
            lambda child, probe, **rest: self.seen.append(
                (child.name, bool(self.rabbitmq.made)))))

    def test_waiting_programs_start_after_the_others_answer(self):
        made = self.runtime(WORKER)
        made.wait_ready()
        self.assertEqual(
            [('worker-api', False), ('worker-daemon', True)],
            self.seen)
        self.assertEqual([runtime.VHOST], self.rabbitmq.made)
        env = made.process_of('worker-daemon').env
        self.assertTrue(pathlib.Path(env['LAB_RELEASED']).exists())
