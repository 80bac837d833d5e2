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

"""An operator's files of policy: rules that Heat no longer asks for.

A rule that is gone is not refused: it is not read, and the default counts,
which may let in whom the operator had shut out.
"""

import dataclasses
import difflib
import pathlib
import re

import yaml

from heat_upgrade.checks import check_context
from heat_upgrade.checks.config import config_files
from heat_upgrade.checks.config import remediation
from heat_upgrade import errors

# Heat asks for resource_types:<any type>, of its own and of plugins.
_ANY = ('resource_types:',)

_REFERENCE = re.compile(r'\brule:([\w:.-]+)')


@dataclasses.dataclass(frozen=True)
class Rule:
    """One rule of a file of policy."""

    path: pathlib.Path
    line: int
    name: str
    text: str

    @property
    def place(self):
        return f'{self.path}:{self.line}'


def read(paths):
    """Return the rules of some files, and which of these are JSON.

    :returns: (tuple of :class:`Rule`, tuple of paths)
    :raises: :class:`errors.UsageError`, with path and line
    """
    rules, json = [], []
    for path in paths:
        text = config_files.read_text(path, 'the file of policy')
        if text.lstrip().startswith('{'):
            json.append(path)
        rules += _rules(path, text)
    return tuple(rules), tuple(json)


def _rules(path, text):
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as exc:
        mark = getattr(exc, 'problem_mark', None)
        line = mark.line + 1 if mark else 1
        raise errors.UsageError(
            f'{path}:{line}: this is no YAML ({getattr(exc, "problem", "")})'
            '; a file of policy has lines of the form "name": "rule"'
        ) from None
    if node is None:
        return
    if not isinstance(node, yaml.MappingNode):
        raise errors.UsageError(
            f'{path}:{node.start_mark.line + 1}: a file of policy has lines '
            'of the form "name": "rule"')
    for key, value in node.value:
        yield Rule(path, key.start_mark.line + 1, str(key.value),
                   value.value if isinstance(value, yaml.ScalarNode)
                   else '')


def findings(found, ours, theirs, history):
    """Return the findings of files of policy.

    :param found: :class:`referred.Files`
    :param ours: what ``inspectors/config_policy`` of the base says
    :param theirs: likewise, of the target
    :param history: :class:`history.History`
    """
    result = []
    references = {name for rule in found.rules
                  for name in _REFERENCE.findall(rule.text)}
    for rule in found.rules:
        result += _of_name(rule, ours, theirs, references, history)
        if rule.text and rule.name in theirs['unparsable']:
            result.append(_unparsable(rule, ours, history))
    for path in found.json:
        result.append(_warning(
            'config.policy-file-json', path.name,
            f'the file of policy {path.name} is written as JSON',
            [f'File: {path}',
             'oslo.policy deprecates JSON since Wallaby: its own tools and '
             'defaults are YAML']))
    return result


def _of_name(rule, ours, theirs, references, history):
    name = rule.name
    if name.startswith(_ANY):
        return
    if name in theirs['known']:
        said = theirs['known'][name]
        if said and not (ours['known'].get(name)):
            yield _warning('config.policy-rule-deprecated', name,
                           f'policy rule {name} is deprecated for removal',
                           [_where(rule), f'{history.target_version}: since '
                            f'{said[0]}: {said[1]}'])
    elif name in theirs['old_names']:
        new = ', '.join(theirs['old_names'][name])
        yield _warning(
            'config.policy-rule-renamed', name,
            f'policy rule {name} is renamed to {new}',
            [_where(rule), f'{history.target_version}: reads it for {new}'],
            f'write {new} instead')
    elif name in ours['known'] or name in ours['old_names']:
        announced = bool(ours['known'].get(name)
                         or name in ours['old_names'])
        tell = _warning if announced else _error
        yield tell(
            'config.policy-rule-gone', name, f'policy rule {name} is gone',
            [_where(rule), f'{history.base_version}: asks for it'
             + (', deprecated' if announced else ''),
             f'{history.target_version}: never asks for it: the default of '
             'its replacement applies silently'],
            _instead(name, theirs))
    elif name not in references and name != 'default':
        yield _warning(
            'config.policy-rule-unknown', name,
            f'policy rule {name} is known to neither release',
            [_where(rule)], _instead(name, theirs))


def lines(found, ours, theirs, history):
    """Return the lines to change: list of :class:`advising.Line`.

    Takes the same as :func:`findings`.
    """
    result = []
    for rule in found.rules:
        old = f'"{rule.name}": "{rule.text}"'
        new = theirs['old_names'].get(rule.name, ())
        if rule.name in theirs['known']:
            continue
        if new:
            # One rule may have become several.
            result += [remediation.Line(
                rule.place, old, f'"{name}": "{rule.text}"',
                f'renamed in {history.target_version}') for name in new]
        elif rule.name in ours['known'] or rule.name in ours['old_names']:
            result.append(remediation.Line(
                rule.place, old, remediation.REMOVE,
                f'gone in {history.target_version}'))
    return result


def _instead(name, theirs):
    near = difflib.get_close_matches(name, theirs['known'], n=1, cutoff=0.7)
    return (f'look at {near[0]}' if near else 'remove it, and look which '
            'rule decides now: oslopolicy-list-redundant --namespace heat')


def _unparsable(rule, ours, history):
    both = rule.name in ours['unparsable']
    tell = _warning if both else _error
    return tell(
        'config.policy-rule-not-parsed', rule.name,
        f'policy rule {rule.name} cannot be parsed',
        [_where(rule), f'{history.base_version}: '
         f'{"cannot parse it" if both else "parses it"}',
         f'{history.target_version}: cannot parse it, and lets nobody in'])


def json_fallback(found, ours, theirs, history):
    """Return the finding of a policy.json that is read no longer.

    :param found: :class:`referred.Files`; None without an operator's files
    :param ours: whether the base reads policy.json where there is no
        policy.yaml
    :param theirs: whether the target does
    """
    if not ours or theirs or (found is not None and not found.policy_json):
        return []
    tell = _error if found is not None else _warning
    where = [f'File: {found.policy_json}'] if found is not None else []
    return [tell(
        'config.policy-json-not-read', 'policy.json',
        'policy.json is no longer read in place of policy.yaml',
        [*where, f'{history.base_version}: where [oslo_policy] policy_file '
         'is not set and there is no policy.yaml, oslo.policy reads '
         'policy.json',
         f'{history.target_version}: it does not: all rules in it are '
         'silently without effect',
         'Announced: yes, oslo.policy deprecates JSON since Wallaby'],
        own_files=found is not None)]


def _where(rule):
    return f'Set in: {rule.place}'


def _error(rule, subject, title, lines, remedy='', *, own_files=True):
    return check_context.error(rule, subject, title, '\n'.join(lines),
                               remedy=remedy, own_files=own_files)


def _warning(rule, subject, title, lines, remedy='', *, own_files=True):
    return check_context.warning(rule, subject, title, '\n'.join(lines),
                                 remedy=remedy, own_files=own_files)
