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

"""Compares the answers of two releases for one stack: pure functions.

The base answers for itself: a value that the base does not read back from its
own rows is not compared. A stack that the base refuses is not compared at
all, and errors count as equal to each other: their texts may change.
"""

from collections import abc
import typing

from heat_upgrade.fuzz import model

UPDATES = 'resources: update without change'
NESTED = 'resources: nested stack'
# In these a type may have new properties; unset, they change nothing.
EXTENSIBLE = ('resources: properties', 'resources: stored properties as read')
# From the least effect of an update to the worst.
EFFECTS = ('unchanged', 'updated', 'replaced')

Answer = dict[str, typing.Any]
Facts = dict[str, typing.Any]


def accepted(base: Answer) -> bool:
    """Return True if the base creates the stack, and reads its own rows."""
    return ('refused' not in base['created']
            and 'not loaded' not in base.get('loaded', {'not loaded': ''}))


def differences(base: Answer, target: Answer) -> list[model.Difference]:
    """Return the differences between the answers of two releases.

    :param base: answer of the base, for its own rows
    :param target: answer of the target, for the rows of the base
    """
    if not accepted(base):
        return []
    found: list[model.Difference] = []
    if 'refused' in target['created']:
        found.append(_failed(model.Kind.REFUSED,
                             target['created']['refused']))
    else:
        found += _unlike(model.Kind.READ_DIFFERENTLY, base['created'],
                         target['created'], base['created'])
    if 'not loaded' in target['loaded']:
        found.append(_failed(model.Kind.NOT_LOADED,
                             target['loaded']['not loaded']))
    else:
        found += _unlike(model.Kind.LOADED_DIFFERENTLY, base['loaded'],
                         target['loaded'], base['created'])
    return found


def _failed(kind: model.Kind, error: Facts) -> model.Difference:
    return model.Difference(kind, error['error'], None, error)


def _unlike(kind: model.Kind, base: Facts, target: Facts,
            control: Facts) -> list[model.Difference]:
    """Return the values that differ.

    :param control: values of the base in another process of reading; only
        values that are the same there are compared
    """
    expected, seen = dict(_leaves(base)), dict(_leaves(target))
    stable = dict(_leaves(control))
    found = []
    lost = {f'{item}.': error for (aspect, item), error in seen.items()
            if aspect == NESTED and (aspect, item) not in expected}
    # All values of a nested stack that was not read are one difference.
    found += [model.Difference(kind, NESTED, None, error)
              for error in lost.values()]
    for path, value in expected.items():
        if (not _same(stable.get(path), value)
                or path[1].startswith(tuple(lost))):
            continue
        other = seen.get(path)
        if path[0] in EXTENSIBLE:
            other = _without_new(value, other)
        if path[0] == UPDATES:
            if _is_worse(value, other):
                found.append(model.Difference(
                    model.Kind.UPDATED, f'{path[0]}: {other}', value, other))
        elif not _same(value, other):
            found.append(model.Difference(kind, path[0], value, other))
    return found


def _leaves(facts: Facts) -> abc.Iterator[
        tuple[tuple[str, str], typing.Any]]:
    """Yield ((aspect, item), value); those of nested stacks too."""
    for aspect, items in facts.items():
        if not isinstance(items, dict):
            yield (aspect, ''), items
            continue
        if 'error' in items:
            yield (aspect, ''), items
            continue
        for name, value in items.items():
            if aspect == NESTED and isinstance(value, dict):
                if 'error' in value:
                    yield (aspect, name), value
                    continue
                for (inner, item), leaf in _leaves(value):
                    yield (inner, f'{name}.{item}'), leaf
            else:
                yield (aspect, name), value


def _without_new(known: typing.Any, value: typing.Any) -> typing.Any:
    """Return a value without unset properties that another one lacks."""
    if isinstance(known, dict) and isinstance(value, dict):
        return {name: _without_new(known.get(name), part)
                for name, part in value.items()
                if name in known or part is not None}
    if (isinstance(known, list) and isinstance(value, list)
            and len(known) == len(value)):
        return list(map(_without_new, known, value))
    return value


def _same(one: typing.Any, other: typing.Any) -> bool:
    if _is_error(one) and _is_error(other):
        return True
    # 1, 1.0 and True are equal to Python, but not to users.
    return type(one) is type(other) and bool(
        _all_same(one, other) if isinstance(one, (list, dict))
        else one == other)


def _all_same(one: typing.Any, other: typing.Any) -> bool:
    if len(one) != len(other):
        return False
    if isinstance(one, dict):
        return all(name in other and _same(value, other[name])
                   for name, value in one.items())
    return all(map(_same, one, other))


def _is_error(value: typing.Any) -> bool:
    return isinstance(value, dict) and value.keys() == {'error', 'text'}


def _is_worse(base: typing.Any, target: typing.Any) -> bool:
    """Return True if an update has a worse effect on the target."""
    if base not in EFFECTS:
        return False
    if target not in EFFECTS:
        return True
    return EFFECTS.index(target) > EFFECTS.index(base)
