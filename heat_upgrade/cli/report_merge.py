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

"""heat-upgrade report merge."""

import argparse
import pathlib

from cliff import command

from heat_upgrade.report import files
from heat_upgrade.report import headline
from heat_upgrade.results import verdict


class Merge(command.Command):
    """Join the reports of several runs of one upgrade, such as its shards.

    The verdict is the worst of all runs. Each finding is listed once, with
    its runs. Exit status: that of the worst run.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument(
            'directories', metavar='DIR', nargs='+', type=pathlib.Path,
            help='run directory, or a directory that contains run '
                 'directories, such as the --work-dir of a shard')
        parser.add_argument(
            '--to', metavar='DIR', required=True, type=pathlib.Path,
            help=f'directory for {files.MERGED}, {files.MERGED_PAGE} and '
                 'junit.xml')
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        merged = files.merge(parsed_args.directories, parsed_args.to)
        print(f'verdict: {verdict.SHOWN[merged["verdict"]]} of '
              f'{headline.number(len(merged["runs"]), "run")} ('
              + ', '.join(f'{count} {word}' for word, count
                          in merged['verdicts'].items() if count) + ')')
        for entry in merged['findings']:
            finding = entry['finding']
            print(f'  {len(entry["runs"])} of {len(merged["runs"])}  '
                  f'[{finding["severity"]}, {finding["origin"]}] '
                  f'{finding["title"]}')
        print(f'report:  {parsed_args.to / files.MERGED_PAGE}')
        status: int = verdict.exit_status(merged)
        return status
