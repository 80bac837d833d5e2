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

"""heat-upgrade rehearse."""

import argparse
import pathlib
import sys
import typing

from cliff import command

from heat_upgrade.cli import operator_files
from heat_upgrade.cli import options
from heat_upgrade.install import releases
from heat_upgrade.rehearsal import heat_options
from heat_upgrade.rehearsal import order as orders
from heat_upgrade.rehearsal import progress
from heat_upgrade.rehearsal import report as reports
from heat_upgrade.rehearsal import runner
from heat_upgrade.rehearsal import server_info
from heat_upgrade.results import verdict


class Rehearse(command.Command):
    """Upgrade a copy of a real database, from a dump, and report the result.

    Reads the dump alone, and loads it into a private MariaDB that ends with
    the command. Exit status: 0 pass; 1 this database cannot be upgraded
    safely; 2 usage error (the dump is missing, or from another release); 3
    the lab failed, so nothing is known; 130 interrupted.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument(
            '--dump', required=True, type=pathlib.Path, metavar='FILE',
            help='database dump written by mysqldump or mariadb-dump; '
                 'plain, or compressed with gzip or zstd')
        parser.add_argument(
            '--from', dest='base', required=True, metavar='REL',
            help='the release that wrote the database: a series (2026.1), a '
                 'release (26.0.2), a git checkout, an sdist or a wheel')
        parser.add_argument(
            '--to', dest='target', required=True, metavar='REL',
            help='the release to upgrade to, in the same form')
        parser.add_argument(
            '--database', metavar='NAME',
            help="the name of Heat's database, in a dump of several "
                 "(default: the one with Heat's tables)")
        parser.add_argument(
            '--config-file', action='append', default=[], type=pathlib.Path,
            metavar='FILE',
            help="Heat's configuration; only its auth_encryption_key and its "
                 'directories of plug-ins and environments are used; '
                 'repeatable')
        parser.add_argument(
            '--server-info', type=pathlib.Path, metavar='FILE',
            help='output of the query in user/rehearse of the documentation: '
                 'facts about your server that a dump does not carry')
        parser.add_argument(
            '--stacks', type=options.positive, metavar='N',
            help='load about this number of stacks, evenly chosen (default: '
                 'all of them, at 5 to 20 ms each)')
        parser.add_argument(
            '--keep-report', type=pathlib.Path, metavar='DIR',
            help='directory for the report (default: a new one in the work '
                 'directory)')
        options.add_work_dir(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        base, target = (releases.parse(name) for name in (
            parsed_args.base, parsed_args.target))
        releases.check_order(base, target)
        order = orders.Order(
            dump=parsed_args.dump, base=base, target=target,
            database=parsed_args.database,
            settings=heat_options.of_files(
                operator_files.configuration(parsed_args.config_file)),
            sample=parsed_args.stacks,
            server_info=(server_info.read(parsed_args.server_info)
                         if parsed_args.server_info else None))
        report = execute(order, parsed_args.work_dir, sys.stderr,
                         words=_words(parsed_args))
        directory = reports.make_directory(
            parsed_args.work_dir, parsed_args.keep_report, base, target)
        reports.write(report, directory)
        print(reports.summary(report), end='')
        print(f'report:  {directory}/report.html')
        return verdict.EXIT_STATUS[report['verdict']]


def execute(order: orders.Order, work_dir: pathlib.Path,
            stream: typing.TextIO, *, words: list[str]
            ) -> dict[str, typing.Any]:
    """Rehearse, and show the progress; returns the report.

    :param stream: text stream for the progress
    :param words: the command that repeats the rehearsal
    """
    with progress.display(stream, runner.STEPS) as show:
        outcome = runner.Rehearsal(order, work_dir, show).run()
    return reports.make(order, outcome, words=words)


def _words(parsed_args: argparse.Namespace) -> list[str]:
    words = ['heat-upgrade', 'rehearse', '--dump',
             str(parsed_args.dump.resolve()), '--from', parsed_args.base,
             '--to', parsed_args.target]
    if parsed_args.database:
        words += ['--database', parsed_args.database]
    if parsed_args.server_info:
        words += ['--server-info', str(parsed_args.server_info.resolve())]
    if parsed_args.stacks:
        words += ['--stacks', str(parsed_args.stacks)]
    for path in parsed_args.config_file:
        words += ['--config-file', str(path.resolve())]
    return words
