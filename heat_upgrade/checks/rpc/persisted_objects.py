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

"""Compares how two releases read the rows that each of them wrote.

Each release's own engine writes its rows (``inspectors/rows.py``), and the
own code of both releases reads them (``inspectors/rows_load.py``). The
writer's reading is right by definition; a failure or another value of the
other release is a finding.
"""

from collections import abc
import dataclasses
import typing

from heat_upgrade.checks import check_context
from heat_upgrade.checks.rpc import shapes
from heat_upgrade.results import findings as findings_

# Rows of a traversal: they matter only while it is in progress.
IN_FLIGHT = ('sync points', 'node data', 'dependency graph')
# The kinds of facts that are read from each table.
KINDS = {'sync_point': ('sync points', 'node data'),
         'stack.current_deps': ('dependency graph',),
         'stack': ('stack',), 'stack_tag': ('template',),
         'raw_template': ('template', 'environment', 'parameters'),
         'raw_template_files': ('template',),
         'resource': ('resource', 'resources'),
         'resource_data': ('resource',),
         'resource_properties_data': ('resource', 'events'),
         'event': ('events',), 'user_creds': ('stored context',),
         'snapshot': ('snapshots', 'snapshot'),
         'resource_snapshot': ('snapshots', 'snapshot'),
         'software_config': ('software config',),
         'software_deployment': ('deployment',)}
SHOWN = 4
WIDTH = 160


@dataclasses.dataclass(frozen=True)
class Side:
    """A release, its rows, and its readings of both releases' rows.

    :ivar role: base or target
    :ivar name: its version
    :ivar rows: answer of the inspector ``rows``
    :ivar own: answer of ``rows_load`` for the release's own rows
    :ivar other: its answer for the rows of the other release
    """

    role: str
    name: str
    rows: dict[str, typing.Any]
    own: dict[str, typing.Any]
    other: dict[str, typing.Any]


def findings(base: Side, target: Side) -> list[findings_.Finding]:
    """Return the rows that a release cannot write or read correctly."""
    changed = shapes.differences(shapes.of(base.rows['database']),
                                 shapes.of(target.rows['database']))
    kinds: set[str] = set()
    found = _not_written(base, target)
    for writer, reader in ((base, target), (target, base)):
        found += _not_read(writer, reader, kinds)
        found += _read_differently(writer, reader, kinds, changed)
    return found + _keys_not_written(base, target, changed, kinds)


def _not_written(base: Side, target: Side) -> list[findings_.Finding]:
    return [check_context.error(
        'rpc.operation-fails', f'[rows] {step}', f'[rows] {step} fails',
        f'The engine of {base.name} succeeds; that of {target.name} fails:\n'
        f'{failure}\n(The steps are in heat_upgrade/checks/inspectors/'
        'rows.py.)')
        for step, failure in target.rows['wrote'].items()
        if failure and base.rows['wrote'].get(step, failure) is None]


def _not_read(writer: Side, reader: Side,
              kinds: set[str]) -> list[findings_.Finding]:
    """Return the rows that the reader fails to read and the writer reads.

    :param kinds: the kinds of these rows are added to it
    """
    known = {(failure['what'], failure['name'])
             for failure in writer.own['failed']}
    failures: dict[tuple[str, str], set[str]] = {}
    for failure in reader.other['failed']:
        if (failure['what'], failure['name']) not in known:
            failures.setdefault((failure['what'], failure['error']),
                                set()).add(failure['name'])
    by_error: dict[str, list[tuple[str, set[str]]]] = {}
    for (kind, error), stacks in sorted(failures.items()):
        by_error.setdefault(error, []).append((kind, stacks))
    found = []
    for error, cases in by_error.items():
        # One failure may show in several kinds of rows.
        affected = [kind for kind, _ in cases]
        kinds.update(affected)
        found.append(check_context.error(
            'rpc.stored-data-not-read', f'[{affected[0]}] of the '
            f'{writer.role}',
            f'[{affected[0]}] data that the {writer.role} writes cannot be '
            f'read by the {reader.role}',
            '\n'.join([
                f'{reader.name} reads rows of {writer.name}: {error}',
                *(f'    {kind} of the stand-in stack(s) '
                  f'{", ".join(sorted(filter(None, stacks))) or "-"}'
                  for kind, stacks in cases),
                _affected_stacks(writer, reader, affected)]),
            failure_class=_class(writer, affected),
            facts={'sender': writer.role}, remedy=_remedy(writer, affected)))
    return found


def _read_differently(writer: Side, reader: Side, kinds: set[str],
                      changed: shapes.Changes) -> list[findings_.Finding]:
    failed = {(failure['what'], failure['name'])
              for failure in reader.other['failed']}
    found = []
    for aspect, right in sorted(writer.own['facts'].items()):
        kind = aspect.partition(':')[0]
        read = reader.other['facts'].get(aspect, {})
        wrong = {item: value for item, value in right.items()
                 if read.get(item, _NOTHING) != value
                 and not _explained(kind, item, failed)}
        if not wrong:
            continue
        kinds.add(kind)
        lines = [
            f'{item}:\n    {writer.name} (the writer): {_short(value)}\n'
            f'    {reader.name}: {_short(read.get(item, _NOTHING))}'
            for item, value in sorted(wrong.items())[:SHOWN]]
        if len(wrong) > SHOWN:
            lines += [f'and {len(wrong) - SHOWN} more of {len(right)}']
        lines += [f'keys: {line}' for line in _shape_lines(
            kind, changed, writer, reader)]
        found.append(check_context.error(
            'rpc.stored-data-read-differently',
            f'[{aspect}] of the {writer.role}',
            f'[{aspect}] data that the {writer.role} writes is read '
            f'differently by the {reader.role}',
            '\n'.join([*lines, _affected_stacks(writer, reader, [kind])]),
            failure_class=_class(writer, [kind]),
            facts={'sender': writer.role}, remedy=_remedy(writer, [kind])))
    return found


class _Nothing:
    def __repr__(self) -> str:
        return '(not read at all)'


_NOTHING = _Nothing()


def _explained(kind: str, item: str,
               failed: set[tuple[str, str | None]]) -> bool:
    """Return True if the reader failed to read the source of a fact."""
    stack = item.split(' ')[0]
    related = {'node data': 'sync points', 'resource': 'resources'}
    return any((source, name) in failed
               for source in (kind, related.get(kind), 'stack', 'snapshot')
               for name in (stack, None)
               if source and (source != 'snapshot' or kind == 'snapshots'))


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= WIDTH else f'{text[:WIDTH]}…'


def _in_flight(kinds: abc.Iterable[str]) -> bool:
    return all(kind in IN_FLIGHT for kind in kinds)


def _class(writer: Side, kinds: list[str]) -> findings_.FailureClass:
    """Return the class; no in-flight operation outlives a cold upgrade."""
    if writer.role == 'base' and not _in_flight(kinds):
        return findings_.FailureClass.OLD_STACKS
    return findings_.FailureClass.RPC


def _affected_stacks(writer: Side, reader: Side, kinds: list[str]) -> str:
    if _in_flight(kinds):
        return (
            'It affects stacks with an operation in flight while engines of '
            f'{reader.name} take over from {writer.name}:\nthe operation '
            'stops or ends wrongly, and the stack stays IN_PROGRESS.')
    if writer.role == 'base':
        return ('It affects all stacks from before the upgrade, with any '
                'strategy.')
    return (f'It affects rows that engines of {writer.name} write while '
            f'{reader.name} still runs, or before going back.')


def _remedy(writer: Side, kinds: list[str]) -> str:
    """Return the operator's action; '' for that of the rule."""
    if _in_flight(kinds):
        return ('Let no operation be in flight when the first engine of the '
                'new release starts on the database that the old ones use; '
                'if a stack hangs, cancel the update or update it again.')
    if writer.role == 'base':
        return ''
    return ('Do no rolling upgrade, or have nothing of this kind while both '
            'releases run.')


def _shape_lines(kind: str, changed: shapes.Changes, writer: Side,
                 reader: Side) -> list[str]:
    lines = []
    for path, (before, after) in sorted(changed.items()):
        if kind in _kinds(path):
            if writer.role == 'target':
                before, after = after, before
            lines.append(f'{path}: {writer.name} {_types(before)}, '
                         f'{reader.name} {_types(after)}')
    return lines


def _types(types: set[str]) -> str:
    return ' or '.join(sorted(types)) or 'not written'


def _kinds(path: str) -> tuple[str, ...]:
    parts = path.split('.')
    return KINDS.get('.'.join(parts[:2]), KINDS.get(parts[0], ()))


def _keys_not_written(base: Side, target: Side, changed: shapes.Changes,
                      kinds: set[str]) -> list[findings_.Finding]:
    """Return keys that are gone or retyped although all rows are read."""
    found = []
    for path, (before, after) in sorted(changed.items()):
        if kinds & set(_kinds(path)):
            # The finding about these rows names the key already.
            continue
        rule, change = (
            ('rpc.stored-key-removed', 'is no longer written') if not after
            else ('rpc.stored-key-retyped', 'is written with another type'))
        found.append(check_context.warning(
            rule, f'[{path}]', f'[{path}] {change}',
            f'{base.name}: {_types(before)}; {target.name}: '
            f'{_types(after)}.\nEach release reads all stand-in rows of the '
            'other one, with the same values.'))
    return found
