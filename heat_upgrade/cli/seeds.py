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

"""Runs the same upgrade with many seeds, one after the other."""

import argparse
from collections import abc
import datetime
import io
import json
import pathlib
import re
import typing

from heat_upgrade.cli import options
from heat_upgrade import errors
from heat_upgrade.plan import planner
from heat_upgrade.report import files
from heat_upgrade.report import triage
from heat_upgrade.results import findings
from heat_upgrade.results import verdict
from heat_upgrade import sharding

# The exit status of all runs together is the first that occurs among them: an
# unsafe upgrade stays unsafe, even if other runs prove nothing.
WORST_FIRST = (verdict.EXIT_STATUS[verdict.FAIL],
               verdict.EXIT_STATUS[verdict.LAB_ERROR],
               verdict.EXIT_STATUS[verdict.PASS])

_RANGE = re.compile(r'(\d+)(?:\.\.(\d+))?')

Record = dict[str, typing.Any]


def seeds(text: str) -> tuple[int, ...]:
    """Return the seeds of a text such as '1..20' or '3,7,9'.

    :raises: argparse.ArgumentTypeError if it is in another form
    """
    numbers: list[int] = []
    for part in text.split(','):
        match = _RANGE.fullmatch(part.strip())
        first, last = (match[1], match[2] or match[1]) if match else (1, 0)
        if int(first) > int(last):
            raise argparse.ArgumentTypeError(
                f'{text!r} is not a range of seeds, such as 1..20, or 3,7,9')
        numbers += range(int(first), int(last) + 1)
    return tuple(dict.fromkeys(numbers))


def add_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--seeds', type=seeds, metavar='FIRST..LAST',
        help='run once with each of these seeds (1..20, or 3,7,9), each in '
             'its own run directory; exits with the worst status')
    options.add_shard(parser, 'runs of --seeds')


def check(parsed_args: argparse.Namespace) -> None:
    """Refuse options that apply to a single run only.

    :raises: :class:`heat_upgrade.errors.UsageError`
    """
    for option in ('plan', 'keep'):
        if getattr(parsed_args, option):
            raise errors.UsageError(
                f'--seeds and --{option} exclude each other')


def run_seeds(
        parsed_args: argparse.Namespace,
        execute: abc.Callable[
            [planner.Plan, argparse.Namespace, typing.TextIO],
            tuple[pathlib.Path, int]]) -> int:
    """Run with each seed; prints a line for each, and a table at the end.

    :param parsed_args: from heat-upgrade run
    :param execute: function of (plan, parsed_args, stream for the progress)
        that returns (run directory, status)
    An error of the lab ends its run; the next seed is run all the same.

    :returns: exit status; INTERRUPTED_STATUS after a Ctrl-C
    """
    base, target = options.base_and_target(parsed_args.base,
                                           parsed_args.target)
    # Make all plans first, so that a wrong option is refused at once.
    plans = [options.plan_of(parsed_args, base, target, seed=seed)
             for seed in sharding.shard_of(parsed_args.seeds,
                                           parsed_args.shard)]
    seconds = sum(plan.seconds for plan in plans)
    print(f'{len(plans)} runs, about {seconds / 60:.0f} min', flush=True)
    runs: list[Record] = []
    path = _file(parsed_args.work_dir)
    status: int | None = None
    try:
        for plan in plans:
            try:
                run_dir, status = execute(plan, parsed_args, io.StringIO())
                runs.append(_record(plan.seed, run_dir))
            except errors.LabError as exc:
                runs.append(_unfinished(plan.seed, exc))
            print(_line(runs[-1]), flush=True)
            _write(path, runs)
            if status == verdict.INTERRUPTED_STATUS:
                break
    except KeyboardInterrupt:
        status = verdict.INTERRUPTED_STATUS
    finally:
        print(_table(runs, path), end='')
    if status == verdict.INTERRUPTED_STATUS:
        return verdict.INTERRUPTED_STATUS
    statuses = {verdict.exit_status(run, strict=parsed_args.strict)
                for run in runs}
    return next(status for status in WORST_FIRST if status in statuses)


def _file(work_dir: pathlib.Path) -> pathlib.Path:
    now = datetime.datetime.now(datetime.UTC).strftime('%Y%m%d-%H%M%S')
    return work_dir / f'{now}-seeds.json'


def _record(seed: int, run_dir: pathlib.Path) -> Record:
    """Return the entry of a run in the file of all runs."""
    report = files.build(run_dir)
    titles = [finding['title'] for finding in report['findings']
              if finding['severity'] == findings.ERROR
              and finding['origin'] not in triage.NOT_COUNTED]
    return {'seed': seed, 'verdict': report['verdict'],
            'finished': report['finished'], 'seconds': report['duration_s'],
            'finding': titles[0] if titles else '', 'findings': len(titles),
            'run_dir': str(run_dir), 'reproduce': report['reproduce']}


def _unfinished(seed: int, error: errors.LabError) -> Record:
    """Return the entry of a run that ended with an error of the lab."""
    return {'seed': seed, 'verdict': verdict.LAB_ERROR, 'finished': False,
            'seconds': 0, 'finding': str(error), 'findings': 1,
            'run_dir': None, 'reproduce': None}


def _line(run: Record) -> str:
    return (f'{run["seed"]:>6}  {run["verdict"]:17}  {run["seconds"]:>7.1f} s'
            f'  {run["finding"]}').rstrip()


def _table(runs: list[Record], path: pathlib.Path) -> str:
    if not runs:
        return 'no run finished\n'
    lines = ['', '  seed  verdict              seconds  worst finding',
             *map(_line, runs), '',
             ', '.join(f'{sum(run["verdict"] == word for run in runs)} {word}'
                       for word in verdict.EXIT_STATUS)]
    lines += [f'again:  {run["reproduce"]}' for run in runs
              if run['verdict'] not in verdict.PASSED and run['reproduce']]
    return '\n'.join([*lines, f'runs:   {path}']) + '\n'


def _write(path: pathlib.Path, runs: list[Record]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({'runs': runs}, indent=2) + '\n')
