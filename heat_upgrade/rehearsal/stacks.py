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
    """

    stack: str
    part: str
    error: str
    where: str


def load(workspace: workspaces.Workspace,
         environment: environments.Environment, config: pathlib.Path, *,
         port: int, key: bool, total: int,
         ids: abc.Sequence[str] | None = None, sample: int | None = None,
         progress: abc.Callable[[int, int], object]
         = lambda done, size: None) -> tuple[dict[str, int], list[Failure]]:
    """Load stacks with the code of a release, in several processes.

    :param config: path of a heat.conf with a read-only account
    :param port: port of the database
    :param key: True if the configuration has the encryption key
    :param total: number of all stacks
    :param ids: IDs of the stacks to load; None for all
    :param sample: load about this number of stacks, evenly chosen by ID
    :returns: ({count: number}, failures)
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
    for counts in counted:
        total_counts.update(counts)
    return dict(total_counts), sorted(
        failures, key=lambda failure: (failure.stack, failure.part))


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


def judge(counts: abc.Mapping[str, int], failures: abc.Iterable[Failure],
          base_failures: abc.Iterable[Failure] | None, *, unchanged: bool,
          key: bool) -> list[findings.Finding]:
    """Return the findings about parts that cannot be loaded.

    The upgrade did not cause a failure if no migration changed the rows and
    the base cannot load them either.

    :param counts: from :func:`load` with the target
    :param failures: from :func:`load` with the target
    :param base_failures: for the same stacks with the base; None if unknown
    :param unchanged: True if the rows are as the base left them
    :param key: True if the encryption key was known
    """
    found = []
    both = {(failure.stack, failure.part) for failure in base_failures or ()
            if unchanged}
    groups = collections.defaultdict(list)
    for failure in failures:
        groups[failure.part, failure.error, failure.where,
               (failure.stack, failure.part) in both].append(failure.stack)
    for (part, error, where, old), ids in sorted(groups.items()):
        found.append(findings.make(
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
            failure_class=_class(part, error)))
    if counts.get('encrypted') and not key:
        found.append(findings.make(
            'rehearsal.stacks-encrypted', 'encrypted values',
            'stacks with encrypted values were not loaded in full',
            f'{counts["encrypted"]} stacks of {counts["stacks"]}', step=STEP))
    return found


def _class(part: str, error: str) -> findings.FailureClass:
    return findings.FailureClass.TYPES if (
        part in ('definitions', 'resources') and (
            'EntityNotFound' in error or 'ResourceType' in error)
    ) else findings.FailureClass.OLD_STACKS
