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

"""heat-upgrade report."""

import argparse
import pathlib
import webbrowser

from cliff import command
import rich.console
import rich.markup
import rich.table

from heat_upgrade.report import files
from heat_upgrade.report import summary
from heat_upgrade.results import verdict
from heat_upgrade.traffic import revalidate


class Report(command.Command):
    """Build the report of a run again, from its run directory."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument('run_dir', metavar='RUN_DIR', type=pathlib.Path)
        parser.add_argument('--open', action='store_true',
                            help='open the report in a browser')
        parser.add_argument(
            '--rejudge', action='store_true',
            help='validate the saved history of the traffic again, and print '
                 'its violations; exits with 1 if there are any')
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        report = files.build(parsed_args.run_dir)
        print(summary.text(report), end='')
        if parsed_args.open:
            page = parsed_args.run_dir.resolve() / 'report.html'
            webbrowser.open(page.as_uri())
        if parsed_args.rejudge:
            return self._rejudge(parsed_args.run_dir)
        return 0

    def _rejudge(self, run_dir: pathlib.Path) -> int:
        """Print the violations as a table; returns the exit status."""
        violations = revalidate.rejudge(run_dir)
        if not violations:
            print('the validator finds nothing wrong in the history of the '
                  'traffic')
            return 0
        table = rich.table.Table('rule', 'stack', 'operation', 'calls',
                                 'observation')
        for violation in violations:
            table.add_row(violation.rule, violation.stack,
                          violation.operation,
                          ' '.join(map(str, violation.calls)),
                          rich.markup.escape(violation.text))
        rich.console.Console().print(table)
        return verdict.EXIT_STATUS[verdict.FAIL]
