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

"""Makes the findings about an operator's plug-ins of plugin_dirs.

An engine that cannot import one of them does not start:
heat.common.plugin_loader raises the error.
"""

from collections import abc
import pathlib
import typing

from heat_upgrade.checks import check_context
from heat_upgrade.checks.config import deprecations
from heat_upgrade.results import findings as results

# The part of a type whose support status is hidden.
_HIDDEN = 'hidden'

# {path: {error, missing, types}} of ``inspectors/config_plugins``.
Answer = dict[str, dict[str, typing.Any]]


def findings(base: Answer, target: Answer, history: deprecations.History
             ) -> list[results.Finding]:
    """Return the findings of the plug-ins.

    :param base: answer of ``inspectors/config_plugins`` in the base
    :param target: the same in the target
    """
    return [found for path, after in target.items()
            for found in _of_file(path, base[path], after, history)]


def entry_points(base: abc.Iterable[dict[str, typing.Any]],
                 target: abc.Iterable[dict[str, typing.Any]],
                 history: deprecations.History) -> list[results.Finding]:
    """Return the findings of the entry points of own packages.

    :param base: answer of ``inspectors/config_entry_points`` in the base
    :param target: the same in the target
    """
    result = []
    for before, after in zip(base, target):
        if not after['error']:
            continue
        make = (check_context.warning if before['error']
                else check_context.error)
        result.append(make(
            'config.entry-point-not-loaded',
            f'{after["group"]} {after["name"]}',
            f'{after["name"]} of {after["group"]} cannot be loaded'
            + (' by either release' if before['error'] else ''),
            '\n'.join([
                f'File: {after["origin"]}', f'Value: {after["value"]}',
                *(f'{version}: {answer["error"] or "loads it"}'
                  for version, answer in ((history.base_version, before),
                                          (history.target_version, after)))]),
            own_files=True))
    return result


def _of_file(path: str, before: dict[str, typing.Any],
             after: dict[str, typing.Any], history: deprecations.History
             ) -> abc.Iterator[results.Finding]:
    name = pathlib.Path(path).name
    if not after['error']:
        lost = sorted(set(before['types']) - set(after['types']))
        if lost:
            yield check_context.error(
                'config.plugin-types-lost', name,
                f'plug-in {name} no longer provides {", ".join(lost)}',
                _lines(path, before, after, history), own_files=True)
        for type_ in sorted(set(before['types']) & set(after['types'])):
            yield from _of_type(path, type_, before['types'][type_],
                                after['types'][type_], history)
        return
    if before['missing'] and after['missing'] == before['missing']:
        yield check_context.warning(
            'config.plugin-not-checked', name,
            f'plug-in {name} needs {after["missing"]}, which is not here',
            _lines(path, before, after, history), own_files=True)
    elif before['error']:
        yield check_context.warning(
            'config.plugin-never-loaded', name,
            f'plug-in {name} can be loaded by neither release',
            _lines(path, before, after, history), own_files=True)
    else:
        yield check_context.error(
            'config.plugin-not-loaded', name,
            f'plug-in {name} cannot be loaded: heat-engine does not start',
            _lines(path, before, after, history), own_files=True)


def _of_type(path: str, type_: str, before: list[str], after: list[str],
             history: deprecations.History) -> abc.Iterator[results.Finding]:
    """Yield the finding of a type whose base class in Heat has changed.

    :param before: its parts in the base, of ``inspectors/config_plugins``
    """
    lost = sorted(set(before) - set(after) - {_HIDDEN})
    hidden = _HIDDEN in after and _HIDDEN not in before
    if not lost and not hidden:
        return
    words = [*(['becomes a placeholder that creates nothing'] if hidden
               else []), *([f'loses {", ".join(lost)}'] if lost else [])]
    yield check_context.error(
        'config.plugin-type-changed', type_,
        f'{type_} of plug-in {pathlib.Path(path).name} {" and ".join(words)}',
        '\n'.join([f'File: {path}', f'{history.base_version}: has them'
                   if lost else f'{history.base_version}: a usable type',
                   f'{history.target_version}: ' + ', '.join(words)]),
        own_files=True)


def _lines(path: str, before: dict[str, typing.Any],
           after: dict[str, typing.Any],
           history: deprecations.History) -> str:
    return '\n'.join([
        f'File: {path}',
        *(f'{version}: ' + (answer['error'] or 'loads it' + (
            f', with {", ".join(answer["types"])}' if answer['types']
            else ''))
          for version, answer in ((history.base_version, before),
                                  (history.target_version, after)))])
