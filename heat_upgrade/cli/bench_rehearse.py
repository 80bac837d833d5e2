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

"""heat-upgrade bench rehearse."""

import os
import pathlib
import sys
import tempfile
import time

from cliff import lister

from heat_upgrade.cli import options
from heat_upgrade.cli import rehearse
from heat_upgrade import errors
from heat_upgrade.install import releases
from heat_upgrade.rehearsal import generator
from heat_upgrade.rehearsal import heat_options
from heat_upgrade.rehearsal import runner
from heat_upgrade.results import verdict

# What we promise for a dump of 100,000 stacks and 1,000,000 events.
STACKS, EVENTS = 100_000, 1_000_000
LOADED, MEMORY = 'rows a second, loaded', 'our own memory, MiB'
LIMITS = {LOADED: 'at least 20000', MEMORY: 'less than 500'}

# The series whose schema generated dumps have.
BASE = '2025.2'


class Rehearse(lister.Lister):
    """Measure a rehearsal: a generated dump is loaded, migrated and checked.

    With -f json the table is machine-readable.
    """

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument('--stacks', type=int, default=STACKS, metavar='N',
                            help='of the dump (default: %(default)s)')
        parser.add_argument('--events', type=int, default=EVENTS, metavar='N',
                            help='likewise (default: %(default)s)')
        parser.add_argument(
            '--load', type=int, default=1000, metavar='N',
            help='how many of the stacks to load by Heat, about (default: '
                 '%(default)s)')
        parser.add_argument(
            '--to', dest='target', metavar='REL',
            help='the target (default: the newest series)')
        options.add_work_dir(parser)
        return parser

    def take_action(self, parsed_args):
        target = releases.parse(parsed_args.target
                                or releases.known_series()[-1])
        work_dir = parsed_args.work_dir
        work_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix='heat-upgrade-',
                                         dir=work_dir) as place:
            dump = pathlib.Path(place, 'heat.sql.zst')
            started = time.monotonic()
            generator.write(dump, stacks=parsed_args.stacks,
                            events=parsed_args.events)
            rows = [('making the dump, s', time.monotonic() - started, ''),
                    ('dump, MiB', os.path.getsize(dump) / 2**20, '')]
            report = rehearse.execute(
                runner.Order(
                    dump=dump, base=releases.parse(BASE), target=target,
                    settings={heat_options.KEY: generator.KEY},
                    sample=parsed_args.load),
                work_dir, sys.stderr, words=['heat-upgrade', 'rehearse'])
        if report['verdict'] != verdict.PASS:
            raise errors.LabError(
                f'the verdict is {report["verdict"]}: ' + ', '.join(
                    one['title'] for one in report['findings']))
        return ('what', 'value', 'CPU s', 'limit'), [
            (what, round(value, 1), cpu, LIMITS.get(what, ''))
            for what, value, cpu in rows + measured(report)]


def measured(report):
    """Return what a report tells: [(what, number, CPU seconds or '')]."""
    took = {step['name']: step['end'] - step['start']
            for step in report['steps']}
    rows, memory = report['load']['rows'], report['memory']
    return [
        ('dump unpacked, MiB', report['dump']['bytes'] / 2**20, ''),
        ('rows', rows, ''),
        *((f'{step["name"]}, s', took[step['name']], step['cpu_s'])
          for step in report['steps']),
        (LOADED, report['load']['rows_per_second'], ''),
        ('rows a second, read and loaded',
         rows / (took[runner.READ] + took[runner.LOAD]), ''),
        ('stacks loaded by Heat', report['stacks']['stacks'], ''),
        *((f'migration {one["id"]}, s', one['seconds'], '')
          for one in report['revisions']),
        ('longest wait meanwhile, s', max(
            (one['longest_s'] for one in report['waits']), default=0), ''),
        (MEMORY, memory['ours'] / 2**20, ''),
        ("MariaDB's memory, MiB", memory['server'] / 2**20, ''),
    ]
