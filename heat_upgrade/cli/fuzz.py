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

"""heat-upgrade fuzz."""

import argparse
from collections import abc
import pathlib
import sys
import time

from cliff import command

from heat_upgrade.checks import check_context
from heat_upgrade.cli import options
from heat_upgrade import filesystem
from heat_upgrade.fuzz import causes
from heat_upgrade.fuzz import generation
from heat_upgrade.fuzz import quick
from heat_upgrade.fuzz import report as reports
from heat_upgrade.fuzz import stack_files
from heat_upgrade.fuzz import worker
from heat_upgrade.install import environments
from heat_upgrade.install import releases
from heat_upgrade.judgement import judge
from heat_upgrade.judgement import known_failures
from heat_upgrade.lab import resource_usage
from heat_upgrade.lab import workspace as workspaces
from heat_upgrade.results import verdict
from heat_upgrade import sharding

STACKS = 1000
# Seconds between two lines with the progress.
INTERVAL = 10


class Fuzz(command.Command):
    """Compare two releases on many stacks, and shrink those that differ.

    The stacks are generated from a seed, or read from a directory. Exit
    status: 0 no finding makes the upgrade unsafe; 1 at least one does; 2
    usage error; 3 the tool failed, so nothing is known; 130 interrupted.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        options.add_releases(parser)
        parser.add_argument(
            '--quick', action='store_true', required=True,
            help='compare without services: both releases parse, store and '
                 'load the stacks in memory')
        parser.add_argument(
            '--stacks', type=options.positive, default=STACKS, metavar='N',
            help='number of generated stacks (default: %(default)s)')
        parser.add_argument(
            '--seed', type=int, default=0, metavar='N',
            help='seed of the generated stacks (default: 0)')
        parser.add_argument(
            '--time-limit', type=float, metavar='SECONDS',
            help='end after this time, also if stacks are left')
        parser.add_argument(
            '--templates', type=pathlib.Path, metavar='DIR',
            help='take the templates of a directory, in place of generated '
                 'stacks')
        options.add_shard(parser, 'stacks')
        options.add_runs(parser)
        options.add_work_dir(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        base, target = options.base_and_target(parsed_args.base,
                                               parsed_args.target)
        entries = known_failures.load(parsed_args.known_failures)
        order = reports.Order(
            base, target, tuple(_words(parsed_args, base, target)),
            str(parsed_args.templates) if parsed_args.templates
            else f'seed {parsed_args.seed}')
        run_dir = filesystem.new_directory(
            parsed_args.work_dir, f'fuzz-{base.version or base.kind}'
                                  f'-{target.version or target.kind}')
        report = _fuzz(parsed_args, order, entries, run_dir)
        reports.write(report, run_dir)
        print(reports.summary(report), end='')
        print(f'report:  {run_dir}/report.json')
        return verdict.EXIT_STATUS[report['verdict']]


def _words(parsed_args: argparse.Namespace, base: releases.Release,
           target: releases.Release) -> list[str]:
    words = ['heat-upgrade', 'fuzz', '--quick', '--from', base.name, '--to',
             target.name]
    if parsed_args.templates:
        words += ['--templates', str(parsed_args.templates.resolve())]
    else:
        words += ['--stacks', str(parsed_args.stacks),
                  '--seed', str(parsed_args.seed)]
    if parsed_args.shard:
        words += ['--shard', str(parsed_args.shard)]
    return words + options.words_of_runs(parsed_args)


def _cases(parsed_args: argparse.Namespace,
           generator: generation.Generator
           ) -> tuple[abc.Iterator[quick.Case], int]:
    """Return the cases of a command line, and their number."""
    if parsed_args.templates:
        found = sharding.shard_of(stack_files.read(parsed_args.templates),
                                  parsed_args.shard)
        return iter([quick.Case(str(one.path), one.stack)
                     for one in found]), len(found)
    numbers = sharding.shard_of(range(parsed_args.stacks), parsed_args.shard)
    made = ((number, generator.stack(number)) for number in numbers)
    return (quick.Case(f'stack {number} of seed {parsed_args.seed}', stack,
                       number)
            for number, stack in made if stack is not None), len(numbers)


def _fuzz(parsed_args: argparse.Namespace, order: reports.Order,
          entries: list[known_failures.Entry],
          run_dir: pathlib.Path) -> reports.Report:
    """Install both releases, compare the stacks; return the report."""
    generator = generation.Generator(parsed_args.seed)
    cases, total = _cases(parsed_args, generator)
    with workspaces.Workspace(run_dir) as workspace:
        subjects = [
            check_context.InstalledRelease(release, environment)
            for release, environment in zip(
                (order.base, order.target), environments.ensure_all(
                    [environments.heat(
                        order.base,
                        constraints=parsed_args.base_constraints),
                     environments.heat(
                         order.target,
                         constraints=parsed_args.constraints)],
                    log_dir=workspace.logs, marker=workspace.marker,
                    progress=_print))]
        deadline = (time.monotonic() + parsed_args.time_limit
                    if parsed_args.time_limit else None)
        with worker.Worker(subjects[0], workspace) as base, \
                worker.Worker(subjects[1], workspace) as target:
            pair = quick.Pair(base, target)
            before = resource_usage.cpu_seconds(workspace.marker)
            tally = pair.compare(cases, deadline=deadline,
                                 progress=_progress(total))
            cpu = resource_usage.cpu_seconds(workspace.marker) - before
            shown = causes.find(tally, pair, generator, _print)
    paths = reports.write_stacks(shown, run_dir)
    judged = judge.of_checks(
        [reports.finding(cause, order, path)
         for cause, path in zip(shown, paths)],
        entries, released=releases.is_released(order.target),
        base=order.base.version,
        reference=releases.reference(order.target).version)
    return reports.make(order, tally, judged, cpu_seconds=cpu)


def _progress(total: int) -> abc.Callable[[quick.Tally], None]:
    """Return a function that prints the progress now and then."""
    last = time.monotonic()

    def show(tally: quick.Tally) -> None:
        nonlocal last
        if time.monotonic() - last < INTERVAL:
            return
        last = time.monotonic()
        _print(f'{tally.stacks} of {total} stacks, '
               f'{tally.stacks / tally.seconds:.0f} a second; '
               f'{sum(tally.counts.values())} differences of '
               f'{len(tally.counts)} kinds')
    return show


def _print(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
