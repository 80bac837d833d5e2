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

"""The one place that knows which tests belong to which phase.

The runner, tox and grenade's plugin all select tests through this module,
or run it: ``python -m heat_integrationtests.phases PHASE``.
"""

import argparse
import ast
import collections
import dataclasses
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from heat_integrationtests import config

KINDS = ('pre', 'verify', 'during', 'post', 'smoke', 'cross')

# Of tests that need no record; so a choice of scenarios may leave them out.
WITHOUT_RECORD = ('smoke', 'cross')

# Says how many classes run side by side; see side_by_side.
CONCURRENCY_VARIABLE = 'HEAT_UPGRADE_CONCURRENCY'

# Exit status when the tests ran and one failed, and when none ran.
FAILED = 1
NOTHING_RAN = 3

# Subunit's words for a test that was begun and ended.
EXECUTED = ('success', 'fail', 'xfail', 'uxsuccess')


@dataclasses.dataclass(frozen=True)
class Phase:
    """A name, and the kinds that it runs, each in a process of its own."""

    name: str
    kinds: tuple[str, ...]


PHASES = (
    Phase('pre-upgrade', ('pre', 'verify')),
    Phase('during-upgrade', ('during',)),
    Phase('mixed', ('verify', 'smoke', 'cross')),
    Phase('post-upgrade', ('verify', 'post')),
    Phase('smoke', ('smoke',)),
    Phase('cross', ('cross',)),
)


def phase(name):
    """Give the phase of this name.

    :raises ValueError: there is none; the text lists those that are
    """
    for known in PHASES:
        if known.name == name:
            return known
    raise ValueError(
        f'There is no phase {name!r}; the phases are '
        + ', '.join(known.name for known in PHASES))


def regex(*kinds):
    """Give the pattern that matches the tests of these kinds by their id.

    A test id ends in its tags, as testtools' WithAttributes writes them:
    ``module.Class.test[id-UUID,post,post-upgrade]``.

    :param kinds: names out of KINDS
    :raises ValueError: a kind is unknown
    """
    unknown = set(kinds) - set(KINDS)
    if unknown or not kinds:
        raise ValueError(f'Unknown kinds {sorted(unknown)}; the kinds are '
                         + ', '.join(KINDS))
    names = kinds[0] if len(kinds) == 1 else f'({"|".join(kinds)})'
    return (rf'^heat_integrationtests\.(smoke|scenarios|mixed_version)\.'
            rf'.*[\[,]{names}[,\]]')


def scenario_tests(package='scenarios'):
    """Give the ids, without tags, of the tests of all scenarios.

    Read from the source, so that a selection can be judged in no time.

    :param package: the one whose tests are meant: scenarios, smoke,
        mixed_version
    """
    found = []
    directory = pathlib.Path(__file__).with_name(package)
    for path in sorted(directory.glob('test_*.py')):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef):
                found += [
                    f'heat_integrationtests.{package}.{path.stem}.'
                    f'{node.name}.{part.name}' for part in node.body
                    if isinstance(part, ast.FunctionDef)
                    and part.name.startswith('test_')]
    return found


def command(*kinds, repository, concurrency=None, scenarios=None,
            arguments=(), python=sys.executable):
    """Give the argument vector that runs these kinds by stestr.

    :param kinds: names out of KINDS; several run in one process, which is
        for kinds that do not depend on one another (verify and smoke)
    :param repository: directory in which stestr keeps its results; it must
        exist
    :param concurrency: how many classes of tests run at the same time, in
        the threads of one process; default: parallel.LANES
    :param scenarios: a regular expression; only tests whose id matches it
        are run
    :param arguments: further arguments of ``stestr run``
    :param python: the interpreter of the environment of these tests
    """
    here = os.path.dirname(os.path.abspath(__file__))
    selection = regex(*kinds)
    if scenarios:
        selection = f'(?=.*(?:{scenarios})){selection}'
    argv = [python, '-m', 'stestr', '--repo-url', repository,
            '--test-path', os.path.join(here, 'parallel'),
            '--top-dir', os.path.dirname(here), 'run', '--serial']
    if concurrency:
        argv[:0] = ['env', f'{CONCURRENCY_VARIABLE}={concurrency}']
    return argv + list(arguments) + [selection]


def environment(state_dir=None, environ=os.environ):
    """Give the variables that a run needs, on top of those given."""
    variables = dict(environ)
    if state_dir:
        variables[config.STATE_DIR_VARIABLE] = os.path.abspath(state_dir)
    return variables


def no_configuration(environ=os.environ):
    """Give why there is no tempest.conf to use, or None when there is one.

    Tempest itself falls back to defaults then, which name no cloud.
    """
    path = environ.get('TEMPEST_CONFIG')
    if path and '/' not in path:
        path = os.path.join(environ.get('TEMPEST_CONFIG_DIR', '.'), path)
    if not path:
        return 'set TEMPEST_CONFIG to the path of a tempest.conf'
    if not os.path.isfile(path):
        return f'TEMPEST_CONFIG names {path}, which is not a file'
    return None


def runs(repository):
    """Count the runs whose results are in a directory of stestr's."""
    from stestr.repository import abstract
    from stestr.repository import util

    try:
        return util.get_repo_open(repo_url=repository).count()
    except abstract.RepositoryNotFound:
        return 0


def outcomes(repository):
    """Count the tests of the last run by how they ended.

    :param repository: the directory that stestr kept its results in
    :returns: a Counter of subunit's words: success, fail, skip, inprogress
        for those that never ended …
    """
    # Imported here: who only asks for a regex need not have stestr.
    from stestr.repository import util
    import subunit
    import testtools

    ended = {}

    def note(test):
        if test['status'] != 'exists':
            ended[test['id']] = test['status']

    try:
        last = util.get_repo_open(repo_url=repository).get_latest_run()
    except KeyError:
        return collections.Counter()
    result = testtools.StreamToDict(note)
    result.startTestRun()
    subunit.ByteStreamToStreamResult(last.get_subunit_stream()).run(result)
    result.stopTestRun()
    return collections.Counter(ended.values())


def run(name, *, after=None, state_dir=None, repository=None,
        concurrency=None, scenarios=None, arguments=()):
    """Run a phase and give its exit status.

    Each kind has its own process, one after the other; the first that
    fails ends the phase, since what follows builds on it. A kind without a
    record may be left out by the choice of scenarios, and cross by the
    configuration; any other executes a test.

    :param name: the name of the phase
    :param after: a kind of the phase that it was ended by before: go on with
        those after it
    :param state_dir: where the manifests are; see config.state_dir
    :param repository: where stestr keeps its results; default: a
        temporary directory
    :returns: 0; FAILED; or NOTHING_RAN when a kind that is not left out
        executed no test, or all are left out
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
                        scenarios=scenarios, arguments=arguments),
                env=environment(state_dir), check=False).returncode
            # When nothing is selected there is no run, but perhaps an
            # older one.
            found = (outcomes(kept) if runs(kept) > before
                     else collections.Counter())
            if any(found[word] for word in EXECUTED):
                if status:
                    return FAILED
                tested = True
                continue
            print(f'{name}: no test of the kind {kind} was executed',
                  file=sys.stderr)
            if not _left_out(kind, found, scenarios):
                return NOTHING_RAN
    return 0 if tested else NOTHING_RAN


def _left_out(kind, found, scenarios):
    if not found:
        return scenarios and kind in WITHOUT_RECORD
    return kind == 'cross' and set(found) == {'skip'}


def _pattern(text):
    try:
        re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f'not a regular expression: {error}')
    return text


def main(argv=None):
    """Run a phase from the command line."""
    parser = argparse.ArgumentParser(
        prog='python -m heat_integrationtests.phases',
        description='Runs one phase of the upgrade tests against the cloud '
                    'that TEMPEST_CONFIG describes.',
        epilog='Further arguments are given to "stestr run". Exit status: '
               f'0 all passed, {FAILED} a test failed, 2 usage, '
               f'{NOTHING_RAN} no test was executed.')
    parser.add_argument('phase', choices=[known.name for known in PHASES])
    parser.add_argument('--after', metavar='KIND', choices=KINDS,
                        help='go on with the kinds of the phase after this '
                        'one, which has failed by what is known')
    parser.add_argument('--state-dir', metavar='DIR',
                        help='where the phases leave their manifests')
    parser.add_argument('--repository', metavar='DIR',
                        help="where to keep stestr's results")
    parser.add_argument('--concurrency', type=int, metavar='N')
    parser.add_argument('--scenarios', type=_pattern, metavar='REGEX',
                        help='only tests whose id matches')
    known, arguments = parser.parse_known_args(argv)
    complaint = no_configuration()
    if complaint:
        parser.error(complaint)
    if known.after and known.after not in phase(known.phase).kinds:
        parser.error(f'{known.phase} has no kind {known.after}')
    return run(known.phase, after=known.after, state_dir=known.state_dir,
               repository=known.repository, concurrency=known.concurrency,
               scenarios=known.scenarios, arguments=arguments)


if __name__ == '__main__':
    sys.exit(main())
