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

"""Atomic writes, files of JSON lines, and new directories."""

from collections import abc
import contextlib
import datetime
import json
import os
import pathlib
import tempfile
import typing

from heat_upgrade import errors

Path = str | os.PathLike[str]


class DamagedLine(ValueError):
    """A line of a file is not JSON.

    :ivar number: of the line, from 1
    """

    def __init__(self, path: pathlib.Path, number: int) -> None:
        super().__init__(f'line {number} of {path.name} is damaged: JSON was '
                         'expected')
        self.number = number


def write_atomically(path: Path, text: str) -> None:
    """Write a file with mode 0600, completely or not at all."""
    path = pathlib.Path(path)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f'.{path.name}.')
    try:
        with os.fdopen(handle, 'w', encoding='utf-8') as out:
            out.write(text)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise


def new_directory(parent: pathlib.Path, name: str) -> pathlib.Path:
    """Create a directory with mode 0700, named by the time (UTC) and a name.

    :returns: its absolute path
    :raises: errors.UsageError if it cannot be created
    """
    now = datetime.datetime.now(datetime.UTC).strftime('%Y%m%d-%H%M%S')
    for number in range(1, 100):
        path = parent / f'{now}-{name}{f"-{number}" if number > 1 else ""}'
        try:
            path.mkdir(parents=True, mode=0o700)
        except FileExistsError:
            continue
        except OSError as exc:
            raise errors.UsageError(
                f'cannot make a run directory in {parent}: {exc}') from exc
        return path.resolve()
    raise errors.UsageError(f'{parent} has 99 directories of this second')


def json_lines(path: Path) -> abc.Iterator[typing.Any]:
    """Yield the JSON value of each line of a file.

    A last line that a crash truncated is left out.

    :raises: FileNotFoundError, DamagedLine
    """
    path = pathlib.Path(path)
    lines = path.read_text(encoding='utf-8', errors='replace').splitlines()
    for number, line in enumerate(lines, 1):
        try:
            yield json.loads(line)
        except ValueError:
            if number < len(lines):
                raise DamagedLine(path, number) from None
