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

"""Fake releases with programs that fail on demand."""

import os
import pathlib
import shutil
import sys
import types

import fixtures
import testtools

from heat_upgrade.checks import check_context
from heat_upgrade.checks import introspection
from heat_upgrade.tests.unit.support import fakes

# Fails in the given releases, in the given way.
PROGRAM = '''
import os
import time

import heat_upgrade_program


def read(given):
    given = given or {}
    with open(os.environ['RAN'], 'a') as ran:
        ran.write(f'{os.environ["SIDE"]} {given.get("name", "")}\\n')
    if os.environ['SIDE'] not in given.get('fails', ()):
        if given.get('how') == 'well':
            return heat_upgrade_program.apart('a fork', lambda place: 'well')
        return {'of': os.environ['SIDE'], 'name': given.get('name')}
    how = given['how']
    if how == 'raise':
        raise RuntimeError('on purpose\\nwith a second line')
    if how == 'exit':
        raise SystemExit('unknown option')
    if how == 'die':
        os._exit(1)
    if how == 'signal':
        os.kill(os.getpid(), 9)
    if how == 'hang':
        time.sleep(60)
    return heat_upgrade_program.apart('a fork', lambda place: time.sleep(60))
'''


class Subject(check_context.InstalledRelease):
    """A release whose environment is this test's own Python."""

    def variables(self):
        return {'SIDE': self.key, 'RAN': str(self.overlay)}

    @property
    def key(self):
        return self.overlay_digest


class ReadingCase(testtools.TestCase):
    """A test with two fake releases and their programs.

    :ivar base: 26.0.2
    :ivar target: 27.0.1
    """

    PROGRAMS = ('rows', 'rows_load', 'policy', 'config_paste', 'resources',
                'config_options', 'rpc', 'api')

    def setUp(self):
        super().setUp()
        self.place = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.useFixture(fixtures.EnvironmentVariable(
            'XDG_CACHE_HOME', str(self.place / 'cache')))
        programs = self.place / 'programs'
        programs.mkdir()
        for name in introspection.SHARED:
            shutil.copy(introspection.PROGRAMS / f'{name}.py', programs)
        for name in self.PROGRAMS:
            (programs / f'{name}.py').write_text(PROGRAM)
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.checks.introspection.PROGRAMS', programs))
        self.context = check_context.Context(
            self.useFixture(fakes.Workspace()).workspace)
        self.base, self.target = (
            Subject(None, types.SimpleNamespace(
                version=version, bin=lambda name: sys.executable),
                self.place / 'ran', side)
            for version, side in (('26.0.2', 'base'), ('27.0.1', 'target')))

    def ran(self):
        """Return a line "SIDE NAME" for each program that was run."""
        path = self.place / 'ran'
        return path.read_text().splitlines() if os.path.exists(path) else []

    def given(self, *sides, how='raise', name=''):
        """Return the argument that makes a program fail in some releases."""
        return {'fails': list(sides), 'how': how, 'name': name}
