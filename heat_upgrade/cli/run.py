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

"""heat-upgrade run."""

import argparse
import pathlib
import sys
import typing

from cliff import command

from heat_upgrade.cli import against
from heat_upgrade.cli import options
from heat_upgrade.cli import seeds
from heat_upgrade import errors
from heat_upgrade.install import releases
from heat_upgrade.judgement import known_failures
from heat_upgrade.lab import kept_cloud
from heat_upgrade.plan import control_run
from heat_upgrade.plan import planner
from heat_upgrade.report import files
from heat_upgrade.report import progress
from heat_upgrade.report import summary
from heat_upgrade.results import verdict
from heat_upgrade.run import runner


class Run(command.Command):
    """Upgrade a real Heat on this machine and test whether that is safe.

    Exit status: 0 pass, also with hazards; 1 the upgrade is unsafe; 2 usage
    error; 3 the lab failed before the test was complete; 130 interrupted.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        options.add_selectors(parser)
        parser.add_argument(
            '--plan', type=argparse.FileType(), metavar='FILE',
            help='run a plan file written by "heat-upgrade plan"; it '
                 'replaces the options above')
        seeds.add_argument(parser)
        options.add_runs(parser)
        options.add_work_dir(parser)
        parser.add_argument(
            '--keep', action='store_true',
            help='leave the cloud running, and print how to use it')
        parser.add_argument(
            '--stop-at-first-failure', action='store_true',
            help='skip the remaining steps after a step with a finding that '
                 'makes the upgrade unsafe')
        parser.add_argument(
            '--control', action='store_true',
            help='if Heat fails, repeat the run as a plain restart of the '
                 'base: findings that occur there too are not caused by the '
                 'upgrade')
        parser.add_argument(
            '--strict', action='store_true',
            help='exit with 1 also for a pass with hazards, which are known '
                 'defects of these releases that occurred in the run')
        against.add_arguments(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        if parsed_args.seeds:
            seeds.check(parsed_args)
            return seeds.run_seeds(parsed_args, execute)
        if parsed_args.shard:
            raise errors.UsageError('--shard splits the runs of --seeds: '
                                    'name the seeds too')
        if parsed_args.plan:
            with parsed_args.plan as source:
                try:
                    plan = planner.from_json(source.read())
                except UnicodeDecodeError as exc:
                    raise errors.UsageError(
                        f'{source.name} is not a plan: {exc}') from exc
        else:
            plan = plan_of(parsed_args)
        run_dir, status = execute(plan, parsed_args, sys.stdout)
        report = files.build(run_dir)
        print()
        print(summary.text(report), end='')
        if (run_dir / kept_cloud.FILE).exists():
            print(f'cloud:   heat-upgrade cloud env {run_dir}\n'
                  f'         heat-upgrade cloud down {run_dir}')
        if status == verdict.INTERRUPTED_STATUS:
            return status
        exit_status: int = verdict.exit_status(report,
                                               strict=parsed_args.strict)
        return exit_status


def execute(plan: planner.Plan, parsed_args: argparse.Namespace,
            stream: typing.TextIO) -> tuple[pathlib.Path, int]:
    """Execute a plan with the options of a command line.

    :param stream: text stream for the progress
    :returns: (run directory, status of :func:`runner.execute`)
    """
    base, target = options.base_and_target(plan.base, plan.target)
    against.check(parsed_args, base, target)
    entries = known_failures.load(parsed_args.known_failures)
    run_dir = runner.make_run_dir(parsed_args.work_dir, plan, base, target)
    print(progress.tree(plan), file=stream)
    with progress.display(plan, stream) as show:
        status = runner.execute(
            plan, run_dir=run_dir, base=base, target=target,
            constraints=parsed_args.constraints,
            base_constraints=parsed_args.base_constraints,
            keep=parsed_args.keep,
            stop_at_first_failure=parsed_args.stop_at_first_failure,
            known_failures=entries,
            listeners=[show])
    if status == 0:
        status = against.compare(plan, run_dir, base, target, parsed_args,
                                 stream)
    if (parsed_args.control and status == 0
            and files.build(run_dir)['verdict'] == verdict.FAIL):
        status = _execute_control(plan, run_dir, base, parsed_args, stream)
    return run_dir, status


def _execute_control(plan: planner.Plan, run_dir: pathlib.Path,
                     base: releases.Release, parsed_args: argparse.Namespace,
                     stream: typing.TextIO) -> int:
    """Execute the control of a failed run; returns its status."""
    plan = control_run.plan_of(plan)
    print('control run: the same plan as a plain restart of the base, to '
          'find failures that the upgrade does not cause', file=stream)
    control_dir = control_run.make_run_dir(run_dir, plan)
    with progress.display(plan, stream) as show:
        status: int = runner.execute(
            plan, run_dir=control_dir, base=base, target=base,
            constraints=parsed_args.base_constraints,
            base_constraints=parsed_args.base_constraints, listeners=[show])
    files.build(control_dir)
    return status


def plan_of(parsed_args: argparse.Namespace) -> planner.Plan:
    """Return the plan that the selectors of a command line describe."""
    base, target = options.base_and_target(parsed_args.base,
                                           parsed_args.target)
    return options.plan_of(parsed_args, base, target)
