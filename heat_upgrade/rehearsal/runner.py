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

"""The steps of a rehearsal, from a dump to what was found."""

import contextlib
import dataclasses
import functools
import time

import pymysql

from heat_upgrade import concurrency
from heat_upgrade import errors
from heat_upgrade.install import environments
from heat_upgrade.lab import resource_usage
from heat_upgrade.lab.services import heat
from heat_upgrade.lab.services import mariadb
from heat_upgrade.rehearsal import comparison
from heat_upgrade.rehearsal import dump_summary
from heat_upgrade.rehearsal import expected_changes
from heat_upgrade.rehearsal import heat_commands
from heat_upgrade.rehearsal import heat_options
from heat_upgrade.rehearsal import loading
from heat_upgrade.rehearsal import lock_contention
from heat_upgrade.rehearsal import migration
from heat_upgrade.rehearsal import server_usage
from heat_upgrade.rehearsal import stacks
from heat_upgrade.rehearsal import workspace
from heat_upgrade.results import findings

DATABASE = 'heat'
READER = 'reader'

# The steps, in their order, and what each does.
READ, RELEASE, LOAD, CHECK, HASH = (
    'read', 'release', 'load', 'upgrade-check', 'hash')
STEPS = {
    READ: 'read the dump',
    RELEASE: 'check which release it is of',
    LOAD: 'load it into a private MariaDB',
    CHECK: "heat-status upgrade check, by the target's code",
    HASH: 'count and hash all rows',
    migration.STEP: "heat-manage db_sync, by the target's code",
    comparison.STEP: 'compare all rows with those before',
    stacks.STEP: "load all stacks by the target's code",
}

# Rows come in bulk: room for indexes in memory, and a redo log that is not
# full every second. What others must not use is off.
_OPTIONS = (
    '--innodb-buffer-pool-size=512M', '--innodb-log-file-size=128M',
    '--max-allowed-packet=1G', '--local-infile=0', '--symbolic-links=0',
    '--event-scheduler=OFF',
)

CHECK_TIMEOUT = 600


@dataclasses.dataclass(frozen=True)
class Order:
    """What is to be rehearsed.

    :ivar dump: path of the dump
    :ivar base: :class:`heat_upgrade.install.releases.Release` that it is of
    :ivar target: likewise, that is upgraded to
    :ivar database: name of Heat's database in the dump, or None
    :ivar settings: {option of [DEFAULT]: value} of Heat's configuration
    :ivar sample: how many stacks to load, about; all if None
    """

    dump: str
    base: object
    target: object
    database: str | None = None
    settings: dict = dataclasses.field(default_factory=dict)
    sample: int | None = None


@dataclasses.dataclass
class Outcome:
    """What a rehearsal has seen; filled as it goes on.

    :ivar steps: [{name, title, start, end, outcome, cpu_s}], times in seconds
        since the start
    :ivar facts: what the report shows beside the findings
    """

    findings: list = dataclasses.field(default_factory=list)
    steps: list = dataclasses.field(default_factory=list)
    facts: dict = dataclasses.field(default_factory=dict)


class Rehearsal:
    """One rehearsal.

    :param order: :class:`Order`
    :param work_dir: where the private directory is made
    :param show: :class:`heat_upgrade.rehearsal.progress` listener: an object
        with ``step(name)``, ``progress(done, size)`` and ``note(text)``
    """

    def __init__(self, order, work_dir, show):
        self.order = order
        self.outcome = Outcome()
        self._work_dir = work_dir
        self._show = show
        self._started = time.monotonic()
        self._marker = 'none'

    def run(self):
        """Do all of it, and leave nothing but the outcome.

        :returns: :class:`Outcome`
        :raises: :class:`heat_upgrade.errors.UsageError` for a dump that is
            none, :class:`heat_upgrade.errors.LabError`
        """
        with self._step(READ):
            survey = dump_summary.survey(
                self.order.dump, database=self.order.database,
                progress=self._show.progress)
        with workspace.Place(self._work_dir,
                             workspace.needed(survey.size)) as place:
            self._marker = place.marker
            with server_usage.watched(place.marker) as used:
                self._run(place, survey, used)
            self.outcome.facts['memory'] = used.peaks()
        return self.outcome

    @contextlib.contextmanager
    def _step(self, name):
        """Note a step; its outcome is failed if it has an error."""
        step = {'name': name, 'title': STEPS[name], 'outcome': 'cut off',
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
            one.step == name and one.severity == findings.ERROR
            for one in self.outcome.findings) else 'ok'

    def _run(self, place, survey, used):
        facts = self.outcome.facts
        with self._step(RELEASE):
            base, target = environments.ensure_all(
                [environments.heat(self.order.base),
                 environments.heat(self.order.target)],
                log_dir=place.logs, marker=place.marker,
                progress=self._show.note)
            read = functools.partial(
                heat_commands.run, place, program='rehearse_revisions',
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
        server = mariadb.MariaDB(place, options=(
            *_OPTIONS, f'--secure-file-priv={place.directory("no-files")}'))
        server.start()
        try:
            server.wait_ready()
            used.apart(server.process.pid)
            with self._step(LOAD):
                facts['rows'] = self._load(server, survey)
            # Of accounts, only Heat's own may write from here on.
            server.execute(f"DROP USER `{loading.ACCOUNT}`@'127.0.0.1'")
            self._upgrade(place, server, base, target, revisions)
        except pymysql.err.MySQLError as exc:
            raise errors.LabError(
                'the private MariaDB failed in step '
                f'{self.outcome.steps[-1]["name"]}: '
                f'{loading.error_name(exc)}') from None
        finally:
            # Nobody needs what it holds.
            server.process.kill()

    def _load(self, server, survey):
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

    def _upgrade(self, place, server, base, target, revisions):
        url = server.database(DATABASE)
        secret = server.account(READER, DATABASE, 'SELECT')
        config = heat_commands.configuration(place, url, self.order.settings)
        connect = functools.partial(
            pymysql.connect, host='127.0.0.1', port=server.port,
            user=READER, password=secret, database=DATABASE,
            charset='utf8mb4', read_timeout=migration.TIMEOUT)
        with self._step(CHECK):
            self._check(place, target, config)
        changes = expected_changes.changes([one['id'] for one in revisions])
        with connect() as connection, connection.cursor() as cursor:
            tables = comparison.columns(cursor)
        with self._step(HASH):
            before = self._describe(connect, tables, changes)
        with self._step(migration.STEP):
            migrated = self._migrate(place, server, target, config, url,
                                     revisions, tables)
        if not migrated:
            return
        with self._step(comparison.STEP):
            unchanged = self._compare(connect, tables, before, changes)
        with self._step(stacks.STEP):
            self._load_stacks(place, server, base, target, secret, unchanged)

    def _check(self, place, target, config):
        status, output = heat_commands.manage(
            place, target, config, 'heat-status', 'upgrade', 'check',
            timeout=CHECK_TIMEOUT)
        # Names of checks and their results; details may quote the database.
        checks, name = [], None
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
                '\n'.join(f'{one["check"]}: {one["result"]}'
                          for one in checks), CHECK)

    def _describe(self, connect, tables, changes):
        """Return what the tables hold, of the columns that they had."""
        without = {(one.table, one.column) for one in changes}
        done = []

        def progress(table):
            self._show.progress(len(done), len(tables))
            done.append(table)
        with connect() as connection, connection.cursor() as cursor:
            return comparison.describe(cursor, tables, without=without,
                                       progress=progress)

    def _migrate(self, place, server, target, config, url, revisions, tables):
        """Run the migrations; returns whether all of them did."""
        secret = server.account(
            lock_contention.ACCOUNT, DATABASE, 'SELECT, UPDATE')
        connect = functools.partial(
            pymysql.connect, host='127.0.0.1', port=server.port,
            user=lock_contention.ACCOUNT, password=secret, database=DATABASE,
            charset='utf8mb4', read_timeout=migration.TIMEOUT)
        sampled = {table: columns for table, columns in tables.items()
                   if table not in comparison.OURS}

        def progress(number, title):
            self._show.progress(number - 1, len(revisions))
            self._show.note(f'migration {number} of {len(revisions)}: '
                            f'{title}')
        if not revisions:
            return self._sync_again(place, target, config)
        with lock_contention.Sampling(connect, sampled) as samples:
            ran, failure = migration.migrate(
                place, target, config, revisions, port=server.port,
                ready=samples.start, progress=_once(progress))
        self.outcome.facts['revisions'] = [
            {'id': one.id, 'title': one.title, 'seconds': one.seconds,
             'statements': one.statements} for one in ran]
        waited = migration.waits(samples.waits, ran)
        self.outcome.facts['waits'] = waited
        self.outcome.findings += migration.of_waits(waited)
        if failure:
            self.outcome.findings.append(migration.of_failure(failure))
            return False
        return self._sync_again(place, target, config)

    def _sync_again(self, place, target, config):
        """Run the real command, which must find nothing more to do."""
        status, _ = heat_commands.manage(place, target, config, 'heat-manage',
                                         'db_sync', timeout=migration.TIMEOUT)
        if status:
            self._finding(
                'rehearsal.second-db-sync-fails', 'db_sync',
                'heat-manage db_sync fails where there is nothing more to '
                'do', f'status: {status}', migration.STEP)
        return not status

    def _compare(self, connect, tables, before, changes):
        """Compare the content; returns whether it is as it was."""
        after = self._describe(connect, tables, changes)
        wrong = {}
        with connect() as connection, connection.cursor() as cursor:
            for one in changes:
                if one.wrong:
                    cursor.execute(f'SELECT COUNT(*) FROM `{one.table}` '
                                   f'WHERE {one.wrong}')
                    wrong[one.table, one.column], = cursor.fetchone()
        found = comparison.compare(before, after, changes, wrong)
        self.outcome.findings += found
        self.outcome.facts['tables'] = [
            {'table': name, 'rows': table.rows,
             'rows_after': after[name].rows if name in after else None,
             'same': name in after and after[name] == table}
            for name, table in before.items()]
        self.outcome.facts['stated'] = [
            {'table': one.table, 'column': one.column, 'reason': one.reason}
            for one in changes]
        return not found

    def _load_stacks(self, place, server, base, target, secret, unchanged):
        url = (f'mysql+pymysql://{READER}:{secret}@127.0.0.1:{server.port}/'
               f'{DATABASE}')
        config = heat_commands.configuration(place, url, self.order.settings)
        key = heat_options.KEY in self.order.settings
        (total,), = server.execute('SELECT COUNT(*) FROM stack',
                                   database=DATABASE)
        load = functools.partial(
            stacks.load, place, config=config, port=server.port, key=key,
            total=total, progress=self._show.progress)
        counts, failures = load(target, sample=self.order.sample)
        again = None
        if failures and unchanged:
            self._show.note('what the target cannot load, by the base')
            _, again = load(base, ids=sorted({
                one.stack for one in failures}))
        self.outcome.facts['stacks'] = {
            **counts, 'all': total, 'failures': [
                dataclasses.asdict(one) for one in failures]}
        self.outcome.findings += stacks.judge(
            counts, failures, again, unchanged=unchanged, key=key)

    def _finding(self, rule, subject, title, evidence, step):
        self.outcome.findings.append(findings.make(
            rule, subject, title, evidence, step=step))


def _once(function):
    """Return a function that is called only when its arguments change."""
    last = []

    def changed(*arguments):
        if last != [arguments]:
            last[:] = [arguments]
            function(*arguments)
    return changed
