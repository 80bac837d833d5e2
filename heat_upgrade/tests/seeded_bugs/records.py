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


"""The last measured result of each seeded bug, for the reference.

``measured.json`` has an object for each bug. ``--record`` adds the results of
a command to it, because no command runs all bugs on a busy machine.
"""

import datetime
import json
import pathlib
import subprocess
import typing

from heat_upgrade.tests.seeded_bugs import judging
from heat_upgrade.tests.seeded_bugs import naive

FILE = pathlib.Path(__file__).with_name('measured.json')

Records = dict[str, dict[str, typing.Any]]


def read(path: pathlib.Path = FILE) -> Records:
    """Return {name of a bug: its last results}."""
    records: Records = json.loads(path.read_text()) if path.exists() else {}
    return records


def add(entry: dict[str, typing.Any], name: str,
        path: pathlib.Path = FILE) -> None:
    """Replace the keys of an entry in the record of a bug."""
    records = read(path)
    records.setdefault(name, {}).update(entry)
    path.write_text(json.dumps(records, indent=1, sort_keys=True) + '\n')


def of_run(result: judging.Result) -> dict[str, typing.Any]:
    """Return the entry of a default run."""
    first = (result.caught_by or result.counted or ({},))[0]
    return {'outcome': result.outcome, 'rule': first.get('rule', ''),
            'step': first.get('step', ''), 'seconds': round(result.seconds),
            'date': datetime.date.today().isoformat(), 'commit': _commit()}


def of_checks(result: judging.Result) -> dict[str, typing.Any]:
    """Return the entry of the static checks alone.

    A bug that they catch needs no whole run.
    """
    if result.outcome in (judging.MISSED, judging.SILENT):
        return {'checks': result.outcome}
    return of_run(result)


def of_naive(result: naive.Result) -> dict[str, typing.Any]:
    """Return the entry of the naive suite."""
    return {'naive': result.outcome}


def _commit() -> str:
    return subprocess.run(
        ['git', '-C', str(FILE.parent), 'rev-parse', '--short', 'HEAD'],
        check=True, capture_output=True, text=True).stdout.strip()
