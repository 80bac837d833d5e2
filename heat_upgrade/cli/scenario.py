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

"""heat-upgrade scenario list and scenario new."""

import argparse
import pathlib
import shutil

from cliff import command
from cliff import lister

from heat_integrationtests import catalogue
from heat_integrationtests import definition
from heat_upgrade.cli import options
from heat_upgrade import errors

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
