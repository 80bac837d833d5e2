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

"""Values of parameters and properties, ordinary and odd.

The odd values are those that upgrades broke in the past: quoted numbers,
empty and null values, words that YAML reads as something else, texts that are
not ASCII, and values that are longer than a column.
"""

import typing

from heat_upgrade.fuzz import choices

LONG = 'x' * 70000  # More than a TEXT column of MySQL holds.
TEXTS = ('a', 'b', 'c', '', ' ', '0', '1', '007', '1.0', '1e3', '0x1F',
         'true', 'False', 'yes', 'on', 'null', '~', 'None', '2015-04-30',
         'a,b', 'a, b ,', '[1, 2]', '{"a": 1}', '%index%', 'é', '日本語',
         '\U0001f600', 'a\nb', ' a ', "it's", '"q"', '<%x%>', '$a', '\\n',
         'a: b', '#', '-1', 'a/b', '%s', '{}', '[]', '://')
WORDS = ('a', 'b', 'c', 'd')
NUMBERS = (0, 1, 2, 3, -1, 10, 1.5, -0.5, 1.0, 255, 65536, 2**31, 2**53 + 1,
           1e20, 1e-7)
NUMBER_TEXTS = ('0', '1', '3', '-1', '1.5', '1.0', '10', '1e3', '007',
                '4294967296')
BOOLEANS = (True, False)
BOOLEAN_TEXTS = ('true', 'false', 'True', 'FALSE', 't', 'f', 'on', 'off',
                 'y', 'n', 'yes', 'no', '1', '0')
LIST_TEXTS = ('a,b', 'a', '', 'a,b,a', 'a, b', ',', '1,2', 'é,b', '0')
JSON_TEXTS = ('{"a": 1}', '{}', '[]', '["a", 1]', '{"a": null}',
              '{"a": {"b": [1, "2", true]}}', '{"é": "ü"}')


def text(choose: choices.Choices) -> str:
    """Return a string: most are simple, some are odd."""
    if choose.one_in(200):
        return LONG
    return choose.pick(TEXTS if choose.one_in(2) else WORDS)


def literal(choose: choices.Choices, depth: int = 1) -> typing.Any:
    """Return any JSON value, without a function.

    :param depth: levels of lists and maps that it may have
    """
    kind = choose.number(7 if depth else 4)
    if kind == 0:
        return text(choose)
    if kind == 1:
        return choose.pick(NUMBERS)
    if kind == 2:
        return choose.pick(BOOLEANS)
    if kind == 3:
        return choose.pick(NUMBER_TEXTS)
    if kind == 4:
        return None
    if kind == 5:
        return [literal(choose, depth - 1) for _ in range(choose.number(3))]
    return json_map(choose, depth - 1)


def json_map(choose: choices.Choices, depth: int = 1
             ) -> dict[str, typing.Any]:
    """Return a map of JSON values."""
    return {name: literal(choose, depth)
            for name in choose.several((*WORDS, '1', 'é', ''), 3)}


def words(choose: choices.Choices) -> list[str]:
    """Return a list of simple strings; it may repeat some."""
    return [choose.pick(WORDS) for _ in range(choose.number(4))]
