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

import json
import pathlib
import typing

from heat_upgrade.report import html
from heat_upgrade.report import junit
from heat_upgrade.report import model


make = model.make


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
    html.write(report, run_dir / 'report.html')
    return report
