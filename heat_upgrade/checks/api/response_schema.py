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

"""Answers reduced to their structure, and two structures compared.

A structure has no value of an answer: the status, the formats of headers
that matter, and for each path of keys in the body the formats of what is
there, and whether it is there always. Several answers to one call merge.
"""

import re

# Headers that clients depend on; of the first the media type is kept.
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
# What users give and get back as it is has no structure of Heat's; nor has a
# whole answer of which its call says so.
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


def reduced(status, headers, body, *, opaque=False):
    """Return the structure of one answer, as JSON has it.

    :param status: of HTTP, or words if there is none
    :param headers: mapping that knows no case
    :param body: what the JSON says, or text
    :param opaque: whether the body is as a user gave it
    """
    seen = {}
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


def _header(name, value):
    if name == CONTENT_TYPE:
        return value.partition(';')[0].strip().lower()
    return format_of(value)


def _walk(value, path, seen, key):
    entry = seen.setdefault(path, {'formats': set(), 'count': 0})
    entry['count'] += 1
    if key in OPAQUE or key == WHOLE:
        entry['formats'].add('anything' if value is not None else 'null')
        return
    entry['formats'].add(format_of(value))
    if isinstance(value, dict):
        for name, one in value.items():
            # The name of a user's parameter is no key of this list.
            _walk(one, f'{path}.{"*" if key in MAPS else name}', seen,
                  '' if key in MAPS else name)
    elif isinstance(value, list):
        for one in value:
            _walk(one, f'{path}[]', seen, '')


def _always(path, entry, seen):
    """Tell whether each object that could have a key has it."""
    parent, _, name = path.rpartition('.')
    if not parent or name == '*' or name.endswith('[]'):
        return True
    return entry['count'] >= seen[parent]['count']


def format_of(value):
    """Return the format of a value: its type, or more if it is a string."""
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


def merged(one, other):
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


def _united(one, other):
    return sorted({*one, *other}, key=str)


def _both(one, other, path):
    if path in one and path in other:
        return {'formats': _united(one[path]['formats'],
                                   other[path]['formats']),
                'always': one[path]['always'] and other[path]['always']}
    there, absent = (one, other) if path in one else (other, one)
    # Where its parent is absent too, it is as it was.
    parent = re.sub(r'(\.[^.\[\]]+|\[\])\Z', '', path)
    return {**there[path],
            'always': there[path]['always'] and parent not in absent}


def differences(was, now):
    """Return what a client may trip over: [(kind, what, before, after)].

    :param was: the structure of the base's answers to a call
    :param now: likewise, of the target
    """
    found = []
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


def _difference(path, before, body):
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


def _fits(before, after):
    """Tell whether who can read the one can read the other."""
    new = set(after) - set(before)
    if STRING in before:
        new -= _STRINGS
    if 'anything' in before or set(before) == {'null'}:
        return True
    return not new


def _words(values):
    return ' or '.join(str(value) for value in values)
