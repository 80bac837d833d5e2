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

"""Compares properties and attributes of a type that both releases have."""

from collections import abc
import json
import typing

from heat_upgrade.checks.resources import constraint_diff
from heat_upgrade.checks.resources import model

# Changes of the type after which a property still accepts every value:
# heat.engine.properties.Property.get_value.
_WIDER = {('Integer', 'Number')}

# Accepted too, and passed to the service as text.
_AS_TEXT = {('Integer', 'String'), ('Boolean', 'String')}

# The first member of a path.
PROPERTIES, UPDATE_POLICY = 'properties', 'update_policy'

# A section, then names of properties; '*' is each member of a list.
Path = tuple[str, ...]
# {(type, path): (limits, type of the property, its default)}
Watched = dict[tuple[str, Path],
               tuple[constraint_diff.Limits, str, typing.Any]]


def differences(pair: model.Pair, name: str) -> list[model.Difference]:
    """Return the differences between properties and attributes of a type.

    :param name: of a type that both have
    """
    base, target = pair.base['types'][name], pair.target['types'][name]
    each = _Type(pair, name, base, target)
    return [
        *each.properties((PROPERTIES,), base['properties'],
                         target['properties']),
        *each.properties((UPDATE_POLICY,), base['update_policy'],
                         target['update_policy']),
        *each.attributes()]


def watched(types: model.Reading,
            differences_: abc.Iterable[model.Difference]) -> Watched:
    """Return the limits with which values of templates are tried.

    :param types: types of the target
    :param differences_: those of the releases
    """
    found: Watched = {}
    for kind, *rest in (each.touches for each in differences_):
        if kind == model.REFUSED:
            name, (section, *path) = rest
            schema = {'schema': types[name][section]}
            for key in path:
                schema = schema['schema'][key]
            found[name, (section, *path)] = (
                constraint_diff.limits(schema['constraints']), schema['type'],
                schema['default'])
    return found


class _Type:
    """A comparison of one type; its methods yield differences."""

    def __init__(self, pair: model.Pair, name: str, base: model.Reading,
                 target: model.Reading) -> None:
        self._pair = pair
        self._name = name
        self._base = base
        self._target = target

    def properties(self, path: Path, base: model.Reading,
                   target: model.Reading,
                   deprecated: model.Reading | None = None
                   ) -> abc.Iterator[model.Difference]:
        """Compare the properties below a path.

        :param base: {name: property}
        :param target: {name: property}
        :param deprecated: support status of the property that contains them,
            if the base deprecates it
        """
        for key in sorted({*base, *target}):
            here = (*path, key)
            before, after = base.get(key), target.get(key)
            if before is None:
                yield from self._added(here, target[key])
            elif after is None or (before['implemented'] and
                                   not after['implemented']):
                yield self._gone(here, before, after, deprecated)
            else:
                yield from self._property(here, before, after, deprecated)

    def _property(self, path: Path, before: model.Reading,
                  after: model.Reading, deprecated: model.Reading | None
                  ) -> abc.Iterator[model.Difference]:
        if before['type'] != after['type'] and after['type'] != 'Any':
            yield from self._retyped(path, before, after)
        else:
            yield from self._narrowed(path, before, after)
        yield from self._required(path, before, after)
        yield from self._default(path, before, after)
        yield from self._updates(path, before, after)
        yield from self._status(
            'property', _dotted(path), _dotted(path), before['status'],
            after['status'], (model.SET, self._name, path))
        if before['type'] == after['type']:
            if model.is_deprecated(before['status']):
                deprecated = before['status']
            yield from self._nested(path, before['schema'], after['schema'],
                                    deprecated)

    def _nested(self, path: Path, before: model.Reading | None,
                after: model.Reading | None,
                deprecated: model.Reading | None
                ) -> abc.Iterator[model.Difference]:
        if before is not None and after is not None:
            yield from self.properties(path, before, after, deprecated)
        elif after is not None and '*' in after:
            yield from self.properties(path, {'*': _ANY}, after, deprecated)
        elif after is not None:
            yield self._difference(
                'property-keys-closed', _dotted(path),
                f'property {_dotted(path)} takes its own keys alone',
                self._pair.values('any keys', ', '.join(sorted(after))),
                (model.SET, self._name, path))

    def _added(self, path: Path,
               after: model.Reading) -> abc.Iterator[model.Difference]:
        if after['required'] and after['default'] is None:
            yield self._difference(
                'property-required-new', _dotted(path),
                f'property {_dotted(path)} is new and required',
                self._pair.values('not there', _summary(after)),
                (model.UNSET, self._name, path))

    def _gone(self, path: Path, before: model.Reading,
              after: model.Reading | None,
              deprecated: model.Reading | None) -> model.Difference:
        words = model.announced(
            deprecated or (
                self._base['status']
                if model.is_deprecated(self._base['status'])
                else before['status']),
            after and after['status'], self._pair.names)
        return self._difference(
            'property-removed' if words else 'property-removed-unannounced',
            _dotted(path), f'property {_dotted(path)} is gone' +
            (', as announced' if words else ' without a deprecation'),
            (*self._pair.values(_summary(before), after and 'not implemented'
                                or 'not there'),
             words or 'not announced: it was not deprecated'),
            (model.SET, self._name, path))

    def _retyped(self, path: Path, before: model.Reading,
                 after: model.Reading) -> abc.Iterator[model.Difference]:
        change = (before['type'], after['type'])
        if change in _WIDER:
            return
        yield self._difference(
            'property-taken-as-text' if change in _AS_TEXT
            else 'property-retyped', _dotted(path),
            f'property {_dotted(path)} is {after["type"]}, was '
            f'{before["type"]}', self._pair.values(*change),
            (model.SET, self._name, path))

    def _narrowed(self, path: Path, before: model.Reading,
                  after: model.Reading) -> abc.Iterator[model.Difference]:
        for certain, constraint, words in constraint_diff.narrowed(
                before['constraints'], after['constraints'], after['type'],
                implementations=(self._pair.base['constraints'],
                                 self._pair.target['constraints'])):
            rule, change = (
                ('property-values-narrowed', f'accepts less: {constraint}')
                if certain else
                ('property-constraint-changed', f'has another {constraint}'))
            kind = (model.REFUSED if constraint in constraint_diff.DECIDABLE
                    else model.SET)
            yield self._difference(
                rule, _dotted(path), f'property {_dotted(path)} {change}',
                (words, *self._pair.values(_constraints(before),
                                           _constraints(after))),
                (kind, self._name, path))

    def _required(self, path: Path, before: model.Reading,
                  after: model.Reading) -> abc.Iterator[model.Difference]:
        had = before['required'] and before['default'] is None
        if after['required'] and after['default'] is None and not had and (
                path[-1] != '*'):
            yield self._difference(
                'property-required', _dotted(path),
                f'property {_dotted(path)} is now required',
                self._pair.values(_summary(before), _summary(after)),
                (model.UNSET, self._name, path))

    def _default(self, path: Path, before: model.Reading,
                 after: model.Reading) -> abc.Iterator[model.Difference]:
        if before['default'] == after['default']:
            return
        yield self._difference(
            'property-default-changed', _dotted(path),
            f'property {_dotted(path)} has another default',
            (*self._pair.values(*(json.dumps(each['default'])
                                  for each in (before, after))),
             'Existing resources keep their value until another property is '
             'updated; new resources get the new default.'),
            (model.UNSET, self._name, path))

    def _updates(self, path: Path, before: model.Reading,
                 after: model.Reading) -> abc.Iterator[model.Difference]:
        # Heat reads neither of nested ones: Resource.calc_update_allowed.
        if len(path) != 2 or path[0] != PROPERTIES:
            return
        touches = (model.SET, self._name, path)
        if before['update_allowed'] and not after['update_allowed'] and (
                not after['immutable']):
            yield self._difference(
                'property-replaces', _dotted(path),
                f'a change of property {_dotted(path)} replaces the resource',
                self._pair.values('updated in place', 'replaced'), touches)
        if after['immutable'] and not before['immutable']:
            yield self._difference(
                'property-immutable', _dotted(path),
                f'a change of property {_dotted(path)} is refused',
                self._pair.values(
                    'updated in place' if before['update_allowed']
                    else 'the resource is replaced', 'immutable'), touches)

    def attributes(self) -> abc.Iterator[model.Difference]:
        """Compare the attributes: REAL-FAILURES 74."""
        base, target = self._base['attributes'], self._target['attributes']
        for key, before in sorted(base.items()):
            touches = (model.ATTRIBUTE, self._name, key)
            after = target.get(key)
            if after is None:
                words = model.announced(
                    self._base['status']
                    if model.is_deprecated(self._base['status'])
                    else before['status'], None, self._pair.names)
                yield self._difference(
                    'attribute-removed' if words
                    else 'attribute-removed-unannounced', f'attribute {key}',
                    f'attribute {key} is gone' + (
                        ', as announced' if words
                        else ' without a deprecation'),
                    (*self._pair.values(before['type'] or 'any type',
                                        'not there'),
                     words or 'not announced: it was not deprecated'),
                    touches)
                continue
            # Without a type, an attribute promises nothing.
            if before['type'] and after['type'] and (
                    before['type'] != after['type']):
                yield self._difference(
                    'attribute-retyped', f'attribute {key}',
                    f'attribute {key} is {after["type"]}, was '
                    f'{before["type"]}',
                    (*self._pair.values(before['type'], after['type']),
                     'as with LP 2068490'), touches)
            yield from self._status(
                'attribute', key, f'attribute {key}', before['status'],
                after['status'], touches)

    def _status(self, word: str, name: str, subject: str,
                before: model.Reading, after: model.Reading,
                touches: model.Touches) -> abc.Iterator[model.Difference]:
        if worse(before, after):
            yield self._difference(
                f'{word}-deprecated', subject,
                f'{word} {name} is now {after["status"].lower()}',
                self._pair.values(model.described(before),
                                  model.described(after)), touches)

    def _difference(self, rule: str, subject: str, words: str,
                    evidence: abc.Iterable[str],
                    touches: model.Touches) -> model.Difference:
        return model.Difference(
            f'resources.{rule}', f'{self._name} {subject}',
            f'{self._name}: {words}',
            (f'in {self._target["class"]}', *evidence), touches)


_ORDER = ('SUPPORTED', 'UNSUPPORTED', 'DEPRECATED', 'HIDDEN')


def worse(before: model.Reading, after: model.Reading) -> bool:
    """Return True if a support status has become one that warns."""
    known = [_ORDER.index(each['status']) if each['status'] in _ORDER else 0
             for each in (before, after)]
    return known[1] > known[0]


# Each member of a list without a schema.
_ANY = {'type': 'Any', 'required': False, 'implemented': True,
        'update_allowed': True, 'immutable': False, 'default': None,
        'constraints': [], 'schema': None,
        'status': {'status': 'SUPPORTED', 'version': None, 'message': None,
                   'substitutes': []}}


def _dotted(path: Path) -> str:
    """Return a path as text: networks.*.fixed_ip."""
    section, *rest = path
    return '.'.join(rest if section == PROPERTIES else path)


def _constraints(schema: model.Reading) -> str:
    return '; '.join(
        f'{kind} ' + (constraint_diff.listed(argument)
                      if isinstance(argument, list)
                      else json.dumps(argument))
        for kind, argument in schema['constraints']) or 'any value'


def _summary(schema: model.Reading) -> str:
    words = [schema['type'], 'required' if schema['required'] else 'optional']
    if schema['default'] is not None:
        words.append(f'default {json.dumps(schema["default"])}')
    return ', '.join(words)
