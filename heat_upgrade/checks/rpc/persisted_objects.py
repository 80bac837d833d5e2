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

"""What one release has written to the database and the other reads of it.

The rows are those that each release's own engine has written
(``inspectors/rows.py``); they are read by both releases' own code
(``inspectors/rows_load.py``). What its writer reads is right by definition;
where the other release fails, or reads something else, is a finding.
"""

import dataclasses

from heat_upgrade.checks import check_context
from heat_upgrade.checks.rpc import shapes
from heat_upgrade.results import findings as findings_

# Rows of a traversal: they are of use only while it goes on.
IN_FLIGHT = ('sync points', 'node data', 'dependency graph')
# Which kind of fact is read from which table.
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
    """A release and what it has read.

    :ivar role: base or target
    :ivar name: its version
    :ivar rows: what the program ``rows`` returned
    :ivar own: what ``rows_load`` returned of its own rows
    :ivar other: what it returned of the other's
    """

    role: str
    name: str
    rows: dict
    own: dict
    other: dict


def findings(base, target):
    """Return what is wrong between what two releases write and read.

    :param base: :class:`Side`
    :param target: likewise
    :returns: list of :class:`heat_upgrade.results.findings.Finding`
    """
    changed = shapes.differences(shapes.of(base.rows['database']),
                                 shapes.of(target.rows['database']))
    kinds = set()
    found = _not_written(base, target)
    for writer, reader in ((base, target), (target, base)):
        found += _not_read(writer, reader, kinds)
        found += _read_otherwise(writer, reader, kinds, changed)
    return found + _not_written_any_more(base, target, changed, kinds)


def _not_written(base, target):
    return [check_context.error(
        'rpc.operation-fails', f'[rows] {step}', f'[rows] {step} fails',
        f'The engine of {base.name} does it, that of {target.name} says:\n'
        f'{failure}\n(heat_upgrade/checks/inspectors/rows.py has what is '
        'done.)')
        for step, failure in target.rows['wrote'].items()
        if failure and base.rows['wrote'].get(step, failure) is None]


def _not_read(writer, reader, kinds):
    """Return what the reader's code fails on and the writer's does not."""
    known = {(one['what'], one['name']) for one in writer.own['failed']}
    failures = {}
    for one in reader.other['failed']:
        if (one['what'], one['name']) not in known:
            failures.setdefault((one['what'], one['error']), set()).add(
                one['name'])
    by_error = {}
    for (what, error), stacks in sorted(failures.items()):
        by_error.setdefault(error, []).append((what, stacks))
    found = []
    for error, cases in by_error.items():
        kinds.update(what for what, _ in cases)
        # One failure may show in several things that are read through it.
        what, every = cases[0][0], [what for what, _ in cases]
        found.append(check_context.error(
            'rpc.stored-data-not-read', f'[{what}] of the {writer.role}',
            f'[{what}] what the {writer.role} writes cannot be read by the '
            f'{reader.role}',
            '\n'.join([
                f'{reader.name} reads rows of {writer.name}: {error}',
                *(f'    {what} of the stand-in stack(s) '
                  f'{", ".join(sorted(filter(None, stacks))) or "-"}'
                  for what, stacks in cases),
                _of_what(writer, reader, every)]),
            failure_class=_class(writer, every),
            facts={'sender': writer.role}, remedy=_remedy(writer, every)))
    return found


def _read_otherwise(writer, reader, kinds, changed):
    failed = {(one['what'], one['name']) for one in reader.other['failed']}
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
            f'{item}:\n    {writer.name} (who wrote it): {_short(value)}\n'
            f'    {reader.name}: {_short(read.get(item, _NOTHING))}'
            for item, value in sorted(wrong.items())[:SHOWN]]
        if len(wrong) > SHOWN:
            lines += [f'and {len(wrong) - SHOWN} more of {len(right)}']
        lines += [f'keys: {line}' for line in _shape_lines(
            kind, changed, writer, reader)]
        found.append(check_context.error(
            'rpc.stored-data-read-differently',
            f'[{aspect}] of the {writer.role}',
            f'[{aspect}] what the {writer.role} writes is read otherwise by '
            f'the {reader.role}',
            '\n'.join([*lines, _of_what(writer, reader, [kind])]),
            failure_class=_class(writer, [kind]),
            facts={'sender': writer.role}, remedy=_remedy(writer, [kind])))
    return found


class _Nothing:
    def __repr__(self):
        return '(not read at all)'


_NOTHING = _Nothing()


def _explained(kind, item, failed):
    """Return whether a reader failed on what a fact would come from."""
    stack = item.split(' ')[0]
    related = {'node data': 'sync points', 'resource': 'resources'}
    return any((what, name) in failed
               for what in (kind, related.get(kind), 'stack', 'snapshot')
               for name in (stack, None)
               if what != 'snapshot' or kind == 'snapshots')


def _short(value):
    text = repr(value)
    return text if len(text) <= WIDTH else f'{text[:WIDTH]}…'


def _class(writer, kinds):
    """Return the class: what is in flight outlives no cold upgrade."""
    if writer.role == 'base' and not all(kind in IN_FLIGHT for kind in kinds):
        return findings_.FailureClass.OLD_STACKS
    return findings_.FailureClass.RPC


def _of_what(writer, reader, kinds):
    if all(kind in IN_FLIGHT for kind in kinds):
        return (
            'It is of stacks whose operation is in flight while engines of '
            f'{reader.name} take over from {writer.name}:\nit does not go on '
            'or ends wrongly, and the stack stays IN_PROGRESS.')
    if writer.role == 'base':
        return ('It is of all stacks from before the upgrade, of any '
                'strategy.')
    return (f'It is of what engines of {writer.name} write while {reader.name}'
            ' still runs, or after going back.')


def _remedy(writer, kinds):
    """Return what to do, '' if it is what the rule says."""
    if all(kind in IN_FLIGHT for kind in kinds):
        return ('Let no operation be in flight when the first engine of the '
                'new release starts on the database that the old ones use; '
                'of a stack that hangs, cancel the update or update it '
                'again.')
    if writer.role == 'base':
        return ''
    return ('Do no rolling upgrade, or have nothing of this kind while both '
            'releases run.')


def _shape_lines(kind, changed, writer, reader):
    lines = []
    for path, (before, after) in sorted(changed.items()):
        if kind in _kinds(path):
            if writer.role == 'target':
                before, after = after, before
            lines.append(f'{path}: {writer.name} {_types(before)}, '
                         f'{reader.name} {_types(after)}')
    return lines


def _types(types):
    return ' or '.join(sorted(types)) or 'not written'


def _kinds(path):
    parts = path.split('.')
    return KINDS.get('.'.join(parts[:2]), KINDS.get(parts[0], ()))


def _not_written_any_more(base, target, changed, kinds):
    """Return keys that are gone or of another type, and yet are read."""
    found = []
    for path, (before, after) in sorted(changed.items()):
        if kinds & set(_kinds(path)):
            # Stands with what is read otherwise.
            continue
        rule, what = (
            ('rpc.stored-key-removed', 'is no longer written') if not after
            else ('rpc.stored-key-retyped', 'is written with another type'))
        found.append(check_context.warning(
            rule, f'[{path}]', f'[{path}] {what}',
            f'{base.name}: {_types(before)}; {target.name}: '
            f'{_types(after)}.\nBoth releases read all of the other\'s rows '
            'that the stand-ins made, and alike.'))
    return found
