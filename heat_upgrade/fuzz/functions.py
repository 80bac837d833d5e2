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

"""Calls of intrinsic functions, in each form that a template version has.

The source of the forms is Heat's template guide
(doc/source/template_guide/hot_spec.rst), and of the versions the tables in
heat/engine/hot/template.py.
"""

from collections import abc
import dataclasses
import typing

from heat_upgrade.fuzz import choices
from heat_upgrade.fuzz import values

# From the newest, which is the simplest for hypothesis, to the oldest.
VERSIONS = ('2021-04-16', 'wallaby', '2018-08-31', 'rocky', '2018-03-02',
            'queens', '2017-09-01', 'pike', '2017-02-24', 'ocata',
            '2016-10-14', 'newton', '2016-04-08', '2015-10-15', '2015-04-30',
            '2014-10-16', '2013-05-23')
_DATES = {'wallaby': '2021-04-16', 'rocky': '2018-08-31',
          'queens': '2018-03-02', 'pike': '2017-09-01',
          'ocata': '2017-02-24', 'newton': '2016-10-14'}
# The versions that brought several functions or forms.
JUNO, KILO, LIBERTY = '2014-10-16', '2015-04-30', '2015-10-15'
MITAKA, NEWTON, OCATA = '2016-04-08', '2016-10-14', '2017-02-24'
PIKE, WALLABY = '2017-09-01', '2021-04-16'
LAST = '9999'

Value = typing.Any


@dataclasses.dataclass
class Scope:
    """The names that an expression may use.

    :ivar version: date of the template version
    :ivar parameters: {name: type}
    :ivar attributes: (resource, attribute, kind of its value) of resources
        that come before
    :ivar resources: names of resources that come before
    :ivar conditions: names of conditions
    :ivar files: names of files
    :ivar nested: whether the template is that of a nested stack
    """

    version: str
    parameters: dict[str, str] = dataclasses.field(default_factory=dict)
    attributes: list[tuple[str, str, str]] = dataclasses.field(
        default_factory=list)
    resources: list[str] = dataclasses.field(default_factory=list)
    conditions: list[str] = dataclasses.field(default_factory=list)
    files: list[str] = dataclasses.field(default_factory=list)
    nested: bool = False


def date(version: str) -> str:
    """Return the date of a template version, which may be a name."""
    return _DATES.get(version, version)


class Expressions:
    """Makes expressions of a kind: text, list, map, any.

    :param scope: the names that may be used; it grows with the template
    """

    def __init__(self, choose: choices.Choices, scope: Scope) -> None:
        self.choose, self.scope = choose, scope

    def any_value(self, depth: int) -> Value:
        """Return a value of any kind, perhaps null."""
        kind = self.choose.number(4)
        if kind == 0:
            return self.text(depth)
        if kind == 1:
            return self.list_value(depth)
        if kind == 2:
            return self.map_value(depth)
        if kind == 3:
            return values.literal(self.choose)
        return self._call('any', depth, lambda: values.literal(self.choose))

    def text(self, depth: int) -> Value:
        """Return an expression whose value is a string."""
        return self._call('text', depth, lambda: values.text(self.choose))

    def list_value(self, depth: int) -> Value:
        """Return an expression whose value is a list of strings."""
        return self._call('list', depth, lambda: (
            [self.text(depth - 1) for _ in range(self.choose.number(3))]
            if depth > 0 else values.words(self.choose)))

    def map_value(self, depth: int) -> Value:
        """Return an expression whose value is a map."""
        return self._call('map', depth, lambda: {
            name: self.text(depth - 1) if depth > 0 else name
            for name in self.choose.several(values.WORDS, 3)})

    def condition(self, depth: int, *, inner: bool = False) -> Value:
        """Return an expression of the section conditions.

        :param inner: whether it stands inside another one; only there may
            the name of a condition stand
        """
        choose, scope = self.choose, self.scope
        names = ['equals', *(['not', 'and', 'or'] if depth > 0 else []),
                 *(['name'] if inner and scope.conditions else []),
                 *(['contains', 'yaql'] if scope.version >= PIKE else []),
                 *(['get_param'] if self._parameters('boolean') else [])]
        name = choose.pick(names)
        if name == 'name':
            return choose.pick(scope.conditions)
        if name == 'get_param':
            return {'get_param': choose.pick(self._parameters('boolean'))}
        if name == 'not':
            return {'not': self.condition(depth - 1, inner=True)}
        if name in ('and', 'or'):
            return {name: [self.condition(depth - 1, inner=True)
                           for _ in range(2 + choose.number(1))]}
        if name == 'contains':
            return {'contains': [self._operand(), values.words(choose)]}
        if name == 'yaql':
            return {'yaql': {'expression': '$.data.a = 1',
                             'data': {'a': choose.number(2)}}}
        return {'equals': [self._operand(), self._operand()]}

    def _operand(self) -> Value:
        if self.scope.parameters and self.choose.one_in(2):
            return {'get_param': self.choose.pick(list(
                self.scope.parameters))}
        return values.literal(self.choose, 0)

    def _call(self, kind: str, depth: int,
              plain: abc.Callable[[], Value]) -> Value:
        """Return a call of a function of the kind, or a plain value."""
        if depth <= 0 or not self.choose.one_in(2):
            return plain()
        forms = [form for form in FORMS
                 if kind in (form.kind, 'any')
                 and form.since <= self.scope.version < form.until
                 and form.possible(self)]
        if not forms:
            return plain()
        return self.choose.part(
            lambda: self.choose.pick(forms).make(self, depth - 1))

    def _parameters(self, *types: str) -> list[str]:
        return [name for name, type_ in self.scope.parameters.items()
                if type_ in types]

    def get_param(self, *types: str) -> Value:
        """Return a reference to a parameter of one of some types."""
        return {'get_param': self.choose.pick(self._parameters(*types))}

    def get_attr(self, *kinds: str) -> Value:
        """Return a reference to an attribute of some kinds."""
        name, attribute, _ = self.choose.pick([
            one for one in self.scope.attributes if one[2] in kinds])
        path = (self.choose.several(('a', 0, 'b'), 2)
                if self.choose.one_in(4) else [])
        return {'get_attr': [name, attribute, *path]}

    def has(self, kind: str) -> bool:
        """Return True if an attribute of a kind may be used."""
        return any(one[2] == kind for one in self.scope.attributes)


@dataclasses.dataclass(frozen=True)
class Form:
    """A form of a function.

    :ivar kind: the kind of its value
    :ivar make: function of (expressions, depth) that returns a call
    :ivar since: date of the first template version that has it
    :ivar until: date of the first that no longer has it
    :ivar possible: returns True if the scope has the names that it needs
    """

    kind: str
    make: abc.Callable[[Expressions, int], Value]
    since: str = ''
    until: str = LAST
    possible: abc.Callable[[Expressions], bool] = lambda of: True


def _join(of: Expressions, depth: int) -> Value:
    lists = [of.list_value(depth)]
    if of.scope.version >= LIBERTY and of.choose.one_in(3):
        lists.append(of.list_value(depth))
    return {'list_join': [of.choose.pick((',', '', ' ', 'é')), *lists]}


def _replace(name: str) -> abc.Callable[[Expressions, int], Value]:
    def make(of: Expressions, depth: int) -> Value:
        # The strict forms refuse a name that is not in the template, and
        # the very strict form an empty value too.
        names = of.choose.several(('$a', '<b>', 'c1'), 3) or ['$a']
        template = ' '.join(names) + of.choose.pick(('', 'z', '\n', '$a'))
        params = {one: (of.choose.pick(('x', '1', '$a', 'é'))
                        if name == 'str_replace_vstrict'
                        else of.text(depth)) for one in names}
        if of.scope.version >= LIBERTY and of.choose.one_in(5):
            params[names[0]] = of.choose.pick(([1, 'a'], {'k': None}, 2))
        return {name: {'template': template, 'params': params}}
    return make


def _if(of: Expressions, depth: int) -> Value:
    return {'if': [of.choose.pick(of.scope.conditions), of.text(depth),
                   of.any_value(depth)]}


def _if_or_nothing(of: Expressions, depth: int) -> Value:
    # The value is omitted; only an item of a list or a map may be.
    part = {'if': [of.choose.pick(of.scope.conditions), of.text(depth)]}
    return [part, 'b'] if of.choose.one_in(2) else {'a': part, 'b': 1}


def _repeat(of: Expressions, depth: int) -> Value:
    names = ['%a%', *(['%b%'] if of.choose.one_in(3) else [])]
    template: Value = ' '.join(names)
    if of.choose.one_in(2):
        template = {'k': template, 'l': [names[0]]}
    call: dict[str, Value] = {
        'for_each': {name: of.list_value(depth) for name in names},
        'template': template}
    if of.scope.version >= PIKE and of.choose.one_in(3):
        call['permutations'] = of.choose.pick((True, False))
        if not call['permutations']:
            call['for_each'] = {name: ['a', 'b'] for name in names}
    return {'repeat': call}


def _yaql(of: Expressions, depth: int) -> Value:
    expression, data = of.choose.pick((
        ('$.data.a', {'a': of.any_value(depth)}),
        ('$.data.l.len()', {'l': of.list_value(depth)}),
        ('$.data.l.distinct()', {'l': values.words(of.choose)}),
        ('$.data.m.items().select($[0])', {'m': {'a': 1, 'b': None}}),
        ('$.data.l.orderBy($)', {'l': ['b', 'a', 'c']})))
    return {'yaql': {'expression': expression, 'data': data}}


def _url(of: Expressions, depth: int) -> Value:
    url: dict[str, Value] = {'scheme': of.choose.pick(('http', 'ftp')),
                             'host': of.choose.pick(('h', '::1', '10.0.0.1'))}
    for name, possible in (
            ('port', (80, '8080', 65535)), ('path', ('/p', 'p', '/é x')),
            ('query', ({'a': 'b'}, {'a': 1, 'é': '&'})),
            ('fragment', ('f',)), ('username', ('u', 'é@')),
            ('password', ('p:w',))):
        if of.choose.one_in(3):
            url[name] = of.choose.pick(possible)
    return {'make_url': url}


def _map_replace(of: Expressions, depth: int) -> Value:
    swaps: dict[str, Value] = {}
    if not of.choose.one_in(3):
        swaps['keys'] = {'a': 'z'}
    if not of.choose.one_in(3):
        swaps['values'] = {'a': 'y', 'b': of.text(depth)}
    return {'map_replace': [{'a': 'a', 'b': of.text(depth)}, swaps]}


def _digest(of: Expressions, depth: int) -> Value:
    return {'digest': [of.choose.pick(('md5', 'sha1', 'sha256', 'sha512')),
                       of.text(depth)]}


def _path(of: Expressions, depth: int) -> Value:
    name = of.get_param('json')['get_param']
    return {'get_param': [name, *of.choose.several(('a', 'b', 0), 2)]}


def _conditions(of: Expressions) -> bool:
    return bool(of.scope.conditions)


def _strings(of: Expressions) -> bool:
    return bool(of._parameters('string', 'number'))


FORMS = (
    Form('text', lambda of, depth: of.get_param('string', 'number'),
         possible=_strings),
    Form('text', lambda of, depth: of.get_attr('text'),
         possible=lambda of: of.has('text')),
    Form('text', lambda of, depth: {'get_resource': of.choose.pick(
        of.scope.resources)}, possible=lambda of: bool(of.scope.resources)),
    Form('text', lambda of, depth: {'get_param': of.choose.pick(
        ('OS::stack_name', 'OS::project_id', 'OS::stack_id'))}),
    Form('text', _join),
    Form('text', _replace('str_replace')),
    Form('text', _replace('str_replace_strict'), OCATA),
    Form('text', _replace('str_replace_vstrict'), PIKE),
    Form('text', _digest, KILO),
    Form('text', _url, PIKE),
    Form('text', lambda of, depth: {'get_file': of.choose.pick(
        of.scope.files)}, possible=lambda of: bool(of.scope.files)),
    Form('text', lambda of, depth: {'if': [
        of.choose.pick(of.scope.conditions), of.text(depth), of.text(depth)]},
        NEWTON, possible=_conditions),
    Form('any', _if, NEWTON, possible=_conditions),
    Form('any', _if_or_nothing, WALLABY, possible=_conditions),
    Form('any', lambda of, depth: of.get_param(
        'string', 'number', 'boolean', 'json', 'comma_delimited_list'),
        possible=lambda of: bool(of.scope.parameters)),
    Form('any', lambda of, depth: of.get_attr('text', 'list', 'any'),
         possible=lambda of: bool(of.scope.attributes)),
    Form('any', _path,
         possible=lambda of: bool(of._parameters('json'))),
    Form('any', _yaql, NEWTON),
    Form('any', lambda of, depth: {'contains': [
        of.text(depth), of.list_value(depth)]}, PIKE),
    Form('text', lambda of, depth: {'str_split': [
        ',', of.choose.pick(('a,b', 'a,,b', 'é,1')), of.choose.number(1)]},
        LIBERTY),
    Form('list', lambda of, depth: {'str_split': [
        of.choose.pick((',', ' ')), of.text(depth)]}, LIBERTY),
    Form('list', _repeat, KILO),
    Form('list', lambda of, depth: {'filter': [
        values.words(of.choose), of.list_value(depth)]}, OCATA),
    Form('list', lambda of, depth: {'list_concat': [
        of.list_value(depth), of.list_value(depth)]}, PIKE),
    Form('list', lambda of, depth: {'list_concat_unique': [
        values.words(of.choose), values.words(of.choose)]}, PIKE),
    Form('list', lambda of, depth: of.get_param('comma_delimited_list'),
         possible=lambda of: bool(of._parameters('comma_delimited_list'))),
    Form('map', lambda of, depth: {'map_merge': [
        of.map_value(depth), of.map_value(depth)]}, MITAKA),
    Form('map', _map_replace, NEWTON),
    Form('map', lambda of, depth: of.get_param('json'),
         possible=lambda of: bool(of._parameters('json'))),
    Form('text', lambda of, depth: {'Fn::Select': [
        of.choose.pick((0, '1')), ['a', of.text(depth)]]}, until=LIBERTY),
    Form('text', lambda of, depth: {'Fn::Join': ['-', of.list_value(depth)]},
         until=JUNO),
    Form('list', lambda of, depth: {'Fn::Split': [',', 'a,b']}, until=JUNO),
    Form('text', lambda of, depth: {'Ref': of.choose.pick(
        of.scope.resources)}, until=JUNO,
        possible=lambda of: bool(of.scope.resources)),
    Form('text', lambda of, depth: {'Fn::Replace': [
        {'$a': of.text(depth)}, 'a $a']}, until=JUNO),
    Form('map', lambda of, depth: {'Fn::MemberListToMap': [
        'Name', 'Value', ['.member.0.Name=k', '.member.0.Value=v']]},
        until=JUNO),
    Form('any', lambda of, depth: {'resource_facade': of.choose.pick(
        ('metadata', 'deletion_policy', 'update_policy'))},
        possible=lambda of: of.scope.nested),
)
