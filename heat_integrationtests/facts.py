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

They are captured over the API, kept in a manifest, and compared later.
"""

from concurrent import futures
import dataclasses
import fnmatch
import json

# How deep stacks are looked into. Heat's own default limit is 5
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

# A newer release may show more than an older one did; only here would
# something new also be something wrong.
_CLOSED = ('resources', 'outputs', 'files')
_CLOSED_WITHIN = ('outputs.', 'files.')

# What a capture can leave out: it is what Heat was given.
CONTENT = ('template', 'environment', 'files')

# What an update changes although it replaces nothing.
UPDATED = ('stack.stack_status', 'stack.stack_status_reason',
           'stack.updated_time', 'resources.*.resource_status',
           'resources.*.resource_status_reason',
           'resources.*.updated_time', 'events.+')


@dataclasses.dataclass(frozen=True)
class Mismatch:
    """One fact that is not as it was."""

    path: str
    before: object
    after: object

    @property
    def replaced(self):
        """Whether it says that a physical resource was replaced."""
        return self.path.endswith('.physical_resource_id')

    def __str__(self):
        replaced = self.replaced
        return (f'{self.path}{" (was replaced)" if replaced else ""}'
                f'\n    before: {_short(self.before)}'
                f'\n    after:  {_short(self.after)}')


class _Absent:
    def __repr__(self):
        return '(not there)'


ABSENT = _Absent()


def _short(value, limit=400):
    if isinstance(value, dict) and 'event_time' in value:
        return ' '.join(str(value.get(field)) for field in (
            'event_time', 'resource_name', 'resource_status',
            'resource_status_reason'))
    text = value if isinstance(value, str) else repr(value)
    if len(text) <= limit:
        return text
    return f'{text[:limit]}… ({len(text)} characters)'


def capture(client, ref, *, content=True):
    """Ask Heat for the facts of a stack.

    :param client: a heatclient of version 1
    :param ref: the stack, as name/id
    :param content: whether to ask for template, environment and files, too
    :returns: a dictionary that JSON can hold, with the keys stack,
        parameters, outputs, resources (of nested stacks, too, by their
        path: parent/child), events (in their order) and, with content,
        template, environment and files
    """
    asked = {
        'shown': lambda: client.stacks.get(ref),
        'resources': lambda: resources(client, ref),
        'events': lambda: client.events.list(
            ref, nested_depth=DEPTH, sort_dir='asc'),
    }
    if content:
        asked.update({
            'template': lambda: client.stacks.template(ref),
            'environment': lambda: client.stacks.environment(ref),
            'files': lambda: client.stacks.files(ref),
        })
    # All at once: Heat takes half a second for any answer, since its API
    # waits that long between two looks for the reply of its engine
    # (oslo.messaging's ReplyWaiters, LP 2035113).
    with futures.ThreadPoolExecutor(len(asked)) as pool:
        pending = {key: pool.submit(ask) for key, ask in asked.items()}
        answers = {key: answer.result() for key, answer in pending.items()}
    shown = answers.pop('shown')
    events = answers.pop('events')
    # In the order in which a person wants to hear of a mismatch.
    return json.loads(json.dumps({
        'stack': _pick(shown, _STACK),
        'parameters': dict(shown.parameters),
        'outputs': {
            output['output_key']: output.get('output_error')
            or output['output_value'] for output in shown.outputs},
        **answers,
        'events': [_pick(event, _EVENT) for event in events],
    }, default=str))


def resources(client, ref):
    """Give the resources of a stack and of those nested in it, by path.

    :returns: a dictionary; a resource ``0`` of the nested stack that the
        resource ``group`` made has the key ``group/0``
    """
    listed = client.resources.list(ref, nested_depth=DEPTH)
    # A nested stack is known by the resource that made it.
    owners = {}
    for found in listed:
        nested = _link(found, 'nested')
        if nested:
            owners[nested] = found

    def key(found, depth=0):
        owner = owners.get(_link(found, 'stack'))
        if owner is None or depth > DEPTH:
            return found.resource_name
        return f'{key(owner, depth + 1)}/{found.resource_name}'

    return {key(found): _resource(found) for found in listed}


def _resource(found):
    picked = _pick(found, _RESOURCE)
    picked['required_by'] = sorted(picked.get('required_by') or ())
    return picked


def _link(found, relation):
    for link in found.links:
        if link['rel'] == relation:
            # The host may be another one after an upgrade.
            return link['href'].rpartition('/stacks/')[2]
    return None


def _pick(found, fields):
    shown = found.to_dict()
    return {field: shown[field] for field in fields if field in shown}


def compare(before, after, *, exceptions=()):
    """Give what is not as it was.

    Something that only the later facts have is a mismatch among resources,
    outputs, events and files; elsewhere a newer release may show more.

    :param before: facts, as capture gives them
    :param after: facts of the same stack, later
    :param exceptions: patterns of paths that may differ, such as
        ``stack.updated_time`` or ``resources.*.updated_time``;
        ``events.+`` allows events that came after those recorded
    :returns: a list of Mismatch, in the order of the facts
    """
    found = []
    _compare('', before, after, found)
    return [mismatch for mismatch in found
            if not any(fnmatch.fnmatchcase(mismatch.path, pattern)
                       for pattern in exceptions)]


def _compare(path, before, after, found):
    if isinstance(before, dict) and isinstance(after, dict):
        prefix = f'{path}.' if path else ''
        for key in before:
            _compare(f'{prefix}{key}', before[key], after.get(key, ABSENT),
                     found)
        if path in _CLOSED or path.startswith(_CLOSED_WITHIN):
            for key in after.keys() - before.keys():
                found.append(Mismatch(f'{path}.{key}', ABSENT, after[key]))
    elif path == 'events' and isinstance(after, list):
        _compare_events(before, after, found)
    elif before != after:
        found.append(Mismatch(path, before, after))


def _compare_events(before, after, found):
    for number, event in enumerate(before):
        later = after[number] if number < len(after) else {}
        if any(later.get(field) != event[field] for field in event):
            found.append(Mismatch(f'events.{number}', event,
                                  later or ABSENT))
    for event in after[len(before):]:
        found.append(Mismatch('events.+', ABSENT, event))


def report(mismatches, *, heading='These facts are not as recorded:'):
    """Give the mismatches as text, for people."""
    return '\n'.join([heading, *(f'  {found}' for found in mismatches)])


# The name and text of the detail by which a test says that physical resources
# were replaced or lost; the lab reads it (heat_upgrade.lab.stestr_runner).
REPLACED_DETAIL = 'failure-class', '3'


def replaced(before, after):
    """Give the mismatches that say that something was replaced or lost.

    Physical ids and creation times only; for an update that changes the
    rest on purpose. Resources that only the later facts have were added,
    not replaced.
    """
    return [
        mismatch for mismatch in compare(before, after)
        if fnmatch.fnmatchcase(mismatch.path,
                               'resources.*.physical_resource_id')
        or fnmatch.fnmatchcase(mismatch.path, 'resources.*.creation_time')
        or (fnmatch.fnmatchcase(mismatch.path, 'resources.*')
            and mismatch.after is ABSENT)]
