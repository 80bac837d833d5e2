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

"""Whether each stack of a database is one to the target's code."""

import collections
import dataclasses
import json
import os

from heat_upgrade import concurrency
from heat_upgrade.rehearsal import heat_commands
from heat_upgrade.results import findings

STEP = 'load-stacks'

# Each has 150 MB, whatever the dump is.
PROCESSES = 2

# A stack takes 10 to 50 ms.
TIMEOUT = 24 * 3600

# Ids that the evidence of a finding names; the report has them all.
SHOWN = 20

# Failures that are kept in memory: more are counted.
MOST = 100000


@dataclasses.dataclass(frozen=True)
class Failure:
    """Something of a stack that cannot be loaded.

    :ivar stack: its id
    :ivar part: what of it: see checks/inspectors/rehearse_stacks.py
    :ivar error: class of the error
    :ivar where: place in Heat's code
    """

    stack: str
    part: str
    error: str
    where: str


def load(place, environment, config, *, port, key, total, ids=None,
         sample=None, progress=lambda done, size: None):
    """Load stacks by the code of a release, in several processes.

    :param place: :class:`heat_upgrade.rehearsal.workspace.Place`
    :param config: path of a heat.conf with an account that may only read
    :param port: of the database
    :param key: whether the configuration has the encryption key
    :param total: how many stacks there are
    :param ids: of the stacks to load; all if None
    :param sample: load about so many of all, evenly chosen by their ids
    :returns: ({count: number}, list of :class:`Failure`)
    :raises: :class:`heat_upgrade.errors.LabError`
    """
    every = max(1, total // sample) if sample and ids is None else 1
    size = (total if ids is None else len(ids)) // every
    many = min(PROCESSES, os.cpu_count() or 1, size // 50 + 1)
    outs = [place.data / f'stacks-{environment.version}-{number}.jsonl'
            for number in range(many)]
    done = [0] * many
    failures = []

    def one(number):
        position = 0
        outs[number].touch(0o600)

        def watch():
            nonlocal position
            position = _read(outs[number], position, done, number, failures)
            progress(sum(done), size)
        counts = heat_commands.run(
            place, environment, 'rehearse_stacks', {
                'config': str(config), 'port': port, 'key': key,
                'share': [number, many * every], 'out': str(outs[number]),
                'ids': None if ids is None else ids[number::many]},
            timeout=TIMEOUT, watch=watch)
        watch()
        outs[number].unlink()
        return counts
    counted = concurrency.run_parallel(*(lambda number=number: one(number)
                                         for number in range(many)))
    total_counts = collections.Counter()
    for counts in counted:
        total_counts.update(counts)
    return dict(total_counts), sorted(
        failures, key=lambda failure: (failure.stack, failure.part))


def _read(out, position, done, number, failures):
    """Read what a program has written meanwhile; returns how far."""
    with open(out) as lines:
        lines.seek(position)
        for line in iter(lines.readline, ''):
            if not line.endswith('\n'):
                break
            position += len(line)
            told = json.loads(line)
            if 'done' in told:
                done[number] += told['done']
            elif len(failures) < MOST:
                failures.append(Failure(**told))
    return position


def judge(counts, failures, base_failures, *, unchanged, key):
    """Return the findings of what could not be loaded.

    Rows that no migration changed, and that the base's code cannot load
    either, were as they are before the upgrade.

    :param counts: of :func:`load` by the target
    :param failures: likewise
    :param base_failures: of the same stacks by the base; None if that is not
        known
    :param unchanged: whether the rows are as the base left them
    :param key: whether the encryption key was known
    """
    found = []
    both = {(one.stack, one.part) for one in base_failures or ()
            if unchanged}
    groups = collections.defaultdict(list)
    for one in failures:
        groups[one.part, one.error, one.where,
               (one.stack, one.part) in both].append(one.stack)
    for (part, error, where, old), ids in sorted(groups.items()):
        found.append(findings.make(
            'rehearsal.stack-never-loaded' if old
            else 'rehearsal.stack-does-not-load',
            f'{part}: {error} at {where}',
            f'stacks whose {part} cannot be loaded: '
            f'{error.rpartition(".")[2]}' + (
                ', by the base neither' if old else ''),
            '\n'.join([
                f'stacks: {len(ids)}; {error}', f'at: {where}',
                *(f'stack {one}' for one in ids[:SHOWN]),
                *([f'and {len(ids) - SHOWN} more: see report.json']
                  if len(ids) > SHOWN else []),
                *(['The base fails on them too, on the same rows: this is '
                   "not the upgrade's doing."] if old else [])]), step=STEP,
            failure_class=_class(part, error)))
    if counts.get('encrypted') and not key:
        found.append(findings.make(
            'rehearsal.stacks-encrypted', 'encrypted values',
            'stacks with encrypted values were not loaded in full',
            f'{counts["encrypted"]} stacks of {counts["stacks"]}', step=STEP))
    return found


def _class(part, error):
    return findings.FailureClass.TYPES if (
        part in ('definitions', 'resources') and (
            'EntityNotFound' in error or 'ResourceType' in error)
    ) else findings.FailureClass.OLD_STACKS
