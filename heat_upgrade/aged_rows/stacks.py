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

"""The stacks with aged rows of a run, from their creation to their purge.

The base creates the stacks through its API. Then the builders write the aged
rows, and every path of the base's API is read. A stack that the base does not
serve proves nothing about the target and takes no part in the
comparison. On the target, each stack must be read with the same answers,
updated with the unchanged request, which must replace nothing, updated with a
change, deleted and purged.

The stacks have a project of their own: a stack that breaks the list of stacks
breaks no other test, and the purge touches no other stack.
"""

from collections import abc
import contextlib
import dataclasses
import functools
import pickle
import secrets
import typing
import uuid

from heat_upgrade.aged_rows import failures
from heat_upgrade.aged_rows import model
from heat_upgrade.aged_rows import older_ciphers
from heat_upgrade.aged_rows import reading
from heat_upgrade.aged_rows import states
from heat_upgrade.aged_rows import templates
from heat_upgrade import concurrency
from heat_upgrade import errors
from heat_upgrade.install import environments
from heat_upgrade.lab import cloud as clouds
from heat_upgrade.lab import heat_client
from heat_upgrade import waiting

PREFIX = 'aged-'
PROJECT = 'aged'
# Subjects of failures that concern all stacks.
LIST, PURGE = 'list', 'purge_deleted'

# Requests at the same time. The API of a node has 32 threads, which the
# probes and the other lanes need too.
THREADS = 8
# Seconds for an operation on all stacks, which takes 4 s on a busy machine. A
# stray lock costs some more, because Heat asks the dead engine first.
TIMEOUT = 60
INTERVAL = 0.3


@dataclasses.dataclass(eq=False)
class _Stack:
    """A stack and the state in which the base left it.

    :ivar answers: the answers of the base
    :ivar physical: (name, physical ID) of its resources
    """

    kind: model.AgedStack
    name: str
    id: str = ''
    answers: reading.Reading = dataclasses.field(default_factory=dict)
    physical: frozenset[tuple[str, str]] = frozenset()

    @property
    def path(self) -> str:
        return f'stacks/{self.name}/{self.id}'


# (method, path, body), and the function that makes it for a stack.
Call = tuple[str, str, templates.Request | None]
Request = abc.Callable[[_Stack], Call]
_Result = typing.TypeVar('_Result')


class AgedStacks:
    """The stacks with aged rows.

    :param cloud: a cloud that runs the base
    :param kinds: the stacks to create
    """

    def __init__(self, cloud: clouds.Cloud,
                 kinds: abc.Iterable[model.AgedStack]) -> None:
        self._cloud = cloud
        self._identity = cloud.identity.of_project(PROJECT)
        self._project = self._identity.project_id()
        self._api = heat_client.Api(self._identity, cloud.api_url)
        self._call = functools.partial(heat_client.accepted, self._api)
        suffix = secrets.token_hex(3)
        self._stacks = [_Stack(kind, f'{PREFIX}{kind.name}-{suffix}')
                        for kind in kinds]
        self.failures: list[failures.Failure] = []

    def __len__(self) -> int:
        return len(self._stacks)

    # On the base.

    def make(self) -> None:
        """Create the stacks and their snapshots.

        :raises: errors.LabError
        """
        self._each(self._create)
        self._wait_for_all('CREATE')
        self._each(self._snapshot)
        self._wait_for_all('SNAPSHOT', only=True)

    def _create(self, stack: _Stack) -> None:
        answer = self._call('POST', 'stacks', templates.request(
            stack.kind.template, stack.name))
        stack.id = answer.body['stack']['id']

    def _snapshot(self, stack: _Stack) -> None:
        if stack.kind.snapshot:
            self._call('POST', f'{stack.path}/snapshots', {'name': None})

    def _wait_for_all(self, action: str, *, only: bool = False) -> None:
        wanted = [stack for stack in self._stacks
                  if stack.kind.snapshot or not only]

        def complete() -> bool:
            now = states.of_project(self._execute, self._project)
            for stack in wanted:
                if now[stack.id].status == states.FAILED:
                    raise errors.LabError(
                        f'{stack.name} is {now[stack.id]}')
            return all(now[stack.id].name == f'{action}_COMPLETE'
                       for stack in wanted)
        waiting.wait_until(complete, timeout=TIMEOUT, interval=INTERVAL,
                           what=f'{action} of the stacks to be aged')

    def age(self) -> None:
        """Write the rows of all builders."""
        tables = {table for table, in self._execute(
            'SELECT table_name FROM information_schema.tables '
            'WHERE table_schema = %s', clouds.DATABASE)}
        for stack in self._stacks:
            for builder in stack.kind.builders:
                if not builder.table or builder.table in tables:
                    self._write(stack, builder)

    def _write(self, stack: _Stack, builder: model.Builder) -> None:
        values = self._values(stack)
        # One connection, because of LAST_INSERT_ID().
        with self._cloud.mariadb.connection(clouds.DATABASE) as connection:
            with connection.cursor() as cursor:
                for statement in builder.statements:
                    cursor.execute(statement, values)
        if builder.cipher:
            older_ciphers.Rewriter(
                self._execute, builder.cipher,
                self._cloud.configuration.encryption_key).rewrite(stack.id)

    def _values(self, stack: _Stack) -> dict[str, typing.Any]:
        """Return the named parameters of a builder's statements."""
        nested = self._execute('SELECT id FROM stack WHERE owner_id = %s',
                               stack.id)
        return {'stack': stack.id, 'nested': nested[0][0] if nested else None,
                'project': self._project, 'new': str(uuid.uuid4()),
                'dead': str(uuid.uuid4()),
                'event': pickle.dumps({'length': 8}, protocol=2)}

    def ask_base(self) -> dict[str, str]:
        """Read each stack; return {name: refusal} of those not served.

        A refused stack takes no part in the comparison. It leaves the
        project, since it could break the list of stacks.

        :raises: errors.LabError if the base does not list the others
        """
        refused: dict[str, str] = {}
        for stack, read in self._read_all():
            if isinstance(read, reading.Refusal):
                refused[stack.kind.name] = str(read)
                self._hide(stack)
            else:
                stack.answers = read
        self._stacks = [stack for stack in self._stacks
                        if stack.kind.name not in refused]
        listed = self._list()
        if isinstance(listed, reading.Refusal) or not listed.issuperset(
                stack.id for stack in self._stacks):
            raise errors.LabError('the base does not list the stacks with '
                                  f'aged rows: {listed}')
        for stack in self._stacks:
            stack.physical = states.physical(self._execute, stack.id)
        return refused

    def _hide(self, stack: _Stack) -> None:
        """Move a stack to a project that does not exist."""
        self._execute(
            'UPDATE stack SET tenant = %s WHERE id = %s OR owner_id = %s',
            f'{self._project}-refused', stack.id, stack.id)

    # On the target.

    def read(self) -> None:
        """Read each stack, and compare the answers with the base's."""
        listed = self._list()
        if isinstance(listed, reading.Refusal):
            self.failures.append(failures.Failure(
                failures.Problem.UNLOADABLE, LIST, str(listed)))
        for stack, read in self._read_all():
            if isinstance(read, reading.Refusal):
                self._fail(stack, failures.Problem.UNLOADABLE, str(read))
                continue
            if not isinstance(listed, reading.Refusal) and (
                    stack.id not in listed):
                self._note(stack, failures.Problem.UNLOADABLE,
                           'the list of stacks does not have it')
            changes = reading.changes(stack.answers, read)
            if changes:
                self._note(stack, failures.Problem.CHANGED, '\n'.join(changes))

    def convert(self, environment: environments.Environment, *,
                side: str) -> None:
        """Convert stacks of the legacy engine with a release's heat-manage.

        :param environment: the environment of the release
        :param side: 'base' or 'target'
        """
        for stack in [stack for stack in self._stacks if stack.kind.convert]:
            status, output = self._cloud.manage(
                environment, 'heat-manage', 'migrate_convergence_1', stack.id,
                side=side, check=False, rpc=True)
            left = self._execute(
                'SELECT name FROM stack WHERE (id = %s OR owner_id = %s) '
                'AND NOT convergence', stack.id, stack.id)
            if status or left:
                self._fail(stack, failures.Problem.NOT_CONVERTED, (
                    f'heat-manage migrate_convergence_1 ended with status '
                    f'{status}; not converted: {left}\n{output}'))

    def update(self, *, changed: bool) -> None:
        """Update each stack; nothing may be replaced.

        :param changed: with a new value, or with the unchanged request
        """
        def request(stack: _Stack) -> Call:
            return 'PUT', stack.path, templates.request(
                stack.kind.template, stack.name, changed=changed)

        kind = 'a changed' if changed else 'an unchanged'
        self._operate(failures.Problem.NOT_UPDATABLE, 'UPDATE',
                      f'{kind} update', request)
        for stack in list(self._stacks):
            before = stack.physical
            after = states.physical(self._execute, stack.id)
            if before != after and not stack.kind.replaces:
                self._fail(stack, failures.Problem.REPLACED, (
                    f'after {kind} update:\nbefore: {_listed(before)}\n'
                    f'after:  {_listed(after)}'))

    def delete(self) -> None:
        """Delete each stack."""
        self._operate(failures.Problem.NOT_DELETABLE, 'DELETE', 'a delete',
                      lambda stack: ('DELETE', stack.path, None))

    def purge(self, environment: environments.Environment, *,
              side: str) -> None:
        """Purge the deleted stacks with a release's heat-manage.

        :param environment: the environment of the release
        :param side: 'base' or 'target'
        """
        status, output = self._cloud.manage(
            environment, 'heat-manage', 'purge_deleted', '-p', self._project,
            '-g', 'seconds', '0', side=side, check=False)
        # Stacks of the current second are kept.
        left = self._execute(
            'SELECT name FROM stack WHERE tenant = %s AND deleted_at < '
            'UTC_TIMESTAMP() - INTERVAL 5 SECOND', self._project)
        if status:
            self.failures.append(failures.Failure(
                failures.Problem.NOT_PURGED, PURGE,
                f'heat-manage ended with status {status}:\n{output}'))
            return
        for name, in left:
            self.failures.append(failures.Failure(
                failures.Problem.NOT_PURGED,
                name.removeprefix(PREFIX).rpartition('-')[0] or name,
                'the row is still in the table stack'))

    # Both.

    def _operate(self, problem: failures.Problem, action: str, title: str,
                 request: Request) -> None:
        """Request an operation on each stack, and wait until all end."""
        before = states.of_project(self._execute, self._project)
        refused: dict[str, str] = {}

        def begin(stack: _Stack) -> None:
            try:
                self._call(*request(stack))
            except errors.LabError as exc:
                refused[stack.id] = str(exc)

        self._each(begin)
        for stack in list(self._stacks):
            if stack.id in refused:
                self._fail(stack, problem,
                           f'{title} is refused: {refused[stack.id]}')
        now = before

        def all_ended() -> bool:
            nonlocal now
            now = states.of_project(self._execute, self._project)
            return all(now[stack.id].ended(action, before[stack.id])
                       for stack in self._stacks)
        with contextlib.suppress(errors.WaitTimeout):
            waiting.wait_until(all_ended, timeout=TIMEOUT, interval=INTERVAL,
                               what=f'{title} of the stacks with aged rows')
        for stack in list(self._stacks):
            state = now[stack.id]
            if not state.ended(action, before[stack.id]):
                self._fail(stack, problem, f'{title} did not end in '
                           f'{TIMEOUT} s: {state}')
            elif state.status == states.FAILED:
                self._fail(stack, problem, f'{title} ended in {state}')

    def _fail(self, stack: _Stack, problem: failures.Problem,
              text: str) -> None:
        """Record a failure after which nothing else can be proved."""
        self._note(stack, problem, text)
        self._stacks.remove(stack)

    def _note(self, stack: _Stack, problem: failures.Problem,
              text: str) -> None:
        self.failures.append(failures.Failure(problem, stack.kind.name, text))

    def _each(self, function: abc.Callable[[_Stack], _Result]
              ) -> list[tuple[_Stack, _Result]]:
        """Call a function with each stack, several at a time."""
        stacks = list(self._stacks)
        results = concurrency.map_parallel(
            lambda number: function(stacks[number]), range(len(stacks)),
            threads=THREADS)
        return [(stack, results[number])
                for number, stack in enumerate(stacks)]

    def _read_all(self) -> list[tuple[
            _Stack, reading.Reading | reading.Refusal]]:
        return self._each(lambda stack: reading.read(
            self._api, stack.path, stack.kind.reads))

    def _list(self) -> set[str] | reading.Refusal:
        """Return the IDs of all listed stacks."""
        body = reading.get(self._api, 'stacks')
        if isinstance(body, reading.Refusal):
            return body
        return {stack['id'] for stack in body['stacks']}

    def _execute(self, statement: str, *values: typing.Any
                 ) -> tuple[tuple[typing.Any, ...], ...]:
        return self._cloud.mariadb.execute(statement, values,
                                           database=clouds.DATABASE)


def _listed(physical: abc.Iterable[tuple[str, str]]) -> str:
    return ', '.join(f'{name} {item}' for name, item in sorted(physical))
