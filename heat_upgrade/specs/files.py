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

"""Finds the specs to check, and the specs that are too old for it."""

from collections import abc
import os
import pathlib
import typing

from heat_upgrade import errors
from heat_upgrade.specs import series

# As in heat-specs: specs/<series>/<name>.rst; next to the series are
# directories for the specs of no series and for the templates.
ROOT = 'specs'
BACKLOG = 'backlog'
TEMPLATES = 'templates'

Path = str | os.PathLike[str]


def find(paths: abc.Iterable[Path]) -> list[pathlib.Path]:
    """Return the specs below the given paths, each once.

    A file is returned as it is, whether it exists or not. For a directory,
    every .rst file in it is returned, except hidden files, indexes and
    templates.

    :param paths: paths of files and directories
    :returns: paths relative to the same directory as given; those of a
        directory are sorted
    :raises: UsageError if a directory has no spec
    """
    specs: dict[str, pathlib.Path] = {}
    for path in map(pathlib.Path, paths):
        # Path.is_dir() would raise for a name that is too long, or for a
        # parent directory without permission; the reader reports these.
        inside = _walk(path) if os.path.isdir(path) else [path]
        if not inside:
            raise errors.UsageError(
                f'there is no spec in {path}: a spec is a file *.rst that is '
                'neither an index nor a template')
        for spec in inside:
            specs.setdefault(os.path.abspath(spec), spec)
    return list(specs.values())


def exempt(path: Path, since: series.Place | None) -> bool:
    """Return True if a spec is older than the first series to check.

    A spec of the backlog belongs to no series; it is checked once it moves
    into one. Any other spec outside the directory of a series is checked.

    :param path: path of the spec; its directories name the series
    :param since: see :func:`series.place`; None exempts no spec
    """
    if since is None:
        return False
    directories = _directories(path)
    places = [place for place in map(series.place, directories) if place]
    return places[0] < since if places else BACKLOG in directories


def _directories(path: Path) -> tuple[str, ...]:
    """Return the names of the directories between the root and a spec.

    Without a root, return the name of the spec's own directory only: a
    directory above it may have any name.
    """
    parts = pathlib.Path(os.path.abspath(path)).parent.parts
    if ROOT not in parts:
        return parts[-1:]
    return parts[len(parts) - parts[::-1].index(ROOT):]


def _walk(root: pathlib.Path) -> list[pathlib.Path]:
    specs: list[pathlib.Path] = []
    for directory, directories, names in os.walk(root, onerror=_refuse):
        directories[:] = sorted(name for name in directories
                                if name[0] != '.' and name != TEMPLATES)
        specs += [pathlib.Path(directory, name) for name in sorted(names)
                  if _is_spec(name)]
    return specs


def _is_spec(name: str) -> bool:
    return (name.endswith('.rst') and name[0] != '.'
            and name not in ('index.rst', 'template.rst')
            and not name.endswith('-template.rst'))


def _refuse(error: OSError) -> typing.NoReturn:
    raise errors.UsageError(
        f'{error.filename} cannot be read: {error.strerror}')
