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

"""Compares the types of an option in two releases.

Types are data from ``inspectors/config_options``: the class of
oslo_config.types, its limits, and its parts.
"""

from collections import abc
import dataclasses

from heat_upgrade.checks.config import options

# oslo_config.types that replace plain Python types, which keystoneauth uses.
_PLAIN = {'str': 'String', 'int': 'Integer', 'float': 'Float',
          'bool': 'Boolean', 'dict': 'Dict', 'list': 'List',
          'MultiString': 'String'}

# Classes that accept every value of another, and return the same result.
_WIDER = {
    'Port': {'Integer', 'Float'}, 'Integer': {'Float'},
    'IPAddress': {'HostAddress', 'HostDomain', 'String'},
    'Hostname': {'HostAddress', 'HostDomain', 'String'},
    'HostAddress': {'HostDomain', 'String'},
    'HostDomain': {'String'}, 'URI': {'String'},
}

_NUMBERS = ('Integer', 'Float', 'Port', 'Range')
_PORTS = {'min': 0, 'max': 65535}


@dataclasses.dataclass(frozen=True)
class Difference:
    """How a type refuses values that another accepts.

    :ivar retyped: whether it is of another kind, not just narrower
    :ivar documented: whether the base promised the values that are refused
        now: by choices, or by limits. A text without limits promises nothing
    :ivar text: the values that are refused
    """

    retyped: bool
    documented: bool
    text: str


def difference(base: options.TypeData,
               target: options.TypeData) -> Difference | None:
    """Return how the target's type refuses or changes values of the base's.

    :returns: None if the target's type accepts all values as before
    """
    old, new = _class(base), _class(target)
    if 'function' in (old, new):
        # The values that a callable accepts are unknown.
        return None
    if old != new and new not in _WIDER.get(old, ()):
        return _other_class(base, target, old, new)
    return _narrowed(base, target)


def _class(kind: options.TypeData) -> str:
    name = str(kind['class'])
    return _PLAIN.get(name, name)


def _other_class(base: options.TypeData, target: options.TypeData, old: str,
                 new: str) -> Difference:
    text = f'type: {described(base)} -> {described(target)}'
    if old == 'String' and new not in ('List', 'Dict', 'Boolean'):
        return Difference(False, 'choices' in base, text)
    # Texts are split, or numbers and switches are spelled differently.
    return Difference(True, old != 'String' and new != 'String', text)


def _narrowed(base: options.TypeData,
              target: options.TypeData) -> Difference | None:
    for compare in (_choices, _bounds, _lengths, _texts, _parts):
        result = compare(base, target)
        if result:
            return result
    return None


def _choices(base: options.TypeData,
             target: options.TypeData) -> Difference | None:
    if 'choices' not in target:
        return None
    if 'choices' not in base:
        named = ', '.join(map(repr, target['choices']))
        return Difference(False, False,
                          f'values: any {described(base)} -> one of {named}')
    fold = str.lower if target.get('ignore_case') else str
    left = {fold(str(choice)) for choice in target['choices']}
    removed = [choice for choice in base['choices']
               if fold(str(choice)) not in left]
    if removed:
        return Difference(False, True, 'no longer a choice: '
                          + ', '.join(map(repr, removed)))
    if base.get('ignore_case') and not target.get('ignore_case'):
        return Difference(False, True, 'choices are now case-sensitive')
    return None


def _bounds(base: options.TypeData,
            target: options.TypeData) -> Difference | None:
    changes = []
    documented = False
    for name, sign in (('min', 1), ('max', -1)):
        old, new = (kind.get(name, _PORTS[name] if kind['class'] == 'Port'
                             else None) for kind in (base, target))
        if new is not None and (old is None or sign * new > sign * old):
            changes.append(f'{name}: {"none" if old is None else old} -> '
                           f'{new}')
            documented = documented or old is not None
    if not changes:
        return None
    if target['class'] == 'Range' or base['class'] in _NUMBERS:
        # Choices of the base were promised too.
        documented = documented or 'choices' in base
    return Difference(False, documented, ', '.join(changes))


def _lengths(base: options.TypeData,
             target: options.TypeData) -> Difference | None:
    old, new = base.get('max_length'), target.get('max_length')
    if new and (not old or new < old):
        return Difference(False, bool(old), f'longest value: {old or "any"} '
                          f'-> {new} characters')
    old, new = base.get('min_length'), target.get('min_length')
    if new and new > (old or 0):
        return Difference(False, bool(old),
                          f'fewest items: {old or 0} -> {new}')
    return None


def _texts(base: options.TypeData,
           target: options.TypeData) -> Difference | None:
    """Compare the form of texts: patterns, schemes, versions of IP."""
    if 'regex' in target and target['regex'] != base.get('regex'):
        return Difference(False, 'regex' in base, 'pattern: '
                          f'{base.get("regex", "none")} -> '
                          f'{target["regex"]}')
    if 'schemes' in target:
        removed = sorted(set(base.get('schemes', ()))
                         - set(target['schemes']))
        if removed or 'schemes' not in base:
            return Difference(False, bool(removed), 'schemes of the URI: '
                              f'{_list(base.get("schemes"))} -> '
                              f'{_list(target["schemes"])}')
    if target.get('version') not in (None, base.get('version'),
                                     '_check_both_versions'):
        return Difference(False, True, 'version of IP: '
                          f'{base.get("version")} -> {target["version"]}')
    if bool(base.get('bounds')) != bool(target.get('bounds')):
        return Difference(False, True, 'brackets around it: '
                          f'{bool(base.get("bounds"))} -> '
                          f'{bool(target.get("bounds"))}')
    old, new = (kind.get('key_value_separator') for kind in (base, target))
    if old and new and old != new:
        return Difference(True, True, 'separator of key and value: '
                          f'{old!r} -> {new!r}')
    return None


def _parts(base: options.TypeData,
           target: options.TypeData) -> Difference | None:
    for name, words in (('item_type', 'of each item'),
                        ('value_type', 'of each value')):
        if name in base and name in target:
            result = difference(base[name], target[name])
            if result:
                return dataclasses.replace(result,
                                           text=f'{result.text}, {words}')
    return None


def described(kind: options.TypeData) -> str:
    """Return a type in words: List of URI (http, https)."""
    words = _class(kind)
    for name in ('item_type', 'value_type'):
        if name in kind:
            words += f' of {described(kind[name])}'
    limits = []
    if 'choices' in kind:
        limits.append('one of ' + ', '.join(map(repr, kind['choices'])))
    limits += [f'{name} {kind[name]}'
               for name in ('min', 'max', 'min_length', 'max_length', 'regex')
               if name in kind]
    if 'schemes' in kind:
        limits.append(_list(kind['schemes']))
    return f'{words} ({"; ".join(limits)})' if limits else words


def _list(values: abc.Sequence[str] | None) -> str:
    return ', '.join(values) if values else 'any'
