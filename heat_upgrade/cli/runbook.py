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

"""heat-upgrade runbook."""

import argparse
import pathlib

from cliff import command

from heat_upgrade import errors
from heat_upgrade import filesystem
from heat_upgrade.runbook import evidence as evidences
from heat_upgrade.runbook import model
from heat_upgrade.runbook import procedure
from heat_upgrade.runbook import rendering


class Runbook(command.Command):
    """Print the procedure of an upgrade, from the report of a run."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument('run_dir', metavar='RUN_DIR', type=pathlib.Path)
        parser.add_argument(
            '--check', metavar='FILE', type=pathlib.Path,
            help='output of "heat-upgrade check -f json" with your files, '
                 'in place of the findings of the run')
        parser.add_argument(
            '--rehearsal', metavar='FILE', type=pathlib.Path,
            help='report.json of a rehearsal with your database')
        parser.add_argument(
            '--strategy', choices=model.STRATEGIES,
            help="strategy of the upgrade (default: the run's)")
        parser.add_argument(
            '--deployment', choices=model.DEPLOYMENTS, default=model.SYSTEMD,
            help='how Heat is deployed (default: %(default)s)')
        parser.add_argument(
            '--node', action='append', default=[], metavar='NAME',
            help='name of a node, in the order of a rolling upgrade; repeat '
                 "it for each node (default: those of the run)")
        parser.add_argument(
            '--vhost', default='/', metavar='NAME',
            help='virtual host of RabbitMQ that Heat uses before a rolling '
                 'upgrade (default: %(default)s)')
        parser.add_argument(
            '--html', action='store_true', help='HTML, not Markdown')
        parser.add_argument(
            '--output', metavar='FILE', type=pathlib.Path,
            help='write to this file (default: standard output)')
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        facts = evidences.read(parsed_args.run_dir, check=parsed_args.check,
                               rehearsal=parsed_args.rehearsal)
        strategy = parsed_args.strategy or (
            model.COLD if facts.strategy == model.COLD else model.ROLLING)
        runbook = procedure.make(
            facts, strategy=strategy, deployment=parsed_args.deployment,
            nodes=tuple(parsed_args.node), vhost=parsed_args.vhost)
        text = (rendering.page(runbook) if parsed_args.html
                else rendering.markdown(runbook))
        if not parsed_args.output:
            print(text, end='')
            return
        try:
            filesystem.write_atomically(parsed_args.output, text)
        except OSError as exc:
            raise errors.UsageError(
                f'cannot write {parsed_args.output}: {exc.strerror}') from exc
