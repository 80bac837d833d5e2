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

"""Loads each stack of a database with the target's code."""

import collections
from collections import abc
import dataclasses
import functools
import json
import os
import pathlib
import typing

from heat_upgrade import concurrency
from heat_upgrade.install import environments
from heat_upgrade.lab import workspace as workspaces
from heat_upgrade.rehearsal import heat_commands
from heat_upgrade.results import findings

STEP = 'load-stacks'

# Each uses 150 MB, independent of the size of the dump.
PROCESSES = 2

# Seconds; a stack takes 10 to 50 ms.
TIMEOUT = 24 * 3600

# IDs in the evidence of a finding; the report has all of them.
SHOWN = 20

# Failures that are kept in memory; further ones are only counted.
MOST = 100000


@dataclasses.dataclass(frozen=True)
class Failure:
    """A part of a stack that cannot be loaded.

    :ivar stack: its ID
    :ivar part: part of the stack, see checks/inspectors/rehearse_stacks.py
    :ivar error: class of the error
    :ivar where: place in Heat's code
    :ivar encrypted: whether a value could not be decrypted
    """

    stack: str
    part: str
    error: str
    where: str
    encrypted: bool = False


@dataclasses.dataclass(frozen=True)
class Loaded:
    """The result of loading stacks with the code of a release.

    :ivar counts: see checks/inspectors/rehearse_stacks.py
    :ivar not_started: why the plug-ins of the engine cannot be loaded, from
        the same program; None if they can
    """

    counts: dict[str, int]
    failures: tuple[Failure, ...] = ()
    not_started: dict[str, str] | None = None


def load(workspace: workspaces.Workspace,
         environment: environments.Environment, config: pathlib.Path, *,
         port: int, key: bool, total: int,
         ids: abc.Sequence[str] | None = None, sample: int | None = None,
         progress: abc.Callable[[int, int], object]
         = lambda done, size: None) -> Loaded:
    """Load stacks with the code of a release, in several processes.

    :param config: path of a heat.conf with a read-only account
    :param port: port of the database
    :param key: True if the configuration has the encryption key
    :param total: number of all stacks
    :param ids: IDs of the stacks to load; None for all
    :param sample: load about this number of stacks, evenly chosen by ID
    :raises: :class:`heat_upgrade.errors.LabError`
    """
    every = max(1, total // sample) if sample and ids is None else 1
    size = (total if ids is None else len(ids)) // every
    many = min(PROCESSES, os.cpu_count() or 1, size // 50 + 1)
    outs = [workspace.data / f'stacks-{environment.version}-{number}.jsonl'
            for number in range(many)]
    done = [0] * many
    failures: list[Failure] = []

    def load_share(number: int) -> dict[str, typing.Any]:
        position = 0
        outs[number].touch(0o600)

        def watch() -> None:
            nonlocal position
            position = _read(outs[number], position, done, number, failures)
            progress(sum(done), size)
        counts = heat_commands.run(
            workspace, environment, 'rehearse_stacks', {
                'config': str(config), 'port': port, 'key': key,
                'share': [number, many * every], 'out': str(outs[number]),
                'ids': None if ids is None else ids[number::many]},
            timeout=TIMEOUT, watch=watch)
        watch()
        outs[number].unlink()
        return counts
    counted = concurrency.run_parallel(*(
        functools.partial(load_share, number) for number in range(many)))
    total_counts: collections.Counter[str] = collections.Counter()
    for answer in counted:
        total_counts.update(answer['counts'])
    return Loaded(
        dict(total_counts), tuple(sorted(
            failures, key=lambda failure: (failure.stack, failure.part))),
        next((answer['not_started'] for answer in counted
              if answer['not_started']), None))


def _read(out: pathlib.Path, position: int, done: list[int], number: int,
          failures: list[Failure]) -> int:
    """Read the new lines of a running program; returns the new position."""
    with open(out) as lines:
        lines.seek(position)
        for line in iter(lines.readline, ''):
            if not line.endswith('\n'):
                break
            position += len(line)
            event = json.loads(line)
            if 'done' in event:
                done[number] += event['done']
            elif len(failures) < MOST:
                failures.append(Failure(**event))
    return position


def judge(target: Loaded, base: Loaded | None, *, unchanged: bool,
          key: bool) -> list[findings.Finding]:
    """Return the findings about stacks and parts that cannot be loaded.

    The upgrade did not cause a failure if no migration changed the rows and
    the base cannot load them either. A rehearsal in which both releases fail
    on every stack proves nothing, and does not pass.

    :param base: the stacks that the target cannot load; None if unknown
    :param unchanged: True if the rows are as the base left them
    :param key: True if the encryption key was known
    """
    if target.not_started:
        return [_not_started(target.not_started, base)]
    counts = target.counts
    wrong_key = [failure.stack for failure in target.failures
                 if failure.encrypted] if key else []
    found = []
    if wrong_key and not counts['decrypted']:
        found.append(_wrong_key(counts, wrong_key))
    else:
        wrong_key = []
    both = {(failure.stack, failure.part)
            for failure in (base.failures if base and unchanged else ())}
    found += _failures([failure for failure in target.failures
                        if not (wrong_key and failure.encrypted)], both)
    if counts['stacks'] == counts['failed'] > 0 and not any(
            finding.severity == findings.ERROR for finding in found):
        found.append(findings.make(
            'rehearsal.no-stack-loads', 'all stacks',
            'no stack can be loaded, by neither release',
            f'stacks: {counts["stacks"]}, loaded: 0\n'
            'Both releases had the same rows and the same configuration.',
            step=STEP))
    if counts['encrypted'] and not key:
        found.append(findings.make(
            'rehearsal.stacks-encrypted', 'encrypted values',
            'stacks with encrypted values were not loaded in full',
            f'{counts["encrypted"]} stacks of {counts["stacks"]}', step=STEP))
    return found


def _not_started(failure: abc.Mapping[str, str],
                 base: Loaded | None) -> findings.Finding:
    """Return the finding about plug-ins that cannot be loaded at all."""
    plugin = pathlib.Path(failure['plugin']).name
    return findings.make(
        'rehearsal.engine-does-not-start', plugin or failure['error'],
        f'the engine cannot load the plug-in {plugin}' if plugin
        else 'the engine cannot load its plug-ins',
        '\n'.join(filter(None, [
            failure['plugin'] and f'File: {failure["plugin"]}',
            f'Error: {failure["text"] or failure["error"]}',
            f'at: {failure["where"]}',
            'The base cannot load it either, with the same configuration.'
            if base and base.not_started else ''])), step=STEP)


def _wrong_key(counts: abc.Mapping[str, int],
               stacks: abc.Iterable[str]) -> findings.Finding:
    values = counts['undecrypted']
    return findings.make(
        'rehearsal.key-does-not-decrypt', 'auth_encryption_key',
        'auth_encryption_key is not the key of this database',
        f'encrypted values: {values}, decrypted: 0\n'
        f'stacks with such values: {len(set(stacks))}\n'
        'Both releases had the same key, so that the base fails too proves '
        'nothing.', step=STEP)


def _failures(failures: abc.Iterable[Failure],
              both: abc.Container[tuple[str, str]]
              ) -> abc.Iterator[findings.Finding]:
    """Yield a finding for each group of failures with one cause.

    :param both: (stack, part)s that the base cannot load either
    """
    groups = collections.defaultdict(list)
    for failure in failures:
        groups[failure.part, failure.error, failure.where,
               (failure.stack, failure.part) in both].append(failure.stack)
    for (part, error, where, old), ids in sorted(groups.items()):
        yield findings.make(
            'rehearsal.stack-never-loaded' if old
            else 'rehearsal.stack-does-not-load',
            f'{part}: {error} at {where}',
            f'stacks whose {part} cannot be loaded: '
            f'{error.rpartition(".")[2]}' + (
                ', nor does the base load it' if old else ''),
            '\n'.join([
                f'stacks: {len(ids)}; {error}', f'at: {where}',
                *(f'stack {stack}' for stack in ids[:SHOWN]),
                *([f'and {len(ids) - SHOWN} more: see report.json']
                  if len(ids) > SHOWN else []),
                *(['The base fails on them too, on the same rows: the '
                   'upgrade does not cause this.'] if old else [])]),
            step=STEP,
            failure_class=_class(part, error))


def _class(part: str, error: str) -> findings.FailureClass:
    return findings.FailureClass.TYPES if (
        part in ('definitions', 'resources') and (
            'EntityNotFound' in error or 'ResourceType' in error)
    ) else findings.FailureClass.OLD_STACKS
