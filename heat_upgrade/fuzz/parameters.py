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

"""Parameters of all types, with constraints, and their values."""

from collections import abc
import dataclasses
import typing

from heat_upgrade.fuzz import choices
from heat_upgrade.fuzz import functions
from heat_upgrade.fuzz import values

TYPES = ('string', 'number', 'comma_delimited_list', 'json', 'boolean')


@dataclasses.dataclass(frozen=True)
class Parameter:
    """A parameter of a generated template.

    :ivar schema: its entry in the template
    :ivar others: further legal values
    """

    name: str
    schema: dict[str, typing.Any]
    others: tuple[typing.Any, ...]


def make(choose: choices.Choices, name: str, version: str) -> Parameter:
    """Return a parameter; its default is legal."""
    type_ = choose.pick(TYPES)
    candidates = [_value(choose, type_) for _ in range(2)]
    schema: dict[str, typing.Any] = {'type': type_,
                                     'default': candidates[0]}
    if choose.one_in(3):
        schema.update(choose.pick((
            {'hidden': True}, {'description': 'é'}, {'label': 'A label'},
            {'hidden': 'false'}, {'description': ''},
            {'immutable': True} if version >= functions.PIKE else {},
            {'tags': ['a', 'b']} if version >= '2018-03-02' else {})))
    if choose.one_in(3):
        if type_ == 'string':
            candidates = [str(value) for value in candidates]
            schema['default'] = candidates[0]
        schema['constraints'] = _constraints(choose, type_, version,
                                             candidates)
    return Parameter(name, schema, tuple(candidates))


def _value(choose: choices.Choices, type_: str) -> typing.Any:
    if type_ == 'string':
        return (values.text(choose) if not choose.one_in(8)
                else choose.pick((1, True, 1.5)))
    if type_ == 'number':
        return choose.pick((*values.NUMBERS[:8], *values.NUMBER_TEXTS[:8]))
    if type_ == 'boolean':
        return choose.pick((*values.BOOLEANS, *values.BOOLEAN_TEXTS))
    if type_ == 'json':
        return (values.json_map(choose) if choose.one_in(2)
                else choose.pick(values.JSON_TEXTS))
    return (values.words(choose) if choose.one_in(2)
            else choose.pick(values.LIST_TEXTS))


def _constraints(choose: choices.Choices, type_: str, version: str,
                 candidates: list[typing.Any]) -> list[dict[str, typing.Any]]:
    """Return constraints that the candidates satisfy."""
    legal: list[dict[str, typing.Any]] = []
    if type_ == 'string':
        legal = [{'length': {'min': 0, 'max': 100000}},
                 {'length': {'max': '100000'}},
                 {'allowed_pattern': '(.|\n)*'},
                 {'allowed_values': [*map(str, candidates), 'other']}]
    elif type_ == 'number':
        legal = [{'range': {'min': -1000, 'max': 2**40}},
                 {'range': {'min': '-1000'}},
                 {'allowed_values': [*candidates, 7]}]
    elif type_ == 'json':
        legal = [{'length': {'min': 0}}]
    elif type_ == 'comma_delimited_list':
        legal = [{'length': {'min': 0, 'max': 20}},
                 {'allowed_values': [*values.WORDS, '', '0', '1', '2', 'é']}]
    found: list[dict[str, typing.Any]] = []
    for constraint in choose.several(legal, 2):
        if choose.one_in(3):
            constraint = {**constraint, 'description': 'must be so'}
        found.append(constraint)
    return found


def submitted(choose: choices.Choices, parameters: abc.Iterable[Parameter],
              one_in: int) -> dict[str, typing.Any]:
    """Return values that a user submits, for some of the parameters."""
    return {one.name: choose.pick(one.others) for one in parameters
            if choose.one_in(one_in)}
