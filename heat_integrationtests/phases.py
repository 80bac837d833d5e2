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

"""The only module that maps tests to phases.

The runner, tox and the grenade plugin select tests through this module, or
run it: ``python -m heat_integrationtests.phases PHASE``.
"""

import argparse
import collections
from collections import abc
import dataclasses
import os
import re
import subprocess
import sys
import tempfile
import typing

from heat_integrationtests import catalogue
from heat_integrationtests import config
from heat_integrationtests import definition

KINDS = ('pre', 'verify', 'during', 'post', 'smoke', 'mixed-version')

# Kinds that need no record. A choice of scenarios may exclude all of their
# tests.
WITHOUT_RECORD = ('smoke', 'mixed-version')

# Sets the number of test classes that run at once; see the package parallel.
CONCURRENCY_VARIABLE = 'HEAT_UPGRADE_CONCURRENCY'

# Exit status if a test failed, and if no test was executed.
FAILED = 1
NOTHING_RAN = 3

# Subunit's statuses of a test that started and finished.
EXECUTED = ('success', 'fail', 'xfail', 'uxsuccess')


@dataclasses.dataclass(frozen=True)
class Phase:
    """A phase and its kinds, each of which runs in its own process."""

    name: str
    kinds: tuple[str, ...]


PHASES = (
    Phase('pre-upgrade', ('pre', 'verify')),
    Phase('during-upgrade', ('during',)),
    Phase('mixed', ('verify', 'smoke', 'mixed-version')),
    Phase('post-upgrade', ('verify', 'post')),
    Phase('smoke', ('smoke',)),
    Phase('mixed-version', ('mixed-version',)),
)


def phase(name: str) -> Phase:
    """Return the phase of this name.

    :raises ValueError: the phase is unknown; the text lists the known ones
    """
    for known in PHASES:
        if known.name == name:
            return known
    raise ValueError(
        f'Unknown phase {name!r}; the phases are '
        + ', '.join(known.name for known in PHASES))


def regex(*kinds: str) -> str:
    """Return the pattern that matches the test IDs of these kinds.

    A test ID ends with its tags, in the format of testtools'
    WithAttributes: ``module.Class.test[id-UUID,post,post-upgrade]``.

    :param kinds: names from KINDS
    :raises ValueError: a kind is unknown
    """
    unknown = set(kinds) - set(KINDS)
    if unknown or not kinds:
        raise ValueError(f'Unknown kinds {sorted(unknown)}; the kinds are '
                         + ', '.join(KINDS))
    names = kinds[0] if len(kinds) == 1 else f'({"|".join(kinds)})'
    return (rf'^heat_integrationtests\.(smoke|scenarios|mixed_version)\.'
            rf'.*[\[,]{names}[,\]]')


def command(*kinds: str, repository: str, concurrency: int | None = None,
            scenarios: str | None = None, tier: str | None = None,
            arguments: abc.Iterable[str] = (),
            python: str = sys.executable) -> list[str]:
    """Return the command that runs these kinds with stestr.

    :param kinds: names from KINDS. Several kinds run in one process, which
        suits kinds that do not depend on each other (verify and smoke)
    :param repository: directory of stestr's results; it must exist
    :param concurrency: number of test classes that run at the same time, in
        threads of one process; the default is parallel.CONCURRENCY
    :param scenarios: a regular expression; only tests with a matching ID run
    :param tier: of the scenarios to run; tests without a record have no tier
    :param arguments: further arguments of ``stestr run``
    :param python: the interpreter of the environment of these tests
    """
    package = os.path.dirname(os.path.abspath(__file__))
    selection = regex(*kinds)
    if tier:
        tag = catalogue.tag(tier)
        selection = (rf'(?=.*[\[,]({tag}|{"|".join(WITHOUT_RECORD)})[,\]])'
                     f'{selection}')
    if scenarios:
        selection = f'(?=.*(?:{scenarios})){selection}'
    argv = ['env', f'{config.KINDS_VARIABLE}={",".join(kinds)}']
    if concurrency:
        argv.append(f'{CONCURRENCY_VARIABLE}={concurrency}')
    argv += [python, '-m', 'stestr', '--repo-url', repository,
             '--test-path', os.path.join(package, 'parallel'),
             '--top-dir', os.path.dirname(package), 'run', '--serial']
    return argv + list(arguments) + [selection]


def environment(state_dir: str | None = None,
                environ: abc.Mapping[str, str] = os.environ
                ) -> dict[str, str]:
    """Return the environment variables of a run."""
    variables = dict(environ)
    if state_dir:
        variables[config.STATE_DIR_VARIABLE] = os.path.abspath(state_dir)
    return variables


def no_configuration(environ: abc.Mapping[str, str] = os.environ
                     ) -> str | None:
    """Return why there is no usable tempest.conf, or None if there is one.

    Without one, tempest itself would use defaults, which name no cloud.
    """
    path = environ.get('TEMPEST_CONFIG')
    if path and '/' not in path:
        path = os.path.join(environ.get('TEMPEST_CONFIG_DIR', '.'), path)
    if not path:
        return 'set TEMPEST_CONFIG to the path of a tempest.conf'
    if not os.path.isfile(path):
        return f'TEMPEST_CONFIG names {path}, which is not a file'
    return None


def runs(repository: str) -> int:
    """Return the number of runs in a directory of stestr's results."""
    from stestr.repository import abstract
    from stestr.repository import util

    try:
        count: int = util.get_repo_open(repo_url=repository).count()
    except abstract.RepositoryNotFound:
        return 0
    return count


def outcomes(repository: str) -> collections.Counter[str]:
    """Count the tests of the last run by their outcome.

    :param repository: directory of stestr's results
    :returns: numbers by subunit's status: success, fail, skip, and
        inprogress for tests that never finished …
    """
    # Imported here: regex() must work without stestr.
    from stestr.repository import util
    import subunit
    import testtools

    statuses: dict[str, str] = {}

    def note(test: abc.Mapping[str, typing.Any]) -> None:
        if test['status'] != 'exists':
            statuses[test['id']] = test['status']

    try:
        last = util.get_repo_open(repo_url=repository).get_latest_run()
    except KeyError:
        return collections.Counter()
    result = testtools.StreamToDict(note)
    result.startTestRun()
    subunit.ByteStreamToStreamResult(last.get_subunit_stream()).run(result)
    result.stopTestRun()
    return collections.Counter(statuses.values())


def run(name: str, *, after: str | None = None, state_dir: str | None = None,
        repository: str | None = None, concurrency: int | None = None,
        scenarios: str | None = None, tier: str | None = None,
        arguments: abc.Iterable[str] = ()) -> int:
    """Run a phase and return its exit status.

    Each kind runs in its own process, one after the other. The first kind
    that fails ends the phase, because later kinds depend on it. Each kind
    must execute a test. Exceptions: the choice of scenarios excludes a kind
    without a record, or the configuration excludes mixed-version.

    :param name: name of the phase
    :param after: a kind of the phase that failed in an earlier run; only the
        kinds after it run
    :param state_dir: directory of the manifests; see config.state_dir
    :param repository: directory of stestr's results; the default is a
        temporary directory
    :returns: 0; FAILED; or NOTHING_RAN if a kind that is not excluded
        executed no test, or if all kinds are excluded
    """
    kinds = phase(name).kinds
    if after:
        kinds = kinds[kinds.index(after) + 1:]
    tested = after is not None
    with tempfile.TemporaryDirectory(prefix='heat-stestr-') as temporary:
        for kind in kinds:
            kept = os.path.join(repository or temporary, kind)
            os.makedirs(kept, exist_ok=True)
            before = runs(kept)
            print(f'== {name}: {kind}', flush=True)
            status = subprocess.run(
                command(kind, repository=kept, concurrency=concurrency,
                        scenarios=scenarios, tier=tier, arguments=arguments),
                env=environment(state_dir), check=False).returncode
            # If no test is selected there is no new run, but perhaps an
            # older one.
            counts = (outcomes(kept) if runs(kept) > before
                      else collections.Counter())
            if any(counts[outcome] for outcome in EXECUTED):
                if status:
                    return FAILED
                tested = True
                continue
            print(f'{name}: no test of the kind {kind} was executed',
                  file=sys.stderr)
            if not _excluded(kind, counts, scenarios):
                return NOTHING_RAN
    return 0 if tested else NOTHING_RAN


def _excluded(kind: str, counts: collections.Counter[str],
              scenarios: str | None) -> bool:
    if not counts:
        return bool(scenarios) and kind in WITHOUT_RECORD
    return kind == 'mixed-version' and set(counts) == {'skip'}


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(
            f'not a regular expression: {error}') from None
    return text


def main(argv: list[str] | None = None) -> int:
    """Run a phase from the command line."""
    parser = argparse.ArgumentParser(
        prog='python -m heat_integrationtests.phases',
        description='Runs one phase of the upgrade tests against the cloud '
                    'that TEMPEST_CONFIG describes.',
        epilog='Further arguments are passed to "stestr run". Exit status: '
               f'0 all tests passed, {FAILED} a test failed, 2 usage error, '
               f'{NOTHING_RAN} no test was executed.')
    parser.add_argument('phase', choices=[known.name for known in PHASES])
    parser.add_argument('--after', metavar='KIND', choices=KINDS,
                        help='continue with the kinds of the phase after '
                        'this one, which has failed for known reasons')
    parser.add_argument('--state-dir', metavar='DIR',
                        help='the directory of the manifests')
    parser.add_argument('--repository', metavar='DIR',
                        help="directory for stestr's results")
    parser.add_argument('--concurrency', type=int, metavar='N')
    parser.add_argument('--scenarios', type=_pattern, metavar='REGEX',
                        help='run only tests whose ID matches')
    parser.add_argument('--tier', choices=catalogue.TIERS,
                        help='run only the scenarios of this tier (default: '
                             'all)')
    parser.add_argument('--scenario-path', metavar='DIR', action='append',
                        help='directory with further scenarios by data; '
                             'repeatable')
    known, arguments = parser.parse_known_args(argv)
    if known.scenario_path:
        os.environ[catalogue.PATH_VARIABLE] = os.pathsep.join(
            map(os.path.abspath, known.scenario_path))
    try:
        catalogue.entries(catalogue.paths())
    except definition.Invalid as error:
        parser.error(str(error))
    complaint = no_configuration()
    if complaint:
        parser.error(complaint)
    if known.after and known.after not in phase(known.phase).kinds:
        parser.error(f'{known.phase} has no kind {known.after}')
    return run(known.phase, after=known.after, state_dir=known.state_dir,
               repository=known.repository, concurrency=known.concurrency,
               scenarios=known.scenarios, tier=known.tier,
               arguments=arguments)


if __name__ == '__main__':
    sys.exit(main())
