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

"""Fakes for objects that are too costly for a unit test."""

import pathlib
import types

import fixtures

from heat_upgrade.lab import workspace


class Reaper:
    """A reaper that does nothing, for tests that start no process."""

    def __init__(self, marker, directories=(), patterns=()):
        pass

    def release(self, *, keep=False):
        pass


class Workspace(fixtures.Fixture):
    """A workspace without a reaper."""

    def _setUp(self):
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.reaper.Reaper', Reaper))
        self.workspace = workspace.Workspace(
            self.useFixture(fixtures.TempDir()).path)
        self.addCleanup(self.workspace.close)


def environment(path, *modules, key=None):
    """Make the files of an environment that a service needs, and no others.

    :param path: directory of the environment
    :param modules: files of its packages
    """
    path = pathlib.Path(path)
    etc = path / 'etc' / 'heat'
    etc.mkdir(parents=True, exist_ok=True)
    (etc / 'api-paste.ini').write_text(f'of {path.name}')
    (path / 'bin').mkdir(exist_ok=True)
    for module in modules:
        file = path / 'lib/python3.11/site-packages' / module
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    return types.SimpleNamespace(
        path=path, key=key or path.name, version='27.0.1',
        bin=lambda name: path / 'bin' / name)


class Broker:
    """A fake RabbitMQ with a name and the queues of a test."""

    vhost = 'heat'

    def __init__(self):
        self.made = []
        self.looks = []

    def url(self, vhost=None):
        return f'rabbit://{vhost or self.vhost}'

    def add_vhost(self, name):
        self.made.append(name)

    def queues(self, vhost=None):
        """Return the next item of ``looks``, the last item forever."""
        return self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
