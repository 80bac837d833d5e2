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

"""The constraints of one environment: a lock file, or what the user gives."""

import dataclasses
import functools
import os
import pathlib
import re
import urllib.error
import urllib.request

from packaging import utils

from heat_upgrade import errors
from heat_upgrade.install import releases

# Packages that a service needs and that upper-constraints.txt does not name:
# the lock's pins stand in for what is missing.
UNNAMED = ('pymysql', 'pyuwsgi', 'setuptools')

URL_TIMEOUT = 60

_URL = re.compile(r'(https?|file)://')
_NAME = re.compile(r'[A-Za-z0-9][A-Za-z0-9._-]*')


@dataclasses.dataclass(frozen=True)
class Constraints:
    """What limits the versions in one environment.

    :ivar origin: where they come from, for messages
    :ivar lines: requirement lines, sorted
    """

    origin: str
    lines: tuple[str, ...]


def constraints(series, given=None):
    """Return the constraints of a series' environments.

    :param series: a known series
    :param given: path or URL that replaces the lock file
    :raises: :class:`errors.UsageError` if what is given is not there
    """
    if not given:
        path = releases.lock_file(series)
        return Constraints(f'the lock file {path}',
                           normalize(path.read_text()))
    lines = normalize(_read(str(given)))
    named = {_name(line) for line in lines}
    pins = releases.lock(series)
    added = [f'{name}=={pins[name]}' for name in UNNAMED
             if name not in named and name in pins]
    return Constraints(f'the constraints {given}',
                       tuple(sorted([*lines, *added])))


def normalize(text):
    """Return the lines of a constraints file as uv takes them.

    Comments, options and editable lines go, and so do Heat and Keystone
    themselves: which version of them is installed is not for the constraints
    to say. ``===``, as upper-constraints.txt has it, becomes ``==``.
    """
    lines = set()
    for line in text.splitlines():
        line = re.sub(r'(^|\s)#.*', '', line).strip()
        name = _name(line)
        if name and name not in (releases.HEAT, releases.KEYSTONE):
            lines.add(line.replace('===', '==', 1))
    return tuple(sorted(lines))


def _name(line):
    match = _NAME.match(line)
    return match and utils.canonicalize_name(match[0])


@functools.lru_cache
def _read(given):
    try:
        if _URL.match(given):
            with urllib.request.urlopen(given, timeout=URL_TIMEOUT) as page:
                return page.read().decode()
        return pathlib.Path(os.path.expanduser(given)).read_text()
    except (OSError, UnicodeDecodeError) as exc:
        # A name that does not resolve and a page that is not there are alike
        # to the caller, who has to name another one.
        raise errors.UsageError(
            f'the constraints {given} cannot be read ({exc}); give the path '
            f'or URL of a file like upper-constraints.txt, or none for the '
            f'lock files in {releases.lock_dir()}') from exc
