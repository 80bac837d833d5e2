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

"""heat-upgrade report serve."""

import argparse
import pathlib

from cliff import command

from heat_upgrade import errors
from heat_upgrade.report import server


class Serve(command.Command):
    """Serve the history of runs on loopback, until Ctrl-C.

    The page has the verdict, downtime, duration and new findings of each run,
    and links to the reports.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument(
            'directory', metavar='DIR', type=pathlib.Path,
            help='directory that contains run directories')
        parser.add_argument(
            '--port', type=int, default=0, metavar='N',
            help='port to listen on (default: a free one)')
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        if not parsed_args.directory.is_dir():
            raise errors.UsageError(
                f'{parsed_args.directory} is not a directory; name one that '
                'contains run directories')
        with server.Server(parsed_args.directory,
                           parsed_args.port) as serving:
            print(serving.url, flush=True)
            try:
                serving.serve_forever()
            except KeyboardInterrupt:
                return
