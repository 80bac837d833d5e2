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

"""Systemd's part on a node: units that are the lab's real processes."""

import collections
import configparser
import fnmatch
import shlex
import threading
import time

from heat_upgrade import process

# systemctl(1): what status and is-active end with.
ACTIVE, INACTIVE, UNKNOWN = 0, 3, 4

# SubState of each ActiveState.
SUB_STATES = {'active': 'running', 'deactivating': 'stop-sigterm',
              'failed': 'failed', 'inactive': 'dead'}

# systemd-system.conf(5): seconds that a unit which says nothing of it may
# take to stop, before it is killed.
STOP_TIMEOUT = 90

SUFFIX = '.service'

Answer = collections.namedtuple('Answer', 'status output complaint',
                                defaults=('', ''))


class Systemd:
    """Runs the commands of unit files, and answers systemctl.

    :param directory: of the unit files
    :param workspace: the run's :class:`heat_upgrade.lab.workspace.Workspace`
    :param variables: environment variables of every unit

    :ivar events: list of the executed requests as (verb, unit)
    :ivar stubborn: names of units that do not end before they are killed
    """

    def __init__(self, directory, workspace, variables):
        self._directory = directory
        self._workspace = workspace
        self._variables = variables
        self._processes = {}
        self._adopted = {}
        self._enabled = set()
        self._since = {}
        self._lock = threading.Lock()
        self._stopping = {}
        self._killed = set()
        self._over = threading.Event()
        self.events = []
        self.stubborn = set()

    def adopt(self, name, one):
        """Take over a process that runs already.

        :param name: of the unit that it is from now on
        :param one: :class:`heat_upgrade.process.Process`
        """
        unit = _unit(name)
        self._directory.mkdir(parents=True, exist_ok=True)
        self._path(unit).write_text(
            f'[Service]\nExecStart = {shlex.join(one.argv)}\n')
        self._adopted[unit] = self._processes[unit] = one
        self._enabled.add(unit)
        self._since[unit] = int(time.monotonic() * 1e6)

    def systemctl(self, *words):
        """Answer a call of systemctl; returns :class:`Answer`."""
        words = ' '.join(words).replace('-p ', '--property=').split()
        verb, *names = [word for word in words if not word.startswith('-')]
        options = [word for word in words if word.startswith('-')]
        known = {
            'daemon-reload': self._reload, 'list-units': self._list,
            'is-enabled': self._is_enabled, 'is-active': self._is_active,
            'status': self._status, 'show': self._show,
            'start': self._start, 'stop': self._stop,
            'restart': self._restart, 'enable': self._enable,
            'disable': self._disable, 'cat': self._cat,
        }
        if verb not in known:
            return Answer(1, complaint=f'Unknown command verb {verb}.\n')
        units = [unit for name in names for unit in self._matching(name)]
        if verb in ('daemon-reload', 'list-units'):
            return known[verb](units, options)
        answers = [known[verb](unit, options) for unit in units]
        return Answer(max((one.status for one in answers), default=0),
                      ''.join(one.output for one in answers),
                      ''.join(one.complaint for one in answers))

    def journalctl(self, *words):
        """Answer ``journalctl -u UNIT`` with the output of the unit."""
        words = iter(words)
        text = ''
        for word in words:
            name = next(words) if word in ('-u', '--unit') else (
                word.removeprefix('--unit=') if word.startswith('--unit=')
                else None)
            if name:
                text += process.tail(self._log(_unit(name)), 10000) + '\n'
        return Answer(0, text)

    def running(self, unit):
        """Tell whether the main process of a unit lives."""
        return unit in self._processes and self._processes[unit].running()

    def down(self):
        """End all units at once, and all waits for one."""
        self._over.set()
        for one in self._processes.values():
            one.kill()

    @property
    def processes(self):
        """The processes of all units."""
        return list(self._processes.values())

    def _log(self, unit):
        return self._workspace.log(unit)

    def _path(self, unit):
        return self._directory / unit

    def _matching(self, name):
        unit = _unit(name)
        if '*' not in unit:
            return [unit]
        return sorted(path.name for path in self._directory.glob('*.service')
                      if fnmatch.fnmatch(path.name, unit))

    def _reload(self, units, options):
        return Answer(0)

    def _list(self, units, options):
        units = units or self._matching('devstack@*')
        lines = [f'{unit} loaded {self._state(unit)} {self._sub(unit)} '
                 f'Devstack {unit}\n' for unit in units
                 if self._path(unit).exists()
                 and ('--all' in options
                      or self._state(unit) in ('active', 'deactivating'))]
        return Answer(0, ''.join(lines))

    def _state(self, unit):
        stopping = self._stopping.get(unit)
        if stopping and stopping.is_alive():
            return 'deactivating'
        if self.running(unit):
            return 'active'
        one = self._processes.get(unit)
        return ('failed' if unit in self._killed or one and one.died()
                else 'inactive')

    def _sub(self, unit):
        return SUB_STATES[self._state(unit)]

    def _missing(self, unit):
        return Answer(UNKNOWN, complaint=f'Unit {unit} could not be found.\n')

    def _is_enabled(self, unit, options):
        if not self._path(unit).exists():
            return Answer(1, complaint='Failed to get unit file state for '
                          f'{unit}: No such file or directory\n')
        if unit in self._enabled:
            return Answer(0, 'enabled\n')
        return Answer(1, 'disabled\n')

    def _is_active(self, unit, options):
        state = self._state(unit)
        return Answer(ACTIVE if state == 'active' else INACTIVE,
                      f'{state}\n')

    def _status(self, unit, options):
        if not self._path(unit).exists():
            return self._missing(unit)
        state = self._state(unit)
        return Answer(
            ACTIVE if state == 'active' else INACTIVE,
            f'{unit} - Devstack {unit}\n   Active: {state} '
            f'({self._sub(unit)})\n Main PID: {self._pid(unit)}\n')

    def _pid(self, unit):
        return self._processes[unit].pid if self.running(unit) else 0

    def _show(self, unit, options):
        values = {
            'LoadState': ('loaded' if self._path(unit).exists()
                          else 'not-found'),
            'ActiveState': self._state(unit), 'SubState': self._sub(unit),
            'MainPID': self._pid(unit), 'Id': unit,
            'UnitFileState': ('enabled' if unit in self._enabled
                              else 'disabled'),
            'FragmentPath': self._path(unit),
            'ExecStart': self._exec_start(unit),
            'ActiveEnterTimestampMonotonic': (
                self._since[unit] if self.running(unit) else 0),
        }
        wanted = [name for option in options
                  if option.startswith('--property=')
                  for name in option.removeprefix('--property=').split(',')
                  ] or list(values)
        bare = '--value' in options
        return Answer(0, ''.join(
            f'{values[name]}\n' if bare else f'{name}={values[name]}\n'
            for name in wanted if name in values))

    def _exec_start(self, unit):
        if not self._path(unit).exists():
            return ''
        words = shlex.split(self._service(unit)['ExecStart'])
        return f'{{ path={words[0]} ; argv[]={" ".join(words)} ; pid=0 }}'

    def _cat(self, unit, options):
        if not self._path(unit).exists():
            return self._missing(unit)
        return Answer(0, self._path(unit).read_text())

    def _start(self, unit, options):
        if not self._path(unit).exists():
            return self._missing(unit)
        stopping = self._stopping.get(unit)
        if '--no-block' in options and stopping and stopping.is_alive():
            threading.Thread(target=self._begin, args=[unit],
                             daemon=True).start()
        else:
            self._begin(unit)
        return Answer(0)

    def _begin(self, unit):
        """Start a unit, once it has stopped."""
        stopping = self._stopping.get(unit)
        if stopping:
            stopping.join()
        with self._lock:
            if self.running(unit) or self._over.is_set():
                return
            self.events.append(('start', unit))
            self._killed.discard(unit)
            self._processes[unit] = self._process(unit)
            self._processes[unit].start()
            self._since[unit] = int(time.monotonic() * 1e6)

    def _service(self, unit):
        parser = configparser.ConfigParser(
            interpolation=None, strict=False, delimiters=('=',))
        parser.optionxform = str
        parser.read(self._path(unit))
        return parser['Service']

    def _process(self, unit):
        if unit in self._adopted:
            return self._adopted[unit]
        service = self._service(unit)
        given = dict(word.split('=', 1) for word in shlex.split(
            service.get('Environment', '')))
        return process.Process(
            unit, shlex.split(service['ExecStart']), log=self._log(unit),
            env=self._workspace.environment(**self._variables, **given))

    def _stop(self, unit, options):
        if not self._path(unit).exists():
            return Answer(5, complaint=f'Unit {unit} not loaded.\n')
        with self._lock:
            if self._state(unit) == 'active':
                self.events.append(('stop', unit))
                self._stopping[unit] = threading.Thread(
                    target=self._end, args=[unit], daemon=True)
                self._stopping[unit].start()
            stopping = self._stopping.get(unit)
        if stopping and '--no-block' not in options:
            stopping.join()
        return Answer(0)

    def _end(self, unit):
        """Ask a unit to end, and kill it when its time is over."""
        one = self._processes[unit]
        timeout = float(self._service(unit).get('TimeoutStopSec',
                                                STOP_TIMEOUT))
        if unit in self.stubborn:
            self._over.wait(timeout)
            killed = True
            one.kill()
        else:
            _, killed = one.stop(timeout)
        if killed:
            self._killed.add(unit)

    def _restart(self, unit, options):
        self._stop(unit, options)
        return self._start(unit, options)

    def _enable(self, unit, options):
        if not self._path(unit).exists():
            return self._missing(unit)
        self._enabled.add(unit)
        return self._start(unit, []) if '--now' in options else Answer(0)

    def _disable(self, unit, options):
        self._enabled.discard(unit)
        return self._stop(unit, []) if '--now' in options else Answer(0)


def _unit(name):
    return name if name.endswith(SUFFIX) else name + SUFFIX
