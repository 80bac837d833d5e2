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
"""Finds the declarations of Heat's source that an upgrade can meet.

They are options, properties, resource types, policies, RPC versions and
methods, and fields of versioned objects. The source is parsed, not imported.
"""

import ast
from collections import abc
import dataclasses
import enum
import re

# Texts for people, and markers without an effect on an upgrade.
_SILENT = frozenset({
    'advanced', 'cache_mode', 'deprecated_reason', 'deprecated_since',
    'description', 'help', 'implemented', 'message', 'mutable', 'operations',
    'previous_status', 'sample_default', 'secret', 'version'})

# Positions of the arguments that have no keyword in a call.
_PROPERTY = ('type', 'description', 'default', 'schema', 'required',
             'constraints', 'implemented', 'update_allowed', 'immutable',
             'support_status')
_ATTRIBUTE = ('description', 'cache_mode', 'support_status', 'type')
_OPTION = ('name', 'default')
_RULE = ('name', 'check_str', 'description')

_OPTION_CALL = re.compile(r'[A-Z]\w*Opt')
_VERSIONS = ('RPC_API_VERSION', 'BASE_RPC_API_VERSION')


class Kind(enum.Enum):
    """A kind of declaration; the value names it in a message."""

    OPTION = 'option'
    PROPERTY = 'property'
    ATTRIBUTE = 'attribute'
    TYPE = 'resource type'
    SUPPORT = 'support status of'
    POLICY = 'policy'
    VERSION = 'version'
    METHOD = 'RPC method'
    FIELD = 'object field'


@dataclasses.dataclass(frozen=True)
class Declaration:
    """A declaration in a source file.

    :ivar name: its name as the source writes it
    :ivar line: number of its first line
    :ivar parts: {keyword: source of the value}, without texts for people
    """

    kind: Kind
    name: str
    path: str
    line: int
    parts: dict[str, str]


def find(source: str, path: str) -> list[Declaration]:
    """Return the declarations of a module of Heat, in the order of its lines.

    A module that this Python cannot parse has none: Heat's own tests report
    it.

    :param path: path in Heat's repository; decides which kinds are sought
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return []
    found = [Declaration(kind, name, path, line, parts)
             for owner, node in _walk(tree, '')
             for kind, name, line, parts in _declared(node, owner, path)]
    return sorted(found, key=lambda each: each.line)


# The kind, name, line and parts of a declaration.
_Found = tuple[Kind, str, int, dict[str, str]]


def _walk(node: ast.AST, owner: str) -> abc.Iterator[tuple[str, ast.AST]]:
    """Yield all nodes below a node, each with the name of its class."""
    for child in ast.iter_child_nodes(node):
        yield owner, child
        yield from _walk(child, child.name if isinstance(child, ast.ClassDef)
                         else owner)


def _declared(node: ast.AST, owner: str, path: str) -> abc.Iterator[_Found]:
    if isinstance(node, ast.Call):
        yield from _option(node)
        yield from _policy(node)
    elif isinstance(node, ast.Dict):
        yield from _schemas(node, owner)
        if path.startswith('heat/objects/') and owner:
            yield from _fields(node, owner)
    elif isinstance(node, ast.Assign):
        yield from _assigned(node, owner, path)
    elif isinstance(node, ast.FunctionDef):
        yield from _function(node)


def _option(node: ast.Call) -> abc.Iterator[_Found]:
    if _OPTION_CALL.fullmatch(_called(node)):
        parts = _parts(node, _OPTION)
        name = parts.pop('name', '')
        if name[:1] in ('"', "'"):
            yield (Kind.OPTION, ast.literal_eval(name), node.lineno,
                   {'type': _called(node), **parts})


def _policy(node: ast.Call) -> abc.Iterator[_Found]:
    if _called(node) in ('RuleDefault', 'DocumentedRuleDefault'):
        parts = _parts(node, _RULE)
        yield Kind.POLICY, parts.pop('name', '?'), node.lineno, parts


def _schemas(node: ast.Dict, owner: str) -> abc.Iterator[_Found]:
    """Yield the properties and attributes of a dictionary of schemas."""
    for key, value in zip(node.keys, node.values):
        if key is None or not isinstance(value, ast.Call):
            continue
        words = ast.unparse(value.func).split('.')
        if words[-1] != 'Schema':
            continue
        attribute = words[-2:-1] == ['attributes']
        parts = _parts(value, _ATTRIBUTE if attribute else _PROPERTY)
        # The properties inside a property are found as such.
        parts.pop('schema', None)
        yield (Kind.ATTRIBUTE if attribute else Kind.PROPERTY,
               f'{owner}.{ast.unparse(key)}', key.lineno, parts)


def _fields(node: ast.Dict, owner: str) -> abc.Iterator[_Found]:
    for key, value in zip(node.keys, node.values):
        if (isinstance(key, ast.Constant) and isinstance(value, ast.Call)
                and _called(value).endswith('Field')):
            yield (Kind.FIELD, f'{owner}.{key.value!s}', key.lineno,
                   {'type': ast.unparse(value)})


def _assigned(node: ast.Assign, owner: str, path: str
              ) -> abc.Iterator[_Found]:
    name = ast.unparse(node.targets[0])
    if name in _VERSIONS or (name == 'VERSION'
                             and path.startswith('heat/objects/')):
        yield (Kind.VERSION, f'{owner}.{name}', node.lineno,
               {'value': ast.unparse(node.value)})
    elif (name == 'support_status' and owner
            and isinstance(node.value, ast.Call)):
        yield (Kind.SUPPORT, owner, node.lineno,
               {'support_status': _support(node.value)})
    elif (path.startswith('heat/policies/') and not owner
            and name.isupper() and not name.endswith('REASON')
            and isinstance(node.value, ast.Constant | ast.BinOp)):
        yield (Kind.POLICY, name, node.lineno,
               {'check_str': ast.unparse(node.value)})


def _function(node: ast.FunctionDef) -> abc.Iterator[_Found]:
    if node.name.endswith('resource_mapping'):
        for part in ast.walk(node):
            if isinstance(part, ast.Dict):
                for key in part.keys:
                    if isinstance(key, ast.Constant):
                        yield Kind.TYPE, str(key.value), key.lineno, {}
    elif any(ast.unparse(each).endswith('request_context')
             for each in node.decorator_list):
        yield (Kind.METHOD, node.name, node.lineno,
               {'arguments': ast.unparse(node.args)})


def _called(node: ast.Call) -> str:
    return ast.unparse(node.func).rpartition('.')[2]


def _parts(node: ast.Call, positions: tuple[str, ...]) -> dict[str, str]:
    """Return the arguments of a call that an upgrade can meet, as source."""
    values: dict[str, ast.expr] = dict(zip(positions, node.args))
    values.update((word.arg, word.value) for word in node.keywords
                  if word.arg)
    return {name: (_support(value) if name == 'support_status'
                   else ast.unparse(_Plain().visit(value)))
            for name, value in values.items() if name not in _SILENT}


def _support(node: ast.expr) -> str:
    """Return the status of a SupportStatus(...), such as DEPRECATED."""
    if isinstance(node, ast.Call):
        for word in node.keywords:
            if word.arg == 'status':
                return ast.unparse(word.value).rpartition('.')[2].strip('\'"')
    return 'SUPPORTED'


class _Plain(ast.NodeTransformer):
    """Removes the texts for people from the calls of an expression."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        node.keywords = [word for word in node.keywords
                         if word.arg not in _SILENT]
        return self.generic_visit(node)
