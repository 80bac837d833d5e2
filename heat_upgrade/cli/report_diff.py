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
    """Compare what two runs have found.

    A finding is the same if rule and subject are. Exit status: 1 if a finding
    of the second run alone makes the upgrade unsafe, 0 otherwise.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        for name in ('RUN_A', 'RUN_B'):
            parser.add_argument(
                name.lower(), metavar=name, type=pathlib.Path,
                help='a run directory')
        parser.add_argument(
            '-f', '--format', choices=(TEXT, JSON), default=TEXT,
            help='how it is printed (default: %(default)s)')
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        found = diff.compare(*(files.make(run_dir) for run_dir in (
            parsed_args.run_a, parsed_args.run_b)))
        if parsed_args.format == JSON:
            print(json.dumps(found.as_dict(), indent=2))
        else:
            print('\n'.join(_text(found)))
        return verdict.EXIT_STATUS[
            verdict.FAIL if found.counts else verdict.PASS]


def _text(found: diff.Difference) -> abc.Iterator[str]:
    yield diff.counts(found)
    yield from (f'note: {note}' for note in found.notes)
    for word, ones in (('new', found.new), ('gone', found.gone),
                       ('same', found.same)):
        if ones:
            yield ''
            yield f'{word}:'
            yield from map(_line, ones)


def _line(finding: findings.Finding) -> str:
    return (f'   - [{finding.severity}, {finding.origin}] {finding.title} '
            f'({finding.rule})')
