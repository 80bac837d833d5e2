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

"""Proves that Heat is down: its units, its processes, its listeners."""

from collections import abc
import configparser
import json
import pathlib
import socket
import typing

import psutil

from heat_upgrade import errors
from heat_upgrade.grenade import environment
from heat_upgrade.grenade import run_record
from heat_upgrade.grenade import systemd as heat_units
from heat_upgrade import waiting

# The program of the engine's unit, and the files with uwsgi's configuration.
ENGINE = 'heat-engine'
UWSGI_FILES = 'heat-*uwsgi*.ini'

# The options with the address of uwsgi, without the proxy in front of it.
_SOCKETS = ('socket', 'http-socket', 'http', 'uwsgi-socket')

# Seconds; if the start times of two processes with the same PID differ by
# more, the PID was reused.
SAME_START = 2

ANSWER_TIMEOUT = 5
INTERVAL = 0.5

FILE = 'processes.json'


def remember(record: run_record.Record, systemd: heat_units.Systemd
             ) -> list[str]:
    """Record Heat's units and processes, so that their end can be proved.

    :returns: names of the units
    :raises: :class:`run_record.Broken` if no engine has a unit
    """
    units = systemd.units()
    if heat_units.ENGINE not in [unit.name for unit in units]:
        raise run_record.Broken(
            'the unit devstack@h-eng.service does not exist: Heat is not '
            'enabled in the base. Enable its DevStack plugin, and h-eng, '
            'h-api and h-api-cfn', log=record.log('systemctl'))
    processes = {}
    for unit in units:
        for child in _tree(unit.pid):
            processes[str(child.pid)] = child.create_time()
    record.data(FILE).write_text(json.dumps(
        {'units': [unit.name for unit in units], 'processes': processes}))
    return [unit.name for unit in units]


def has_remembered(record: run_record.Record) -> bool:
    """Return True if Heat's units have been recorded."""
    return record.data(FILE).exists()


def remembered(record: run_record.Record) -> list[str]:
    """Return the names of the units that ran before the upgrade.

    :raises: :class:`run_record.Broken` if they were not recorded
    """
    names: list[str] = _remembered(record)['units']
    return names


def _remembered(record: run_record.Record) -> dict[str, typing.Any]:
    try:
        known: dict[str, typing.Any] = json.loads(
            record.data(FILE).read_text())
        return known
    except FileNotFoundError as exc:
        raise run_record.Broken(
            f'{record.data(FILE)} does not exist: the units of Heat were not '
            'recorded before the upgrade; find out why `resources.sh create` '
            'or shutdown.sh did not do so') from exc


def prove(record: run_record.Record, systemd: heat_units.Systemd,
          settings: environment.Settings) -> None:
    """Wait until no part of Heat runs or listens on this node.

    :raises: :class:`errors.WaitTimeout` that names the remaining parts
    """
    known = _remembered(record)

    def left() -> list[str]:
        return [*_active(systemd, known['units']),
                *_alive(known['processes']),
                *_engines(settings.heat_conf_dir),
                *_listening(settings.heat_conf_dir)]

    last: list[str] = []

    def down() -> bool:
        last[:] = left()
        return not last
    try:
        waiting.wait_until(
            down, timeout=settings.timeout, interval=INTERVAL,
            what='Heat to be down', log=record.log('systemctl'))
    except errors.WaitTimeout as exc:
        raise errors.WaitTimeout(
            f'Heat is not down {settings.timeout:g} s after it was '
            f'stopped: {(last or [str(exc)])[0]}\n' + '\n'.join(last),
            log=record.log('systemctl')) from exc


def _active(systemd: heat_units.Systemd, names: abc.Iterable[str]
            ) -> abc.Iterator[str]:
    for name in names:
        unit = systemd.unit(name)
        if unit and not unit.is_down:
            yield f'the unit {heat_units.full_name(name)} is {unit.state}'


def _alive(processes: abc.Mapping[str, float]) -> abc.Iterator[str]:
    """Yield the recorded processes that still run."""
    for pid, created in processes.items():
        try:
            process = psutil.Process(int(pid))
            # psutil derives the start from the boot time, which moves when
            # the clock is set.
            if (abs(process.create_time() - created) < SAME_START
                    and process.status() != psutil.STATUS_ZOMBIE):
                yield (f'process {pid} of Heat: '
                       f'{" ".join(process.cmdline())}')
        except psutil.Error:
            continue


def _engines(directory: pathlib.Path) -> abc.Iterator[str]:
    """Yield processes with this configuration, also those without a unit."""
    for process in psutil.process_iter(['cmdline', 'pid']):
        words = process.info['cmdline'] or []
        programs = {pathlib.Path(word).name for word in words[:2]}
        if (programs & {ENGINE, 'uwsgi'} and any(
                f'{directory}/heat' in word for word in words)):
            yield f'process {process.info["pid"]}: {" ".join(words)}'


def _listening(directory: pathlib.Path) -> abc.Iterator[str]:
    """Yield the sockets of Heat's uwsgi that accept connections."""
    for path in sorted(directory.glob(UWSGI_FILES)):
        # uwsgi has options without a value, and allows the same one twice.
        parser = configparser.ConfigParser(
            strict=False, allow_no_value=True, interpolation=None)
        parser.read(path)
        if not parser.has_section('uwsgi'):
            continue
        for option in _SOCKETS:
            address = parser['uwsgi'].get(option)
            if address and _answers(address):
                yield f'a process listens at {address}, of {path}'


def _answers(address: str) -> bool:
    try:
        if address.startswith('/'):
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(ANSWER_TIMEOUT)
                connection.connect(address)
        else:
            host, _, port = address.rpartition(':')
            socket.create_connection(
                (host.strip('[]') or '127.0.0.1', int(port)),
                ANSWER_TIMEOUT).close()
    except (OSError, ValueError):
        return False
    return True


def _tree(pid: int) -> list[psutil.Process]:
    """Return a process and its descendants, [] if it does not exist."""
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)] if pid else []
    except psutil.Error:
        return []
