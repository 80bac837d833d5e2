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

"""Compares the measurements of base and target: pure functions."""

from collections import abc
import typing

from heat_upgrade.results import findings
from heat_upgrade.volume import measurement

Measured = abc.Mapping[str, typing.Any]
Found = list[findings.Finding]

# Each limit is a factor of the base's value, plus a slack below which a
# difference is noise. The reasons are measured: doc/source/reference/volume.
LATENCY_FACTOR, LATENCY_SLACK_MS = 3.0, 300.0
START_FACTOR, START_SLACK_S = 3.0, 10.0
STATEMENTS_FACTOR, STATEMENTS_SLACK = 1.1, 10
ROWS_FACTOR, ROWS_SLACK = 2.0, 500
MEMORY_FACTOR, MEMORY_SLACK = 1.5, 64 * 2**20

# Seconds of a machine on which others use more of the CPUs prove nothing: a
# longer time is a warning.
QUIET = 0.25

# Statements of a migration, for any number of rows. A migration that works
# row by row has one for each.
MIGRATION_STATEMENTS = 500
# Seconds of heat-manage db_sync: its own start on a busy machine, and a bulk
# copy of each row of the clones, ten times slower than measured.
MIGRATION_START_S, MIGRATION_ROW_S = 60.0, 0.0001

# Seconds of a write that users notice, as in a rehearsal.
BLOCKED_S = 1.0


def compare(base: Measured, target: Measured, *, step: str) -> Found:
    """Return the findings about a target that is slower or larger.

    :param base: the result of :func:`measurement.of_release`
    :param target: the same of the target
    :param step: name of the step that measured the target
    """
    found: Found = []

    def grown(rule: str, subject: str, values: tuple[float, float],
              limit: tuple[float, float], unit: str, title: str,
              **fields: typing.Any) -> None:
        before, after = values
        factor, slack = limit
        if after > before * factor + slack:
            found.append(findings.make(
                rule, subject, title,
                f'{before:g} {unit} on the base, {after:g} {unit} on the '
                f'target; the limit is {factor:g} times the base plus '
                f'{slack:g} {unit}', step=step, **fields))

    timed = _severity(max(base['others'], target['others']))

    pairs = [(name, before, target['requests'][name])
             for name, before in base['requests'].items()]
    for name, before, after in (*pairs, (
            'purge', base['purge'], target['purge'])):
        grown('volume.statements-grew', name,
              (before['statements'], after['statements']),
              (STATEMENTS_FACTOR, STATEMENTS_SLACK), 'statements',
              f'{name} executes more statements than on the base')
        grown('volume.rows-read-grew', name,
              (before['rows'], after['rows']),
              (ROWS_FACTOR, ROWS_SLACK), 'rows',
              f'{name} reads more rows of the database than on the base')
    for name, before, after in pairs:
        grown('volume.latency-grew', name,
              (before['fastest_ms'], after['fastest_ms']),
              (LATENCY_FACTOR, LATENCY_SLACK_MS), 'ms',
              f'{name} takes longer than on the base', **timed)
    for name, key, part in (('engine start', 'start_s', ()),
                            ('purge', 'seconds', ('purge',))):
        before, after = base, target
        for word in part:
            before, after = before[word], after[word]
        grown('volume.latency-grew', name, (before[key], after[key]),
              (START_FACTOR, START_SLACK_S), 's',
              f'{name} takes longer than on the base', **timed)
    for service, size in base['memory'].items():
        grown('volume.memory-grew', service,
              (size, target['memory'][service]),
              (MEMORY_FACTOR, MEMORY_SLACK), 'bytes',
              f'heat-{service} uses more memory than on the base')
    return found


def _severity(others: float) -> dict[str, findings.Severity]:
    """Return the severity of a finding about seconds.

    :param others: share of the CPUs that others used
    """
    return {'severity': findings.ERROR if others <= QUIET
            else findings.WARNING}


def of_migration(seconds: float, rows: int,
                 work: measurement.Counters | None, *, others: float,
                 step: str) -> Found:
    """Return the finding about a migration that is too slow.

    :param seconds: duration of heat-manage db_sync
    :param rows: number of rows of the clones
    :param work: of the database for Heat in that time; None if services of
        Heat worked too
    :param others: share of the CPUs that others used in that time
    """
    limit = MIGRATION_START_S + rows * MIGRATION_ROW_S
    reasons: list[str] = []
    severity = _severity(others)
    if work and work.statements > MIGRATION_STATEMENTS:
        reasons.append(
            f'{work.statements} statements; a migration that works in bulk '
            f'has at most {MIGRATION_STATEMENTS}, for any number of rows')
        severity = _severity(0)
    if seconds > limit:
        reasons.append(f'{seconds:.1f} s; the limit for {rows} rows is '
                       f'{limit:.1f} s')
    return [findings.make(
        'volume.migration-slow', 'db_sync',
        'the migration works row by row, or is too slow',
        '\n'.join(reasons), step=step, **severity)] if reasons else []


def of_blocked_writes(waits: abc.Mapping[str, float], *, step: str) -> Found:
    """Return findings about writes that a migration blocks.

    :param waits: {table: seconds of its longest blocked write}
    """
    return [findings.make(
        'volume.write-blocked', table,
        f'writes of table {table} wait while db_sync runs',
        f'longest wait: {seconds:.2f} s', step=step)
        for table, seconds in waits.items() if seconds >= BLOCKED_S]
