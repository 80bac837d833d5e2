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

"""Which files are specs to be checked, and which of them are too old."""

import os
import pathlib

from heat_upgrade import errors
from heat_upgrade.specs import series

# As in heat-specs: specs/<series>/<name>.rst, with directories beside the
# series for what no series has taken on, and for the templates.
ROOT = 'specs'
BACKLOG = 'backlog'
TEMPLATES = 'templates'


def find(paths):
    """Return the specs that a user has named, each once.

    A file is taken as it is, whether it exists or not. In a directory it is
    every .rst file, but no hidden one, no index and no template.

    :param paths: paths of files and directories
    :returns: list of paths as they were named, directories sorted
    :raises: :class:`heat_upgrade.errors.UsageError` if a directory has none
    """
    found = {}
    for path in map(pathlib.Path, paths):
        # Not Path's own, which raises what is not to be found out yet: a name
        # that is too long, a directory that nobody may look into.
        inside = _walk(path) if os.path.isdir(path) else [path]
        if not inside:
            raise errors.UsageError(
                f'there is no spec in {path}: a spec is a file *.rst that is '
                'neither an index nor a template')
        for one in inside:
            found.setdefault(os.path.abspath(one), one)
    return list(found.values())


def exempt(path, since):
    """Tell whether a spec is older than the series from which on they count.

    A spec of the backlog belongs to no series; it answers when it is moved
    into one. Whatever else stands in no directory of a series does count.

    :param path: path of the spec; its directories tell the series
    :param since: place of a series, see :func:`series.place`; None exempts
        none
    """
    if since is None:
        return False
    directories = _directories(path)
    places = [place for place in map(series.place, directories) if place]
    return places[0] < since if places else BACKLOG in directories


def _directories(path):
    """Return the names of the directories between the root and a spec.

    Without a root it is that of the spec's own directory: what stands above
    may be called anything.
    """
    parts = pathlib.Path(os.path.abspath(path)).parent.parts
    if ROOT not in parts:
        return parts[-1:]
    return parts[len(parts) - parts[::-1].index(ROOT):]


def _walk(directory):
    found = []
    for place, directories, names in os.walk(directory, onerror=_refuse):
        directories[:] = sorted(name for name in directories
                                if name[0] != '.' and name != TEMPLATES)
        found += [pathlib.Path(place, name) for name in sorted(names)
                  if _is_spec(name)]
    return found


def _is_spec(name):
    return (name.endswith('.rst') and name[0] != '.'
            and name not in ('index.rst', 'template.rst')
            and not name.endswith('-template.rst'))


def _refuse(error):
    raise errors.UsageError(
        f'{error.filename} cannot be read: {error.strerror}')
