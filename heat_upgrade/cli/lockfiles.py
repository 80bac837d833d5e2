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

"""heat-upgrade constraints: the lock files."""

import argparse
import datetime
import pathlib
import tempfile

from cliff import command

from heat_upgrade.install import lockfiles
from heat_upgrade.install import releases
from heat_upgrade.install import uv_runner


class Lock(command.Command):
    """Make the lock files of series, or of the tool itself.

    Reads the package index (UV_* variables select it). The header of each
    file is the command that makes the same file again.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument(
            'names', nargs='*', metavar='SERIES',
            help=f'lock files to make, from: {", ".join(lockfiles.names())} '
                 '(default: all)')
        parser.add_argument(
            '--output', metavar='DIR', type=pathlib.Path,
            help=f'directory to write the files to (default: '
                 f'{releases.lock_dir()})')
        parser.add_argument(
            '--as-of', metavar='DAY',
            default=datetime.datetime.now(datetime.UTC).date().isoformat(),
            help='use the point releases of Heat and Keystone, and the '
                 'packages of the tool, that existed at the start of this '
                 'day (UTC; default: today)')
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        directory = parsed_args.output or releases.lock_dir()
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix='heat-upgrade-') as scratch:
            for name in parsed_args.names or lockfiles.names():
                path = lockfiles.write_lock(
                    name, directory, as_of=parsed_args.as_of,
                    uv=uv_runner.Uv(), log=pathlib.Path(scratch, 'uv.log'))
                self.app.stdout.write(f'{path}\n')
