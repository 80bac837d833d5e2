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

"""Heat's old configuration: kept, compared, and moved to another vhost."""

import os
import re
import shutil
from urllib import parse

from oslo_config import cfg

from heat_upgrade import errors
from heat_upgrade import process

# What the virtual host of the target is called.
VHOST = 'heat_upgrade_target'

RABBITMQ_TIMEOUT = 60

# What a partial upgrade changes by the guide: the target has a virtual host
# of its own, whoever has made it.
BY_THE_GUIDE = {('DEFAULT', 'transport_url')}

_SECTION = re.compile(r'\[([^]]+)\]')
_TRANSPORT = re.compile(r'transport_url\s*=\s*(\S+)\s*$')


def keep(surroundings):
    """Copy Heat's configuration into the run directory, once in a run.

    :returns: where it is kept
    :raises: :class:`errors.LabError` if there is none, or it cannot be read
    """
    place = kept(surroundings)
    if not surroundings.heat_conf.exists():
        raise errors.LabError(f'{surroundings.heat_conf} is not there: Heat '
                              'is not configured on this node')
    if place.exists():
        return place
    # Half a copy would be compared as if it were all that there was.
    half = place.with_name(f'{place.name}.part')
    shutil.rmtree(half, ignore_errors=True)
    # It has passwords, whatever the modes in /etc/heat are.
    half.mkdir(mode=0o700)
    try:
        shutil.copytree(surroundings.heat_conf_dir, half, dirs_exist_ok=True,
                        copy_function=_copy_secret,
                        ignore_dangling_symlinks=True)
    except OSError as exc:
        shutil.rmtree(half, ignore_errors=True)
        raise errors.LabError(
            f'{surroundings.heat_conf_dir} cannot be kept in {place}: '
            f'{exc}') from exc
    half.chmod(0o700)
    half.rename(place)
    return place


def _copy_secret(source, place):
    shutil.copyfile(source, place)
    os.chmod(place, 0o600)


def kept(surroundings):
    """Return where the old configuration of this run is."""
    return surroundings.run_dir / 'data' / 'etc.heat'


def changed(surroundings):
    """Return which options and files the upgrade has changed.

    Where there are several nodes what the guide asks for is no change.

    :returns: list of texts that name no value: some are secret
    """
    before, after = kept(surroundings), surroundings.heat_conf_dir
    expected = BY_THE_GUIDE if surroundings.multinode else set()
    found = []
    for path in sorted({one.relative_to(place)
                        for place in (before, after)
                        for one in place.rglob('*') if one.is_file()}):
        old, new = before / path, after / path
        if not (old.exists() and new.exists()):
            found.append(f'{after / path}: '
                         + ('removed' if old.exists() else 'new'))
        elif old.read_bytes() != new.read_bytes():
            options = (_changed_options(old, new)
                       if path.suffix in ('.conf', '.ini') else set())
            if options and options <= expected:
                continue
            found.append(f'{after / path}: ' + (', '.join(
                f'[{section}] {name}' for section, name
                in sorted(options - expected)) or 'changed'))
    return found


def _changed_options(old, new):
    """Return the options that differ, as a set of (section, name)."""
    old, new = map(_options, (old, new))
    return {option for option in {*old, *new}
            if old.get(option) != new.get(option)}


def _options(path):
    sections = {}
    try:
        cfg.ConfigParser(str(path), sections).parse()
    except cfg.ParseError:
        return {}
    return {(section, name): values
            for section, options in sections.items()
            for name, values in options.items()}


def move_to_vhost(record, surroundings, *, vhost=VHOST, run=process.run):
    """Give the target a virtual host of its own, as Heat's guide says.

    Whoever goes on with the base keeps the old one. The node that is upgraded
    first makes it; the others have no broker, and follow.

    :returns: its name
    :raises: :class:`errors.LabError` if it cannot be made
    """
    text = surroundings.heat_conf.read_text()
    found = _transport_url(text)
    if found is None:
        raise errors.LabError(
            f'{surroundings.heat_conf} has no transport_url, so the target '
            'cannot have a virtual host of its own')
    start, end = found
    url = parse.urlsplit(text[start:end])
    user = parse.unquote(url.username or 'guest')
    if surroundings.partial:
        _make_vhost(record, surroundings, run, vhost, user)
    moved = parse.urlunsplit(url._replace(path=f'/{vhost}'))
    # In its place: its owner, its mode, and what links to it stay. A copy of
    # it is kept.
    surroundings.heat_conf.write_text(text[:start] + moved + text[end:])
    return vhost


def _make_vhost(record, surroundings, run, vhost, user):
    listed = _rabbitmqctl(record, surroundings, run, '--quiet', 'list_vhosts')
    if vhost not in listed.split():
        _rabbitmqctl(record, surroundings, run, 'add_vhost', vhost)
    _rabbitmqctl(record, surroundings, run, 'set_permissions', '-p', vhost,
                 user, '.*', '.*', '.*')


def _transport_url(text):
    """Return from where to where it stands in [DEFAULT], None if nowhere.

    Notifications have one of their own. Of several in one section the last
    counts, as for oslo.config.
    """
    section, place, found = None, 0, None
    for line in text.splitlines(keepends=True):
        header, option = _SECTION.match(line), _TRANSPORT.match(line)
        if header:
            section = header[1]
        elif option and section == 'DEFAULT':
            found = place + option.start(1), place + option.end(1)
        place += len(line)
    return found


def _rabbitmqctl(record, surroundings, run, *words):
    return run(f'rabbitmqctl {words[0]}', [*surroundings.rabbitmqctl, *words],
               log=record.log('rabbitmqctl'), env=dict(os.environ),
               timeout=RABBITMQ_TIMEOUT)[1]
