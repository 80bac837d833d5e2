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

"""Finds the files that an operator names on the command line."""

from collections import abc
import glob
import pathlib

from heat_upgrade.checks import check_context
from heat_upgrade.checks.config import config_files
from heat_upgrade import errors


def existing(paths: abc.Iterable[pathlib.Path], *,
             patterns: bool = False) -> tuple[pathlib.Path, ...]:
    """Return paths, after a check that all of them exist.

    :param patterns: whether a path may be a pattern of the shell
    :raises: :class:`errors.UsageError` that names all missing ones
    """
    found: dict[pathlib.Path, None] = {}
    missing = []
    for path in paths:
        if path.exists():
            found[path] = None
            continue
        matching = sorted(glob.glob(str(path), recursive=True)
                          ) if patterns else []
        found.update(dict.fromkeys(map(pathlib.Path, matching)))
        if not matching:
            missing.append(str(path))
    if missing:
        verb = 'does' if len(missing) == 1 else 'do'
        raise errors.UsageError(f'{", ".join(missing)} {verb} not exist')
    return tuple(found)


def configuration(paths: abc.Iterable[pathlib.Path]
                  ) -> tuple[pathlib.Path, ...]:
    """Return configuration files; a directory stands for its *.conf.

    :raises: :class:`errors.UsageError`
    """
    found: list[pathlib.Path] = []
    for path in existing(paths):
        inside = sorted(path.glob('*.conf')) if path.is_dir() else [path]
        if not inside:
            raise errors.UsageError(
                f'the directory {path} has no file that ends in .conf; name '
                "Heat's configuration file")
        found += inside
    return tuple(found)


def checked(names: abc.Collection[str],
            asked: check_context.OperatorInputs) -> list[pathlib.Path]:
    """Return the named files and directories that some checks read.

    :param names: names of the checks
    """
    found: list[pathlib.Path] = []
    if 'config' in names:
        found += [*config_files.files(asked), *asked.target_config_files]
    elif 'policy' in names:
        found += config_files.files(asked)
    if 'resources' in names:
        found += [*asked.templates, *asked.environments]
        found += [asked.stacks_from] if asked.stacks_from else []
    return found
