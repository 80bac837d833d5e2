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

"""Runs bugs: ``python -m heat_upgrade.tests.seeded_bugs [NAME...]``.

Exit status: 0 if each bug was caught in a right step and no harmless change
failed, 1 if not, 2 for a usage error.
"""

import argparse
import pathlib
import sys
import tempfile
import threading

from heat_upgrade.cli import options
from heat_upgrade import concurrency
from heat_upgrade import errors
from heat_upgrade import sharding
from heat_upgrade.tests.seeded_bugs import bugs
from heat_upgrade.tests.seeded_bugs import driver
from heat_upgrade.tests.seeded_bugs import judging
from heat_upgrade.tests.seeded_bugs import naive
from heat_upgrade.tests.seeded_bugs import records
from heat_upgrade.tests.seeded_bugs import showing

BASE = '26.0.2'
RESULTS = 'seeded-bugs.json'


def _arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog='python -m heat_upgrade.tests.seeded_bugs',
        description='Run the default upgrade to copies of Heat '
                    f'{bugs.TARGET} with a seeded bug each, and check that '
                    'the verdict is FAIL, for a finding in the right step.')
    parser.add_argument('names', nargs='*', metavar='NAME',
                        help='seeded bug or harmless change (default: all)')
    parser.add_argument('--shard', type=options.shard, metavar='I/N',
                        help='split the bugs into N shares, and run only '
                             'share I (from 1 to N), for N machines')
    parser.add_argument('--base', default=BASE, metavar='REL',
                        help='release to upgrade from (default: %(default)s)')
    parser.add_argument('--jobs', type=int, default=1, metavar='N',
                        help='runs at the same time (default: %(default)s)')
    parser.add_argument('--dir', type=pathlib.Path, metavar='DIR',
                        help='directory for the copies and the runs, which '
                             'are kept (default: a new temporary one)')
    parser.add_argument('--checks-only', action='store_true',
                        help='run the static checks alone')
    parser.add_argument('--record', action='store_true',
                        help='add the results to the table of the reference')
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument('--naive', action='store_true',
                       help='run the naive suite instead of the default '
                            'upgrade')
    shown.add_argument('--list', action='store_true',
                       help='list the seeded bugs, and run none')
    shown.add_argument('--rejudge', action='store_true',
                       help='judge the latest runs in DIR, and run none')
    shown.add_argument('--page', action='store_true',
                       help='write the table of the reference again, and run '
                            'none')
    return parser.parse_args(words)


def main(words: list[str]) -> int:
    """Execute a command line; returns the exit status."""
    arguments = _arguments(words)
    try:
        chosen = sharding.shard_of(bugs.named(arguments.names),
                                   arguments.shard)
    except (ValueError, errors.UsageError) as exc:
        print(f'error: {exc}; see --list', file=sys.stderr)
        return 2
    if arguments.list:
        print(showing.listing(chosen), end='')
        return 0
    if arguments.page:
        showing.write_page(bugs.every(), records.read())
        return 0
    if arguments.rejudge and not arguments.dir:
        print('error: --rejudge needs the --dir of the runs', file=sys.stderr)
        return 2
    directory = (arguments.dir or pathlib.Path(tempfile.mkdtemp(
        prefix='heat-upgrade-seeded-bugs-'))).resolve()
    if arguments.naive:
        return _naive(chosen, directory, arguments)
    results = (_rejudge(chosen, directory) if arguments.rejudge
               else _run(chosen, directory, arguments))
    print(f'\n{showing.table(results)}', end='')
    return 0 if results and all(result.good for result in results) else 1


def _run(chosen: tuple[bugs.Bug, ...], directory: pathlib.Path,
         arguments: argparse.Namespace) -> list[judging.Result]:
    path = directory / RESULTS
    print(f'{len(chosen)} runs in {directory}; results in {path}', flush=True)
    results: list[judging.Result] = []
    one_by_one = threading.Lock()

    def run(bug: bugs.Bug) -> None:
        result = driver.run(bug, directory, base=arguments.base,
                            checks_only=arguments.checks_only)
        with one_by_one:
            results.append(result)
            print(f'{result.line()}\n{"":<11} {result.run_dir}', flush=True)
            path.write_text(showing.as_json(results, arguments.base))
            if arguments.record:
                entry = (records.of_checks if arguments.checks_only
                         else records.of_run)(result)
                records.add(entry, result.name)

    concurrency.map_parallel(run, chosen, threads=arguments.jobs)
    return results


def _naive(chosen: tuple[bugs.Bug, ...], directory: pathlib.Path,
           arguments: argparse.Namespace) -> int:
    """Run the naive suite; its exit status is always 0."""
    targets = [driver.seeded_copy(bug, directory) for bug in chosen]
    with driver.lab_lock(), naive.suite(directory, arguments.base) as suite:
        for bug, target in zip(chosen, targets):
            result = suite.run(bug, target)
            print(result.line(), flush=True)
            if arguments.record:
                records.add(records.of_naive(result), bug.name)
    return 0


def _rejudge(chosen: tuple[bugs.Bug, ...],
             directory: pathlib.Path) -> list[judging.Result]:
    judged = (driver.rejudge(bug, directory) for bug in chosen)
    return [result for result in judged if result is not None]


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
