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

"""A grenade run without grenade: directories, systemd, and a cloud."""

import datetime
import json
import pathlib
import types

import fixtures

from heat_upgrade.grenade import environment
from heat_upgrade.grenade import run_record
from heat_upgrade.tests.unit.support import installables

OURS = 'heat-upgrade-tests'
NOW = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)


class Grenade(fixtures.Fixture):
    """The directories and the environment of a run.

    :param variables: of the environment, on top of the usual ones
    """

    def __init__(self, **variables):
        self._variables = variables

    def _setUp(self):
        self.useFixture(installables.Locks())
        self.root = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.environ = {
            'SAVE_DIR': str(self.root / 'save'),
            'BASE_RELEASE_DIR': str(self.root / 'old'),
            'TARGET_RELEASE_DIR': str(self.root / 'new'),
            'BASE_DEVSTACK_BRANCH': 'stable/2026.1',
            'TARGET_DEVSTACK_BRANCH': 'master',
            'UPGRADE_PROJECTS': f'keystone {OURS}',
            'HEAT_CONF_DIR': str(self.root / 'etc'),
            'SERVICE_TIMEOUT': '0',
            'OS_AUTH_URL': 'http://keystone', 'OS_USERNAME': 'admin',
            'OS_PASSWORD': 'hidden', 'OS_PROJECT_NAME': 'admin',
            **self._variables}
        for name in ('save', 'old', 'new', 'etc'):
            (self.root / name).mkdir()
        (self.root / 'etc/heat.conf').write_text(
            '[DEFAULT]\ntransport_url = rabbit://stack:secret@host:5672/\n'
            '[database]\nconnection = mysql+pymysql://root:unspoken@db/heat\n')

    @property
    def settings(self):
        return environment.read(self.environ)

    def record(self):
        """Return the record of a run that has just begun."""
        return run_record.begin(self.settings, say=lambda line: None)


class Systemctl:
    """Answers as systemd does; stands in for process.run.

    :ivar states: {unit: ActiveState}; other units do not exist
    :ivar ran: words of each call
    :ivar stubborn: units that ignore a stop
    """

    def __init__(self, **states):
        self.states = {name.replace('_', '-'): state
                       for name, state in states.items()}
        self.ran = []
        self.stubborn = set()
        self.more = {}

    def __call__(self, name, argv, **options):
        words = [str(word) for word in argv]
        verb = words[2]
        unit = words[-1].removeprefix('devstack@').removesuffix('.service')
        self.ran.append((verb, unit))
        if verb == 'show':
            return 0, self._show(unit)
        if verb == 'stop' and unit not in self.stubborn:
            self.states[unit] = 'inactive'
        if verb == 'start' and unit not in self.stubborn:
            self.states[unit] = 'active'
        return 0, ''

    def _show(self, unit):
        if unit not in self.states:
            return 'LoadState=not-found\nActiveState=inactive\nMainPID=0\n'
        said = {'LoadState': 'loaded', 'ActiveState': self.states[unit],
                'MainPID': 0, **self.more.get(unit, {})}
        return ''.join(f'{name}={value}\n' for name, value in said.items())


def response(status=200, **body):
    """Return an answer as requests does."""
    return types.SimpleNamespace(
        status_code=status, text=json.dumps(body), json=lambda: body)


def engine(created=NOW, *, status='up', updated=None, host='node'):
    """Return an engine as Heat's service list has it."""
    def text(moment):
        return moment and moment.strftime('%Y-%m-%dT%H:%M:%S.000000')
    return {'host': host, 'hostname': host, 'status': status,
            'created_at': text(created), 'updated_at': text(updated)}


class Cloud:
    """A Heat that answers.

    :ivar answers: {URL: response}
    :ivar listed: engines in its service list
    """

    auth_url = 'http://keystone/v3'
    region = 'RegionOne'
    cacert = None

    def __init__(self):
        self.endpoints = {'orchestration': 'http://node/heat-api/v1/p',
                          'cloudformation': 'http://node/heat-api-cfn/v1'}
        self.answers = {
            'http://node/heat-api/': response(300, versions=[1]),
            'http://node/heat-api-cfn/': response(300, versions=[1]),
            'http://node/heat-api/v1/p/stacks': response(stacks=[])}
        self.listed = [engine(NOW + datetime.timedelta(seconds=5))]

    def endpoint(self, kind):
        return self.endpoints.get(kind)

    def service_types(self):
        return {'identity', *self.endpoints}

    def get(self, url, *, authenticated=True):
        if url not in self.answers:
            raise OSError(f'no answer from {url}')
        return self.answers[url]

    def engines(self):
        return self.listed
