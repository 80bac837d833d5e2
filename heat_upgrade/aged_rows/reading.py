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

"""Reads a stack by every path of the API, and compares two readings."""

from collections import abc
import dataclasses
import typing

from heat_upgrade.lab import heat_client

# {read: path below the stack}
PATHS = {
    'show': '',
    'resources': '/resources?nested_depth=5',
    'events': '/events',
    'resource': '/resources/item',
    'config': '/resources/deployment',
    'template': '/template',
    'environment': '/environment',
    'files': '/files',
    'snapshots': '/snapshots',
}
# Of each stack.
USUAL = ('show', 'resources', 'events')
# The first event of a resource, whose properties only this request returns.
EVENT = 'event'
# Requests about no stack.
ELSEWHERE = {'services': 'services', 'deleted': 'stacks?show_deleted=True'}
# Their answers change by themselves: only the HTTP status is compared.
UNSTEADY = ('services', 'deleted')

SHOWN_CHANGES = 5


@dataclasses.dataclass(frozen=True)
class Refusal:
    """An answer other than 200.

    :ivar request: such as 'GET stacks/NAME/ID'
    """

    request: str
    answer: str

    def __str__(self) -> str:
        return f'{self.request} got {self.answer}'


Reading = dict[str, typing.Any]


def read(api: heat_client.Api, path: str, reads: abc.Iterable[str]
         ) -> Reading | Refusal:
    """Return {read: body} of one stack, or the first refusal.

    :param path: of the stack
    :param reads: keys of PATHS or ELSEWHERE, or EVENT
    """
    reading: Reading = {}
    for name in (*USUAL, *reads):
        if name == EVENT:
            where = path + _event_path(reading['events'])
        else:
            where = ELSEWHERE.get(name) or path + PATHS[name]
        body = get(api, where)
        if isinstance(body, Refusal):
            return body
        reading[name] = body
    return reading


def get(api: heat_client.Api, path: str) -> typing.Any:
    """Return the body of an answer with the status 200, or a Refusal."""
    request = f'GET {path}'
    try:
        answer = api.call('GET', path)
    except OSError as exc:
        return Refusal(request, f'no answer: {exc}')
    if answer.status != 200:
        return Refusal(request, f'{answer.status}: {str(answer.body)[:500]}')
    return answer.body


def _event_path(events: dict[str, typing.Any]) -> str:
    event = min((event for event in events['events']
                 if event['resource_name'] == 'random'),
                key=lambda event: event['event_time'])
    return f'/resources/random/events/{event["id"]}'


def changes(before: Reading, after: Reading) -> list[str]:
    """Return the differences between two readings.

    A new key is legal: releases add fields to answers.
    """
    found: list[str] = []
    for name, body in before.items():
        if name not in UNSTEADY:
            _compare(name, body, after.get(name), found)
    return found[:SHOWN_CHANGES]


def _compare(path: str, before: typing.Any, after: typing.Any,
             found: list[str]) -> None:
    if isinstance(before, dict) and isinstance(after, dict):
        for key, value in before.items():
            if key not in after:
                found.append(f'{path}.{key} is gone')
            else:
                _compare(f'{path}.{key}', value, after[key], found)
    elif (isinstance(before, list) and isinstance(after, list)
          and len(before) == len(after)):
        for number, pair in enumerate(zip(_ordered(path, before),
                                          _ordered(path, after))):
            _compare(f'{path}[{number}]', *pair, found)
    elif before != after:
        found.append(f'{path} was {str(before)[:200]!r}, now '
                     f'{str(after)[:200]!r}')


def _ordered(path: str, values: list[typing.Any]) -> list[typing.Any]:
    """Return a list in an order of its own if Heat returns it in any order.

    That is so for outputs, resources and the names in required_by. Events and
    the values of users keep their order.
    """
    if path.endswith('.required_by'):
        return sorted(values)
    return sorted(values, key=_name)


def _name(value: typing.Any) -> str:
    if not isinstance(value, dict) or 'event_time' in value:
        return ''
    return str(value.get('output_key') or value.get('resource_name') or '')
