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
"""Stand-in: the integrator's module replaces this one at the merge."""

import dataclasses
import pathlib
import typing

from heat_upgrade import control
from heat_upgrade import findings
from heat_upgrade import journal as journals
from heat_upgrade.plan import model as plans


def of_run(run_dir: pathlib.Path, events: list[dict[str, typing.Any]],
           plan: plans.Plan) -> list[findings.Finding]:
    """Return the findings of a run, those of its control marked."""
    there = {one.identity for one in _of_control(run_dir)
             if one.origin == findings.HEAT}
    return [dataclasses.replace(one, origin=findings.RESTART)
            if one.origin == findings.HEAT and one.identity in there else one
            for one in _recorded(events)]


def wants_reference(run_dir: pathlib.Path) -> str | None:
    """Return the released version whose run could excuse findings."""
    return None


def _recorded(events: list[dict[str, typing.Any]]) -> list[findings.Finding]:
    return [findings.from_dict(event['data']['finding'])
            for event in events if event['kind'] == journals.FINDING]


def _of_control(run_dir: pathlib.Path) -> list[findings.Finding]:
    try:
        return _recorded(journals.read(control.run_dir(run_dir)))
    except (FileNotFoundError, ValueError):
        return []
