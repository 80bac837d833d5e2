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

"""The steps of a rehearsal, from a dump to the findings."""

from collections import abc
import contextlib
import dataclasses
import functools
import pathlib
import time
import typing

import pymysql
from pymysql import cursors

from heat_upgrade import concurrency
from heat_upgrade import errors
from heat_upgrade.install import environments
from heat_upgrade.lab import resource_usage
from heat_upgrade.lab.services import heat
from heat_upgrade.lab.services import mariadb
from heat_upgrade.rehearsal import comparison
from heat_upgrade.rehearsal import default_charset
from heat_upgrade.rehearsal import dump_summary
from heat_upgrade.rehearsal import expected_changes
from heat_upgrade.rehearsal import failure_causes
from heat_upgrade.rehearsal import heat_commands
from heat_upgrade.rehearsal import heat_options
from heat_upgrade.rehearsal import loading
from heat_upgrade.rehearsal import lock_contention
from heat_upgrade.rehearsal import lost_in_dump
from heat_upgrade.rehearsal import migration
from heat_upgrade.rehearsal import order as orders
from heat_upgrade.rehearsal import preflight
from heat_upgrade.rehearsal import progress as progresses
from heat_upgrade.rehearsal import server_usage
from heat_upgrade.rehearsal import stacks
from heat_upgrade.rehearsal import workspace as workspaces
from heat_upgrade.results import findings

DATABASE = 'heat'
READER = 'reader'

# The steps, in their order, with their titles.
READ, RELEASE, LOAD, CHECK, HASH = (
    'read', 'release', 'load', 'upgrade-check', 'hash')
STEPS = {
    READ: 'read the dump',
    RELEASE: 'check the release of the dump',
    LOAD: 'load it into a private MariaDB',
    CHECK: "heat-status upgrade check, with the target's code",
    HASH: 'count and hash all rows',
    migration.STEP: "heat-manage db_sync, with the target's code",
    comparison.STEP: 'compare all rows with those before',
    stacks.STEP: "load all stacks with the target's code",
}

# For bulk inserts: memory for indexes, and a redo log that does not fill up
# every second. Features that reach outside of the database are off.
_OPTIONS = (
    '--innodb-buffer-pool-size=512M', '--innodb-log-file-size=128M',
    '--max-allowed-packet=1G', '--local-infile=0', '--symbolic-links=0',
    '--event-scheduler=OFF',
)

CHECK_TIMEOUT = 600


class Rehearsal:
    """One rehearsal.

    :param work_dir: parent of the private directory
    :param show: receives the progress
    """

    def __init__(self, order: orders.Order, work_dir: pathlib.Path,
                 show: progresses.Listener) -> None:
        self.order = order
        self.outcome = orders.Outcome()
        self._work_dir = work_dir
        self._show = show
        self._started = time.monotonic()
        self._marker = 'none'

    def run(self) -> orders.Outcome:
        """Execute all steps; removes everything except the outcome.

        :raises: :class:`heat_upgrade.errors.UsageError` for a file that is
            not a dump, :class:`heat_upgrade.errors.LabError`
        """
        with self._step(READ):
            survey = dump_summary.survey(
                self.order.dump, database=self.order.database,
                progress=self._show.progress)
            info = self.order.server_info
            self.outcome.findings += lost_in_dump.findings_of(
                survey, info, READ)
            survey = lost_in_dump.completed(survey, info)
        with workspaces.Place(self._work_dir,
                              workspaces.needed(survey.size)) as workspace:
            self._marker = workspace.marker
            with server_usage.watched(workspace.marker) as used:
                self._run(workspace, survey, used)
            self.outcome.facts['memory'] = used.peaks()
        return self.outcome

    @contextlib.contextmanager
    def _step(self, name: str) -> abc.Iterator[None]:
        """Record a step; its outcome is failed if it has an error."""
        step: dict[str, typing.Any] = {
            'name': name, 'title': STEPS[name], 'outcome': 'cut off',
            'start': round(time.monotonic() - self._started, 2),
            'end': None}
        self.outcome.steps.append(step)
        self._show.step(name)
        cpu = resource_usage.cpu_seconds(self._marker)
        yield
        step['cpu_s'] = round(
            resource_usage.cpu_seconds(self._marker) - cpu, 2
        )
        step['end'] = round(time.monotonic() - self._started, 2)
        step['outcome'] = 'failed' if any(
            finding.step == name and finding.severity == findings.ERROR
            for finding in self.outcome.findings) else 'ok'

    def _run(self, workspace: workspaces.Place, survey: dump_summary.Survey,
             used: server_usage.Usage) -> None:
        facts = self.outcome.facts
        with self._step(RELEASE):
            base, target = environments.ensure_all(
                [environments.heat(self.order.base),
                 environments.heat(self.order.target)],
                log_dir=workspace.logs, marker=workspace.marker,
                progress=self._show.note)
            read = functools.partial(
                heat_commands.run, workspace, program='rehearse_revisions',
                given=None, timeout=heat_commands.SHORT)
            revisions = migration.path(
                survey,
                *concurrency.run_parallel(
                    lambda: read(environment=base),
                    lambda: read(environment=target),
                ),
                dump=self.order.dump,
                named=(self.order.base, self.order.target),
            )
        facts['dump'] = {
            'database': survey.database, 'revision': survey.revision,
            'bytes': survey.bytes, 'skipped': survey.skipped}
        facts.update(revisions=[], waits=[])
        server = mariadb.MariaDB(workspace, options=(
            *_OPTIONS,
            f'--secure-file-priv={workspace.directory("no-files")}'))
        server.start()
        try:
            server.wait_ready()
            used.set_server(server.process.pid)
            with self._step(LOAD):
                facts['rows'] = self._load(server, survey)
            # From here on, only Heat's own account may write.
            server.execute(f"DROP USER `{loading.ACCOUNT}`@'127.0.0.1'")
            self._upgrade(workspace, server, base, target, revisions,
                          survey)
        except pymysql.err.MySQLError as exc:
            raise errors.LabError(
                'the private MariaDB failed in step '
                f'{self.outcome.steps[-1]["name"]}: '
                f'{loading.error_name(exc)}') from None
        finally:
            # Its data are not needed: no clean shutdown.
            server.process.kill()

    def _load(self, server: mariadb.MariaDB, survey: dump_summary.Survey
              ) -> dict[str, int]:
        started = time.monotonic()
        rows = loading.load(self.order.dump, server, DATABASE, survey=survey,
                            progress=self._show.progress)
        seconds = time.monotonic() - started
        total = sum(rows.values())
        self.outcome.facts['load'] = {
            'rows': total, 'seconds': round(seconds, 2),
            'rows_per_second': round(total / max(seconds, 0.001))}
        self._show.note(f'{total} rows in {seconds:.0f} s')
        return rows

    def _upgrade(self, workspace: workspaces.Place, server: mariadb.MariaDB,
                 base: environments.Environment,
                 target: environments.Environment,
                 revisions: list[dict[str, typing.Any]],
                 survey: dump_summary.Survey) -> None:
        url = server.database(DATABASE)
        secret = server.account(READER, DATABASE, 'SELECT')
        config = heat_commands.configuration(workspace, url,
                                             self.order.settings)
        connect = functools.partial(
            pymysql.connect, host='127.0.0.1', port=server.port,
            user=READER, password=secret, database=DATABASE,
            charset='utf8mb4', read_timeout=migration.TIMEOUT)
        with self._step(CHECK):
            self._check(workspace, target, config)
        changes = expected_changes.changes([
            revision['id'] for revision in revisions])
        with connect() as connection, connection.cursor() as cursor:
            tables = comparison.columns(cursor)
            self.outcome.facts['preflight'] = preflight.counts(cursor)
        with self._step(HASH):
            before = self._describe(connect, tables, changes)
        guessed = bool(revisions) and default_charset.is_guessed(survey)
        with self._step(migration.STEP):
            if guessed:
                default_charset.copy_schema(server, DATABASE)
            migrated = self._migrate(workspace, server, target, config,
                                     revisions, tables)
            if guessed and migrated and not default_charset.migrate(
                    workspace, server, target, migration.TIMEOUT):
                self.outcome.findings.append(default_charset.finding(
                    server, DATABASE, migration.STEP))
        if not migrated:
            return
        with self._step(comparison.STEP):
            unchanged = self._compare(connect, tables, before, changes)
        with self._step(stacks.STEP):
            self._load_stacks(workspace, server, base, target, secret,
                              unchanged)

    def _check(self, workspace: workspaces.Place,
               target: environments.Environment,
               config: pathlib.Path) -> None:
        status, output = heat_commands.manage(
            workspace, target, config, 'heat-status', 'upgrade', 'check',
            timeout=CHECK_TIMEOUT)
        # Names of checks and their results; details may quote the database.
        checks: list[dict[str, str]] = []
        name = None
        for line in output.splitlines():
            text = line.strip('|+ ').strip()
            if text.startswith('Check: '):
                name = text.removeprefix('Check: ')
            elif text.startswith('Result: ') and name:
                checks.append({'check': name, 'result': text.removeprefix(
                    'Result: ')})
        self.outcome.facts['upgrade_check'] = checks
        if status != heat.CHECK_SUCCESS:
            self._finding(
                'rehearsal.upgrade-check-warns'
                if heat.may_upgrade(status, output)
                else 'rehearsal.upgrade-check-fails', 'upgrade check',
                f'heat-status upgrade check ends with status {status}',
                '\n'.join(f'{check["check"]}: {check["result"]}'
                          for check in checks), CHECK)

    def _describe(self, connect: lock_contention.Connect,
                  tables: comparison.Columns,
                  changes: list[expected_changes.Change]
                  ) -> dict[str, comparison.Table]:
        """Describe the tables, in the columns that they had before."""
        without = {(change.table, change.column) for change in changes}
        done: list[str] = []

        def progress(table: str) -> None:
            self._show.progress(len(done), len(tables))
            done.append(table)
        with connect() as connection, connection.cursor() as cursor:
            return comparison.describe(cursor, tables, without=without,
                                       progress=progress)

    def _migrate(self, workspace: workspaces.Place, server: mariadb.MariaDB,
                 target: environments.Environment, config: pathlib.Path,
                 revisions: list[dict[str, typing.Any]],
                 tables: comparison.Columns) -> bool:
        """Run the migrations; returns True if all of them succeed."""
        secret = server.account(
            lock_contention.ACCOUNT, DATABASE, 'SELECT, UPDATE')
        connect = functools.partial(
            pymysql.connect, host='127.0.0.1', port=server.port,
            user=lock_contention.ACCOUNT, password=secret, database=DATABASE,
            charset='utf8mb4', read_timeout=migration.TIMEOUT)
        sampled = {table: columns for table, columns in tables.items()
                   if table not in comparison.OURS}

        def progress(number: int, title: str) -> None:
            self._show.progress(number - 1, len(revisions))
            self._show.note(f'migration {number} of {len(revisions)}: '
                            f'{title}')
        if not revisions:
            return self._sync_again(workspace, target, config)
        with lock_contention.Sampling(connect, sampled) as samples:
            ran, failure = migration.migrate(
                workspace, target, config, revisions, port=server.port,
                ready=samples.start, progress=_once(progress))
        self.outcome.facts['revisions'] = [
            {'id': revision.id, 'title': revision.title,
             'seconds': revision.seconds, 'statements': revision.statements}
            for revision in ran]
        waited = migration.waits(samples.waits, ran)
        self.outcome.facts['waits'] = waited
        self.outcome.findings += migration.of_waits(waited)
        if failure:
            self.outcome.findings.append(migration.of_failure(
                failure, failure_causes.explain(failure, server, DATABASE)))
            return False
        return self._sync_again(workspace, target, config)

    def _sync_again(self, workspace: workspaces.Place,
                    target: environments.Environment,
                    config: pathlib.Path) -> bool:
        """Run the real command, which must succeed without any migration."""
        status, _ = heat_commands.manage(
            workspace, target, config, 'heat-manage', 'db_sync',
            timeout=migration.TIMEOUT)
        if status:
            self._finding(
                'rehearsal.second-db-sync-fails', 'db_sync',
                'heat-manage db_sync fails on a database that is up to date',
                f'status: {status}', migration.STEP)
        return not status

    def _compare(self, connect: lock_contention.Connect,
                 tables: comparison.Columns,
                 before: dict[str, comparison.Table],
                 changes: list[expected_changes.Change]) -> bool:
        """Compare the content; returns True if it is unchanged."""
        after = self._describe(connect, tables, changes)
        wrong = {}
        with connect() as connection, connection.cursor() as cursor:
            for change in changes:
                if change.wrong:
                    wrong[change.table, change.column] = _count(
                        cursor, change)
        found = comparison.compare(before, after, changes, wrong)
        self.outcome.findings += found
        self.outcome.facts['tables'] = [
            {'table': name, 'rows': table.rows,
             'rows_after': after[name].rows if name in after else None,
             'same': name in after and after[name] == table}
            for name, table in before.items()]
        self.outcome.facts['stated'] = [
            {'table': change.table, 'column': change.column,
             'reason': change.reason} for change in changes]
        return not found

    def _load_stacks(self, workspace: workspaces.Place,
                     server: mariadb.MariaDB, base: environments.Environment,
                     target: environments.Environment, secret: str,
                     unchanged: bool) -> None:
        url = (f'mysql+pymysql://{READER}:{secret}@127.0.0.1:{server.port}/'
               f'{DATABASE}?{mariadb.CLEAR_TEXT}')
        config = heat_commands.configuration(workspace, url,
                                             self.order.settings)
        key = heat_options.KEY in self.order.settings
        (total,), = server.execute('SELECT COUNT(*) FROM stack',
                                   database=DATABASE)
        load = functools.partial(
            stacks.load, workspace, config=config, port=server.port, key=key,
            total=total, progress=self._show.progress)
        loaded = load(target, sample=self.order.sample)
        again = None
        if loaded.not_started or (loaded.failures and unchanged):
            self._show.note('load the same stacks with the base')
            again = load(base, ids=sorted({
                failure.stack for failure in loaded.failures}))
        self.outcome.facts['stacks'] = {
            **loaded.counts, 'all': total, 'failures': [
                dataclasses.asdict(failure) for failure in loaded.failures]}
        self.outcome.findings += stacks.judge(
            loaded, again, unchanged=unchanged, key=key)

    def _finding(self, rule: str, subject: str, title: str, evidence: str,
                 step: str) -> None:
        self.outcome.findings.append(findings.make(
            rule, subject, title, evidence, step=step))


def _count(cursor: cursors.Cursor, change: expected_changes.Change) -> int:
    """Return the number of rows that contradict an expected change."""
    cursor.execute(f'SELECT COUNT(*) FROM `{change.table}` '
                   f'WHERE {change.wrong}')
    row: tuple[int, ...] = cursor.fetchone() or (0,)
    return row[0]


def _once(function: abc.Callable[..., object]) -> abc.Callable[..., None]:
    """Return a function that is called only when its arguments change."""
    last: list[tuple[object, ...]] = []

    def changed(*arguments: object) -> None:
        if last != [arguments]:
            last[:] = [arguments]
            function(*arguments)
    return changed
