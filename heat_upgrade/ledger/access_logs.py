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

"""Finds writes to services that no user asked for, in their access logs.

An update of a stack with no change may read its physical resources. It must
not write to any of them.
"""

from collections import abc
import dataclasses
import json
import pathlib
import typing
from urllib import parse

# Each program of a service writes a file of JSON lines into the run's logs.
PATTERN = 'access-*.jsonl'

_READS = ('GET', 'HEAD', 'OPTIONS')


@dataclasses.dataclass(frozen=True)
class Write:
    """A request that may change something.

    :ivar time: seconds since the epoch
    :ivar service: name of the program that answered
    :ivar path: without the query
    """

    time: float
    service: str
    method: str
    path: str
    status: int
    user: str

    @property
    def segments(self) -> set[str]:
        """The segments of the path, where the IDs of resources are."""
        return {parse.unquote(word) for word in self.path.split('/') if word}

    def __str__(self) -> str:
        return (f'{self.service}: {self.method} {self.path} by {self.user} '
                f'({self.status})')


@dataclasses.dataclass(frozen=True)
class Update:
    """An update of a stack with no change.

    :ivar began: seconds since the epoch, before the request
    :ivar ended: seconds since the epoch, after the stack was complete
    :ivar resources: {physical ID: path of the resource}
    """

    stack: str
    began: float
    ended: float
    resources: abc.Mapping[str, str]


def writes(logs: pathlib.Path) -> list[Write]:
    """Return the writes in all access logs of a run, in their order.

    :param logs: the directory of the run's logs
    """
    found = []
    for path in sorted(logs.glob(PATTERN)):
        service = path.stem.removeprefix('access-')
        for line in path.read_text('utf-8').splitlines():
            request = json.loads(line)
            if request['method'] not in _READS:
                found.append(Write(
                    request['time'], service, request['method'],
                    request['path'].partition('?')[0], request['status'],
                    request.get('user') or ''))
    return sorted(found, key=lambda write: write.time)


def updates(manifests: pathlib.Path) -> list[Update]:
    """Return the updates with no change that the scenarios have recorded.

    :param manifests: the directory of the manifests
    """
    found = []
    for path in sorted(manifests.glob('*.json')):
        stacks: dict[str, dict[str, typing.Any]] = json.loads(
            path.read_text('utf-8')).get('stacks', {})
        for stack in stacks.values():
            update = stack.get('no_change', {})
            # An update that failed has no end; its test has failed too.
            if 'ended' in update:
                found.append(Update(
                    stack['name'], update['began'], update['ended'],
                    {key: name for name, key in update['resources'].items()
                     if key}))
    return found


def unasked(written: abc.Iterable[Write],
            updated: abc.Collection[Update]) -> list[str]:
    """Return descriptions of the writes to resources of a stack.

    A request that creates names no resource. If it replaces one, the
    physical ID of the resource changes; if it adds one, that is left behind.
    """
    found = []
    for write in written:
        for update in updated:
            hit = write.segments & update.resources.keys()
            if hit and update.began <= write.time <= update.ended:
                paths = sorted(update.resources[key] for key in hit)
                found.append(f'{write}, of {", ".join(paths)} of stack '
                             f'{update.stack}')
    return found
