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

"""Finds the values of a property that the target no longer accepts.

Kinds of constraints are those of heat.engine.constraints. Descriptions do not
matter, and accepting more values is harmless.
"""

from collections import abc
import dataclasses
import re
import typing

# Ranges of fewer whole numbers are tried value by value.
_FEW = 1000

# Constraints that this module can evaluate for a value.
DECIDABLE = ('values', 'range', 'length', 'pattern', 'modulo')

# Maximum number of values in a text. Of Heat's lists, only those of all
# protocols and of all IKE ciphers are longer.
_NAMED = 24

# [kind, arguments], as the inspector `resources` reads them.
Constraints = abc.Iterable[typing.Any]
# {'range' or 'length': (least, most)}
_Bounds = dict[str, tuple[typing.Any, typing.Any]]
# (certain, name of the constraint, words)
_Narrowing = tuple[bool, str, str]


@dataclasses.dataclass(frozen=True)
class Limits:
    """All constraints of a property taken together; all must hold.

    :ivar bounds: dict of 'range' and 'length' → (least, most), each may be
        None
    :ivar allowed: list of allowed values; None if any is
    :ivar patterns: set of regular expressions
    :ivar modulos: set of (step, offset)
    :ivar custom: set of names of custom constraints
    :ivar others: constraints of unknown kinds, as text
    """

    bounds: _Bounds
    allowed: list[typing.Any] | None
    patterns: frozenset[str]
    modulos: frozenset[tuple[int, int]]
    custom: frozenset[str]
    others: frozenset[str]


def limits(constraints: Constraints) -> Limits:
    """Return the Limits of a list of constraints."""
    bounds: _Bounds = {}
    allowed: list[typing.Any] | None = None
    sets: dict[str, set[typing.Any]] = {
        'allowed_pattern': set(), 'modulo': set(),
        'custom_constraint': set(), 'other': set()}
    for kind, argument in constraints:
        if kind in ('range', 'length'):
            least, most = bounds.get(kind, (None, None))
            bounds[kind] = (_tighter(max, least, argument.get('min')),
                            _tighter(min, most, argument.get('max')))
        elif kind == 'allowed_values':
            allowed = [value for value in argument
                       if allowed is None or value in allowed]
        elif kind == 'modulo':
            sets[kind].add((argument['step'], argument['offset']))
        elif kind in sets:
            sets[kind].add(argument)
        else:
            sets['other'].add(f'{kind} {argument}')
    return Limits(bounds, allowed, *map(frozenset, sets.values()))


def _tighter(choose: abc.Callable[[list[typing.Any]], typing.Any],
             *bounds: typing.Any) -> typing.Any:
    given = [bound for bound in bounds if bound is not None]
    return choose(given) if given else None


def narrowed(base: Constraints, target: Constraints, kind: str, *,
             implementations: tuple[abc.Mapping[str, str],
                                    abc.Mapping[str, str]] = ({}, {})
             ) -> list[_Narrowing]:
    """Return the constraints by which the target accepts fewer values.

    :param kind: type of the property in the target: 'String', ...
    :param implementations: {name: implementation} of the custom constraints
        of base and target; a constraint that is only renamed is the same
    :returns: list of (certain, name of the constraint, words)
    """
    old, new = limits(base), limits(target)
    found: list[_Narrowing] = []
    candidates = _candidates(old, kind)
    if candidates is not None:
        refused = [value for value in candidates
                   if not accepts(new, value, kind)]
        if refused:
            found.append((True, 'values', 'refuses values that were '
                          f'accepted: {listed(refused)}'))
        if kind == 'List':
            found.extend(_bounds(old, new))
    else:
        found.extend(_bounds(old, new))
        found.extend(_kinds(old, new, kind))
    found.extend(_custom(old, new, implementations))
    found.extend((False, 'constraint', f'asks for {other}')
                 for other in sorted(new.others - old.others))
    return found


def listed(values: abc.Iterable[typing.Any]) -> str:
    """Return values in short: 0 to 255, 'tcp', 'udp'."""
    runs: list[list[typing.Any]] = []
    for value in values:
        last: typing.Any = runs[-1][-1] if runs else None
        if _is_whole(last) and _is_whole(value) and value == last + 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    words = [repr(run[0]) if len(run) == 1 else f'{run[0]!r} to {run[-1]!r}'
             for run in runs]
    more = len(words) - _NAMED
    return ', '.join(words[:_NAMED]) + (f' and {more} more' if more > 0
                                        else '')


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _candidates(old: Limits, kind: str) -> list[typing.Any] | None:
    """Return all accepted values; None if there are too many."""
    if old.allowed is not None:
        return [value for value in old.allowed if accepts(old, value, kind)]
    least, most = old.bounds.get('range', (None, None))
    if kind == 'Integer' and None not in (least, most) and (
            most - least < _FEW):
        return [value for value in range(int(least), int(most) + 1)
                if accepts(old, value, kind)]
    return None


def accepts_all_of(constraints: Limits, value: typing.Any,
                   kind: str) -> bool:
    """Return True if a value of a template is accepted.

    :param value: as the template has it; maps in a list are ignored, because
        they may be functions
    :param kind: type of the property
    """
    if isinstance(value, (list, dict)):
        least, most = constraints.bounds.get('length', (None, None))
        return ((least is None or len(value) >= least) and
                (most is None or len(value) <= most) and
                all(accepts(constraints, each, kind) for each in value
                    if not isinstance(each, (list, dict))))
    return accepts(constraints, value, kind)


def accepts(constraints: Limits, value: typing.Any, kind: str) -> bool:
    """Return True if a value is accepted; ignores custom constraints.

    For a list, the value is one of its members, and only allowed values
    count.
    """
    if constraints.allowed is not None and _typed(value, kind) not in [
            _typed(each, kind) for each in constraints.allowed]:
        return False
    if kind == 'List':
        return True
    number = _number(value)
    measured = {'range': number, 'length': len(str(value))}
    for name, (least, most) in constraints.bounds.items():
        size = measured[name]
        if size is not None and (
                least is not None and size < least or
                most is not None and size > most):
            return False
    return (all(_matches(pattern, str(value))
                for pattern in constraints.patterns) and
            all(number is not None and number % step == offset
                for step, offset in constraints.modulos))


def _typed(value: typing.Any, kind: str) -> typing.Any:
    """Return a value as heat.engine.constraints compares it."""
    if kind == 'String':
        return str(value)
    if kind == 'Boolean':
        return str(value).lower()
    number = _number(value)
    return value if number is None else number


def _number(value: typing.Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _matches(pattern: str, text: str) -> bool:
    try:
        # As heat.engine.constraints.AllowedPattern does.
        match = re.match(pattern, text)
    except re.error:
        return True
    return match is not None and match.end() == len(text)


def _bounds(old: Limits, new: Limits) -> abc.Iterator[_Narrowing]:
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


def _bound(value: object) -> object:
    return 'not limited' if value is None else value


def _kinds(old: Limits, new: Limits,
           kind: str) -> abc.Iterator[_Narrowing]:
    """Yield the new constraints, if the base accepted uncountable values."""
    if new.allowed is not None and not (
            kind == 'Boolean' and len(new.allowed) > 1):
        yield True, 'values', f'accepts only {listed(new.allowed)}'
    for pattern in sorted(new.patterns - old.patterns):
        if old.patterns - new.patterns:
            yield False, 'pattern', (
                f'has to match {pattern!r}, was '
                f'{" and ".join(map(repr, sorted(old.patterns)))}; whether '
                'it refuses more values cannot be decided')
        else:
            yield True, 'pattern', f'has to match {pattern!r}'
    for step, offset in sorted(new.modulos):
        if not any(was_step % step == 0 and was_offset % step == offset % step
                   for was_step, was_offset in old.modulos):
            yield True, 'modulo', (f'is a multiple of {step} with an offset '
                                   f'of {offset}')


def _custom(old: Limits, new: Limits,
            implementations: tuple[abc.Mapping[str, str],
                                   abc.Mapping[str, str]]
            ) -> abc.Iterator[_Narrowing]:
    before, after = implementations
    known = {before.get(name, name) for name in old.custom}
    for name in sorted(new.custom - old.custom):
        if after.get(name, name) not in known:
            yield True, 'custom constraint', f'is checked as {name}'
