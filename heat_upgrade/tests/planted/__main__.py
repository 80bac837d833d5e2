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

"""Runs the faults: ``python -m heat_upgrade.tests.planted [NAME...]``.

Exit status: 0 if each fault was caught where it should be and no harmless
change failed, 1 if not, 2 for a usage error.
"""

import argparse
import pathlib
import sys
import tempfile

from heat_upgrade import concurrency
from heat_upgrade.tests.planted import driver
from heat_upgrade.tests.planted import faults
from heat_upgrade.tests.planted import judging
from heat_upgrade.tests.planted import showing

BASE = '26.0.2'
RESULTS = 'planted.json'


def _arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog='python -m heat_upgrade.tests.planted',
        description='Run the default upgrade to copies of Heat '
                    f'{faults.TARGET} that have a fault each, and check that '
                    'it is called FAIL in the right step.')
    parser.add_argument('names', nargs='*', metavar='NAME',
                        help='of the faults; default: all of them')
    parser.add_argument('--base', default=BASE, metavar='REL',
                        help='release to upgrade from (default: %(default)s)')
    parser.add_argument('--jobs', type=int, default=1, metavar='N',
                        help='runs at the same time (default: %(default)s)')
    parser.add_argument('--dir', type=pathlib.Path, metavar='DIR',
                        help='directory for the copies and the runs, which '
                             'are kept (default: a new temporary one)')
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument('--list', action='store_true',
                       help='list the faults, and run none')
    shown.add_argument('--rejudge', action='store_true',
                       help='judge the latest runs in DIR, and run none')
    shown.add_argument('--rst', action='store_true',
                       help='print the table of the reference, and run none')
    return parser.parse_args(words)


def main(words: list[str]) -> int:
    """Do what a command line asks for; returns the exit status."""
    arguments = _arguments(words)
    try:
        chosen = faults.named(arguments.names)
    except ValueError as exc:
        print(f'error: {exc}; see --list', file=sys.stderr)
        return 2
    if arguments.list or arguments.rst:
        show = showing.rst if arguments.rst else showing.listing
        print(show(chosen), end='')
        return 0
    if arguments.rejudge and not arguments.dir:
        print('error: --rejudge needs the --dir of the runs', file=sys.stderr)
        return 2
    place = (arguments.dir or pathlib.Path(tempfile.mkdtemp(
        prefix='heat-upgrade-planted-'))).resolve()
    results = (_rejudge(chosen, place) if arguments.rejudge
               else _run(chosen, place, arguments))
    print(f'\n{showing.table(results)}', end='')
    return 0 if results and all(result.good for result in results) else 1


def _run(chosen: tuple[faults.Fault, ...], place: pathlib.Path,
         arguments: argparse.Namespace) -> list[judging.Result]:
    print(f'{len(chosen)} runs in {place}; results in {place / RESULTS}',
          flush=True)
    results: list[judging.Result] = []

    def run(fault: faults.Fault) -> None:
        result = driver.run(fault, place, base=arguments.base)
        results.append(result)
        print(f'{result.line()}\n{"":<11} {result.run_dir}', flush=True)
        (place / RESULTS).write_text(
            showing.as_json(results, arguments.base))

    concurrency.map_parallel(run, chosen, threads=arguments.jobs)
    return results


def _rejudge(chosen: tuple[faults.Fault, ...],
             place: pathlib.Path) -> list[judging.Result]:
    judged = (driver.rejudge(fault, place) for fault in chosen)
    return [result for result in judged if result is not None]


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
