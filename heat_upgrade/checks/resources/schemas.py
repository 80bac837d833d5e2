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

"""Properties and attributes of a type that both releases have."""

import json

from heat_upgrade.checks.resources import constraint_diff
from heat_upgrade.checks.resources import model

# What a property may become and still take each value that it took:
# heat.engine.properties.Property.get_value.
_WIDER = {('Integer', 'Number')}

# Taken too, and given to the service as text.
_AS_TEXT = {('Integer', 'String'), ('Boolean', 'String')}

# In a path, what belongs to no section of its own.
PROPERTIES, UPDATE_POLICY = 'properties', 'update_policy'


def differences(pair, name):
    """Return how properties and attributes of a type differ.

    :param pair: :class:`heat_upgrade.checks.resources.model.Pair`
    :param name: of a type that both have
    :returns: list of :class:`heat_upgrade.checks.resources.model.Difference`
    """
    base, target = pair.base['types'][name], pair.target['types'][name]
    each = _Type(pair, name, base, target)
    return [
        *each.properties((PROPERTIES,), base['properties'],
                         target['properties']),
        *each.properties((UPDATE_POLICY,), base['update_policy'],
                         target['update_policy']),
        *each.attributes()]


def watched(types, differences_):
    """Return what values of templates are to be tried with.

    :param types: types of the target
    :param differences_: those of the releases
    :returns: dict of (type, path) → (its Limits, its type, its default)
    """
    found = {}
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

    def __init__(self, pair, name, base, target):
        self._pair = pair
        self._name = name
        self._base = base
        self._target = target

    def properties(self, path, base, target, deprecated=None):
        """Compare those below a path.

        :param path: tuple of names; '*' is each member of a list
        :param base: dict of name → property
        :param target: likewise
        :param deprecated: support status of what they are in, if that was
            deprecated already
        """
        for key in sorted({*base, *target}):
            here = (*path, key)
            before, after = base.get(key), target.get(key)
            if before is None:
                yield from self._added(here, after)
            elif after is None or (before['implemented'] and
                                   not after['implemented']):
                yield self._gone(here, before, after, deprecated)
            else:
                yield from self._property(here, before, after, deprecated)

    def _property(self, path, before, after, deprecated):
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

    def _nested(self, path, before, after, deprecated):
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

    def _added(self, path, after):
        if after['required'] and after['default'] is None:
            yield self._difference(
                'property-required-new', _dotted(path),
                f'property {_dotted(path)} is new and required',
                self._pair.values('not there', _summary(after)),
                (model.UNSET, self._name, path))

    def _gone(self, path, before, after, deprecated):
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

    def _retyped(self, path, before, after):
        change = (before['type'], after['type'])
        if change in _WIDER:
            return
        yield self._difference(
            'property-taken-as-text' if change in _AS_TEXT
            else 'property-retyped', _dotted(path),
            f'property {_dotted(path)} is {after["type"]}, was '
            f'{before["type"]}', self._pair.values(*change),
            (model.SET, self._name, path))

    def _narrowed(self, path, before, after):
        for certain, what, words in constraint_diff.narrowed(
                before['constraints'], after['constraints'], after['type'],
                implementations=(self._pair.base['constraints'],
                                 self._pair.target['constraints'])):
            yield self._difference(
                (
                    'property-values-narrowed'
                    if certain
                    else 'property-constraint-changed'
                ),
                _dotted(path),
                f'property {_dotted(path)} '
                + (
                    f'accepts less: {what}'
                    if certain
                    else f'has another {what}'
                ),
                (
                    words,
                    *self._pair.values(
                        _constraints(before), _constraints(after)
                    ),
                ),
                (
                    (
                        model.REFUSED
                        if what in constraint_diff.DECIDABLE
                        else model.SET
                    ),
                    self._name,
                    path,
                ),
            )

    def _required(self, path, before, after):
        had = before['required'] and before['default'] is None
        if after['required'] and after['default'] is None and not had and (
                path[-1] != '*'):
            yield self._difference(
                'property-required', _dotted(path),
                f'property {_dotted(path)} is now required',
                self._pair.values(_summary(before), _summary(after)),
                (model.UNSET, self._name, path))

    def _default(self, path, before, after):
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

    def _updates(self, path, before, after):
        # Of what is nested, Heat asks neither: Resource.calc_update_allowed.
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

    def attributes(self):
        """Yield how attributes differ: REAL-FAILURES 74."""
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
            # Without a type, nothing was said of it: none is taken back.
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

    def _status(self, word, name, subject, before, after, touches):
        if worse(before, after):
            yield self._difference(
                f'{word}-deprecated', subject,
                f'{word} {name} is now {after["status"].lower()}',
                self._pair.values(model.described(before),
                                  model.described(after)), touches)

    def _difference(self, rule, subject, words, evidence, touches):
        return model.Difference(
            f'resources.{rule}', f'{self._name} {subject}',
            f'{self._name}: {words}',
            (f'in {self._target["class"]}', *evidence), touches)


_ORDER = ('SUPPORTED', 'UNSUPPORTED', 'DEPRECATED', 'HIDDEN')


def worse(before, after):
    """Return whether a support status has become one that warns."""
    known = [_ORDER.index(each['status']) if each['status'] in _ORDER else 0
             for each in (before, after)]
    return known[1] > known[0]


# What a list without a schema takes.
_ANY = {'type': 'Any', 'required': False, 'implemented': True,
        'update_allowed': True, 'immutable': False, 'default': None,
        'constraints': [], 'schema': None,
        'status': {'status': 'SUPPORTED', 'version': None, 'message': None,
                   'substitutes': []}}


def _dotted(path):
    """Return a path as it is written: networks.*.fixed_ip."""
    section, *rest = path
    return '.'.join(rest if section == PROPERTIES else path)


def _constraints(schema):
    return '; '.join(
        f'{kind} ' + (constraint_diff.listed(asked) if isinstance(asked, list)
                      else json.dumps(asked))
        for kind, asked in schema['constraints']) or 'any value'


def _summary(schema):
    words = [schema['type'], 'required' if schema['required'] else 'optional']
    if schema['default'] is not None:
        words.append(f'default {json.dumps(schema["default"])}')
    return ', '.join(words)
