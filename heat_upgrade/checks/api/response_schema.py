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

"""Reduces answers to their structure, and compares two structures.

A structure contains no value of an answer. It has the status, the formats of
relevant headers and, for each path of keys in the body, the formats of its
values and whether it always exists. Several answers to one call are merged.
"""

from collections import abc
import re
import typing

# Headers that clients depend on; only the media type of the first is kept.
CONTENT_TYPE = 'Content-Type'
HEADERS = (CONTENT_TYPE, 'Location', 'X-Openstack-Request-Id',
           'WWW-Authenticate')

# Below these keys, maps have keys that users choose, or resource types do.
MAPS = {
    'NestedParameters', 'Parameters', 'attributes', 'files', 'input_values',
    'options', 'output_values', 'parameter_defaults', 'parameters',
    'properties', 'resource_data', 'resource_properties',
    'resource_registry', 'resources', 'schema',
}
# Heat returns these as users gave them, so their structure is not compared;
# WHOLE is an answer that its call declares as such.
OPAQUE = {'Default', 'Value', 'default', 'metadata', 'output_value',
          'template', 'value'}
WHOLE = 'whole'

# In place of a format.
GONE = 'gone'

STRING = 'string'
FORMATS = (
    ('timestamp with Z', r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z'),
    ('timestamp with offset',
     r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:?\d\d'),
    ('timestamp without zone', r'\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?'),
    ('uuid', r'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'),
    ('hexadecimal id', r'[0-9a-f]{32}'),
    ('url', r'https?://\S+'),
    ('arn', r'arn:openstack:\S+'),
    ('number as string', r'-?\d+(\.\d+)?'),
    ('boolean as string', r'[Tt]rue|[Ff]alse'),
)
_FORMATS = [(name, re.compile(rf'(?:{pattern})\Z'))
            for name, pattern in FORMATS]
_STRINGS = {STRING, *(name for name, _ in FORMATS)}

# A structure, as JSON; the formats of a path, or all paths of a body.
Structure = dict[str, typing.Any]
# (kind, path or header, before, after)
Difference = tuple[str, str, str, str]


def reduced(status: int | str, headers: abc.Mapping[str, str],
            body: typing.Any, *, opaque: bool = False) -> Structure:
    """Return the structure of one answer.

    :param status: of HTTP, or a text without an answer
    :param headers: case-insensitive mapping
    :param body: parsed JSON, or text
    :param opaque: whether the body is as a user gave it
    """
    seen: Structure = {}
    if body not in (None, ''):
        _walk(body, 'body', seen, WHOLE if opaque else '')
    return {
        'status': [status],
        'headers': {name: [_header(name, headers[name])]
                    for name in HEADERS if headers.get(name)},
        'body': {path: {'formats': sorted(entry['formats']),
                        'always': _always(path, entry, seen)}
                 for path, entry in sorted(seen.items())},
    }


def _header(name: str, value: str) -> str:
    if name == CONTENT_TYPE:
        return value.partition(';')[0].strip().lower()
    return format_of(value)


def _walk(value: typing.Any, path: str, seen: Structure, key: str) -> None:
    entry = seen.setdefault(path, {'formats': set(), 'count': 0})
    entry['count'] += 1
    if key in OPAQUE or key == WHOLE:
        entry['formats'].add('anything' if value is not None else 'null')
        return
    entry['formats'].add(format_of(value))
    if isinstance(value, dict):
        for name, member in value.items():
            # The name of a user's parameter is not one of these keys.
            _walk(member, f'{path}.{"*" if key in MAPS else name}', seen,
                  '' if key in MAPS else name)
    elif isinstance(value, list):
        for member in value:
            _walk(member, f'{path}[]', seen, '')


def _always(path: str, entry: Structure, seen: Structure) -> bool:
    """Return True if each object that could have a key has it."""
    parent, _, name = path.rpartition('.')
    if not parent or name == '*' or name.endswith('[]'):
        return True
    return bool(entry['count'] >= seen[parent]['count'])


def format_of(value: typing.Any) -> str:
    """Return the type of a value, or the format of a string."""
    if value is None:
        return 'null'
    if isinstance(value, bool):
        return 'boolean'
    if isinstance(value, (int, float)):
        return 'number'
    if isinstance(value, dict):
        return 'object'
    if isinstance(value, list):
        return 'list'
    for name, pattern in _FORMATS:
        if pattern.match(value):
            return name
    return STRING


def merged(one: Structure, other: Structure) -> Structure:
    """Return the structure of two answers to the same call."""
    paths = sorted(one['body'].keys() | other['body'].keys())
    headers = sorted(one['headers'].keys() & other['headers'].keys())
    return {
        'status': _united(one['status'], other['status']),
        'headers': {name: _united(one['headers'][name],
                                  other['headers'][name])
                    for name in headers},
        'body': {path: _both(one['body'], other['body'], path)
                 for path in paths},
    }


def _united(one: abc.Iterable[typing.Any],
            other: abc.Iterable[typing.Any]) -> list[typing.Any]:
    return sorted({*one, *other}, key=str)


def _both(one: Structure, other: Structure, path: str) -> Structure:
    if path in one and path in other:
        return {'formats': _united(one[path]['formats'],
                                   other[path]['formats']),
                'always': one[path]['always'] and other[path]['always']}
    present, absent = (one, other) if path in one else (other, one)
    # A path whose parent is absent too does not become optional.
    parent = re.sub(r'(\.[^.\[\]]+|\[\])\Z', '', path)
    return {**present[path],
            'always': present[path]['always'] and parent not in absent}


def differences(was: Structure, now: Structure) -> list[Difference]:
    """Return the differences that may break a client.

    :param was: structure of the base's answers to a call
    :param now: structure of the target's answers
    """
    found: list[Difference] = []
    if set(was['status']) != set(now['status']):
        found.append(('status', '', _words(was['status']),
                      _words(now['status'])))
        # Another status has another body.
        return found
    for name, before in was['headers'].items():
        after = now['headers'].get(name)
        if after is None:
            found.append(('header', name, _words(before), GONE))
        elif not _fits(before, after):
            found.append(('header', name, _words(before), _words(after)))
    for path, before in was['body'].items():
        found += _difference(path, before, now['body'])
    return found


def _difference(path: str, before: Structure,
                body: Structure) -> list[Difference]:
    after = body.get(path)
    if after is None:
        parent = re.sub(r'(\.[^.\[\]]+|\[\])\Z', '', path)
        if parent != path and parent not in body:
            return []
        return [('key', path, _words(before['formats']), GONE)]
    if not _fits(before['formats'], after['formats']):
        return [('format', path, _words(before['formats']),
                 _words(after['formats']))]
    if before['always'] and not after['always']:
        return [('key', path, 'always there', 'not always there')]
    return []


def _fits(before: abc.Collection[str], after: abc.Collection[str]) -> bool:
    """Return True if a client of the old formats can read the new ones."""
    new = set(after) - set(before)
    if STRING in before:
        new -= _STRINGS
    if 'anything' in before or set(before) == {'null'}:
        return True
    return not new


def _words(values: abc.Iterable[object]) -> str:
    return ' or '.join(str(value) for value in values)
