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

import datetime
import pathlib
import tempfile

from cliff import command

from heat_upgrade.install import lockfiles
from heat_upgrade.install import releases
from heat_upgrade.install import uv_runner


class Lock(command.Command):
    """Make the lock files of series, or of the tool itself.

    Asks the package index (UV_* variables choose it). The header of each file
    is the command that makes the same file again.
    """

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'names', nargs='*', metavar='SERIES',
            help=f'which to make, of: {", ".join(lockfiles.names())}; all '
                 f'if none is named')
        parser.add_argument(
            '--output', metavar='DIR', type=pathlib.Path,
            help=f'directory that takes the files (default: '
                 f'{releases.lock_dir()})')
        parser.add_argument(
            '--as-of', metavar='DAY',
            default=datetime.datetime.now(datetime.UTC).date().isoformat(),
            help='take the point releases of Heat and Keystone, and the '
                 'packages of the tool, that were there when this day began '
                 '(UTC; default: today)')
        return parser

    def take_action(self, parsed_args):
        directory = parsed_args.output or releases.lock_dir()
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix='heat-upgrade-') as scratch:
            for name in parsed_args.names or lockfiles.names():
                path = lockfiles.write_lock(
                    name, directory, as_of=parsed_args.as_of,
                    uv=uv_runner.Uv(), log=pathlib.Path(scratch, 'uv.log'))
                self.app.stdout.write(f'{path}\n')
