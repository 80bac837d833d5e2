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

"""DevStack's systemd units of Heat, and the path of Heat's programs."""

from collections import abc
import dataclasses
import os
import pathlib
import re
import shutil

from heat_upgrade import errors
from heat_upgrade.grenade import environment
from heat_upgrade.grenade import run_record
from heat_upgrade import process

# In the order of a manual start.
NAMES = ('h-eng', 'h-api', 'h-api-cfn')

ENGINE = 'h-eng'

# Seconds that a call of systemctl may take.
QUESTION_TIMEOUT = 60

_PROPERTIES = ('LoadState', 'ActiveState', 'SubState', 'MainPID',
               'ExecStart', 'ActiveEnterTimestampMonotonic')

# Directories in which DevStack has installed Heat over time.
_PLACES = ('/usr/local/bin', '/usr/bin')


@dataclasses.dataclass(frozen=True)
class Unit:
    """The state of a unit.

    :ivar name: h-eng, of devstack@h-eng.service
    :ivar state: its ActiveState: active, inactive, failed, activating …
    :ivar pid: PID of its main process, 0 without one
    :ivar program: path of its program, '' if unknown
    :ivar since: monotonic time in seconds since which it is active, None if
        unknown
    """

    name: str
    state: str
    pid: int
    program: str
    since: float | None

    @property
    def is_down(self) -> bool:
        return self.state in ('inactive', 'failed')

    @property
    def is_up(self) -> bool:
        return self.state == 'active'


def full_name(name: str) -> str:
    """Return systemd's name of a unit of DevStack."""
    return f'devstack@{name}.service'


class Systemd:
    """Reads and controls units with systemctl.

    :param log: path of the log of all calls
    """

    def __init__(self, settings: environment.Settings, log: pathlib.Path, *,
                 run: environment.Run = process.run) -> None:
        self._words = settings.systemctl
        self._log = log
        self._run = run

    def unit(self, name: str) -> Unit | None:
        """Return a unit, None if systemd does not know it."""
        _, output = self._systemctl(
            'show', '--no-pager',
            *(f'--property={each}' for each in _PROPERTIES), full_name(name))
        values = dict(line.split('=', 1) for line in output.splitlines()
                      if '=' in line)
        if values.get('LoadState') in (None, 'not-found'):
            return None
        microseconds = values.get('ActiveEnterTimestampMonotonic') or '0'
        program = re.search(r'path=([^ ;]+)', values.get('ExecStart', ''))
        return Unit(
            name=name, state=values.get('ActiveState', ''),
            pid=int(values.get('MainPID') or 0),
            program=program[1] if program else '',
            since=(int(microseconds) / 1e6 if microseconds != '0' else None))

    def units(self) -> list[Unit]:
        """Return the units of Heat that exist, in the order of NAMES."""
        return [unit for unit in map(self.unit, NAMES) if unit]

    def stop(self, names: abc.Sequence[str]) -> None:
        """Stop units, and keep a boot from starting them.

        It does not wait: systemd itself would wait five minutes for an
        engine of DevStack, and the caller has a shorter deadline.

        :raises: :class:`run_record.Broken` if systemd cannot do it
        """
        # The APIs first: without engines they could only return errors.
        for name in reversed(names):
            self._systemctl('stop', '--no-block', full_name(name))
            self._systemctl('disable', full_name(name))

    def start(self, name: str) -> None:
        """Start a unit, even if a boot would not.

        :raises: :class:`run_record.Broken` if systemd cannot do it
        """
        self._systemctl('start', '--no-block', full_name(name))

    def _systemctl(self, *words: str) -> tuple[int, str]:
        # An error of systemd is not Heat's failure, in any step.
        with run_record.blame_lab():
            return self._run(
                f'systemctl {words[0]} {words[-1]}', [*self._words, *words],
                log=self._log, env=dict(os.environ),
                timeout=QUESTION_TIMEOUT)


def find(program: str, units: abc.Iterable[Unit],
         settings: environment.Settings) -> pathlib.Path:
    """Return the path of one of Heat's installed programs.

    It is next to the engine's program. A program of a checkout is ignored,
    because an operator runs the installed one.

    :param program: such as 'heat-manage'
    :param units: Heat's units
    :raises: :class:`errors.LabError` that lists the searched directories
    """
    directories = [pathlib.Path(unit.program).parent for unit in units
                   if unit.name == ENGINE and unit.program]
    if settings.venv:
        directories.append(settings.venv / 'bin')
    directories += [pathlib.Path(directory) for directory in (
        *os.environ.get('PATH', '').split(os.pathsep), *_PLACES)
        if directory]
    checkouts = [(directory / 'heat').resolve() for directory in (
        settings.base_dir, settings.target_dir)]
    for directory in directories:
        path = shutil.which(program, path=str(directory))
        if path and not any(
                pathlib.Path(path).is_relative_to(checkout)
                for checkout in checkouts):
            return pathlib.Path(path)
    raise errors.LabError(
        f'{program} is not installed in '
        + ', '.join(map(str, dict.fromkeys(directories)))
        + '; programs in a checkout are ignored, because an operator would '
        'not run them')
