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

"""Refuses a configuration file that is not one of Heat.

A check of the nova.conf or the api-paste.ini of a node would report each line
as unknown, and nothing about Heat.
"""

from collections import abc
import pathlib
import re

from heat_upgrade.checks.config import config_files
from heat_upgrade.checks.config import options
from heat_upgrade import errors

# Sections that Heat, its plug-ins or its libraries had in earlier releases.
_RETIRED = re.compile(r'clients|clients_\w+|heat_\w+|oslo_\w+|matchmaker_\w+'
                      r'|rpc_notifier2|eventlet_opts|ssl|cors\.\w+|audit\w*')


def refuse_foreign(settings: abc.Iterable[config_files.Setting],
                   *known: options.Options) -> None:
    """Refuse files that have more of another service than of Heat.

    Names alone prove nothing: the names of retired options are unknown too,
    in sections that Heat has.

    :param known: options of the releases
    :raises: :class:`errors.UsageError` that names all such files
    """
    keys = {name for each in known for key, option in each.items()
            for name in (key, *option.old_names)}
    settings = list(settings)
    sections = {group for group, _ in keys} | {
        setting.group for setting in settings
        if _RETIRED.fullmatch(setting.group)}
    by_file: dict[pathlib.Path, list[config_files.Setting]] = {}
    for setting in settings:
        by_file.setdefault(setting.path, []).append(setting)
    foreign = [path for path, each in by_file.items()
               if _is_foreign(each, keys, sections)]
    if foreign:
        raise errors.UsageError('\n'.join(
            f'{path} is not a configuration file of Heat: most of its '
            f'sections, such as [{_strange(by_file[path], sections)}], '
            'belong to another program; name heat.conf'
            for path in foreign))


def refuse_empty(files: abc.Sequence[pathlib.Path]) -> None:
    """Refuse files without any section: a check would find nothing in them.

    :raises: :class:`errors.UsageError`
    """
    if files and not config_files.sections(files):
        raise errors.UsageError(
            f'{", ".join(map(str, files))}: no section was found; name a '
            "configuration file of Heat, such as the node's heat.conf")


def _is_foreign(settings: abc.Sequence[config_files.Setting],
                keys: abc.Container[options.Key],
                sections: abc.Container[str]) -> bool:
    groups = {setting.group for setting in settings}
    strange = [group for group in groups if group not in sections]
    unknown = [setting for setting in settings if setting.key not in keys]
    return (2 * len(strange) > len(groups)
            and 2 * len(unknown) > len(settings))


def _strange(settings: abc.Iterable[config_files.Setting],
             sections: abc.Container[str]) -> str:
    return next(setting.section for setting in settings
                if setting.group not in sections)
