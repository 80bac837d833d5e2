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

"""Measures one release on a full database.

Each measurement is taken in the same way on the base and on the target, while
nothing else uses Heat: the services of a node are restarted, then the same
requests are sent. Next to the seconds, which depend on the machine, the
database counts the statements of Heat and the rows that they read, which do
not.
"""

from collections import abc
import dataclasses
import math
import time
import typing

from heat_upgrade import errors
from heat_upgrade.install import environments
from heat_upgrade.lab import cloud as clouds
from heat_upgrade.lab import heat_client
from heat_upgrade.lab import node as nodes
from heat_upgrade.lab import resource_usage
from heat_upgrade.lab.services import heat
from heat_upgrade.lab.services import mariadb as mariadbs
from heat_upgrade.volume import cloning

Measured = dict[str, typing.Any]


@dataclasses.dataclass(frozen=True)
class Request:
    """A request that is repeated.

    :ivar path: below the project; {stack} is NAME/ID of a clone, {name} its
        name
    :ivar repetitions: number of repetitions on a quiet machine
    """

    name: str
    path: str
    repetitions: int

    @property
    def needs_a_stack(self) -> bool:
        """Whether it is about one clone."""
        return '{' in self.path


# On a busy machine a request is repeated until it has taken this many seconds
# in all, and this many times at least.
ENOUGH_S, LEAST = 6.0, 3

REQUESTS = (
    Request('list of 20', 'stacks?limit=20', 20),
    Request('list of 200', 'stacks?limit=200', 10),
    Request('list of 1000', 'stacks?limit=1000', 5),
    Request('count', 'stacks?limit=1&with_count=True', 10),
    Request('show', 'stacks/{stack}', 20),
    Request('show by name', 'stacks/{name}', 10),
    Request('resources', 'stacks/{stack}/resources', 10),
    Request('100 events', 'stacks/{stack}/events?limit=100', 10),
)


@dataclasses.dataclass(frozen=True)
class Counters:
    """The work of the database for Heat, since the counters were started.

    :ivar statements: number of statements
    :ivar rows: number of rows that were read
    """

    statements: int = 0
    rows: int = 0

    def since(self, before: typing.Self) -> 'Counters':
        """Return the work since an earlier reading."""
        return Counters(self.statements - before.statements,
                        self.rows - before.rows)


def start_counters(mariadb: mariadbs.MariaDB) -> None:
    """Have the database count the work of each account."""
    mariadb.execute('SET GLOBAL userstat = 1')


def read_counters(mariadb: mariadbs.MariaDB) -> Counters:
    """Return the work of Heat's account so far."""
    found = mariadb.execute(
        'SELECT select_commands + update_commands + other_commands, '
        'rows_read FROM information_schema.user_statistics WHERE user = %s',
        (nodes.DATABASE,))
    return Counters(*(int(number) for number in found[0])
                    ) if found else Counters()


def of_release(cloud: clouds.Cloud, environment: environments.Environment, *,
               side: str, api: heat_client.Api, stack: tuple[str, str] | None
               ) -> Measured:
    """Measure the release that runs on the first node.

    :param environment: of the release, for its heat-manage
    :param side: 'base' or 'target'
    :param api: Heat in the project of the clones
    :param stack: (name, id) of the clone to show, None without clones
    :returns: dict of stop_s, start_s (of the engine), requests {name: see
        :func:`of_request`}, memory {service: bytes}, purge, see
        :func:`of_purge`, and others: the share of the CPUs, from 0 to 1, that
        processes outside of the run have used in that time
    :raises: errors.LabError if Heat refuses a request, does not start or
        does not purge
    """
    node = cloud.nodes['node-1']
    others = resource_usage.OtherWork(cloud.workspace.marker)
    stopped, _ = node.process(heat.ENGINE).stop()
    started = time.monotonic()
    node.start(heat.ENGINE)
    start = time.monotonic() - started
    node.process(heat.API).stop()
    node.start(heat.API)
    cloud.haproxy.ready(node.name)
    cloud.check_answer(node)
    name, id_ = stack or ('', '')
    requests = {
        request.name: of_request(
            lambda path=path: api.call('GET', path),  # type: ignore[misc]
            lambda: read_counters(cloud.mariadb), request)
        for request in REQUESTS if stack or not request.needs_a_stack
        for path in [request.path.format(stack=f'{name}/{id_}', name=name)]}
    memory = {which: resource_usage.memory_of_tree(
        node.process(which).pid or 0) for which in (heat.ENGINE, heat.API)}
    purge = of_purge(cloud, environment, side=side)
    return {'stop_s': round(stopped, 2), 'start_s': round(start, 2),
            'requests': requests, 'memory': memory, 'purge': purge,
            'others': round(others.share(), 2)}


def of_request(call: abc.Callable[[], heat_client.Answer],
               counters: abc.Callable[[], Counters],
               request: Request) -> Measured:
    """Repeat a request, after one that is not measured.

    :returns: dict of repetitions, fastest_ms, p50_ms, p95_ms, and the
        smallest numbers of statements and rows: work of the engine in the
        background only adds
    :raises: errors.LabError if it is refused
    """
    seconds: list[float] = []
    work: list[Counters] = []
    for repetition in range(request.repetitions + 1):
        if sum(seconds) >= ENOUGH_S and len(seconds) >= LEAST:
            break
        before = counters()
        answer = call()
        if answer.status != 200:
            raise errors.LabError(
                f'the request "{request.name}" answers {answer.status}: '
                f'{str(answer.body)[:500]}')
        if repetition:
            seconds.append(answer.end - answer.start)
            work.append(counters().since(before))
    return {'repetitions': len(seconds), **_latencies(seconds),
            'statements': min(one.statements for one in work),
            'rows': min(one.rows for one in work)}


def _latencies(seconds: abc.Sequence[float]) -> Measured:
    ordered = sorted(seconds)

    def percentile(percent: int) -> float:
        rank = math.ceil(len(ordered) * percent / 100)
        return round(ordered[rank - 1] * 1000, 1)
    return {'fastest_ms': round(ordered[0] * 1000, 1),
            'p50_ms': percentile(50), 'p95_ms': percentile(95)}


def of_purge(cloud: clouds.Cloud, environment: environments.Environment, *,
             side: str) -> Measured:
    """Purge the deleted clones of a side with its heat-manage.

    :returns: dict of stacks, seconds, statements and rows
    :raises: errors.LabError if it fails, or leaves a stack
    """
    owner = cloning.PURGED[side]
    stacks = _owned(cloud.mariadb, owner)
    before, started = read_counters(cloud.mariadb), time.monotonic()
    cloud.manage(environment, 'heat-manage', 'purge_deleted', '--granularity',
                 'seconds', '--project-id', owner, '0', side=side)
    seconds = time.monotonic() - started
    work = read_counters(cloud.mariadb).since(before)
    left = _owned(cloud.mariadb, owner)
    if left:
        raise errors.LabError(
            f'heat-manage purge_deleted leaves {left} of {stacks} deleted '
            'stacks')
    return {'stacks': stacks, 'seconds': round(seconds, 2),
            'statements': work.statements, 'rows': work.rows}


def _owned(mariadb: mariadbs.MariaDB, owner: str) -> int:
    (number,), = mariadb.execute(
        'SELECT COUNT(*) FROM stack WHERE tenant = %s', (owner,),
        database=nodes.DATABASE)
    return int(number)
