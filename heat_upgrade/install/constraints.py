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

"""The constraints of one environment: a lock file, or the user's file."""

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

# Packages that a service needs and upper-constraints.txt does not pin: the
# lock file's pins are added.
UNNAMED = ('pymysql', 'pyuwsgi', 'setuptools')

URL_TIMEOUT = 60

_URL = re.compile(r'(https?|file)://')
_NAME = re.compile(r'[A-Za-z0-9][A-Za-z0-9._-]*')


@dataclasses.dataclass(frozen=True)
class Constraints:
    """The limits on versions in one environment.

    :ivar origin: the file or URL, for messages
    :ivar lines: requirement lines, sorted
    """

    origin: str
    lines: tuple[str, ...]


def constraints(series: str, given: str | os.PathLike[str] | None = None
                ) -> Constraints:
    """Return the constraints for the environments of a series.

    :param series: a known series
    :param given: path or URL that replaces the lock file
    :raises: errors.UsageError if the given file cannot be read
    """
    if not given:
        return of_lock(releases.lock_file(series))
    lines = normalize(_read(str(given)))
    named = {_name(line) for line in lines}
    pins = releases.lock(series)
    added = [f'{name}=={pins[name]}' for name in UNNAMED
             if name not in named and name in pins]
    return Constraints(f'the constraints {given}',
                       tuple(sorted([*lines, *added])))


def of_lock(path: pathlib.Path) -> Constraints:
    """Return the constraints of a lock file."""
    return Constraints(f'the lock file {path}', normalize(path.read_text()))


def normalize(text: str) -> tuple[str, ...]:
    """Return the lines of a constraints file, as uv accepts them.

    Comments, options and editable lines are dropped. So are Heat and
    Keystone: the release chooses their versions, not the constraints. ``===``,
    as in upper-constraints.txt, becomes ``==``.
    """
    lines = set()
    for line in text.splitlines():
        line = re.sub(r'(^|\s)#.*', '', line).strip()
        name = _name(line)
        if name and name not in (releases.HEAT, releases.KEYSTONE):
            lines.add(line.replace('===', '==', 1))
    return tuple(sorted(lines))


def _name(line: str) -> str | None:
    match = _NAME.match(line)
    return utils.canonicalize_name(match[0]) if match else None


@functools.lru_cache
def _read(given: str) -> str:
    try:
        if _URL.match(given):
            with urllib.request.urlopen(given, timeout=URL_TIMEOUT) as page:
                content: bytes = page.read()
                return content.decode()
        return pathlib.Path(os.path.expanduser(given)).read_text()
    except (OSError, UnicodeDecodeError) as exc:
        # The user has to name another file, both if the host name does not
        # resolve and if the page does not exist.
        raise errors.UsageError(
            f'the constraints {given} cannot be read ({exc}); give the path '
            f'or URL of a file like upper-constraints.txt, or omit the option '
            f'to use the lock files in {releases.lock_dir()}') from exc
