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

"""The workspace of a rehearsal: private, and removed at its end.

The database has an operator's data, and any log can quote them. Therefore all
files are in one directory of mode 0700, which ends with the rehearsal.
"""

import pathlib
import secrets
import shutil
import tempfile

from heat_upgrade import errors
from heat_upgrade.lab import workspace
from heat_upgrade import process
from heat_upgrade import reaper

# Bytes that a server needs for each byte of the rows in a dump: 1.7 for
# generated rows with their indexes, and as much for the copy of an ALTER
# TABLE.
FACTOR = 3.5

# Below it comes heat-upgrade-xxxxxxxx/mariadb/socket; unix(7) allows 107
# bytes in all.
LONGEST_PATH = 107 - 40


class Place(workspace.Workspace):
    """The workspace of a rehearsal, whose logs end with it.

    :param directory: parent of its directory
    :param needed: bytes that must be free there
    """

    def __init__(self, directory: pathlib.Path | str, needed: int) -> None:
        directory = pathlib.Path(directory)
        try:
            directory.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(directory).free
        except OSError as exc:
            raise errors.UsageError(
                f'cannot use the directory {directory}: {exc.strerror}'
            ) from exc
        if free < needed:
            raise errors.UsageError(
                f'{directory} has {free / 2**30:.1f} GiB of free space; this '
                f'dump needs {needed / 2**30:.1f} GiB. Set --work-dir to '
                'a directory on another disk')
        if len(str(directory.resolve())) > LONGEST_PATH:
            raise errors.UsageError(
                f'the path of {directory} is too long for a socket below it; '
                'set --work-dir to a shorter path')
        self.marker = secrets.token_hex(8)
        self.data = pathlib.Path(tempfile.mkdtemp(
            prefix='heat-upgrade-', dir=directory)).resolve()
        self._ports = []
        self._reaper = reaper.Reaper(
            f'{process.RUN_MARKER}={self.marker}', [self.data])
        self.run_dir = self.data
        self.logs = self.directory('logs')


def needed(size: int) -> int:
    """Return the bytes of disk space that a dump needs.

    :param size: bytes of its statements, unpacked
    """
    return int(size * FACTOR) + workspace.SPACE
