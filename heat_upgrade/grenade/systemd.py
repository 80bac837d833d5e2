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

"""The systemd units of Heat that DevStack makes, and where Heat is installed.
"""

import dataclasses
import os
import pathlib
import re
import shutil

from heat_upgrade import errors
from heat_upgrade.grenade import run_record
from heat_upgrade import process

# In the order in which a user would start them.
NAMES = ('h-eng', 'h-api', 'h-api-cfn')

ENGINE = 'h-eng'

# Seconds that a question to systemd may take.
QUESTION_TIMEOUT = 60

_PROPERTIES = ('LoadState', 'ActiveState', 'SubState', 'MainPID',
               'ExecStart', 'ActiveEnterTimestampMonotonic')

# Where DevStack has installed Heat at one time or another.
_PLACES = ('/usr/local/bin', '/usr/bin')


@dataclasses.dataclass(frozen=True)
class Unit:
    """What systemd says of a unit.

    :ivar name: h-eng, of devstack@h-eng.service
    :ivar state: its ActiveState: active, inactive, failed, activating …
    :ivar pid: of its main process, 0 without one
    :ivar program: path of what it runs, '' if that is not known
    :ivar since: monotonic time in seconds since which it is active, None if
        it is not known
    """

    name: str
    state: str
    pid: int
    program: str
    since: float | None

    @property
    def is_down(self):
        return self.state in ('inactive', 'failed')

    @property
    def is_up(self):
        return self.state == 'active'


def full_name(name):
    """Return what systemd calls a unit of DevStack."""
    return f'devstack@{name}.service'


class Systemd:
    """Asks systemd, and tells it what to do.

    :param surroundings: :class:`surroundings.Surroundings`
    :param log: path of the log of all that is run
    :param run: for tests, like :func:`process.run`
    """

    def __init__(self, surroundings, log, *, run=process.run):
        self._words = surroundings.systemctl
        self._log = log
        self._run = run

    def unit(self, name):
        """Return a :class:`Unit`, None if systemd does not know it."""
        _, output = self._systemctl(
            'show', '--no-pager',
            *(f'--property={each}' for each in _PROPERTIES), full_name(name))
        said = dict(line.split('=', 1) for line in output.splitlines()
                    if '=' in line)
        if said.get('LoadState') in (None, 'not-found'):
            return None
        microseconds = said.get('ActiveEnterTimestampMonotonic') or '0'
        program = re.search(r'path=([^ ;]+)', said.get('ExecStart', ''))
        return Unit(
            name=name, state=said.get('ActiveState', ''),
            pid=int(said.get('MainPID') or 0),
            program=program[1] if program else '',
            since=(int(microseconds) / 1e6 if microseconds != '0' else None))

    def units(self):
        """Return the units of Heat that there are, by NAMES."""
        return [unit for unit in map(self.unit, NAMES) if unit]

    def stop(self, names):
        """Let units stop, and keep a boot from starting them.

        It is not waited for: systemd itself would wait five minutes for an
        engine of DevStack, and who asks has a deadline of his own.

        :raises: :class:`record.Broken` if systemd cannot
        """
        # The APIs first: they could only answer that no engine does.
        for name in reversed(names):
            self._systemctl('stop', '--no-block', full_name(name))
            self._systemctl('disable', full_name(name))

    def start(self, name):
        """Let a unit start, whether or not a boot would.

        :raises: :class:`record.Broken` if systemd cannot
        """
        self._systemctl('start', '--no-block', full_name(name))

    def _systemctl(self, *words):
        # What systemd cannot do is not Heat's failure, in whatever step.
        with run_record.ours():
            return self._run(
                f'systemctl {words[0]} {words[-1]}', [*self._words, *words],
                log=self._log, env=dict(os.environ),
                timeout=QUESTION_TIMEOUT)


def find(program, units, surroundings):
    """Return the path of one of Heat's programs as it is installed.

    It stands where the engine's does. What is run is what an operator has;
    a checkout's own is none of that.

    :param program: such as 'heat-manage'
    :param units: :class:`Unit` of each
    :raises: :class:`errors.LabError` that says where was looked
    """
    places = [pathlib.Path(unit.program).parent for unit in units
              if unit.name == ENGINE and unit.program]
    if surroundings.venv:
        places.append(surroundings.venv / 'bin')
    places += [pathlib.Path(place) for place in (
        *os.environ.get('PATH', '').split(os.pathsep), *_PLACES) if place]
    checkouts = [(directory / 'heat').resolve() for directory in (
        surroundings.base_dir, surroundings.target_dir)]
    for place in places:
        path = shutil.which(program, path=str(place))
        if path and not any(
                pathlib.Path(path).is_relative_to(checkout)
                for checkout in checkouts):
            return pathlib.Path(path)
    raise errors.LabError(
        f'{program} is not installed in '
        + ', '.join(map(str, dict.fromkeys(places)))
        + '; that of a checkout is not what an operator would run')
