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

"""Which values a type of an option takes that another does not.

Types are data as ``inspectors/config_options`` gives them: the class of
oslo_config.types, what bounds it, and its parts.
"""

import dataclasses

# A Python type stands for its class of oslo_config.types: keystoneauth has
# such options.
_PLAIN = {'str': 'String', 'int': 'Integer', 'float': 'Float',
          'bool': 'Boolean', 'dict': 'Dict', 'list': 'List',
          'MultiString': 'String'}

# Classes that take all that another takes, and hand on the same.
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
    """How a type refuses what another takes.

    :ivar retyped: whether it is of another kind, not just narrower
    :ivar documented: whether the values that are refused now were promised:
        named, or within bounds that the base states. A text without any
        bounds promises nothing
    :ivar text: what is refused
    """

    retyped: bool
    documented: bool
    text: str


def difference(base, target):
    """Return how a type refuses or changes what an earlier one took.

    :param base: type of the earlier release
    :param target: type of the later one
    :returns: :class:`Difference`, None if all values are taken as before
    """
    ours, theirs = (_PLAIN.get(kind['class'], kind['class'])
                    for kind in (base, target))
    if 'function' in (ours, theirs):
        # A callable says nothing of what it takes.
        return None
    if ours != theirs and theirs not in _WIDER.get(ours, ()):
        return _other_class(base, target, ours, theirs)
    return _narrowed(base, target)


def _other_class(base, target, ours, theirs):
    text = f'type: {described(base)} -> {described(target)}'
    if ours == 'String' and theirs not in ('List', 'Dict', 'Boolean'):
        return Difference(False, 'choices' in base, text)
    # Texts are split, or numbers and switches are spelled differently.
    return Difference(True, ours != 'String' and theirs != 'String', text)


def _narrowed(base, target):
    for compare in (_choices, _bounds, _lengths, _texts, _parts):
        found = compare(base, target)
        if found:
            return found
    return None


def _choices(base, target):
    if 'choices' not in target:
        return None
    if 'choices' not in base:
        named = ', '.join(map(repr, target['choices']))
        return Difference(False, False,
                          f'values: any {described(base)} -> one of {named}')
    fold = str.lower if target.get('ignore_case') else str
    left = {fold(str(choice)) for choice in target['choices']}
    gone = [choice for choice in base['choices']
            if fold(str(choice)) not in left]
    if gone:
        return Difference(False, True, 'no longer a choice: '
                          + ', '.join(map(repr, gone)))
    if base.get('ignore_case') and not target.get('ignore_case'):
        return Difference(False, True, 'choices: upper and lower case differ '
                          'now')
    return None


def _bounds(base, target):
    said = []
    documented = False
    for name, worse in (('min', lambda old, new: new > old),
                        ('max', lambda old, new: new < old)):
        old, new = (kind.get(name, _PORTS[name] if kind['class'] == 'Port'
                             else None) for kind in (base, target))
        if new is not None and (old is None or worse(old, new)):
            said.append(f'{name}: {"none" if old is None else old} -> {new}')
            documented = documented or old is not None
    if not said:
        return None
    if target['class'] == 'Range' or base['class'] in _NUMBERS:
        # One bound that stays is a bound that was promised.
        documented = documented or 'choices' in base
    return Difference(False, documented, ', '.join(said))


def _lengths(base, target):
    old, new = base.get('max_length'), target.get('max_length')
    if new and (not old or new < old):
        return Difference(False, bool(old), f'longest value: {old or "any"} '
                          f'-> {new} characters')
    old, new = base.get('min_length'), target.get('min_length')
    if new and new > (old or 0):
        return Difference(False, bool(old),
                          f'fewest items: {old or 0} -> {new}')
    return None


def _texts(base, target):
    """Compare the form of texts: patterns, schemes, versions of IP."""
    if 'regex' in target and target['regex'] != base.get('regex'):
        return Difference(False, 'regex' in base, 'pattern: '
                          f'{base.get("regex", "none")} -> '
                          f'{target["regex"]}')
    if 'schemes' in target:
        gone = sorted(set(base.get('schemes', ())) - set(target['schemes']))
        if gone or 'schemes' not in base:
            return Difference(False, bool(gone), 'schemes of the URI: '
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
        return Difference(True, True, f'key and value: {old!r} -> {new!r}')
    return None


def _parts(base, target):
    for name, what in (('item_type', 'of each item'),
                       ('value_type', 'of each value')):
        if name in base and name in target:
            found = difference(base[name], target[name])
            if found:
                return dataclasses.replace(found,
                                           text=f'{found.text}, {what}')
    return None


def described(kind):
    """Return a type as people say it: List of URI (http, https)."""
    said = _PLAIN.get(kind['class'], kind['class'])
    for name in ('item_type', 'value_type'):
        if name in kind:
            said += f' of {described(kind[name])}'
    limits = []
    if 'choices' in kind:
        limits.append('one of ' + ', '.join(map(repr, kind['choices'])))
    limits += [f'{name} {kind[name]}'
               for name in ('min', 'max', 'min_length', 'max_length', 'regex')
               if name in kind]
    if 'schemes' in kind:
        limits.append(_list(kind['schemes']))
    return f'{said} ({"; ".join(limits)})' if limits else said


def _list(values):
    return ', '.join(values) if values else 'any'
