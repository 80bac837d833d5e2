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

"""A node that DevStack and grenade run on, all in one directory."""

import json
import os
import pathlib
import pwd
import shutil
import signal
import socketserver
import subprocess
import sys
import tempfile
import threading

import fixtures

from heat_upgrade import filesystem
from heat_upgrade.install import cache
from heat_upgrade.install import environments
from heat_upgrade.install import releases
from heat_upgrade.lab import client_config
from heat_upgrade.lab import workspace
from heat_upgrade import process
from heat_upgrade import reaper
from heat_upgrade.tests.functional.grenade import installing
from heat_upgrade.tests.functional.grenade import lab as labs
from heat_upgrade.tests.functional.grenade import settings
from heat_upgrade.tests.functional.grenade import systemd
from heat_upgrade.tests.functional import heat_source

TREE = pathlib.Path(__file__).with_name('tree')
REPOSITORY = pathlib.Path(__file__).resolve().parents[4]

OURS, HEAT = settings.OURS, settings.HEAT
KEYSTONE = 'devstack@keystone.service'

# A run with one scenario takes 90 s alone.
GRENADE_TIMEOUT = 420

_COMMANDS = ('systemctl', 'journalctl', 'ps', 'mysqldump', 'rabbitmqctl',
             'install-heat', 'wait-for-heat')


class Node(fixtures.Fixture):
    """A node with the lab behind it.

    :param external: whether DevStack is run by others than grenade, as in
        Zuul's jobs
    :param plugins: names of the plugins, in the order of pluginrc
    :param global_venv: whether DevStack has its global virtual environment
    :param multinode: whether there is another node, which keeps the base
    :param localrc: lines for grenade's localrc
    :param devstack: lines for the local.conf of both DevStacks
    :param lab: whether there is one; without, nothing but grenade's own order
        can be looked at

    :ivar plugins: as given
    :ivar root: directory of all of it
    :ivar stack: /opt/stack of it
    :ivar heat_conf: Heat's configuration on it
    :ivar systemd: :class:`systemd.Systemd`
    :ivar lab: :class:`lab.Lab`
    """

    def __init__(self, *, external=False, plugins=(OURS,), global_venv=True,
                 multinode=False, localrc=(), devstack=(), lab=True):
        super().__init__()
        self.external = external
        self.plugins = plugins
        self.global_venv = global_venv
        self.multinode = multinode
        self._localrc = localrc
        self.devstack = devstack
        self._with_lab = lab
        self.lab = None

    def _setUp(self):
        # Not below the caller's TMPDIR: what lies there is what is left.
        self.root = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.stack = self.root / 'opt' / 'stack'
        self.save = self.stack / 'save'
        self.run_dir = self.save / OURS
        self.heat_conf = self.root / 'etc' / 'heat' / 'heat.conf'
        self.tmp = self.root / 'tmp'
        for place in (self.tmp, self.root / 'run', self.root / 'elsewhere',
                      self.root / 'home'):
            place.mkdir()
        # Environments are not made anew for every node.
        (self.root / 'home' / '.cache').symlink_to(cache.directory().parent)
        self.workspace = workspace.Workspace(self.root / 'lab')
        self.addCleanup(self.workspace.close)
        self.secrets = set()
        if self._with_lab:
            self._start_lab()
        self._lay_out()

    def _start_lab(self):
        self._environments = labs.made(self.workspace)
        self.lab = labs.Lab(
            self.workspace,
            keystone_environment=self._environments['keystone'],
            heat_environment=self._environments['base'],
            size=2 if self.multinode else 1)
        self.addCleanup(self.lab.down)
        self.lab.up()
        self.systemd = systemd.Systemd(
            self.root / 'etc' / 'systemd' / 'system', self.workspace,
            self.lab.ledger.environment)
        self.addCleanup(self.systemd.down)
        self.systemd.adopt(KEYSTONE, self.lab.keystone.process)
        self.lab.write_configuration(self.root / 'etc' / 'heat')
        self._serve()
        self.secrets = self.lab.secrets()

    def _serve(self):
        """Answer the node's commands."""
        node = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                words = json.loads(self.rfile.read())
                self.wfile.write(json.dumps(node._answer(*words)).encode())

        class Server(socketserver.ThreadingMixIn,
                     socketserver.UnixStreamServer):
            daemon_threads = True

        # The path of a socket is 100 characters long at most.
        with tempfile.TemporaryDirectory(prefix='node-') as short:
            link = pathlib.Path(short, 'run')
            link.symlink_to(self.root / 'run')
            server = Server(str(link / 'node'), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)

    def _answer(self, command, *words):
        """Answer a command of the node; (status, output, complaint)."""
        try:
            if command in ('systemctl', 'journalctl'):
                return tuple(getattr(self.systemd, command)(*words))
            if command in ('mysqldump', 'rabbitmqctl'):
                return *getattr(self.lab, command)(*words), ''
            if command == 'ps':
                return 0, self._ps(), ''
            if command == 'wait-for-heat':
                self.lab.wait_for_heat()
            else:
                self._install(*words)
            return 0, '', ''
        except Exception as exc:
            return 1, '', f'{command}: {type(exc).__name__}: {exc}\n'

    def _ps(self):
        """Return the processes of this node, and of no other."""
        marker = f'{process.RUN_MARKER}={self.workspace.marker}'
        lines = ['USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND\n']
        elsewhere = self.lab.elsewhere()
        for pid in set(reaper.marked(marker)) - elsewhere:
            try:
                command = pathlib.Path(f'/proc/{pid}/cmdline').read_bytes()
            except OSError:
                continue
            words = command.replace(b'\0', b' ').decode().strip()
            lines.append(f'stack {pid} 0.0 0.0 0 0 ? S 00:00 0:00 {words}\n')
        return ''.join(lines)

    def _install(self, checkout, global_venv):
        checkout = pathlib.Path(checkout)
        venv = self.stack / 'data' / 'venv'
        bin_dir = venv / 'bin'
        if global_venv != 'True':
            venv = self.root / 'usr' / 'lib' / 'python'
            bin_dir = self.root / 'usr' / 'local' / 'bin'
        installing.install(
            (checkout / '.environment').resolve(), venv, bin_dir,
            plant=checkout / '.plant', called=self.root / 'called')
        # The system's own, and of the release: it runs in its environment.
        uwsgi = self.root / 'usr' / 'local' / 'bin' / 'uwsgi'
        if bin_dir != uwsgi.parent:
            uwsgi.unlink(missing_ok=True)
            uwsgi.symlink_to(bin_dir / 'uwsgi')
        with open(self.root / 'installed', 'a') as out:
            out.write(f'{checkout.parent.name}\n')

    def _lay_out(self):
        shutil.copytree(TREE / 'bin', self.root / 'bin')
        for name in _COMMANDS:
            (self.root / 'bin' / name).symlink_to('node-command')
        local = self.root / 'usr' / 'local' / 'bin'
        local.mkdir(parents=True)
        (local / 'python3').symlink_to(environments.python())
        (local / 'openstack').symlink_to(
            pathlib.Path(sys.prefix, 'bin', 'openstack'))
        base, target = releases.newest_two()
        for side, version, environment in (
                ('old', base.version, 'base'),
                ('new', target.version, 'target')):
            self._lay_out_side(side, version, environment)
        (self.stack / 'old' / 'devstack' / 'accrc').mkdir()
        if self.lab:
            filesystem.write_atomically(
                self.root / 'tempest.conf',
                _tempest_conf(self.lab.access, self.tmp),
            )
        self.grenade = (self.stack / 'new' / 'grenade' if self.external
                        else self.root / 'home' / 'grenade')
        shutil.copytree(TREE / 'grenade', self.grenade)
        (self.grenade / 'localrc').write_text('\n'.join(
            [*settings.grenade(self), *self._localrc]) + '\n')
        (self.grenade / 'pluginrc').write_text(''.join(
            f'enable_grenade_plugin {name} https://opendev.org/openstack/'
            f'{name}\n' for name in self.plugins))
        plugins = self.stack / ('new' if self.external else 'plugins')
        plugins.mkdir(exist_ok=True)
        (plugins / OURS).symlink_to(REPOSITORY)
        if not self.external:
            (plugins / HEAT).symlink_to(self.stack / 'new' / HEAT)

    def _lay_out_side(self, side, version, environment):
        home = self.stack / side
        home.mkdir(parents=True)
        shutil.copytree(TREE / 'devstack', home / 'devstack')
        filesystem.write_atomically(
            home / 'devstack' / 'local.conf',
            '[[local|localrc]]\n' + '\n'.join(settings.devstack(self, side))
            + '\n')
        if self.lab:
            self._clone_heat(home / HEAT, version, environment)
        tempest = home / 'tempest'
        (tempest / 'etc').mkdir(parents=True)
        (tempest / '.tox').mkdir()
        (tempest / '.tox' / 'tempest').symlink_to(sys.prefix)
        if side == 'old':
            (home / OURS).symlink_to(REPOSITORY)

    def _clone_heat(self, place, version, environment):
        made = heat_source.checkout(place.with_name('heat.d'), version,
                                    prepare=_own_paths)
        made.rename(place)
        made.parent.rmdir()
        with open(place / '.git' / 'info' / 'exclude', 'a') as out:
            out.write('.environment\n.plant\nfrom-*\n')
        (place / '.environment').symlink_to(
            self._environments[environment].path)

    def heat(self):
        """Return which Heat is installed: 'base' or 'target'."""
        venv = (self.stack / 'data' / 'venv' if self.global_venv
                else self.root / 'usr' / 'lib' / 'python')
        packages, = venv.glob('lib/python*/site-packages')
        # Not heat itself, in whose place there may be a planted one.
        installed = (packages / 'oslo_config').resolve()
        return next(name for name, one in self._environments.items()
                    if installed.is_relative_to(one.path))

    def plant_program(self, name, text):
        """Put a program in the place of one of the target's."""
        installing.plant_program(self.stack / 'new' / HEAT / '.plant', name,
                                 text)

    def plant_exception(self, text):
        """Write an announced exception of the target for this upgrade."""
        base, _ = releases.newest_two()
        place = (self.stack / 'new' / HEAT / 'devstack' / 'upgrade'
                 / f'from-{base.series}')
        place.mkdir()
        (place / 'upgrade-heat').write_text(text)

    def plant_code(self, file, old, new):
        """Change a text in the target's code."""
        installing.plant_code(self._environments['target'].path,
                              self.stack / 'new' / HEAT / '.plant', file,
                              old, new)

    def environment(self):
        """Return the variables of a login of the user stack, and two more.

        TMPDIR shows which files are left behind; the marker identifies each
        process.
        """
        name = pwd.getpwuid(os.getuid()).pw_name
        path = [f'{self.root}/bin', f'{self.root}/usr/local/bin',
                '/usr/sbin', '/usr/bin', '/sbin', '/bin']
        return {'PATH': ':'.join(path), 'HOME': f'{self.root}/home',
                'USER': name, 'LOGNAME': name, 'SHELL': '/bin/bash',
                'LANG': 'C.UTF-8', 'TMPDIR': str(self.tmp),
                process.RUN_MARKER: self.workspace.marker}

    def execute(self, script, *words, timeout=GRENADE_TIMEOUT, **variables):
        """Run a script from a directory that it knows nothing of.

        :returns: its exit status; the output is in ``log``
        """
        with open(self.root / 'output', 'ab') as out:
            started = subprocess.Popen(
                [script, *words], cwd=self.root / 'elsewhere',
                env={**self.environment(), **variables},
                stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                start_new_session=True)
            try:
                return started.wait(timeout)
            except subprocess.TimeoutExpired:
                os.killpg(started.pid, signal.SIGKILL)
                started.wait()
                raise

    def upgrade(self):
        """Run grenade, and in its external mode DevStack before it.

        :returns: the exit status
        """
        if not self.external:
            return self.execute(self.grenade / 'grenade.sh')
        status = self.execute(self.stack / 'old' / 'devstack' / 'stack.sh')
        if status:
            return status
        return self.execute(self.grenade / 'grenade.sh',
                            GRENADE_USE_EXTERNAL_DEVSTACK='True')


def _own_paths(heat):
    """Point Heat's own scripts at the node's directories.

    By a variable, so that the same release has the same content everywhere.
    """
    path = heat / 'devstack' / 'lib' / 'heat'
    path.write_text(
        path.read_text().replace('=/etc/heat', '=$NODE_ROOT/etc/heat')
        .replace(' /usr/local/bin', ' $NODE_ROOT/usr/local/bin'))


def _tempest_conf(cloud, place):
    """Return the tempest.conf of lib/tempest, without our section."""
    return client_config._tempest_conf(cloud, place, place).partition(
        '[heat_integrationtests]')[0]
