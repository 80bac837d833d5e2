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

"""heat-upgrade report diff."""

import argparse
from collections import abc
import json
import pathlib

from cliff import command

from heat_upgrade.report import diff
from heat_upgrade.report import files
from heat_upgrade.results import findings
from heat_upgrade.results import verdict

TEXT, JSON = 'text', 'json'


class Diff(command.Command):
    """Compare the findings of two runs.

    Two findings are the same if their rules and subjects are equal. Exit
    status: 1 if the second run has a new finding that makes the upgrade
    unsafe, 0 otherwise.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        for name in ('RUN_A', 'RUN_B'):
            parser.add_argument(
                name.lower(), metavar=name, type=pathlib.Path,
                help='run directory')
        parser.add_argument(
            '-f', '--format', choices=(TEXT, JSON), default=TEXT,
            help='output format (default: %(default)s)')
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        difference = diff.compare(*(files.make(run_dir) for run_dir in (
            parsed_args.run_a, parsed_args.run_b)))
        if parsed_args.format == JSON:
            print(json.dumps(difference.as_dict(), indent=2))
        else:
            print('\n'.join(_text(difference)))
        return verdict.EXIT_STATUS[
            verdict.FAIL if difference.counts else verdict.PASS]


def _text(difference: diff.Difference) -> abc.Iterator[str]:
    yield diff.counts(difference)
    yield from (f'note: {note}' for note in difference.notes)
    for word, group in (('new', difference.new), ('gone', difference.gone),
                        ('same', difference.same)):
        if group:
            yield ''
            yield f'{word}:'
            yield from map(_line, group)


def _line(finding: findings.Finding) -> str:
    return (f'   - [{finding.severity}, {finding.origin}] {finding.title} '
            f'({finding.rule})')
