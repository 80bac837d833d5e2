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

"""The record of a cloud that outlives its command, and the end of it."""

import json
import os
import pathlib
import typing

from heat_upgrade import errors
from heat_upgrade import filesystem
from heat_upgrade.lab import workspace as workspaces
from heat_upgrade import process
from heat_upgrade import reaper

FILE = 'cloud.json'


def write(run_dir: str | os.PathLike[str],
          record: dict[str, typing.Any]) -> None:
    """Record a cloud that outlives its command; see Cloud.keep()."""
    filesystem.write_atomically(pathlib.Path(run_dir) / FILE,
                                json.dumps(record, indent=2) + '\n')


def read(run_dir: str | os.PathLike[str]) -> dict[str, typing.Any]:
    """Return the record that Cloud.keep() left of a cloud.

    :raises: errors.UsageError if there is no such cloud
    """
    path = pathlib.Path(run_dir) / FILE
    try:
        record: dict[str, typing.Any] = json.loads(path.read_text())
        record['marker'], record['data']
    except FileNotFoundError:
        raise errors.UsageError(
            f'no cloud is up in {run_dir}; start one with: '
            'heat-upgrade cloud up') from None
    except (KeyError, TypeError, ValueError) as exc:
        raise errors.UsageError(
            f'{path} is damaged and does not identify its cloud: '
            f'{exc!r}') from exc
    return record


def end(run_dir: str | os.PathLike[str]) -> int:
    """End a cloud that was kept, and remove its data.

    :returns: number of its processes
    :raises: errors.UsageError if there is no such cloud, errors.LabError if
        a process does not end
    """
    record = read(run_dir)
    marker = f'{process.RUN_MARKER}={record["marker"]}'
    ended = reaper.sweep(marker)
    left = reaper.marked(marker)
    if left:
        raise errors.LabError(
            f'these processes of the cloud did not end: {left}; if it '
            'belongs to another user, end it as that user')
    reaper.remove([record['data']],
                  [workspaces.shared_memory(record['marker'])])
    (pathlib.Path(run_dir) / FILE).unlink()
    return ended
