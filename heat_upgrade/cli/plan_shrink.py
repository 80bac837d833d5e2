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

"""heat-upgrade plan shrink."""

import argparse
import pathlib
import re
import shlex
import typing

from cliff import command

from heat_upgrade.cli import options
from heat_upgrade import errors
from heat_upgrade.judgement import known_failures
from heat_upgrade.plan import planner
from heat_upgrade.plan import shrink
from heat_upgrade.report import files
from heat_upgrade.report import progress
from heat_upgrade.results import findings
from heat_upgrade.results import verdict
from heat_upgrade.run import runner

# Files in the run directory: the shortest plan, and the runs of the search.
FILE = 'shrunk.json'
DIRECTORY = 'shrink'

TRIES = 12


class Shrink(command.Command):
    """Find the shortest plan that still reproduces a finding of a failed run.

    Leaves out one part after another, and executes the rest as a real run.
    The shortest plan is in shrunk.json in the run directory.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument('run_dir', metavar='RUN_DIR', type=pathlib.Path)
        parser.add_argument(
            '--tries', type=int, default=TRIES, metavar='N',
            help='maximum number of runs (default: %(default)s)')
        parser.add_argument(
            '--budget', type=float, metavar='SECONDS',
            help='start no run that would not end within this time')
        parser.add_argument(
            '--finding', default='', metavar='REGEX',
            help='reproduce the worst finding whose title or rule matches '
                 '(default: the worst of all)')
        options.add_runs(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        run_dir = parsed_args.run_dir
        report = files.build(run_dir)
        plan = planner.from_json((run_dir / planner.FILE).read_text())
        finding = _finding(report, run_dir, parsed_args.finding)
        trial = _Trial(plan, finding, parsed_args)
        print(f'finding: {finding.title}\n'
              f'plan: {_size(plan)}', flush=True)
        try:
            shrunk = shrink.search(
                plan, trial.shows, scenarios=runner.scenario_of(finding.test),
                step=finding.step, tries=parsed_args.tries,
                seconds=parsed_args.budget)
        finally:
            # After a Ctrl-C too: the shortest plan so far is valid.
            (run_dir / FILE).write_text(trial.shortest.as_json())
        print(_summary(shrunk))
        print(progress.tree(shrunk.plan), end='')
        print('again: ' + shlex.join([
            'heat-upgrade', 'run', '--plan', str(run_dir.resolve() / FILE),
            *options.words_of_runs(parsed_args)]))


def _finding(report: dict[str, typing.Any], run_dir: pathlib.Path,
             wanted: str = '') -> findings.Finding:
    """Return the finding to reproduce.

    :param wanted: regular expression, searched in the title and the rule
    :raises: :class:`errors.UsageError` if the run has no such finding
    """
    if report['verdict'] != verdict.FAIL:
        raise errors.UsageError(
            f'the verdict of {run_dir} is {report["verdict"]}: only a failed '
            'run can be shrunk')
    try:
        pattern = re.compile(wanted)
    except re.error as error:
        raise errors.UsageError(
            f'--finding {wanted!r} is not a regular expression: {error}'
        ) from None
    counted = [finding for finding
               in map(findings.from_dict, report['findings'])
               if finding.counts]
    for finding in counted:
        if pattern.search(finding.title) or pattern.search(finding.rule):
            return finding
    raise errors.UsageError(
        f'--finding {wanted!r} matches no finding that made {run_dir} fail:\n'
        + '\n'.join(f'  {finding.title} [{finding.rule}]'
                    for finding in counted))


def _size(plan: planner.Plan) -> str:
    return f'{len(plan.steps)} steps, about {plan.seconds:.0f} s'


def _summary(shrunk: shrink.Shrunk) -> str:
    if shrunk.finished:
        return (f'after {shrunk.tries} tries nothing more can be left out: '
                f'{_size(shrunk.plan)}')
    return (f'stopped after {shrunk.tries} tries; a shorter plan may exist: '
            f'{_size(shrunk.plan)}')


class _Trial:
    """Tries plans as real runs.

    :ivar shortest: the last plan that showed the finding
    """

    def __init__(self, plan: planner.Plan, finding: findings.Finding,
                 parsed_args: argparse.Namespace) -> None:
        self.shortest = plan
        self._signature = shrink.signature(finding)
        self._arguments = parsed_args
        self._known = known_failures.load(parsed_args.known_failures)
        self._base, self._target = options.base_and_target(plan.base,
                                                           plan.target)
        self._number = 0

    def shows(self, plan: planner.Plan) -> bool:
        """Return True if a run of a plan has the same finding.

        :raises: KeyboardInterrupt
        """
        self._number += 1
        print(f'try {self._number} of at most {self._arguments.tries}: '
              f'{_size(plan)}: ', end='', flush=True)
        run_dir = runner.make_run_dir(
            self._arguments.run_dir / DIRECTORY, plan, self._base,
            self._target)
        status = runner.execute(
            plan, run_dir=run_dir, base=self._base, target=self._target,
            constraints=self._arguments.constraints,
            base_constraints=self._arguments.base_constraints,
            known_failures=self._known)
        report = files.build(run_dir)
        if status == verdict.INTERRUPTED_STATUS:
            print('interrupted')
            raise KeyboardInterrupt
        same = any(
            finding.counts and shrink.signature(finding) == self._signature
            for finding in map(findings.from_dict, report['findings']))
        outcome = 'the same finding' if same else report['verdict'] + (
            ', with other findings' if report['verdict'] == verdict.FAIL
            else '')
        print(f'{outcome}, {report["duration_s"]} s ({run_dir})', flush=True)
        if same:
            self.shortest = plan
        return same
