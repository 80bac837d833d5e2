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

"""Evaluates the functions of a template as far as its text decides them.

A function may have several possible values: an ``if`` has those of both
branches, a parameter those that it allows. A value that only a stack decides
is UNKNOWN. The functions are those of heat.engine.hot.functions and
heat.engine.cfn.functions.
"""

from collections import abc
import dataclasses
import functools
import itertools
import json
import typing

# Maximum number of values of one function, and depth of functions in
# functions; beyond them a value is UNKNOWN.
_MOST = 100
_DEEPEST = 20

# Keys and indexes from the top of a template to a value.
Route = tuple[str | int, ...]
# {parameter: possible values} of a use of a template by another one.
Given = dict[str, list[typing.Any]]


class _Unknown:
    """The type of UNKNOWN."""

    def __repr__(self) -> str:
        return 'UNKNOWN'


UNKNOWN: typing.Final = _Unknown()

_REPLACE = ('str_replace', 'str_replace_strict', 'str_replace_vstrict',
            'Fn::Replace')


@dataclasses.dataclass(frozen=True)
class Possible:
    """A value that a part of a template may have.

    :ivar value: a value whose own functions are not yet evaluated, or UNKNOWN
    :ivar route: the place that decides it, such as a parameter's default
    """

    value: typing.Any
    route: Route


class Values:
    """Evaluates the values of one template.

    :param parameters: definitions of its parameters, in HOT or in CFN
    :param given: {parameter: value} of its environment
    :param functions: names of the functions of its version
    :param passed: the parameters of each use by another template
    """

    def __init__(self, parameters: typing.Any, given: abc.Mapping[str, object],
                 functions: abc.Container[str], *, section: str,
                 passed: abc.Sequence[Given] = ()) -> None:
        self._passed = passed
        self._parameters = parameters if isinstance(parameters, dict) else {}
        self._given = given
        self._functions = functions
        self._section = section
        self._evaluators: dict[str, abc.Callable[
            [typing.Any, Route, int], abc.Iterable[Possible]]] = {
            'get_param': self._parameter, 'Ref': self._parameter,
            'if': self._if, 'Fn::If': self._if,
            'repeat': self._repeat,
            'list_concat': self._concat, 'list_concat_unique': self._concat,
            'map_merge': self._merge, 'filter': self._filter,
            'list_join': self._join, 'Fn::Join': self._join,
            **dict.fromkeys(_REPLACE, self._replace)}

    def of(self, value: typing.Any, route: Route,
           depth: int = 0) -> list[Possible]:
        """Return the possible values of a part of a template."""
        if isinstance(value, _Unknown):
            return [Possible(UNKNOWN, route)]
        name = self._function(value)
        if name is None:
            return [Possible(value, route)]
        evaluate = self._evaluators.get(name)
        if evaluate is None or depth >= _DEEPEST:
            return [Possible(UNKNOWN, route)]
        found = list(itertools.islice(
            evaluate(value[name], (*route, name), depth + 1), _MOST + 1))
        return found if len(found) <= _MOST else [Possible(UNKNOWN, route)]

    def _function(self, value: typing.Any) -> str | None:
        """Return the name of the function that a value is, if it is one."""
        if not isinstance(value, dict) or len(value) != 1:
            return None
        name, = value
        return name if name in self._functions else None

    def _parameter(self, arguments: typing.Any, route: Route,
                   depth: int) -> abc.Iterator[Possible]:
        name, *path = (arguments if isinstance(arguments, list) and arguments
                       else [arguments])
        body = (self._parameters.get(name) if isinstance(name, str)
                else None)
        if not isinstance(body, dict):
            # A resource, for Ref, or a pseudo parameter.
            yield Possible(UNKNOWN, route)
            return
        for value, place in self._settings(name, body):
            yield Possible(_inner(value, path), place or route)

    def _settings(self, name: str, body: dict[str, typing.Any]
                  ) -> abc.Iterator[tuple[typing.Any, Route]]:
        """Yield the values of a parameter; one without any is UNKNOWN."""
        here: Route = (self._section, name)
        kind = str(body.get('type', body.get('Type')))
        for use in self._passed:
            for value in use.get(name, ()):
                yield _parsed(value, kind), ()
        if self._passed and all(name in use for use in self._passed):
            return
        if name in self._given:
            yield _parsed(self._given[name], kind), ()
            return
        for key in ('default', 'Default'):
            if key in body:
                yield _parsed(body[key], kind), (*here, key)
        allowed = _allowed(body)
        for value in allowed:
            yield _parsed(value, kind), here
        if not allowed and not {'default', 'Default'} & body.keys():
            yield UNKNOWN, ()

    def _if(self, arguments: typing.Any, route: Route,
            depth: int) -> abc.Iterator[Possible]:
        if not isinstance(arguments, list):
            yield Possible(UNKNOWN, route)
            return
        for number, branch in enumerate(arguments[1:3], 1):
            yield from self.of(branch, (*route, number), depth)

    def _repeat(self, arguments: typing.Any, route: Route,
                depth: int) -> abc.Iterator[Possible]:
        if not isinstance(arguments, dict) or not isinstance(
                arguments.get('for_each'), dict):
            yield Possible(UNKNOWN, route)
            return
        names = list(arguments['for_each'])
        columns = [self._members(each, (*route, 'for_each', name), depth)
                   for name, each in arguments['for_each'].items()]
        rows = list(itertools.islice(
            (zip(*columns) if arguments.get('permutations') is False
             else itertools.product(*columns)), _MOST))
        yield Possible([
            _substituted(arguments.get('template'), dict(zip(names, row)))
            for row in rows], (*route, 'template'))

    def _members(self, value: typing.Any, route: Route,
                 depth: int) -> list[typing.Any]:
        """Return the members of a list, as one UNKNOWN if unknown."""
        found: list[typing.Any] = []
        for each in self.of(value, route, depth):
            if isinstance(each.value, list):
                found += each.value
            elif isinstance(each.value, dict):
                # repeat accepts a map: heat.engine.hot.functions.Repeat.
                found += list(each.value)
            else:
                return [UNKNOWN]
        return found

    def _concat(self, arguments: typing.Any, route: Route,
                depth: int) -> abc.Iterator[Possible]:
        if not isinstance(arguments, list):
            yield Possible(UNKNOWN, route)
            return
        # Each list apart, so that the routes of their members are right.
        for number, part in enumerate(arguments):
            yield from self.of(part, (*route, number), depth)

    def _merge(self, arguments: typing.Any, route: Route,
               depth: int) -> abc.Iterator[Possible]:
        parts = arguments if isinstance(arguments, list) else [UNKNOWN]
        choices = [self.of(part, (*route, number), depth)
                   for number, part in enumerate(parts)]
        for chosen in itertools.product(*choices):
            if all(isinstance(each.value, dict) for each in chosen):
                yield Possible(functools.reduce(
                    lambda left, right: left | right,
                    (each.value for each in chosen), {}), route)
            else:
                yield Possible(UNKNOWN, route)

    def _filter(self, arguments: typing.Any, route: Route,
                depth: int) -> abc.Iterator[Possible]:
        if isinstance(arguments, list) and len(arguments) == 2:
            yield from self.of(arguments[1], (*route, 1), depth)
        else:
            yield Possible(UNKNOWN, route)

    def _join(self, arguments: typing.Any, route: Route,
              depth: int) -> abc.Iterator[Possible]:
        if not isinstance(arguments, list) or not arguments:
            yield Possible(UNKNOWN, route)
            return
        separator, *lists = arguments
        parts = [self._texts(member, route, depth) for each in lists
                 for member in self._members(each, route, depth)]
        for chosen in itertools.product(*parts):
            yield Possible(UNKNOWN if None in chosen else
                           str(separator).join(map(str, chosen)), route)

    def _texts(self, value: typing.Any, route: Route,
               depth: int) -> list[str | None]:
        """Return the possible texts of a value; None is not known."""
        return [str(each.value) if isinstance(each.value, (str, int, float))
                else None for each in self.of(value, route, depth)]

    def _replace(self, arguments: typing.Any, route: Route,
                 depth: int) -> abc.Iterator[Possible]:
        if isinstance(arguments, list) and len(arguments) == 2:
            # Fn::Replace: [params, template]
            parameters, text = arguments
        elif isinstance(arguments, dict):
            parameters = arguments.get('params')
            text = arguments.get('template')
        else:
            parameters = text = UNKNOWN
        for template, each in itertools.product(
                self._texts(text, route, depth),
                self.of(parameters, route, depth)):
            if template is None or not isinstance(each.value, dict):
                yield Possible(UNKNOWN, route)
                continue
            yield from self._replaced(template, each.value, route, depth)

    def _replaced(self, text: str, parameters: dict[str, typing.Any],
                  route: Route, depth: int) -> abc.Iterator[Possible]:
        # As Heat: longer names first.
        used = sorted((str(name) for name in parameters if str(name) in text),
                      key=len, reverse=True)
        choices = [self._texts(parameters[name], route, depth)
                   if name in parameters else [None] for name in used]
        for chosen in itertools.product(*choices):
            if None in chosen:
                yield Possible(UNKNOWN, route)
                continue
            result = text
            for name, value in zip(used, chosen):
                result = result.replace(name, str(value))
            yield Possible(result, route)


def _parsed(value: typing.Any, kind: str) -> typing.Any:
    """Return the value of a parameter: heat.engine.parameters."""
    if isinstance(value, str):
        if kind.lower() in ('comma_delimited_list', 'commadelimitedlist'):
            return [each.strip() for each in value.split(',')] if value else []
        if kind.lower() == 'json':
            try:
                return json.loads(value)
            except ValueError:
                return UNKNOWN
    return value


def _allowed(body: dict[str, typing.Any]) -> list[typing.Any]:
    """Return the allowed values of a parameter; [] if any is allowed."""
    lists = [body.get('AllowedValues')]
    constraints = body.get('constraints')
    lists += [each.get('allowed_values') for each in (
        constraints if isinstance(constraints, list) else ())
        if isinstance(each, dict)]
    return next((each for each in lists if isinstance(each, list)), [])


def _inner(value: typing.Any, path: abc.Iterable[typing.Any]) -> typing.Any:
    """Return the value below a path of get_param: [parameter, key, ...]."""
    for key in path:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return UNKNOWN
    return value


def _substituted(value: typing.Any,
                 names: dict[str, typing.Any]) -> typing.Any:
    """Return a template of repeat with the values of one pass."""
    if isinstance(value, str):
        if value in names:
            return names[value]
        for name, each in names.items():
            if name in value:
                if not isinstance(each, (str, int, float)):
                    return UNKNOWN
                value = value.replace(name, str(each))
        return value
    if isinstance(value, list):
        return [_substituted(each, names) for each in value]
    if isinstance(value, dict):
        return {key: _substituted(each, names)
                for key, each in value.items()}
    return value
