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

"""Which values a property accepted that it now refuses.

Kinds of constraints are those of heat.engine.constraints. A description is no
constraint; more values are no finding.
"""

import dataclasses
import re

# So many whole numbers are tried one by one.
_FEW = 1000

# Constraints with which a value can be tried here.
DECIDABLE = ('values', 'range', 'length', 'pattern', 'modulo')

# So many values are named; none of Heat's lists but that of all protocols
# and that of all IKE ciphers is longer.
_NAMED = 24


@dataclasses.dataclass(frozen=True)
class Limits:
    """All constraints of a property taken together; all must hold.

    :ivar bounds: dict of 'range' and 'length' → (least, most), each may be
        None
    :ivar allowed: list of allowed values; None if any is
    :ivar patterns: set of regular expressions
    :ivar modulos: set of (step, offset)
    :ivar custom: set of names of custom constraints
    :ivar others: set of what we do not know, as text
    """

    bounds: dict
    allowed: list | None
    patterns: frozenset
    modulos: frozenset
    custom: frozenset
    others: frozenset


def limits(constraints):
    """Return the Limits of a list of [kind, what it asks for]."""
    bounds, allowed = {}, None
    sets = {'allowed_pattern': set(), 'modulo': set(),
            'custom_constraint': set(), 'other': set()}
    for kind, asked in constraints:
        if kind in ('range', 'length'):
            least, most = bounds.get(kind, (None, None))
            bounds[kind] = (_tighter(max, least, asked.get('min')),
                            _tighter(min, most, asked.get('max')))
        elif kind == 'allowed_values':
            allowed = [value for value in asked
                       if allowed is None or value in allowed]
        elif kind == 'modulo':
            sets[kind].add((asked['step'], asked['offset']))
        elif kind in sets:
            sets[kind].add(asked)
        else:
            sets['other'].add(f'{kind} {asked}')
    return Limits(bounds, allowed, *map(frozenset, sets.values()))


def _tighter(choose, one, other):
    given = [bound for bound in (one, other) if bound is not None]
    return choose(given) if given else None


def narrowed(base, target, kind, *, implementations=({}, {})):
    """Return what says that fewer values are accepted.

    :param base: list of [kind, what it asks for]
    :param target: likewise
    :param kind: type of the property in the target: 'String', ...
    :param implementations: custom constraints of base and target: name →
        what implements it; one with another name only is the same
    :returns: list of (certain, name of the constraint, words)
    """
    old, new = limits(base), limits(target)
    found = []
    few = _candidates(old, kind)
    if few is not None:
        refused = [value for value in few if not accepts(new, value, kind)]
        if refused:
            found.append((True, 'values', 'refuses what was accepted: ' +
                          listed(refused)))
        if kind == 'List':
            found.extend(_bounds(old, new))
    else:
        found.extend(_bounds(old, new))
        found.extend(_kinds(old, new, kind))
    found.extend(_custom(old, new, implementations))
    found.extend((False, 'constraint', f'asks for {other}')
                 for other in sorted(new.others - old.others))
    return found


def listed(values):
    """Return values in words, shortly: 0 to 255, 'tcp', 'udp'."""
    runs = []
    for value in values:
        last = runs[-1][-1] if runs else None
        if _is_whole(last) and _is_whole(value) and value == last + 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    words = [repr(run[0]) if len(run) == 1 else f'{run[0]!r} to {run[-1]!r}'
             for run in runs]
    more = len(words) - _NAMED
    return ', '.join(words[:_NAMED]) + (f' and {more} more' if more > 0
                                        else '')


def _is_whole(value):
    return isinstance(value, int) and not isinstance(value, bool)


def _candidates(old, kind):
    """Return all values that were accepted, if they can be counted."""
    if old.allowed is not None:
        return [value for value in old.allowed if accepts(old, value, kind)]
    least, most = old.bounds.get('range', (None, None))
    if kind == 'Integer' and None not in (least, most) and (
            most - least < _FEW):
        return [value for value in range(int(least), int(most) + 1)
                if accepts(old, value, kind)]
    return None


def accepts_all_of(constraints, value, kind):
    """Return whether a value of a template is accepted.

    :param constraints: Limits
    :param value: as the template has it; maps in a list, of which functions
        may be some, are passed over
    :param kind: type of the property
    """
    if isinstance(value, (list, dict)):
        least, most = constraints.bounds.get('length', (None, None))
        return ((least is None or len(value) >= least) and
                (most is None or len(value) <= most) and
                all(accepts(constraints, each, kind) for each in value
                    if not isinstance(each, (list, dict))))
    return accepts(constraints, value, kind)


def accepts(constraints, value, kind):
    """Return whether a value is accepted, but for custom constraints.

    With a list, the value is one of its members, of which allowed values
    alone speak.
    """
    if constraints.allowed is not None and _typed(value, kind) not in [
            _typed(each, kind) for each in constraints.allowed]:
        return False
    if kind == 'List':
        return True
    measured = {'range': _number(value), 'length': len(str(value))}
    for name, (least, most) in constraints.bounds.items():
        size = measured[name]
        if size is not None and (
                least is not None and size < least or
                most is not None and size > most):
            return False
    return (all(_matches(pattern, str(value))
                for pattern in constraints.patterns) and
            all(_number(value) is not None and
                _number(value) % step == offset
                for step, offset in constraints.modulos))


def _typed(value, kind):
    """Return a value as heat.engine.constraints compares it."""
    if kind == 'String':
        return str(value)
    if kind == 'Boolean':
        return str(value).lower()
    number = _number(value)
    return value if number is None else number


def _number(value):
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _matches(pattern, text):
    try:
        # As heat.engine.constraints.AllowedPattern does.
        found = re.match(pattern, text)
    except re.error:
        return True
    return found is not None and found.end() == len(text)


def _bounds(old, new):
    for name, (least, most) in new.bounds.items():
        had_least, had_most = old.bounds.get(name, (None, None))
        if least is not None and (had_least is None or least > had_least):
            # No length and no list is shorter than this.
            if not (name == 'length' and had_least is None and least <= 0):
                yield True, name, (f'{name} is at least {least}, was '
                                   f'{_bound(had_least)}')
        if most is not None and (had_most is None or most < had_most):
            yield True, name, (f'{name} is at most {most}, was '
                               f'{_bound(had_most)}')


def _bound(value):
    return 'not limited' if value is None else value


def _kinds(old, new, kind):
    """Yield what is new where any number of values was accepted."""
    if new.allowed is not None and not (
            kind == 'Boolean' and len(new.allowed) > 1):
        yield True, 'values', f'accepts only {listed(new.allowed)}'
    for pattern in sorted(new.patterns - old.patterns):
        if old.patterns - new.patterns:
            yield False, 'pattern', (
                f'has to match {pattern!r}, was '
                f'{" and ".join(map(repr, sorted(old.patterns)))}; whether '
                'that refuses more cannot be told by us')
        else:
            yield True, 'pattern', f'has to match {pattern!r}'
    for step, offset in sorted(new.modulos):
        if not any(was_step % step == 0 and was_offset % step == offset % step
                   for was_step, was_offset in old.modulos):
            yield True, 'modulo', (f'is a multiple of {step} with an offset '
                                   f'of {offset}')


def _custom(old, new, implementations):
    before, after = implementations
    known = {before.get(name, name) for name in old.custom}
    for name in sorted(new.custom - old.custom):
        if after.get(name, name) not in known:
            yield True, 'custom constraint', f'is checked as {name}'
