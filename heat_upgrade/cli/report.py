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

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument('run_dir', metavar='RUN_DIR', type=pathlib.Path)
        parser.add_argument('--open', action='store_true',
                            help='open it in a browser')
        parser.add_argument(
            '--rejudge', action='store_true',
            help='judge the saved history of the load again, and print what '
                 'is wrong in it; exit status 1 if anything is')
        return parser

    def take_action(self, parsed_args):
        report = files.build(parsed_args.run_dir)
        print(summary.text(report), end='')
        if parsed_args.open:
            page = parsed_args.run_dir.resolve() / 'report.html'
            webbrowser.open(page.as_uri())
        if parsed_args.rejudge:
            return self._rejudge(parsed_args.run_dir)
        return 0

    def _rejudge(self, run_dir):
        """Print the violations as a table; returns the exit status."""
        found = revalidate.rejudge(run_dir)
        if not found:
            print('the judge finds nothing wrong in the history of the load')
            return 0
        table = rich.table.Table('rule', 'stack', 'operation', 'calls',
                                 'what was seen')
        for one in found:
            table.add_row(one.rule, one.stack, one.operation,
                          ' '.join(map(str, one.calls)),
                          rich.markup.escape(one.text))
        rich.console.Console().print(table)
        return verdict.EXIT_STATUS[verdict.FAIL]
