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

"""Finds, runs and times the migrations between a dump and a release."""

from collections import abc
import dataclasses
import json
import pathlib
import typing

from heat_upgrade import errors
from heat_upgrade.install import environments
from heat_upgrade.lab import workspace as workspaces
from heat_upgrade.rehearsal import dump_summary
from heat_upgrade.rehearsal import expected_changes
from heat_upgrade.rehearsal import heat_commands
from heat_upgrade.rehearsal import lock_contention
from heat_upgrade.results import findings

STEP = 'db-sync'

# A table with a hundred million rows takes hours to copy.
TIMEOUT = 12 * 3600

# Seconds that a user of Heat notices; half of the timeouts of oslo.messaging
# and HAProxy would be thirty.
LONG_WAIT = 1.0


@dataclasses.dataclass(frozen=True)
class Revision:
    """One migration that was run.

    :ivar id: revision of alembic
    :ivar title: first line of its docstring
    :ivar seconds: its duration; None if it failed
    :ivar start: monotonic time
    :ivar end: monotonic time
    :ivar statements: [{statement, seconds, rows}], without literals
    """

    id: str
    title: str
    seconds: float | None
    start: float
    end: float
    statements: list[dict[str, typing.Any]]


def path(survey: dump_summary.Survey, base: abc.Mapping[str, typing.Any],
         target: abc.Mapping[str, typing.Any], *, dump: pathlib.Path | str,
         named: tuple[object, object]) -> list[dict[str, typing.Any]]:
    """Return the revisions between a dump and a release, oldest first.

    :param base: answer of rehearse_revisions for the base
    :param target: the same for the target
    :param dump: path of the dump, for messages
    :param named: (base, target) as messages name them
    :returns: list of {id, after, title}
    :raises: :class:`errors.UsageError` if the dump is not from the base
    """
    if survey.legacy:
        raise errors.UsageError(
            f'{dump} is from Heat Zed or older, whose database '
            'sqlalchemy-migrate manages; upgrade to 2023.1 first, the first '
            'series that uses alembic')
    head = base['revisions'][-1]['id']
    if survey.revision != head:
        raise errors.UsageError(
            f'{dump} is not from {named[0]}, whose database is at revision '
            f'{head} ({_series(head)}): it is {_position(survey.revision)}. '
            'Name the release that wrote it with --from, or finish the '
            "migrations of that release with its own heat-manage db_sync")
    known = [revision['id'] for revision in target['revisions']]
    if head not in known:
        raise errors.UsageError(
            f'{named[1]} does not have revision {head} of {named[0]}; name a '
            'target that is newer than the base')
    revisions: list[dict[str, typing.Any]] = target['revisions']
    return revisions[known.index(head) + 1:]


def _series(revision: str) -> str:
    series = expected_changes.SERIES.get(revision, 'of an unknown series')
    return f'Heat {series}'


def _position(revision: str | None) -> str:
    if revision is None:
        return ('at no revision of alembic: its table alembic_version is '
                'empty or missing')
    if revision not in expected_changes.SERIES:
        return 'at a revision that no release known here has'
    return f'at revision {revision} ({_series(revision)})'


def migrate(workspace: workspaces.Workspace,
            environment: environments.Environment, config: pathlib.Path,
            revisions: abc.Iterable[abc.Mapping[str, typing.Any]], *,
            port: int, ready: abc.Callable[[], object],
            progress: abc.Callable[[int, str], object]
            ) -> tuple[list[Revision], dict[str, typing.Any] | None]:
    """Run migrations one by one.

    :param config: path of the heat.conf of the rehearsal
    :param revisions: from :func:`path`
    :param port: port of the database
    :param ready: called after all imports, before the first migration
    :param progress: called with (number, title) of each migration that starts
    :returns: (migrations that ran, the failure or None)
    :raises: :class:`errors.LabError`
    """
    out = workspace.data / 'migrations.jsonl'
    out.touch(0o600)
    go = workspace.data / 'migrations.go'
    titles = {revision['id']: revision['title'] for revision in revisions}

    def watch() -> None:
        if not go.exists() and _events(out):
            ready()
            go.touch(0o600)
        begun = [event for event in _events(out) if event['event'] == 'start']
        if begun:
            progress(len(begun), titles[begun[-1]['revision']])
    failure = heat_commands.run(
        workspace, environment, 'rehearse_migrate', {
            'config': str(config), 'out': str(out), 'go': str(go),
            'port': port,
            'revisions': list(titles)},
        timeout=TIMEOUT, watch=watch)['failure']
    return ran(_events(out), titles), failure


def _events(path_: pathlib.Path) -> list[dict[str, typing.Any]]:
    lines = path_.read_text().splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith('\n')]


def ran(events: abc.Iterable[abc.Mapping[str, typing.Any]],
        titles: abc.Mapping[str, str]) -> list[Revision]:
    """Return the migrations that the events of the program describe."""
    finished: list[Revision] = []
    start = 0.0
    statements: list[dict[str, typing.Any]] = []
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
            finished.append(Revision(
                event['revision'], titles[event['revision']],
                None if 'error' in event
                else round(event['time'] - start, 3),
                start, event['time'], statements))
    return finished


_WITH_CAUSE = ('Do not upgrade yet. Remove the cause in the evidence, and '
               'rehearse a new dump.')


def of_failure(failure: abc.Mapping[str, typing.Any],
               cause: str = '') -> findings.Finding:
    """Return the finding about a migration that failed.

    :param cause: in words, '' if it is not known
    """
    number = failure['number']
    return findings.make(
        'rehearsal.migration-fails', failure['revision'],
        f'migration {failure["revision"]} fails on this database',
        '\n'.join(filter(None, [
            cause and f'cause: {cause}',
            f'error: {failure["error"]}'
            + (f', {heat_commands.error_name(number)}' if number else ''),
            f'statement: {failure["statement"]}'
            if failure['statement'] else '',
            *(f'at: {location}' for location in failure['where'])])),
        step=STEP, **({'remedy': _WITH_CAUSE} if cause else {}))


def waits(sampled: abc.Iterable[lock_contention.Waits],
          revisions: abc.Sequence[Revision]) -> list[dict[str, typing.Any]]:
    """Return how long reads and writes waited while migrations ran.

    :returns: [{table, kind, samples, per_second, longest_s, migration,
        error}]
    """
    rows = []
    for table in sampled:
        longest, migration = max(
            ((table.longest(revision.start, revision.end)[0], revision.id)
             for revision in revisions), default=(0.0, ''))
        rows.append({
            'table': table.table, 'kind': table.kind, 'samples': table.count,
            'per_second': round((table.count - 1) / table.seconds, 1)
            if table.seconds else 0,
            'longest_s': round(longest, 3),
            'migration': migration if longest else '', 'error': table.error})
    return rows


def of_waits(waited: abc.Iterable[abc.Mapping[str, typing.Any]]
             ) -> list[findings.Finding]:
    """Return findings about reads and writes that waited too long.

    :param waited: from :func:`waits`
    """
    return [findings.make(
        'rehearsal.requests-wait', f'{wait["kind"]}s of {wait["table"]}',
        f'{wait["kind"]}s of table {wait["table"]} wait while db_sync runs',
        f'longest wait: {wait["longest_s"]:.1f} s, in migration '
        f'{wait["migration"]}', step=STEP)
        for wait in waited if wait['longest_s'] >= LONG_WAIT]
