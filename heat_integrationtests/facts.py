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

"""The facts of a stack that an upgrade must not change.

Facts are captured through the API, saved in a manifest, and compared later.
"""

from collections import abc
from concurrent import futures
import dataclasses
import fnmatch
import json
import typing

from heat_integrationtests import aliases
from heat_integrationtests import clients

# Depth of nested stacks to capture: Heat's default limit
# (max_nested_stack_depth).
DEPTH = 5

_STACK = ('id', 'stack_name', 'stack_status', 'stack_status_reason',
          'description', 'template_description', 'creation_time',
          'updated_time', 'parent', 'disable_rollback', 'timeout_mins',
          'stack_owner', 'stack_user_project_id', 'capabilities',
          'notification_topics', 'tags')
_RESOURCE = ('resource_type', 'physical_resource_id', 'resource_status',
             'resource_status_reason', 'creation_time', 'updated_time',
             'required_by', 'logical_resource_id')
_EVENT = ('id', 'event_time', 'resource_name', 'resource_status',
          'resource_status_reason', 'physical_resource_id',
          'logical_resource_id')

# A newer release may show additional fields. Only in these groups is an
# additional entry a mismatch.
_CLOSED = ('resources', 'outputs', 'files')
_CLOSED_WITHIN = ('outputs.', 'files.')

# Groups that a capture can omit: they only repeat the request.
CONTENT = ('template', 'environment', 'files')

# Facts that an update changes even if it replaces nothing.
UPDATED = ('stack.stack_status', 'stack.stack_status_reason',
           'stack.updated_time', 'resources.*.resource_status',
           'resources.*.resource_status_reason',
           'resources.*.updated_time', 'events.+')


@dataclasses.dataclass(frozen=True)
class Mismatch:
    """A fact whose value has changed."""

    path: str
    before: object
    after: object

    @property
    def replaced(self) -> bool:
        """Whether a physical resource was replaced."""
        return self.path.endswith('.physical_resource_id')

    @property
    def physical(self) -> bool:
        """Whether a physical resource was replaced, or has changed."""
        return self.replaced or self.path.startswith('physical.')

    def __str__(self) -> str:
        replaced = self.replaced
        return (f'{self.path}{" (was replaced)" if replaced else ""}'
                f'\n    before: {_short(self.before)}'
                f'\n    after:  {_short(self.after)}')


class _Absent:
    def __repr__(self) -> str:
        return '(not there)'


ABSENT = _Absent()


def _short(value: object, limit: int = 400) -> str:
    if isinstance(value, dict) and 'event_time' in value:
        return ' '.join(str(value.get(field)) for field in (
            'event_time', 'resource_name', 'resource_status',
            'resource_status_reason'))
    text = value if isinstance(value, str) else repr(value)
    if len(text) <= limit:
        return text
    return f'{text[:limit]}… ({len(text)} characters)'


def capture(client: aliases.HeatClient, ref: str, *,
            content: bool = True) -> aliases.Json:
    """Capture the facts of a stack through Heat's API.

    :param ref: the stack, as name/id
    :param content: whether to include template, environment and files
    :returns: a dictionary that JSON can hold, with the keys stack,
        parameters, outputs, resources (including those of nested stacks, by
        their path: parent/child), events (in order) and, with content,
        template, environment and files
    """
    requests: dict[str, abc.Callable[[], typing.Any]] = {
        'shown': lambda: client.stacks.get(ref),
        'resources': lambda: resources(client, ref),
        'events': lambda: client.events.list(
            ref, nested_depth=DEPTH, sort_dir='asc'),
    }
    if content:
        requests.update({
            'template': lambda: client.stacks.template(ref),
            'environment': lambda: client.stacks.environment(ref),
            'files': lambda: client.stacks.files(ref),
        })
    # All in parallel: each answer of Heat takes half a second, the interval
    # at which its API polls for the engine's reply (oslo.messaging's
    # ReplyWaiters, LP 2035113).
    with futures.ThreadPoolExecutor(
            len(requests), initializer=clients.share_requests()) as pool:
        pending = {key: pool.submit(ask) for key, ask in requests.items()}
        answers = {key: answer.result() for key, answer in pending.items()}
    shown = answers.pop('shown')
    events = answers.pop('events')
    # In the order that suits a reader of mismatches.
    facts: aliases.Json = json.loads(json.dumps({
        'stack': _pick(shown, _STACK),
        'parameters': dict(shown.parameters),
        'outputs': {
            output['output_key']: output.get('output_error')
            or output['output_value'] for output in shown.outputs},
        **answers,
        'events': [_pick(event, _EVENT) for event in events],
    }, default=str))
    return facts


def resources(client: aliases.HeatClient, ref: str) -> aliases.Json:
    """Return the resources of a stack and its nested stacks, by path.

    :returns: a dictionary; resource ``0`` of the nested stack that belongs
        to the resource ``group`` has the key ``group/0``
    """
    members = client.resources.list(ref, nested_depth=DEPTH)
    # Maps a nested stack to the resource that owns it.
    owners: dict[str | None, aliases.HeatObject] = {}
    for member in members:
        nested = _link(member, 'nested')
        if nested:
            owners[nested] = member

    def key(member: aliases.HeatObject, depth: int = 0) -> str:
        owner = owners.get(_link(member, 'stack'))
        if owner is None or depth > DEPTH:
            name: str = member.resource_name
            return name
        return f'{key(owner, depth + 1)}/{member.resource_name}'

    return {key(member): _resource(member) for member in members}


def _resource(member: aliases.HeatObject) -> aliases.Json:
    picked = _pick(member, _RESOURCE)
    picked['required_by'] = sorted(picked.get('required_by') or ())
    return picked


def _link(member: aliases.HeatObject, relation: str) -> str | None:
    for link in member.links:
        if link['rel'] == relation:
            # Without the host, which an upgrade may change.
            ref: str = link['href'].rpartition('/stacks/')[2]
            return ref
    return None


def _pick(shown: aliases.HeatObject,
          fields: abc.Iterable[str]) -> aliases.Json:
    values = shown.to_dict()
    return {field: values[field] for field in fields if field in values}


def compare(before: aliases.Json, after: aliases.Json, *,
            exceptions: abc.Iterable[str] = ()) -> list[Mismatch]:
    """Return the mismatches between earlier and later facts of a stack.

    An entry that only the later facts have is a mismatch in resources,
    outputs, events and files; elsewhere a newer release may show more.

    :param before: facts, as capture returns them
    :param exceptions: patterns of paths that may differ, such as
        ``stack.updated_time`` or ``resources.*.updated_time``;
        ``events.+`` allows events after the recorded ones
    :returns: the mismatches in the order of the facts
    """
    mismatches: list[Mismatch] = []
    _compare('', before, after, mismatches)
    return [mismatch for mismatch in mismatches
            if not any(fnmatch.fnmatchcase(mismatch.path, pattern)
                       for pattern in exceptions)]


def _compare(path: str, before: object, after: object,
             mismatches: list[Mismatch]) -> None:
    if isinstance(before, dict) and isinstance(after, dict):
        prefix = f'{path}.' if path else ''
        for key in before:
            _compare(f'{prefix}{key}', before[key], after.get(key, ABSENT),
                     mismatches)
        if path in _CLOSED or path.startswith(_CLOSED_WITHIN):
            for key in after.keys() - before.keys():
                mismatches.append(
                    Mismatch(f'{path}.{key}', ABSENT, after[key]))
    elif (path == 'events' and isinstance(before, list)
            and isinstance(after, list)):
        _compare_events(before, after, mismatches)
    elif before != after:
        mismatches.append(Mismatch(path, before, after))


def _compare_events(before: list[aliases.Json], after: list[aliases.Json],
                    mismatches: list[Mismatch]) -> None:
    for number, event in enumerate(before):
        later = after[number] if number < len(after) else {}
        if any(later.get(field) != event[field] for field in event):
            mismatches.append(Mismatch(f'events.{number}', event,
                                       later or ABSENT))
    for event in after[len(before):]:
        mismatches.append(Mismatch('events.+', ABSENT, event))


def report(mismatches: abc.Iterable[Mismatch], *,
           heading: str = 'These facts have changed:') -> str:
    """Return the mismatches as text, for people."""
    return '\n'.join([heading, *(f'  {mismatch}' for mismatch in mismatches)])


# The name and text of the detail by which a test reports that physical
# resources were replaced, lost or changed (read by
# heat_upgrade.lab.stestr_runner).
REPLACED_DETAIL = 'failure-class', '3'


def replaced(before: aliases.Json, after: aliases.Json) -> list[Mismatch]:
    """Return the mismatches that show a replaced or lost resource.

    Use it after an update that changes other facts on purpose: it compares
    only physical IDs and creation times. Resources that only the later facts
    have were added, not replaced.
    """
    return [
        mismatch for mismatch in compare(before, after)
        if fnmatch.fnmatchcase(mismatch.path,
                               'resources.*.physical_resource_id')
        or fnmatch.fnmatchcase(mismatch.path, 'resources.*.creation_time')
        or (fnmatch.fnmatchcase(mismatch.path, 'resources.*')
            and mismatch.after is ABSENT)]
