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

"""heat-upgrade self-test list and self-test run."""

import argparse
from collections import abc
import contextlib
import sys

from cliff import lister

from heat_upgrade.cli import options
from heat_upgrade import errors
from heat_upgrade.install import releases
from heat_upgrade.report import files
from heat_upgrade.results import journal
from heat_upgrade.results import verdict
from heat_upgrade.self_test import catalogue
from heat_upgrade.self_test import experiment
from heat_upgrade.self_test import model
from heat_upgrade import sharding

# The newest series whose Heat breaks no rule by itself: since 2026.1 a deleted
# stack leaves snapshots behind (findings/snapshots-left-behind).
SERIES = '2025.2'


# The header and the rows of a table.
_Table = tuple[tuple[str, ...], list[tuple[object, ...]]]


class List(lister.Lister):
    """List the planted bugs, and the oracles that must detect each."""

    def take_action(self, parsed_args: argparse.Namespace) -> _Table:
        return ('name', 'oracles', 'bug'), [
            (bug.name, '\n'.join(bug.oracles), bug.sentence)
            for bug in catalogue.BUGS]


class Run(lister.Lister):
    """Plant bugs in a real cloud, and check that the oracles detect them.

    The control is everything without a planted bug: it must have no findings.
    Exit status: 0 all as expected, 1 a different result, 2 usage error, 3
    the lab broke, 130 interrupted.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument(
            'names', nargs='*', metavar='NAME',
            help='name of a bug, see heat-upgrade self-test list')
        parser.add_argument(
            '--all', action='store_true',
            help='plant all bugs, or all of a --shard')
        parser.add_argument(
            '--release', metavar='REL', default=SERIES,
            help='a series, a release, a git checkout, an sdist or a wheel '
                 '(default: %(default)s)')
        options.add_shard(parser, 'bugs')
        options.add_constraints(parser, release='the release')
        options.add_work_dir(parser)
        return parser

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Run the command; returns the exit status."""
        self._as_expected = False
        status: int = super().run(parsed_args)
        return status or verdict.EXIT_STATUS[
            verdict.PASS if self._as_expected else verdict.FAIL]

    def take_action(self, parsed_args: argparse.Namespace) -> _Table:
        _check_choice(parsed_args)
        bugs = sharding.shard_of(
            model.chosen(catalogue.BUGS, parsed_args.names),
            parsed_args.shard)
        release = releases.parse(parsed_args.release)
        run_dir = experiment.make_run_dir(parsed_args.work_dir, release, bugs)
        print(f'run directory: {run_dir}', file=sys.stderr)
        try:
            results = experiment.run(release, bugs, run_dir,
                                     constraints=parsed_args.constraints,
                                     listeners=[_show])
        finally:
            # Also for an interrupted experiment, if it has begun.
            with contextlib.suppress(errors.UsageError):
                files.build(run_dir)
        self._as_expected = all(result.as_expected for result in results)
        return (('bug', 'expected', 'as expected', 'found', 'seconds'),
                list(map(_row, results)))


def _check_choice(parsed_args: argparse.Namespace) -> None:
    """Refuse a command that names no bug: all of them take many minutes.

    :raises: errors.UsageError that lists the bugs
    """
    if bool(parsed_args.names) == parsed_args.all:
        raise errors.UsageError(
            'name the bugs to plant, or use --all without a name; the bugs '
            'are:\n' + '\n'.join(f'  {bug.name}: {bug.sentence}'
                                 for bug in catalogue.BUGS))


def _row(result: model.Result) -> tuple[object, ...]:
    titles = dict.fromkeys(detection.title for detection in result.seen)
    return (result.name, '\n'.join(result.oracles) or 'nothing',
            'yes' if result.as_expected else 'no',
            '\n'.join(titles) or 'nothing', round(result.seconds, 1))


def _show(event: abc.Mapping[str, object]) -> None:
    """Print the beginning of a step to standard error."""
    if event['kind'] == journal.STEP_START:
        print(f'{event["step"]} ...', file=sys.stderr, flush=True)
