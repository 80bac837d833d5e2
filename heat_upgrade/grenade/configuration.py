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

"""Heat's old configuration: saved, compared, and moved to another vhost."""

import os
import pathlib
import re
import shutil
from urllib import parse

from oslo_config import cfg

from heat_upgrade import errors
from heat_upgrade.grenade import environment
from heat_upgrade.grenade import run_record
from heat_upgrade import process

# Name of the virtual host of the target.
VHOST = 'heat_upgrade_target'

RABBITMQ_TIMEOUT = 60

# The changes that the guide requires for a partial upgrade: the target has a
# virtual host of its own.
BY_THE_GUIDE = {('DEFAULT', 'transport_url')}

Option = tuple[str, str]

_SECTION = re.compile(r'\[([^]]+)\]')
_TRANSPORT = re.compile(r'transport_url\s*=\s*(\S+)\s*$')


def keep(settings: environment.Settings) -> pathlib.Path:
    """Copy Heat's configuration into the run directory, once in a run.

    :returns: the path of the copy
    :raises: :class:`errors.LabError` if it does not exist or cannot be read
    """
    saved = kept(settings)
    if not settings.heat_conf.exists():
        raise errors.LabError(f'{settings.heat_conf} does not exist: Heat is '
                              'not configured on this node')
    if saved.exists():
        return saved
    # An incomplete copy would be compared as if it were complete.
    half = saved.with_name(f'{saved.name}.part')
    shutil.rmtree(half, ignore_errors=True)
    # The files have passwords; their modes in /etc/heat do not matter.
    half.mkdir(mode=0o700)
    try:
        shutil.copytree(settings.heat_conf_dir, half, dirs_exist_ok=True,
                        copy_function=_copy_secret,
                        ignore_dangling_symlinks=True)
    except OSError as exc:
        shutil.rmtree(half, ignore_errors=True)
        raise errors.LabError(
            f'{settings.heat_conf_dir} cannot be copied to {saved}: '
            f'{exc}') from exc
    half.chmod(0o700)
    half.rename(saved)
    return saved


def _copy_secret(source: str, copy: str) -> None:
    shutil.copyfile(source, copy)
    os.chmod(copy, 0o600)


def kept(settings: environment.Settings) -> pathlib.Path:
    """Return the path of the old configuration of this run."""
    return settings.run_dir / 'data' / 'etc.heat'


def changed(settings: environment.Settings) -> list[str]:
    """Return the options and files that the upgrade has changed.

    With several nodes, the changes that the guide requires are left out.

    :returns: texts without values, because some are secret
    """
    before, after = kept(settings), settings.heat_conf_dir
    expected = BY_THE_GUIDE if settings.multinode else set()
    changes = []
    for path in sorted({file.relative_to(directory)
                        for directory in (before, after)
                        for file in directory.rglob('*')
                        if file.is_file()}):
        old, new = before / path, after / path
        if not (old.exists() and new.exists()):
            changes.append(f'{after / path}: '
                           + ('removed' if old.exists() else 'new'))
        elif old.read_bytes() != new.read_bytes():
            options = (_changed_options(old, new)
                       if path.suffix in ('.conf', '.ini') else set())
            if options and options <= expected:
                continue
            changes.append(f'{after / path}: ' + (', '.join(
                f'[{section}] {name}' for section, name
                in sorted(options - expected)) or 'changed'))
    return changes


def _changed_options(old: pathlib.Path, new: pathlib.Path) -> set[Option]:
    """Return the options that differ."""
    before, after = map(_options, (old, new))
    return {option for option in {*before, *after}
            if before.get(option) != after.get(option)}


def _options(path: pathlib.Path) -> dict[Option, list[str]]:
    sections: dict[str, dict[str, list[str]]] = {}
    try:
        cfg.ConfigParser(str(path), sections).parse()
    except cfg.ParseError:
        return {}
    return {(section, name): values
            for section, options in sections.items()
            for name, values in options.items()}


def move_to_vhost(record: run_record.Record, settings: environment.Settings,
                  *, vhost: str = VHOST, run: environment.Run = process.run
                  ) -> str:
    """Give the target a virtual host of its own, as Heat's guide requires.

    Nodes of the base keep the old one. The node that is upgraded first makes
    the virtual host; the others have no broker, and only use it.

    :returns: its name
    :raises: :class:`errors.LabError` if it cannot be made
    """
    text = settings.heat_conf.read_text()
    position = _transport_url(text)
    if position is None:
        raise errors.LabError(
            f'{settings.heat_conf} has no transport_url, so the target cannot '
            'have a virtual host of its own')
    start, end = position
    url = parse.urlsplit(text[start:end])
    user = parse.unquote(url.username or 'guest')
    if settings.partial:
        _make_vhost(record, settings, run, vhost, user)
    moved = parse.urlunsplit(url._replace(path=f'/{vhost}'))
    # Written in place: owner, mode and links stay. A copy of the old file is
    # saved.
    settings.heat_conf.write_text(text[:start] + moved + text[end:])
    return vhost


def _make_vhost(record: run_record.Record, settings: environment.Settings,
                run: environment.Run, vhost: str, user: str) -> None:
    listed = _rabbitmqctl(record, settings, run, '--quiet', 'list_vhosts')
    if vhost not in listed.split():
        _rabbitmqctl(record, settings, run, 'add_vhost', vhost)
    _rabbitmqctl(record, settings, run, 'set_permissions', '-p', vhost,
                 user, '.*', '.*', '.*')


def _transport_url(text: str) -> tuple[int, int] | None:
    """Return the (start, end) of the URL in [DEFAULT], or None.

    Notifications have an option of the same name. The last of several in one
    section counts, as for oslo.config.
    """
    section, start, position = None, 0, None
    for line in text.splitlines(keepends=True):
        header, option = _SECTION.match(line), _TRANSPORT.match(line)
        if header:
            section = header[1]
        elif option and section == 'DEFAULT':
            position = start + option.start(1), start + option.end(1)
        start += len(line)
    return position


def _rabbitmqctl(record: run_record.Record, settings: environment.Settings,
                 run: environment.Run, *words: str) -> str:
    return run(f'rabbitmqctl {words[0]}', [*settings.rabbitmqctl, *words],
               log=record.log('rabbitmqctl'), env=dict(os.environ),
               timeout=RABBITMQ_TIMEOUT)[1]
