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

"""Small lock files, checkouts and packages of Heat, for unit tests."""

import io
import pathlib
import subprocess
import tarfile
import zipfile

import fixtures

from heat_upgrade.install import releases
from heat_upgrade.install import uv_runner

# series: (openstack-heat, keystone)
PINS = {'2025.2': ('25.0.2', '28.1.0'),
        '2026.1': ('26.0.2', '29.1.0'),
        '2026.2': ('27.0.1', '30.0.0')}

METADATA = 'Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n'


class Locks(fixtures.Fixture):
    """Lock files of 2025.2, 2026.1 and 2026.2 instead of the real ones."""

    def _setUp(self):
        self.path = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        for series, (heat, keystone) in PINS.items():
            (self.path / f'{series}.txt').write_text(
                f'# a comment\n'
                f'keystone=={keystone}\nopenstack-heat=={heat}\n'
                f'oslo-config==9.{heat[1]}\nPyMySQL==1.1.1\n'
                f'pyuwsgi==2.0.30\nsetuptools==80.9.0\n')
        (self.path / 'tool.txt').write_text('cliff==4.7.0\n')
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.install.releases.lock_dir', lambda: self.path))
        releases.lock.cache_clear()
        self.addCleanup(releases.lock.cache_clear)


class Checkout(fixtures.Fixture):
    """A git checkout with one commit and an optional tag."""

    def __init__(self, *, tag=None, branch=None, name='openstack-heat'):
        self._files = {'setup.cfg': f'[metadata]\nname = {name}\n',
                       'heat/engine.py': 'WORKS = True\n',
                       '.gitignore': '*.pyc\n'}
        if branch:
            self._files['.gitreview'] = (
                f'[gerrit]\nproject=openstack/heat.git\n'
                f'defaultbranch={branch}\n')
        self._tag = tag

    def _setUp(self):
        self.path = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.git('init', '-q', '--template=')
        self.write(self._files)
        self.commit()
        if self._tag:
            self.git('tag', self._tag)

    def git(self, *args):
        done = subprocess.run(
            ['git', '-c', 'user.name=t', '-c', 'user.email=t@example.org',
             '-c', 'commit.gpgsign=false', '-C', str(self.path), *args],
            check=True, capture_output=True, text=True)
        return done.stdout

    def write(self, files):
        for name, text in files.items():
            path = self.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def commit(self):
        self.git('add', '-A')
        self.git('commit', '-q', '--allow-empty', '-m', 'one idea')


def write_sdist(directory, *, name='openstack-heat', version='27.0.1'):
    """Write an sdist and return its path."""
    stem = f'{name.replace("-", "_")}-{version}'
    path = pathlib.Path(directory, f'{stem}.tar.gz')
    data = METADATA.format(name=name, version=version).encode()
    with tarfile.open(path, 'w:gz') as sdist:
        member = tarfile.TarInfo(f'{stem}/PKG-INFO')
        member.size = len(data)
        sdist.addfile(member, io.BytesIO(data))
    return path


def write_wheel(directory, *, name='openstack-heat', version='27.0.1'):
    """Write a wheel and return its path."""
    stem = f'{name.replace("-", "_")}-{version}'
    path = pathlib.Path(directory, f'{stem}-py3-none-any.whl')
    with zipfile.ZipFile(path, 'w') as wheel:
        wheel.writestr(f'{stem}.dist-info/METADATA',
                       METADATA.format(name=name, version=version))
    return path


class FakeUv(uv_runner.Uv):
    """Makes the files of uv's commands, and records the commands.

    :ivar calls: list of command lines, without the binary
    :param fails: callable that takes a command line and returns the output
        of its failure, or None if it succeeds
    """

    def __init__(self, *, fails=lambda argv: None):
        super().__init__()
        self.calls = []
        self._fails = fails

    def count(self, *words):
        return sum(set(words) <= set(argv) for argv in self.calls)

    def run(self, name, argv, *, log, env=None, cwd=None):
        self.check()
        argv = [str(word) for word in argv[1:]]
        self.calls.append(argv)
        output = self._fails(argv)
        if output:
            raise uv_runner.UvFailed(output, log=log, output=output)
        if argv[0] == 'venv':
            python = pathlib.Path(argv[-1], 'bin/python')
            python.parent.mkdir(parents=True)
            python.touch()
        elif argv[0] == 'build':
            out = pathlib.Path(argv[argv.index('--out-dir') + 1])
            out.mkdir()
            version = (env or {}).get('PBR_VERSION', '27.0.1')
            write_wheel(out, version=version)
        elif argv[0] == 'pip':
            self._install(argv)
        return ''

    def _install(self, argv):
        site = pathlib.Path(argv[argv.index('--python') + 1],
                            'lib/python3.11/site-packages')
        package = next(word for word in argv
                       if '==' in word or word.endswith('.whl'))
        if package.endswith('.whl'):
            name, version = pathlib.Path(package).name.split('-')[:2]
        else:
            name, version = package.split('==')
        (site / f'{name.replace("-", "_")}-{version}.dist-info').mkdir(
            parents=True)
