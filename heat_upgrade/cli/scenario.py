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

"""heat-upgrade scenario list, scenario types and scenario new."""

import argparse
import pathlib
import shutil
import sys

from cliff import command
from cliff import lister

from heat_integrationtests import catalogue
from heat_integrationtests import definition
from heat_upgrade.cli import options
from heat_upgrade import errors
from heat_upgrade.results import resource_types

SKELETON = pathlib.Path(catalogue.__file__).with_name('skeleton')

# The header and the rows of a table.
_Table = tuple[tuple[str, ...], list[tuple[object, ...]]]


class List(lister.Lister):
    """List the scenarios, with their tiers and durations.

    The real failures are those of doc/source/reference/coverage.rst.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        options.add_scenario_path(parser)
        parser.add_argument('--tier', choices=catalogue.TIERS,
                            help='list only the scenarios of this tier')
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> _Table:
        further = (catalogue.paths(map(str, parsed_args.scenario_path), {})
                   or catalogue.paths())
        return (('Name', 'Source', 'Tiers', 'Seconds', 'Real Failures'), [
            (entry.name, entry.source, ', '.join(entry.tiers), entry.weight,
             ', '.join(map(str, entry.covers)))
            for entry in options.scenarios_of(further)
            if parsed_args.tier in (None, *entry.tiers)])


class Types(lister.Lister):
    """List Heat's resource types with the scenarios that use each.

    A type without a scenario is shown with the reason.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        options.add_scenario_path(parser)
        parser.add_argument('--unused', action='store_true',
                            help='list only the types without a scenario')
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> _Table:
        further = (catalogue.paths(map(str, parsed_args.scenario_path), {})
                   or catalogue.paths())
        types = resource_types.every(options.scenarios_of(further))
        # The table of another format must stay alone on the standard output.
        print(resource_types.summary(types), file=sys.stderr)
        return (('Type', 'Scenarios', 'Reason'), [
            (each.name, ', '.join(each.scenarios), each.reason)
            for each in types
            if not (parsed_args.unused and each.scenarios)])


class New(command.Command):
    """Write the files of a new scenario, to be edited."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument(
            'name', metavar='NAME',
            help='name of the scenario: lower-case letters, digits and '
                 'underscores')
        parser.add_argument(
            '--scenario-path', type=pathlib.Path, metavar='DIR',
            default=pathlib.Path(),
            help='parent directory of the directory NAME (default: the '
                 'current directory)')
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        parent: pathlib.Path = parsed_args.scenario_path
        directory = parent / parsed_args.name
        if not definition.NAME.fullmatch(parsed_args.name):
            raise errors.UsageError(
                f'{parsed_args.name!r} is not a name of a scenario: use '
                'lower-case letters, digits and underscores, beginning with '
                'a letter')
        if any(entry.name == parsed_args.name
               for entry in options.scenarios_of(())):
            raise errors.UsageError(
                f'there is a scenario {parsed_args.name} already; choose '
                'another name')
        try:
            shutil.copytree(SKELETON, directory)
        except FileExistsError as exc:
            raise errors.UsageError(
                f'{directory} exists; choose another name') from exc
        print(f'wrote {directory}: edit its files, then run\n'
              f'    heat-upgrade run --scenario-path {parent} '
              f'--scenarios {parsed_args.name}')
