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

"""The values of answers, comparable between clouds and releases.

Parts that differ between two clouds are replaced: times, hosts and signatures
by their kind, and each ID by its number in the lane. Equal IDs keep equal
numbers, so a resource that is replaced shows.
"""

from collections import abc
import re
import typing

# Texts for people, which may be reworded, and links to the same host.
IGNORED = {'links', 'message', 'Message', 'explanation', 'title', 'traceback'}
# Lists without an order.
_SORT_KEYS = {
    'resources': ('resource_name', 'resource_type'),
    'outputs': ('output_key',),
    'Outputs': ('OutputKey',),
    'StackResources': ('LogicalResourceId',),
    'StackResourceSummaries': ('LogicalResourceId',),
    'Parameters': ('ParameterKey',),
    # Of previews.
    'added': ('resource_name',),
    'deleted': ('resource_name',),
    'replaced': ('resource_name',),
    'unchanged': ('resource_name',),
    'updated': ('resource_name',),
    'resource_types': (),
    'required_by': (),
    'capabilities': (),
}
# Below these keys, an additional key is a difference: their keys are those of
# the user. Elsewhere, a newer release may add keys.
_CLOSED = {'parameters', 'parameter_defaults', 'resources', 'files',
           'resource_registry', 'output_values', 'input_values', 'properties'}

GONE = '(not there)'

_ID = re.compile(r'[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
                 r'|(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])'
                 # The end of a name that Heat makes (short_id).
                 r'|(?<=-)[a-z2-7]{12}(?![a-z0-9])')
_MASKS = tuple((re.compile(pattern), mask) for pattern, mask in (
    (r'\d{4}-\d\d-\d\d[T ]\d\d(?::|%3A)\d\d(?::|%3A)\d\d(?:\.\d+)?'
     r'(?:Z|[+-]\d\d:?\d\d)?', '<time>'),
    (r'(https?://)[^/\s]+', r'\1<host>'),
    (r'(Signature|AWSAccessKeyId|SignatureMethod)=[^&\s]+', r'\1=<secret>'),
))

# (path of keys and indexes, value of the base, value of the target)
Difference = tuple[str, typing.Any, typing.Any]


class Lane:
    """The IDs of one lane of calls, numbered as they appear.

    :param name: of the cloud, which is replaced in every text
    """

    def __init__(self, name: str = '') -> None:
        self._name = name
        self._numbers: dict[str, int] = {}

    def comparable(self, content: typing.Any, key: str = '') -> typing.Any:
        """Return the content of an answer without its accidental parts."""
        if isinstance(content, dict):
            return {name: self.comparable(content[name], name)
                    for name in sorted(content) if name not in IGNORED}
        if isinstance(content, list):
            members = content
            if key in _SORT_KEYS:
                members = sorted(content, key=lambda member: _rank(
                    member, _SORT_KEYS[key]))
            return [self.comparable(member) for member in members]
        if isinstance(content, str):
            return self._text(content)
        return content

    def _text(self, text: str) -> str:
        if self._name:
            text = text.replace(self._name, '<cloud>')
        for pattern, mask in _MASKS:
            text = pattern.sub(mask, text)
        return _ID.sub(self._number, text)

    def _number(self, found: re.Match[str]) -> str:
        number = self._numbers.setdefault(found[0], len(self._numbers) + 1)
        return f'<id {number}>'


def _rank(member: typing.Any, keys: abc.Iterable[str]) -> tuple[str, ...]:
    if isinstance(member, dict):
        return tuple(str(member.get(key, '')) for key in keys)
    return (str(member),)


def differences(was: typing.Any, now: typing.Any, path: str = '',
                key: str = '') -> list[Difference]:
    """Return the values that differ between two answers.

    :param was: result of :meth:`Lane.comparable` for the base
    :param now: the same for the target, which may have more keys
    """
    if isinstance(was, dict) and isinstance(now, dict):
        keys = set(was) | (set(now) if key in _CLOSED else set())
        return [found for name in sorted(keys) for found in differences(
            was.get(name, GONE), now.get(name, GONE),
            f'{path}.{name}' if path else name, name)]
    if isinstance(was, list) and isinstance(now, list):
        if len(was) != len(now):
            return [(path, was, now)]
        return [found for number, pair in enumerate(zip(was, now))
                for found in differences(*pair, f'{path}.{number}')]
    return [] if was == now and type(was) is type(now) else [(path, was, now)]
