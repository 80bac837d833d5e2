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
import contextlib
import datetime
import pathlib
import sys

from cliff import command

from heat_upgrade import errors
from heat_upgrade import journal as journals
from heat_upgrade import known
from heat_upgrade import plan as plans
from heat_upgrade import progress
from heat_upgrade import report as reports
from heat_upgrade import runner
from heat_upgrade import verdict
from heat_upgrade import workspace as workspaces
from heat_upgrade.cli import options
from heat_upgrade.report import model
from heat_upgrade.report import summary


class Run(command.Command):
    """Upgrade a real Heat on this machine and say whether that is safe.

    Exit status: 0 pass, 1 the upgrade is unsafe, 2 usage error, 3 the lab
    broke and nothing is known, 130 interrupted.
    """

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        options.add_selectors(parser)
        parser.add_argument(
            '--plan', type=argparse.FileType(), metavar='FILE',
            help='do what a plan says that heat-upgrade plan wrote; the '
                 'selectors above are then taken from it')
        options.add_constraints(parser, what='the target')
        options.add_work_dir(parser)
        parser.add_argument(
            '--keep', action='store_true',
            help='leave the cloud up at the end, and say how to use it')
        parser.add_argument(
            '--known-failures', type=pathlib.Path, default=known.FILE,
            metavar='FILE', help='failures that are shown and do not count')
        return parser

    def take_action(self, parsed_args):
        if parsed_args.plan:
            with parsed_args.plan as source:
                plan = plans.from_json(source.read())
        else:
            plan = plan_of(parsed_args)
        base, target = options.base_and_target(plan.base, plan.target)
        run_dir = make_run_dir(parsed_args.work_dir, plan, base, target)
        with progress.display(plan, sys.stdout) as show:
            status = execute(
                plan, run_dir=run_dir, base=base, target=target,
                constraints=parsed_args.constraints, keep=parsed_args.keep,
                known_failures=known.load(parsed_args.known_failures),
                listeners=[show])
        report = reports.build(run_dir)
        print()
        print(summary.text(report), end='')
        if parsed_args.keep:
            print(f'cloud:   heat-upgrade cloud env {run_dir}\n'
                  f'         heat-upgrade cloud down {run_dir}')
        if status == verdict.INTERRUPTED_STATUS:
            return status
        return verdict.EXIT_STATUS[report['verdict']]


def plan_of(parsed_args):
    """Return the plan that the selectors of a command line ask for."""
    base, target = options.base_and_target(parsed_args.base,
                                           parsed_args.target)
    return plans.make(parsed_args.strategy, base=base.name,
                      target=target.name, seed=parsed_args.seed,
                      scenarios=parsed_args.scenarios)


def make_run_dir(work_dir, plan, base, target):
    """Make and return a run directory of its own.

    :raises: :class:`errors.UsageError` if the place cannot be written to
    """
    now = datetime.datetime.now(datetime.UTC).strftime('%Y%m%d-%H%M%S')
    name = (f'{now}-{plan.strategy}-{base.version or base.kind}'
            f'-{target.version or target.kind}')
    for number in range(1, 100):
        run_dir = work_dir / (name if number == 1 else f'{name}-{number}')
        try:
            run_dir.mkdir(parents=True, mode=0o700)
        except FileExistsError:
            continue
        except OSError as exc:
            raise errors.UsageError(
                f'cannot make a run directory in {work_dir}: {exc}') from exc
        (run_dir / model.PLAN_FILE).write_text(plan.as_json())
        return run_dir.resolve()
    raise errors.UsageError(f'{work_dir} has a hundred runs of this second')


def execute(plan, *, run_dir, base, target, constraints=None, keep=False,
            known_failures=(), listeners=()):
    """Execute a plan in a run directory, and leave nothing else behind.

    :returns: 0, or INTERRUPTED_STATUS after a Ctrl-C
    """
    workspace = workspaces.Workspace(run_dir)
    journal = journals.Journal(run_dir, listeners)
    run = runner.Run(
        plan, base=base, target=target, workspace=workspace, journal=journal,
        constraints=constraints, keep=keep, known_failures=known_failures)
    kept = False
    try:
        run.execute()
        if keep and run.cloud and run.cloud.heat:
            run.cloud.keep()
            kept = True
    except KeyboardInterrupt:
        return verdict.INTERRUPTED_STATUS
    finally:
        with contextlib.suppress(KeyboardInterrupt):
            if not kept:
                workspace.close()
        journal.close()
    return 0
