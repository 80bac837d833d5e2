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
"""heat-upgrade runs list, runs open and runs prune."""

import argparse
import datetime
import pathlib
import shutil
import webbrowser

from cliff import command
from cliff import lister

from heat_upgrade.cli import options
from heat_upgrade import errors
from heat_upgrade.lab import kept_cloud
from heat_upgrade.report import headline
from heat_upgrade.report import history

KEEP = 20


class List(lister.Lister):
    """List the earlier runs, the latest first."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        options.add_work_dir(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace
                    ) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
        return (('Started', 'From', 'To', 'Strategy', 'Seed', 'Verdict',
                 'Failures', 'Seconds', 'Directory'), [
            (run.started[:19], run.base, run.target, run.strategy,
             '' if run.seed is None else run.seed, run.verdict, run.failures,
             round(run.seconds), run.directory.name)
            for run in history.runs(parsed_args.work_dir)])


class Open(command.Command):
    """Open the report of a run in a browser, and print its path."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        options.add_work_dir(parser)
        parser.add_argument(
            'name', nargs='?', metavar='DIRECTORY',
            help='directory of the run, as runs list shows it (default: the '
                 'latest run)')
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        work_dir: pathlib.Path = parsed_args.work_dir
        page = (work_dir / parsed_args.name / history.PAGE
                if parsed_args.name else history.latest(work_dir).page)
        if not page.exists():
            raise errors.UsageError(f'there is no report {page}; heat-upgrade '
                                    'runs list shows the runs')
        print(page)
        webbrowser.open(page.resolve().as_uri())


class Prune(command.Command):
    """Delete the directories of earlier runs.

    The latest runs stay, as do a run that may still be going on and a cloud
    that is up.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        options.add_work_dir(parser)
        parser.add_argument(
            '--keep', type=options.positive, default=KEEP, metavar='N',
            help='number of runs to keep (default: %(default)s)')
        parser.add_argument(
            '--dry-run', action='store_true',
            help='print the directories, and delete none')
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        runs = history.to_prune(
            history.runs(parsed_args.work_dir), keep=parsed_args.keep,
            now=datetime.datetime.now(datetime.UTC),
            is_up=lambda run: (run.directory / kept_cloud.FILE).exists())
        for run in runs:
            print(run.directory)
            if not parsed_args.dry_run:
                shutil.rmtree(run.directory)
        print(headline.number(len(runs), 'run') + ' '
              + ('would be deleted' if parsed_args.dry_run else 'deleted'))
