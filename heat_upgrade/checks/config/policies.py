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

"""Checks an operator's policy files for rules that Heat no longer reads.

No error reveals a removed rule: Heat ignores it and applies the default,
which may allow users that the operator had shut out.
"""

from collections import abc
import dataclasses
import difflib
import pathlib
import re
import typing

import yaml

from heat_upgrade.checks import check_context
from heat_upgrade.checks.config import config_files
from heat_upgrade.checks.config import deprecations
from heat_upgrade.checks.config import remediation
from heat_upgrade import errors
from heat_upgrade.results import findings as results

# Heat checks resource_types:<any type>, of its own and of plugins.
_ANY = ('resource_types:',)

_REFERENCE = re.compile(r'\brule:([\w:.-]+)')

# The answer of ``inspectors/config_policy`` in a release.
Answer = dict[str, typing.Any]


@dataclasses.dataclass(frozen=True)
class Rule:
    """One rule of a policy file."""

    path: pathlib.Path
    line: int
    name: str
    text: str

    @property
    def place(self) -> str:
        """Its file and line."""
        return f'{self.path}:{self.line}'


class PolicyFiles(typing.Protocol):
    """The policy files of a configuration."""

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules of all files."""

    @property
    def json(self) -> tuple[pathlib.Path, ...]:
        """The files that are in JSON."""

    @property
    def policy_json(self) -> pathlib.Path | None:
        """A policy.json that is read only if there is no policy.yaml."""


def read(paths: abc.Iterable[pathlib.Path]
         ) -> tuple[tuple[Rule, ...], tuple[pathlib.Path, ...]]:
    """Return the rules of some files, and the files that are in JSON.

    :raises: :class:`errors.UsageError`, with path and line
    """
    rules: list[Rule] = []
    json: list[pathlib.Path] = []
    for path in paths:
        text = config_files.read_text(path, 'the policy file')
        if text.lstrip().startswith('{'):
            json.append(path)
        rules += _rules(path, text)
    return tuple(rules), tuple(json)


def _rules(path: pathlib.Path, text: str) -> abc.Iterator[Rule]:
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as exc:
        mark = getattr(exc, 'problem_mark', None)
        line = mark.line + 1 if mark else 1
        raise errors.UsageError(
            f'{path}:{line}: this is not YAML '
            f'({getattr(exc, "problem", "")}); a policy file has lines of '
            'the form "name": "rule"'
        ) from None
    if node is None:
        return
    if not isinstance(node, yaml.MappingNode):
        raise errors.UsageError(
            f'{path}:{node.start_mark.line + 1}: a policy file has lines '
            'of the form "name": "rule"')
    for key, value in node.value:
        yield Rule(path, key.start_mark.line + 1, str(key.value),
                   value.value if isinstance(value, yaml.ScalarNode)
                   else '')


def findings(files: PolicyFiles, base: Answer, target: Answer,
             history: deprecations.History) -> list[results.Finding]:
    """Return the findings of policy files.

    :param base: answer of ``inspectors/config_policy`` in the base
    :param target: the same in the target
    """
    result: list[results.Finding] = []
    references = {name for rule in files.rules
                  for name in _REFERENCE.findall(rule.text)}
    for rule in files.rules:
        result += _of_name(rule, base, target, references, history)
        if rule.text and rule.name in target['unparsable']:
            result.append(_unparsable(rule, base, history))
    for path in files.json:
        result.append(_warning(
            'config.policy-file-json', path.name,
            f'the policy file {path.name} is in JSON',
            [f'File: {path}',
             'oslo.policy has deprecated JSON since Wallaby: its own tools '
             'and defaults use YAML']))
    return result


def _of_name(rule: Rule, base: Answer, target: Answer, references: set[str],
             history: deprecations.History) -> abc.Iterator[results.Finding]:
    name = rule.name
    if name.startswith(_ANY):
        return
    if name in target['known']:
        deprecation = target['known'][name]
        if deprecation and not base['known'].get(name):
            yield _warning('config.policy-rule-deprecated', name,
                           f'policy rule {name} is deprecated for removal',
                           [_where(rule), f'{history.target_version}: since '
                            f'{deprecation[0]}: {deprecation[1]}'])
    elif name in target['old_names']:
        new = ', '.join(target['old_names'][name])
        yield _warning(
            'config.policy-rule-renamed', name,
            f'policy rule {name} is renamed to {new}',
            [_where(rule), f'{history.target_version}: reads it for {new}'],
            f'write {new} instead')
    elif name in base['known'] or name in base['old_names']:
        announced = bool(base['known'].get(name)
                         or name in base['old_names'])
        make = _warning if announced else _error
        yield make(
            'config.policy-rule-gone', name, f'policy rule {name} is removed',
            [_where(rule), f'{history.base_version}: applies it'
             + (', deprecated' if announced else ''),
             f'{history.target_version}: ignores it without a message: the '
             'default of its replacement applies'],
            _instead(name, target))
    elif name not in references and name != 'default':
        yield _warning(
            'config.policy-rule-unknown', name,
            f'policy rule {name} is known to neither release',
            [_where(rule)], _instead(name, target))


def lines(files: PolicyFiles, base: Answer, target: Answer,
          history: deprecations.History) -> list[remediation.Line]:
    """Return the lines to change; see :func:`findings`."""
    result: list[remediation.Line] = []
    for rule in files.rules:
        old = f'"{rule.name}": "{rule.text}"'
        new = target['old_names'].get(rule.name, ())
        if rule.name in target['known']:
            continue
        if new:
            # One rule may have become several.
            result += [remediation.Line(
                rule.place, old, f'"{name}": "{rule.text}"',
                f'renamed in {history.target_version}') for name in new]
        elif rule.name in base['known'] or rule.name in base['old_names']:
            result.append(remediation.Line(
                rule.place, old, remediation.REMOVE,
                f'removed in {history.target_version}'))
    return result


def _instead(name: str, target: Answer) -> str:
    near = difflib.get_close_matches(name, target['known'], n=1, cutoff=0.7)
    return (f'compare it with {near[0]}' if near else 'remove it, and find '
            'the rule that applies now: oslopolicy-list-redundant '
            '--namespace heat')


def _unparsable(rule: Rule, base: Answer,
                history: deprecations.History) -> results.Finding:
    both = rule.name in base['unparsable']
    make = _warning if both else _error
    return make(
        'config.policy-rule-not-parsed', rule.name,
        f'policy rule {rule.name} cannot be parsed',
        [_where(rule), f'{history.base_version}: '
         f'{"cannot parse it" if both else "parses it"}',
         f'{history.target_version}: cannot parse it, and refuses all users'])


def json_fallback(files: PolicyFiles | None, base: bool, target: bool,
                  history: deprecations.History) -> list[results.Finding]:
    """Return the finding of a policy.json that is no longer read.

    :param files: None without an operator's files
    :param base: whether the base reads policy.json if there is no
        policy.yaml
    :param target: the same for the target
    """
    if not base or target or (files is not None and not files.policy_json):
        return []
    make = _error if files is not None else _warning
    where = [f'File: {files.policy_json}'] if files is not None else []
    return [make(
        'config.policy-json-not-read', 'policy.json',
        'policy.json is no longer read in place of policy.yaml',
        [*where, f'{history.base_version}: without policy.yaml and without '
         '[oslo_policy] policy_file, oslo.policy reads policy.json',
         f'{history.target_version}: oslo.policy ignores policy.json without '
         'a message: its rules have no effect',
         'Announced: yes, oslo.policy has deprecated JSON since Wallaby'],
        own_files=files is not None)]


def _where(rule: Rule) -> str:
    return f'Set in: {rule.place}'


def _error(rule: str, subject: str, title: str, lines: abc.Iterable[str],
           remedy: str = '', *, own_files: bool = True) -> results.Finding:
    return check_context.error(rule, subject, title, '\n'.join(lines),
                               remedy=remedy, own_files=own_files)


def _warning(rule: str, subject: str, title: str, lines: abc.Iterable[str],
             remedy: str = '', *, own_files: bool = True) -> results.Finding:
    return check_context.warning(rule, subject, title, '\n'.join(lines),
                                 remedy=remedy, own_files=own_files)
