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

"""The traces of a failed test in Heat: events of its stacks, log records.

The request IDs, stack IDs and stack names in the details of a test identify
its traces. Their time does not, because other tests run in the same seconds.
"""

from collections import abc
import dataclasses
import re
import typing

import pymysql

from heat_upgrade import errors
from heat_upgrade.lab import cloud as clouds
from heat_upgrade.lab import log_errors
from heat_upgrade.lab import stestr_runner

# Number of events that are shown, the last ones of a test's stacks.
EVENTS = 20

_REQUEST = re.compile(r'req-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}')
_UUID = re.compile(r'(?<!req-)\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b')
# A stack name of the tests: words, then random digits.
_NAME = re.compile(
    r'\b[a-z][a-z0-9]*(?:-[a-z0-9]+)*-(?:[0-9a-f]{8}|[0-9a-f]{12})\b(?!-)')

_EVENTS = '''
SELECT event.created_at, stack.name, event.resource_name,
       event.resource_action, event.resource_status,
       event.resource_status_reason
FROM event JOIN stack ON stack.id = event.stack_id
WHERE stack.id IN ({ids}) OR stack.name IN ({names})
ORDER BY event.id DESC LIMIT {limit}
'''

_WENT_DOWN = 'Worker went down'
_SNAPSHOT_CONSTRAINT = 'resource_snapshot_ibfk'


@dataclasses.dataclass(frozen=True)
class Traces:
    """Events, log records and facts of a failed test.

    :ivar events: lines of the last events of its stacks
    :ivar records: lines of the services' logs
    :ivar facts: facts that they prove, see
        :mod:`heat_upgrade.judgement.causes`
    """

    events: str = ''
    records: str = ''
    facts: dict[str, typing.Any] = dataclasses.field(default_factory=dict)


NOTHING = Traces()


def marks(details: str) -> tuple[list[str], list[str], list[str]]:
    """Return the request IDs, other IDs and stack names in a text."""
    requests, ids = (_matches(pattern, details)
                     for pattern in (_REQUEST, _UUID))
    # The end of an ID looks like a name.
    names = _matches(_NAME, _UUID.sub('', _REQUEST.sub('', details)))
    return requests, ids, names


def _matches(pattern: re.Pattern[str], text: str) -> list[str]:
    return list(dict.fromkeys(pattern.findall(text)))


class Database(typing.Protocol):
    """The method of a database that reads events."""

    def execute(self, statement: str, parameters: abc.Sequence[object] = (),
                *, database: str | None = None) -> typing.Any:
        """Return the rows of a statement."""


def of_test(test: stestr_runner.Test, logs: dict[str, str],
            mariadb: Database | None = None, *,
            belonging: abc.Callable[[str, list[str]], str]
            = log_errors.belonging) -> Traces:
    """Return the traces of a failed test.

    :param logs: {name of a service: its log while the tests ran}
    :param mariadb: the cloud's database; None if it is not accessible
    :param belonging: selects the records of a log
    """
    requests, ids, names = marks(test.details)
    events = _events(mariadb, ids, names) if mariadb and (
        ids or names) else []
    of_service = {name: belonging(text, [*requests, *ids, *names])
                  for name, text in logs.items()}
    records = '\n\n'.join(f'{name} logged about it:\n{text}'
                          for name, text in of_service.items() if text)
    lines = [' '.join(str(field) for field in row if field is not None)
             for row in events]
    return Traces(
        '\n'.join(['events of its stacks:', *lines]) if lines else '',
        records, _facts(events, f'{test.details}\n{records}'))


def _events(mariadb: Database, ids: list[str],
            names: list[str]) -> list[tuple[typing.Any, ...]]:
    """Return the last events of some stacks, the oldest first."""
    def several(values: list[str]) -> str:
        return ', '.join(['%s'] * len(values)) or 'NULL'
    try:
        rows = mariadb.execute(
            _EVENTS.format(ids=several(ids), names=several(names),
                           limit=EVENTS),
            (*ids, *names), database=clouds.DATABASE)
    except (errors.LabError, pymysql.MySQLError, OSError):
        # The events only explain the failure; the test failed anyway.
        return []
    return [tuple(row) for row in reversed(list(rows))]


def _facts(events: list[tuple[typing.Any, ...]],
           text: str) -> dict[str, typing.Any]:
    """Return the facts that prove the cause of a known failure."""
    facts = {}
    if _WENT_DOWN in text or any(
            _WENT_DOWN in str(row[-1]) for row in events):
        facts['worker_went_down'] = True
    if _SNAPSHOT_CONSTRAINT in text:
        facts['resource_snapshot_constraint'] = True
    if _resumed_within_suspend(events):
        facts['resume_within_suspend'] = True
    return facts


def _resumed_within_suspend(events: list[tuple[typing.Any, ...]]) -> bool:
    """Return True if a stack began to resume before its suspend ended."""
    suspending: set[str] = set()
    for _, stack, resource, action, status, _ in events:
        if resource != stack:
            continue
        if action == 'SUSPEND':
            if status == 'IN_PROGRESS':
                suspending.add(stack)
            else:
                suspending.discard(stack)
        elif action == 'RESUME' and stack in suspending:
            return True
    return False
