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

"""The migrations between a dump and a release: which, and how long."""

import dataclasses
import json

from heat_upgrade import errors
from heat_upgrade.rehearsal import expected_changes
from heat_upgrade.rehearsal import heat_commands
from heat_upgrade.results import findings

STEP = 'db-sync'

# A table with a hundred million rows takes hours to copy.
TIMEOUT = 12 * 3600

# What Heat's clients notice: half of oslo.messaging's and HAProxy's patience
# is thirty seconds, a person's is one.
LONG_WAIT = 1.0


@dataclasses.dataclass(frozen=True)
class Revision:
    """One migration that was run.

    :ivar id: of alembic
    :ivar title: first line of its docstring
    :ivar seconds: how long it took; None if it did not run to its end
    :ivar start: monotonic time
    :ivar end: likewise
    :ivar statements: [{statement, seconds, rows}], without literals
    """

    id: str
    title: str
    seconds: float | None
    start: float
    end: float
    statements: list


def path(survey, base, target, *, dump, named):
    """Return the revisions between a dump and a release, oldest first.

    :param survey: :class:`heat_upgrade.rehearsal.dump_summary.Survey`
    :param base: what rehearse_revisions reads of the base
    :param target: likewise of the target
    :param dump: path of the dump, for messages
    :param named: (base, target) as messages call them
    :returns: list of {id, after, title}
    :raises: :class:`errors.UsageError` if the dump is not of the base
    """
    if survey.legacy:
        raise errors.UsageError(
            f'{dump} is of Heat Zed or before: sqlalchemy-migrate managed '
            'it, which is followed by alembic from 2023.1 on; upgrade to that '
            'first')
    head = base['revisions'][-1]['id']
    if survey.revision != head:
        raise errors.UsageError(
            f'{dump} is not of {named[0]}, whose database is at revision '
            f'{head} ({_series(head)}): it is {_is(survey.revision)}. Name '
            'the release that it is of with --from, or bring it to the end '
            'of its own release with that release\'s heat-manage db_sync')
    known = [one['id'] for one in target['revisions']]
    if head not in known:
        raise errors.UsageError(
            f'{named[1]} does not know revision {head} of {named[0]}: is it '
            'older?')
    return target['revisions'][known.index(head) + 1:]


def _series(revision):
    series = expected_changes.SERIES.get(revision, 'of an unknown series')
    return f'Heat {series}'


def _is(revision):
    if revision is None:
        return ('at no revision of alembic at all: its table alembic_version '
                'is empty or not there')
    if revision not in expected_changes.SERIES:
        return 'at a revision that no release known here has'
    return f'at revision {revision} ({_series(revision)})'


def migrate(place, environment, config, revisions, *, port, ready,
            progress):
    """Run migrations one by one.

    :param place: :class:`heat_upgrade.rehearsal.workspace.Place`
    :param config: path of the heat.conf of the rehearsal
    :param revisions: as :func:`path` returns them
    :param port: of the database
    :param ready: called when all is imported and the first is to begin
    :param progress: called with (number, title) of each that begins
    :returns: (list of :class:`Revision`, what failed or None)
    :raises: :class:`errors.LabError`
    """
    out = place.data / 'migrations.jsonl'
    out.touch(0o600)
    go = place.data / 'migrations.go'
    titles = {one['id']: one['title'] for one in revisions}

    def watch():
        if not go.exists() and _events(out):
            ready()
            go.touch(0o600)
        begun = [event for event in _events(out) if event['event'] == 'start']
        if begun:
            progress(len(begun), titles[begun[-1]['revision']])
    failure = heat_commands.run(
        place, environment, 'rehearse_migrate', {
            'config': str(config), 'out': str(out), 'go': str(go),
            'port': port,
            'revisions': list(titles)},
        timeout=TIMEOUT, watch=watch)['failure']
    return ran(_events(out), titles), failure


def _events(path_):
    lines = path_.read_text().splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith('\n')]


def ran(events, titles):
    """Return the :class:`Revision`s that the events of a program tell of."""
    found, start, statements = [], None, []
    for event in events:
        if event['event'] == 'start':
            start, statements = event['time'], []
        elif event['event'] == 'ready':
            continue
        elif event['event'] == 'statement':
            statements.append({
                'statement': event['statement'], 'rows': event['rows'],
                'seconds': round(event['seconds'], 3)})
        else:
            found.append(Revision(
                event['revision'], titles[event['revision']],
                None if 'error' in event
                else round(event['time'] - start, 3),
                start, event['time'], statements))
    return found


def of_failure(failure):
    """Return the finding of a migration that failed."""
    number = failure['number']
    return findings.make(
        'rehearsal.migration-fails', failure['revision'],
        f'migration {failure["revision"]} fails on this database',
        '\n'.join(filter(None, [
            f'error: {failure["error"]}'
            + (f', {heat_commands.error_name(number)}' if number else ''),
            f'statement: {failure["statement"]}'
            if failure['statement'] else '',
            *(f'at: {place}' for place in failure['where'])])), step=STEP)


def waits(sampled, revisions):
    """Return how long reads and writes waited while migrations ran.

    :param sampled: list of
        :class:`heat_upgrade.rehearsal.lock_contention.Waits`
    :param revisions: list of :class:`Revision`
    :returns: [{table, kind, samples, per_second, longest_s, migration,
        error}]
    """
    found = []
    for one in sampled:
        longest, revision = max(
            ((one.longest(each.start, each.end)[0], each.id)
             for each in revisions), default=(0.0, ''))
        found.append({
            'table': one.table, 'kind': one.kind, 'samples': one.count,
            'per_second': round((one.count - 1) / one.seconds, 1)
            if one.seconds else 0,
            'longest_s': round(longest, 3),
            'migration': revision if longest else '', 'error': one.error})
    return found


def of_waits(waited):
    """Return findings of reads and writes that waited for long.

    :param waited: as :func:`waits` returns them
    """
    return [findings.make(
        'rehearsal.requests-wait', f'{one["kind"]}s of {one["table"]}',
        f'{one["kind"]}s of table {one["table"]} wait while db_sync runs',
        f'longest wait: {one["longest_s"]:.1f} s, in migration '
        f'{one["migration"]}', step=STEP)
        for one in waited if one['longest_s'] >= LONG_WAIT]
