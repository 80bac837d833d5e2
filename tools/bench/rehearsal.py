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

"""Measures a rehearsal of a generated dump."""

import argparse
import os
import pathlib
import sys
import tempfile
import time
import typing

from cliff import lister

from heat_upgrade.cli import options
from heat_upgrade.cli import rehearse
from heat_upgrade import errors
from heat_upgrade.install import releases
from heat_upgrade.rehearsal import heat_options
from heat_upgrade.rehearsal import order as orders
from heat_upgrade.rehearsal import runner
from heat_upgrade.results import verdict
from tools import dump_generator

# Our limits for a dump of 100,000 stacks and 1,000,000 events.
STACKS, EVENTS = 100_000, 1_000_000
LOADED, MEMORY = 'rows a second, loaded', 'our own memory, MiB'
LIMITS = {LOADED: 'at least 20000', MEMORY: 'less than 500'}

# The series that defines the schema of generated dumps.
BASE = '2025.2'

# Name, value, and CPU seconds or ''.
Row = tuple[str, float, float | str]


class Rehearsal(lister.Lister):
    """Measure a rehearsal: load, migrate and check a generated dump.

    Use -f json for machine-readable output.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument('--stacks', type=int, default=STACKS, metavar='N',
                            help='stacks in the dump (default: %(default)s)')
        parser.add_argument('--events', type=int, default=EVENTS, metavar='N',
                            help='events in the dump (default: %(default)s)')
        parser.add_argument(
            '--load', type=int, default=1000, metavar='N',
            help='approximate number of stacks that Heat loads (default: '
                 '%(default)s)')
        parser.add_argument(
            '--to', dest='target', metavar='REL',
            help='the target (default: the newest series)')
        options.add_work_dir(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace
                    ) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
        target = releases.parse(parsed_args.target
                                or releases.known_series()[-1])
        work_dir = parsed_args.work_dir
        work_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix='heat-upgrade-',
                                         dir=work_dir) as directory:
            dump = pathlib.Path(directory, 'heat.sql.zst')
            started = time.monotonic()
            dump_generator.write(dump, stacks=parsed_args.stacks,
                                 events=parsed_args.events)
            rows: list[Row] = [
                ('making the dump, s', time.monotonic() - started, ''),
                ('dump, MiB', os.path.getsize(dump) / 2**20, '')]
            report = rehearse.execute(
                orders.Order(
                    dump=dump, base=releases.parse(BASE), target=target,
                    settings={heat_options.KEY: dump_generator.KEY},
                    sample=parsed_args.load),
                work_dir, sys.stderr, words=['heat-upgrade', 'rehearse'])
        if report['verdict'] != verdict.PASS:
            raise errors.LabError(
                f'the verdict is {report["verdict"]}: ' + ', '.join(
                    finding['title'] for finding in report['findings']))
        return ('what', 'value', 'CPU s', 'limit'), [
            (name, round(value, 1), cpu, LIMITS.get(name, ''))
            for name, value, cpu in rows + measured(report)]


def measured(report: dict[str, typing.Any]) -> list[Row]:
    """Return the measurements of a report of a rehearsal."""
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
        *((f'migration {revision["id"]}, s', revision['seconds'], '')
          for revision in report['revisions']),
        ('longest wait meanwhile, s', max(  # language: quoted
            (wait['longest_s'] for wait in report['waits']), default=0), ''),
        (MEMORY, memory['ours'] / 2**20, ''),
        ("MariaDB's memory, MiB", memory['server'] / 2**20, ''),
    ]
