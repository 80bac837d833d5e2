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

"""Runs the phases of the tests as an operator does, with tempest's Python."""

import os
import time

from heat_integrationtests import config
from heat_integrationtests import phases
from heat_upgrade.grenade import cloud as clouds
from heat_upgrade.grenade import keystone
from heat_upgrade.grenade import logs
from heat_upgrade.grenade import run_record
from heat_upgrade.grenade import tempest
from heat_upgrade.lab import stestr_runner
from heat_upgrade import process
from heat_upgrade.results import findings
from heat_upgrade.run.actions import phases as actions
from heat_upgrade.run.actions import traces

# Seconds; what a lab gives to one kind of tests, for a phase of three of
# them on a machine that runs all of OpenStack besides.
TIMEOUT = 3 * stestr_runner.TIMEOUT
DESTROY_TIMEOUT = 2 * stestr_runner.DESTROY_TIMEOUT


def run(record, surroundings, step, *, phase=None, variables=None,
        say=print, start=process.run):
    """Run one phase, and journal its tests and what they found.

    :param record: :class:`record.Record`
    :param surroundings: :class:`surroundings.Surroundings`
    :param step: :class:`plan.Step` that it is
    :param phase: its name in :mod:`heat_integrationtests.phases`; the
        step's if None
    :param variables: further environment variables
    :param start: for tests, like :func:`process.run`
    :raises: :class:`record.StepFailed` if a test failed and that was not
        known, :class:`record.Broken` if none was run, or Keystone is gone,
        :class:`errors.WaitTimeout` if it did not end
    """
    phase = phase or step.phase
    after = None
    while True:
        status, found, after = _run(record, surroundings, step, phase, after,
                                    variables, say, start)
        if any(one.origin != findings.KNOWN for one in found):
            raise run_record.StepFailed()
        if not status:
            return
        if status != phases.FAILED or not found:
            log = record.log(step.name)
            raise run_record.Broken(
                f'the phase {phase} ended with status {status}, and '
                + ('only what is known failed' if found else 'no test failed')
                + f'\n{process.tail(log)}', log=log)
        # What is known has ended the phase: what comes after it goes on.
        if after == phases.phase(phase).kinds[-1]:
            return


def _run(record, surroundings, step, phase, after, variables, say, start):
    """Run what comes after a kind of a phase; None for all of it.

    :returns: (exit status, what was found, the last kind that was begun)
    """
    repository = record.data(f'stestr/{step.name}')
    number = len(list(repository.parent.glob(f'{step.name}*')))
    if number:
        # The same call again: after a failure, or of a repeated phase.
        repository = repository.with_name(f'{step.name}-{number + 1}')
    repository.mkdir(parents=True)
    log = record.log(step.name)
    words = ['--state-dir', str(record.run_dir / 'manifest'),
             '--repository', str(repository)]
    if after:
        words += ['--after', after]
    if record.scenarios:
        words += ['--scenarios', record.scenarios]
    begun = time.time()
    try:
        status, output = start(
            f'the phase {phase}',
            [tempest.python(surroundings.base_dir / 'tempest'), '-m',
             'heat_integrationtests.phases', phase, *words],
            log=log, env=_environment(record, variables), cwd=record.run_dir,
            timeout=TIMEOUT, check=False)
        say(output)
    finally:
        # What was seen until a deadline, or a Ctrl-C, is evidence too.
        found = _journal(record, repository, step, begun, log)
    ran = [kind for kind in phases.phase(phase).kinds
           if (repository / kind).exists()]
    return status, found, ran[-1] if ran else after


def _journal(record, repository, step, begun, log):
    """Journal the tests that have ended; returns what was found."""
    tests = _tests(record, repository, step)
    record.tests(step, tests)
    failed = [test for test in tests if test.outcome == stestr_runner.FAILED]
    if failed and not keystone.answers(
            clouds.Cloud(record.surroundings.environ)):
        raise run_record.Broken(
            f'tests failed in {step.name}, {failed[0].id} first, and Keystone '
            f'does not answer: that says nothing of Heat', log=log)
    logged = (logs.logged(record, record.surroundings, begun)
              if failed else {})
    # Heat's database is not asked: DevStack's is not ours.
    return [record.finding(actions.test_finding(
        step, test, traces.of_test(test, logged, belonging=logs.belonging),
        log=log)) for test in failed]


def destroy(record, surroundings, step, *, say=print, start=process.run):
    """Remove the account of the tests, whatever phases have run.

    :raises: :class:`record.StepFailed` if something was left behind and
        that was not known, :class:`record.Broken` if that could not be told
    """
    if not (record.run_dir / 'tempest.conf').exists():
        say('heat-upgrade-tests: nothing to destroy: no phase has begun')
        return
    log = record.log(step.name)
    status, output = start(
        'destroy', [tempest.python(surroundings.base_dir / 'tempest'), '-m',
                    'heat_integrationtests.destroy', '--state-dir',
                    str(record.run_dir / 'manifest')],
        log=log, env=_environment(record), cwd=record.run_dir,
        timeout=DESTROY_TIMEOUT, check=False)
    say(output)
    if status == stestr_runner.LEFT_BEHIND:
        found = record.finding(actions.left_behind(
            output, step=step.name, log=str(log)))
        if found.origin != findings.KNOWN:
            raise run_record.StepFailed()
    elif status != stestr_runner.DESTROYED:
        raise run_record.Broken(
            f'destroy ended with status {status}\n{process.tail(log)}',
            log=log)


def endpoints(surroundings, cloud):
    """Return the variables that name the APIs of the nodes of two releases.

    They are given, or made of this node's and of the addresses of the
    others. Those of the base come first, as in a lab: the tests name the
    nodes by their order, and so do known failures.

    :raises: :class:`record.Broken` if those of the others do not answer
    """
    given = {name: surroundings.environ[name]
             for name in (config.API_ENDPOINTS_VARIABLE,
                          config.CFN_ENDPOINTS_VARIABLE)
             if surroundings.environ.get(name)}
    if given:
        return given
    found = {}
    for name, kind in (
            (config.API_ENDPOINTS_VARIABLE, clouds.ORCHESTRATION),
            (config.CFN_ENDPOINTS_VARIABLE, clouds.CLOUDFORMATION)):
        own = cloud.endpoint(kind)
        if own is None:
            continue
        own = clouds.without_project(own)
        others = [clouds.on(own, address)
                  for address in surroundings.subnodes]
        _check(cloud, others)
        if others:
            # Signals are sent to a node, whose path is that of their URL.
            found[name] = ','.join((*others, own))
    if not found:
        raise run_record.Broken(
            'nobody says where the APIs of the other nodes are: set '
            'HOST_TOPOLOGY_SUBNODES to their addresses, or '
            f'{config.API_ENDPOINTS_VARIABLE} to the URLs of all')
    return found


def _check(cloud, urls):
    for url in urls:
        try:
            status = cloud.get(clouds.root(url),
                               authenticated=False).status_code
        except OSError as exc:
            status = exc
        if status not in (200, 300):
            raise run_record.Broken(
                f'{clouds.root(url)} does not show its versions ({status}): '
                'operations go from one release to the other only where '
                'each has an API; enable h-api and h-api-cfn on that node')


def _environment(record, variables=None):
    env = process.environment(
        f'grenade-{os.getpid()}',
        {'TEMPEST_CONFIG': str(record.run_dir / 'tempest.conf'),
         **(variables or {})})
    # It is given on the command line.
    env.pop(config.STATE_DIR_VARIABLE, None)
    return env


def _tests(record, repository, step):
    """Return the results of all kinds, and keep their streams."""
    tests = []
    for kind in sorted(path for path in repository.iterdir()):
        stream = (record.run_dir / 'subunit'
                  / f'{repository.name}-{kind.name}.subunit')
        stestr_runner.copy_last_stream(kind, stream)
        with open(stream, 'rb') as source:
            tests += stestr_runner.parse(source)
    return tests
