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

"""The measurements on a full database, as data for a report."""

from collections import abc
import typing

from heat_upgrade.plan import model

# Dimensions of the plot, in its own units: two bars for each request.
WIDTH, LABELS, NUMBERS = 1000, 130, 90
BAR, GAP = 9, 8

Data = dict[str, typing.Any]

# Measurements of a step that describe the step itself.
_OF_A_STEP = ('outcome', 'seconds', 'cpu_s')


def make(plan: model.Plan, ends: abc.Mapping[str, Data]) -> Data | None:
    """Return the measurements of a run's volume.

    :param ends: {step: data of its end in the journal}
    :returns: None for a run without clones and measurements; else dict of
        stacks (number), rows {table: number}, clone_s, migration, base and
        target: the measurements of these steps, None for a step that was not
        executed
    """
    measured = {
        step.name if step.action == 'db_sync' else step.side
        if step.action == 'measure' else step.action:
        {name: value for name, value in ends.get(step.name, {}).items()
         if name not in _OF_A_STEP} or None
        for step in plan.steps
        if step.action in ('fill', 'db_sync', 'measure')}
    if 'fill' not in measured:
        return None
    filled = measured['fill'] or {'stacks': 0, 'rows': {}, 'clone_s': 0.0}
    return {**filled, 'migration': measured.get('db-sync'),
            'base': measured.get(model.BASE),
            'target': measured.get(model.TARGET)}


def rows(volume: Data) -> list[Data]:
    """Return the rows of the table, one for each measured thing.

    :param volume: the result of :func:`make`
    :returns: dicts of name, and for base and target p50, p95 (milliseconds),
        statements and rows, each None if it was not measured
    """
    table = []
    for name in (volume['base'] or {}).get('requests', {}):
        table.append({'name': name, **{
            side: volume[side] and volume[side]['requests'].get(name)
            for side in model.SIDES}})
    return table


def picture(volume: Data) -> Data:
    """Return the geometry of the plot of the medians.

    :returns: dict of width, height, labels, bar and bars [{name, side, y,
        width, ms}]; name is '' for the second bar of a request
    """
    table = rows(volume)
    longest = max([row[side]['p50_ms'] for row in table
                   for side in model.SIDES if row[side]], default=1) or 1
    scale = (WIDTH - LABELS - NUMBERS) / longest
    bars = []
    for number, row in enumerate(table):
        y = GAP + number * (2 * BAR + GAP)
        for place, side in enumerate(model.SIDES):
            if row[side]:
                bars.append({
                    'name': '' if place else row['name'], 'side': side,
                    'y': y + place * BAR, 'ms': row[side]['p50_ms'],
                    'width': round(max(row[side]['p50_ms'] * scale, 1), 1)})
    return {'width': WIDTH, 'labels': LABELS, 'bar': BAR, 'bars': bars,
            'height': GAP + len(table) * (2 * BAR + GAP)}
