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

"""heat-upgrade spec check."""

import os
import sys

from cliff import command

from heat_upgrade import errors
from heat_upgrade.specs import checker
from heat_upgrade.specs import files
from heat_upgrade.specs import outline
from heat_upgrade.specs import series

VIOLATION = 1
UNREADABLE = errors.UsageError.exit_status


class Check(command.Command):
    """Look whether specs answer what their Upgrade Impact section asks.

    Prints FILE:LINE: and what is missing. Exit status: 0 every spec answers,
    1 one does not, 2 usage error, or a file cannot be read: it is missing, is
    not in UTF-8, or docutils cannot make out its structure.
    """

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'paths', nargs='+', metavar='FILE|DIR',
            help='a spec, or a directory with specs; indexes and templates '
                 'in it are left out')
        parser.add_argument(
            '--since', metavar='SERIES',
            help='exempt older specs, by the series their directory in specs/ '
                 'is named after (2027.1, zed), and those in the backlog')
        return parser

    def run(self, parsed_args):
        """Check the files; returns the exit status."""
        super().run(parsed_args)
        return self._status

    def take_action(self, parsed_args):
        since = (None if parsed_args.since is None
                 else series.parse(parsed_args.since))
        found = files.find(parsed_args.paths)
        asked = [path for path in found
                 if not (files.exempt(path, since)
                         and os.path.exists(path))]
        said = {path: _check(path) for path in asked}
        self._status = max(said.values(), default=0)
        wrong = sum(map(bool, said.values()))
        exempt = len(found) - len(asked)
        print(f'specs: {len(asked)} checked, {wrong} wrong, {exempt} exempt',
              file=sys.stderr)


def _check(path):
    """Print what a spec lacks; returns the exit status."""
    try:
        violations = checker.check(outline.read(path))
    except outline.Unreadable as exc:
        print(f'{path}:{exc.line}: {exc}')
        return UNREADABLE
    for violation in violations:
        print(f'{path}:{violation.line}: {violation.text}')
    return VIOLATION if violations else 0
