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

"""Writes the report of a run, for people and for machines."""

from collections import abc
import json
import pathlib
import typing

from heat_upgrade import errors
from heat_upgrade.plan import model as plan
from heat_upgrade.report import html
from heat_upgrade.report import junit
from heat_upgrade.report import merging
from heat_upgrade.report import model
from heat_upgrade.report import schema
from heat_upgrade.report import timeline


make = model.make

# The files of a joined report.
MERGED, MERGED_PAGE = 'merged.json', 'merged.html'


def build(run_dir: pathlib.Path | str) -> dict[str, typing.Any]:
    """Write report.json, report.html and junit.xml of a run.

    :returns: the data of report.json
    :raises: :class:`heat_upgrade.errors.UsageError` if it is not the
        directory of a run
    """
    run_dir = pathlib.Path(run_dir)
    report = model.make(run_dir)
    (run_dir / 'report.json').write_text(
        json.dumps(report, indent=2) + '\n', encoding='utf-8')
    junit.write(report, run_dir / 'junit.xml')
    html.write(report, run_dir / 'report.html', timeline.read(run_dir))
    return report


def merge(run_dirs: abc.Iterable[pathlib.Path],
          target: pathlib.Path) -> dict[str, typing.Any]:
    """Join the reports of runs: merged.json, merged.html and junit.xml.

    :param run_dirs: run directories, or directories that contain them
    :param target: directory for the files, which is made
    :returns: the data of merged.json
    :raises: :class:`heat_upgrade.errors.UsageError` for a directory without
        a run, or for runs that do not belong together
    """
    reports = [model.make(run_dir) for directory in run_dirs
               for run_dir in _runs(directory)]
    merged = merging.merge(reports)
    schema.validate(merged, schema.MERGED)
    target.mkdir(parents=True, exist_ok=True)
    (target / MERGED).write_text(json.dumps(merged, indent=2) + '\n',
                                 encoding='utf-8')
    junit.write_all(dict(zip(merging.names(reports), reports)),
                    target / 'junit.xml')
    html.write_merged(merged, target / MERGED_PAGE)
    return merged


def _runs(directory: pathlib.Path) -> list[pathlib.Path]:
    """Return a run directory, or those in a directory."""
    if (directory / plan.FILE).exists():
        return [directory]
    found = sorted(path.parent for path in directory.glob(f'*/{plan.FILE}'))
    if not found:
        raise errors.UsageError(
            f'{directory} is neither the directory of a run nor one that '
            'contains such directories')
    return found
