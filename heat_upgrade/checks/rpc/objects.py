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

"""Compares the versioned objects of two releases.

Heat's objects do not travel: no serializer of oslo.versionedobjects is
between its services, and each release wraps rows of the same database in
objects of its own. So no service reads an object's version. Only the rows
that ``_from_db_object`` accepts matter: a field that is not nullable refuses
NULL with ValueError, and a field of another type refuses or changes the value
that the other release wrote.
"""

from collections import abc
import typing

from heat_upgrade.checks import check_context
from heat_upgrade.results import findings as findings_

# An object or a field, as the inspector `rpc` reads it.
_Json = dict[str, typing.Any]
_Names = tuple[str, str]


def findings(base: dict[str, _Json], target: dict[str, _Json],
             names: _Names) -> list[findings_.Finding]:
    """Return the incompatible changes between the objects of two releases.

    :param base: ``objects`` of the inspector ``rpc``'s reading of the base
    :param target: those of the target
    :param names: versions of the two
    """
    found = []
    for name, before in sorted(base.items()):
        after = target.get(name)
        if after is None:
            found.append(check_context.warning(
                'rpc.object-removed', f'[{name}]',
                f'[{name}] the object is gone',
                f'heat.objects has {name} {before["version"]} in {names[0]}, '
                f'and none in {names[1]}.\nEach release reads the database '
                'by objects of its own, so this alone breaks nothing.'))
            continue
        found += _changes(name, before['fields'], after['fields'], names)
        if (before['fields'] != after['fields']
                and before['version'] == after['version']):
            found.append(_same_version(name, before, after, names))
        if _number(after['version']) < _number(before['version']):
            found.append(check_context.warning(
                'rpc.object-version-backwards', f'[{name}]',
                f'[{name}] the object\'s version goes back',
                f'{before["version"]} in {names[0]}, '
                f'{after["version"]} in {names[1]}.\nNo service reads it: '
                'objects do not travel over RPC.'))
    return found


def _number(version: str) -> list[int]:
    return [int(part) for part in version.split('.')]


def _changes(name: str, before: dict[str, _Json], after: dict[str, _Json],
             names: _Names) -> list[findings_.Finding]:
    found = []
    for field in sorted({*before, *after}):
        old, new = before.get(field), after.get(field)
        if old is None:
            new = after[field]
            if not new['nullable'] and not new['read_only']:
                found.append(check_context.warning(
                    'rpc.object-field-added', f'[{name}] {field}',
                    f'[{name}] {field} is new and must not be NULL',
                    f'{names[1]} refuses rows in which it is NULL; '
                    f'{names[0]} does not know it and writes none.'))
        elif new is None:
            found.append(_removed(name, field, old, names))
        else:
            found += _altered(name, field, old, new, names)
    return found


def _removed(name: str, field: str, old: _Json,
             names: _Names) -> findings_.Finding:
    report, rule = (
        (check_context.warning, 'rpc.object-optional-field-removed')
        if old['nullable'] else
        (check_context.error, 'rpc.object-field-removed'))
    consequence = (
        f'Rows that {names[1]} writes have NULL there, which {names[0]} '
        'takes for "not given".' if old['nullable'] else
        f'Rows that {names[1]} writes have NULL there (or are refused), and '
        f'{names[0]} cannot load a row with NULL:\nin a rolling upgrade its '
        'engines fail on all rows of the new engines.')
    return report(
        rule, f'[{name}] {field}',
        f'[{name}] {field} is removed from the object',
        f'{names[0]}: {_field(old)}; {names[1]}: not there.\n{consequence}')


def _altered(name: str, field: str, old: _Json, new: _Json,
             names: _Names) -> abc.Iterator[findings_.Finding]:
    values = f'{names[0]}: {_field(old)}; {names[1]}: {_field(new)}.'
    subject = f'[{name}] {field}'
    if old['type'] != new['type']:
        yield check_context.error(
            'rpc.object-field-retyped', subject, f'{subject} has another type',
            f'{values}\nThe column holds values of the other release, which '
            'are refused or read as other values.')
    if old['nullable'] and not new['nullable']:
        yield check_context.error(
            'rpc.object-field-not-null', subject,
            f'{subject} must no longer be NULL',
            f'{values}\n{names[1]} cannot load a row of {names[0]} in which '
            'it is NULL (ValueError), after any upgrade.')
    if new['nullable'] and not old['nullable']:
        yield check_context.warning(
            'rpc.object-field-null', subject, f'{subject} may now be NULL',
            f'{values}\n{names[0]} cannot load a row in which {names[1]} '
            'has left it NULL (ValueError): only in a rolling upgrade.')


def _same_version(name: str, before: _Json, after: _Json,
                  names: _Names) -> findings_.Finding:
    added = sorted(set(after['fields']) - set(before['fields']))
    others = sorted(field for field in {*before['fields'], *after['fields']}
                    if before['fields'].get(field)
                    != after['fields'].get(field) and field not in added)
    return check_context.warning(
        'rpc.object-version-not-raised', f'[{name}]',
        f'[{name}] the object has changed and its version has not',
        f'Version {before["version"]} in {names[0]} and {names[1]}.\n'
        f'New fields: {", ".join(added) or "none"}; changed or '
        f'removed: {", ".join(others) or "none"}.\n'
        'No service reads the version, as objects do not travel over RPC; '
        'oslo.versionedobjects wants it raised.')


def _field(field: _Json) -> str:
    return (f'{field["type"]}, {"" if field["nullable"] else "not "}nullable'
            + (', read-only' if field['read_only'] else ''))
