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

"""heat-upgrade plan."""

import argparse
import pathlib

from cliff import command

from heat_upgrade.cli import options
from heat_upgrade.cli import run
from heat_upgrade import errors
from heat_upgrade.report import progress


class Plan(command.Command):
    """Print the steps of a run as a tree, without starting anything."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        options.add_selectors(parser)
        parser.add_argument(
            '-o', '--output', type=pathlib.Path, metavar='FILE',
            help='also write the plan as JSON, for heat-upgrade run --plan')
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        plan = run.plan_of(parsed_args)
        print(progress.tree(plan), end='')
        if parsed_args.output:
            try:
                parsed_args.output.write_text(plan.as_json())
            except OSError as exc:
                raise errors.UsageError(
                    f'cannot write the plan to {parsed_args.output}: {exc}'
                ) from exc
