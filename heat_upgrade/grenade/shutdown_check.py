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

import configparser
import json
import pathlib
import socket

import psutil

from heat_upgrade import errors
from heat_upgrade.grenade import run_record
from heat_upgrade.grenade import systemd as heat_units
from heat_upgrade import waiting

# Names of what the units run, and of uwsgi's configuration of Heat's.
ENGINE = 'heat-engine'
UWSGI_FILES = 'heat-*uwsgi*.ini'

# Where uwsgi says that it listens, without the proxy in front of it.
_SOCKETS = ('socket', 'http-socket', 'http', 'uwsgi-socket')

# Two times at which a process has started differ by more seconds than this
# if they are those of two processes with one number.
SAME_START = 2

ANSWER_TIMEOUT = 5
INTERVAL = 0.5

FILE = 'processes.json'


def remember(record, systemd):
    """Keep what runs of Heat, so that its end can be proved.

    :returns: names of its units
    :raises: :class:`record.Broken` if there is no engine's
    """
    found = systemd.units()
    if heat_units.ENGINE not in [unit.name for unit in found]:
        raise run_record.Broken(
            'there is no unit devstack@h-eng.service: Heat is not enabled in '
            'the base. Enable its DevStack plugin, and h-eng, h-api and '
            'h-api-cfn', log=record.log('systemctl'))
    processes = {}
    for unit in found:
        for one in _tree(unit.pid):
            processes[str(one.pid)] = one.create_time()
    record.data(FILE).write_text(json.dumps(
        {'units': [unit.name for unit in found], 'processes': processes}))
    return [unit.name for unit in found]


def has_remembered(record):
    """Tell whether anybody has looked at what runs of Heat."""
    return record.data(FILE).exists()


def remembered(record):
    """Return the names of the units that ran before the upgrade.

    :raises: :class:`record.Broken` if nobody has remembered them
    """
    return _remembered(record)['units']


def _remembered(record):
    try:
        return json.loads(record.data(FILE).read_text())
    except FileNotFoundError as exc:
        raise run_record.Broken(
            f'{record.data(FILE)} is not there: nobody has looked at the '
            'units of Heat before the upgrade; see why `resources.sh create` '
            'or shutdown.sh has not') from exc


def prove(record, systemd, surroundings):
    """Wait until nothing of Heat runs or listens on this node.

    :raises: :class:`errors.WaitTimeout` that says what does
    """
    known = _remembered(record)

    def left():
        return [*_active(systemd, known['units']),
                *_alive(known['processes']),
                *_engines(surroundings.heat_conf_dir),
                *_listening(surroundings.heat_conf_dir)]

    last = []

    def down():
        last[:] = left()
        return not last
    try:
        waiting.wait_until(
            down, timeout=surroundings.timeout, interval=INTERVAL,
            what='Heat to be down', log=record.log('systemctl'))
    except errors.WaitTimeout as exc:
        raise errors.WaitTimeout(
            f'Heat is not down {surroundings.timeout:g} s after it was '
            f'stopped: {(last or [exc])[0]}\n' + '\n'.join(last),
            log=record.log('systemctl')) from exc


def _active(systemd, names):
    for name in names:
        unit = systemd.unit(name)
        if unit and not unit.is_down:
            yield f'the unit {heat_units.full_name(name)} is {unit.state}'


def _alive(processes):
    """Yield those of the processes that were remembered."""
    for pid, created in processes.items():
        try:
            one = psutil.Process(int(pid))
            # Reckoned from the time of the boot, which a clock that is set
            # meanwhile moves.
            if (abs(one.create_time() - created) < SAME_START
                    and one.status() != psutil.STATUS_ZOMBIE):
                yield f'process {pid} of Heat: {" ".join(one.cmdline())}'
        except psutil.Error:
            continue


def _engines(directory):
    """Yield processes with this configuration that no unit knows."""
    for one in psutil.process_iter(['cmdline', 'pid']):
        words = one.info['cmdline'] or []
        programs = {pathlib.Path(word).name for word in words[:2]}
        if (programs & {ENGINE, 'uwsgi'} and any(
                f'{directory}/heat' in word for word in words)):
            yield f'process {one.info["pid"]}: {" ".join(words)}'


def _listening(directory):
    """Yield the sockets of Heat's uwsgi at which somebody answers."""
    for path in sorted(directory.glob(UWSGI_FILES)):
        # uwsgi has options without a value, and the same one several times.
        parser = configparser.ConfigParser(
            strict=False, allow_no_value=True, interpolation=None)
        parser.read(path)
        if not parser.has_section('uwsgi'):
            continue
        for option in _SOCKETS:
            address = parser['uwsgi'].get(option)
            if address and _answers(address):
                yield f'somebody listens at {address}, of {path}'


def _answers(address):
    try:
        if address.startswith('/'):
            with socket.socket(socket.AF_UNIX) as one:
                one.settimeout(ANSWER_TIMEOUT)
                one.connect(address)
        else:
            host, _, port = address.rpartition(':')
            socket.create_connection(
                (host.strip('[]') or '127.0.0.1', int(port)),
                ANSWER_TIMEOUT).close()
    except (OSError, ValueError):
        return False
    return True


def _tree(pid):
    """Return a process and what it has started, [] without one."""
    try:
        one = psutil.Process(pid)
        return [one, *one.children(recursive=True)] if pid else []
    except psutil.Error:
        return []
