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

import pathlib
import sys

from cliff import command

from heat_upgrade.cli import options
from heat_upgrade.install import releases
from heat_upgrade.rehearsal import heat_options
from heat_upgrade.rehearsal import progress
from heat_upgrade.rehearsal import report as reports
from heat_upgrade.rehearsal import runner
from heat_upgrade.results import verdict


class Rehearse(command.Command):
    """Upgrade a copy of a real database, from a dump, and say what happens.

    The dump is read and nothing else; the copy is in a private MariaDB, which
    ends with the command. Exit status: 0 pass, 1 this database cannot be
    upgraded safely, 2 usage error (no such dump, or not of that release), 3
    the lab broke and nothing is known, 130 interrupted.
    """

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--dump', required=True, type=pathlib.Path, metavar='FILE',
            help='what mysqldump or mariadb-dump wrote of the database; '
                 'plain, or compressed by gzip or zstd')
        parser.add_argument(
            '--from', dest='base', required=True, metavar='REL',
            help='the release that the dump is of: a series (2026.1), a '
                 'release (26.0.2), a git checkout, an sdist or a wheel')
        parser.add_argument(
            '--to', dest='target', required=True, metavar='REL',
            help='the release to upgrade to, likewise')
        parser.add_argument(
            '--database', metavar='NAME',
            help="which is Heat's, in a dump of several databases (default: "
                 'the one with the tables of Heat)')
        parser.add_argument(
            '--config-file', action='append', default=[], type=pathlib.Path,
            metavar='FILE',
            help="Heat's configuration, for its auth_encryption_key and the "
                 'places of plug-ins and environments; nothing else of it is '
                 'used. May be given several times')
        parser.add_argument(
            '--stacks', type=_positive, metavar='N',
            help='load about so many stacks, evenly chosen (default: all of '
                 'them, which takes 5 to 20 ms each)')
        parser.add_argument(
            '--keep-report', type=pathlib.Path, metavar='DIR',
            help='where the report goes (default: a directory of its own in '
                 'the work directory)')
        options.add_work_dir(parser)
        return parser

    def take_action(self, parsed_args):
        base, target = (releases.parse(name) for name in (
            parsed_args.base, parsed_args.target))
        releases.check_order(base, target)
        order = runner.Order(
            dump=parsed_args.dump, base=base, target=target,
            database=parsed_args.database,
            settings=heat_options.of_files(parsed_args.config_file),
            sample=parsed_args.stacks)
        report = execute(order, parsed_args.work_dir, sys.stderr,
                         words=_words(parsed_args))
        directory = reports.make_directory(
            parsed_args.work_dir, parsed_args.keep_report, base, target)
        reports.write(report, directory)
        print(reports.summary(report), end='')
        print(f'report:  {directory}/report.html')
        return verdict.EXIT_STATUS[report['verdict']]


def _positive(text):
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def execute(order, work_dir, stream, *, words):
    """Rehearse, and show how far it is; returns the report.

    :param order: :class:`heat_upgrade.rehearsal.runner.Order`
    :param stream: text stream that takes the progress
    :param words: the command that does it again
    """
    with progress.display(stream, runner.STEPS) as show:
        outcome = runner.Rehearsal(order, work_dir, show).run()
    return reports.make(order, outcome, words=words)


def _words(parsed_args):
    words = ['heat-upgrade', 'rehearse', '--dump',
             str(parsed_args.dump.resolve()), '--from', parsed_args.base,
             '--to', parsed_args.target]
    if parsed_args.database:
        words += ['--database', parsed_args.database]
    if parsed_args.stacks:
        words += ['--stacks', str(parsed_args.stacks)]
    for path in parsed_args.config_file:
        words += ['--config-file', str(path.resolve())]
    return words
