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

from collections import abc
import os
import pathlib
import time

from heat_integrationtests import config
from heat_integrationtests import phases
from heat_upgrade.grenade import cloud as clouds
from heat_upgrade.grenade import environment
from heat_upgrade.grenade import keystone
from heat_upgrade.grenade import logs
from heat_upgrade.grenade import run_record
from heat_upgrade.grenade import tempest
from heat_upgrade.lab import stestr_runner
from heat_upgrade.plan import model
from heat_upgrade import process
from heat_upgrade.results import findings
from heat_upgrade.run.actions import phases as actions
from heat_upgrade.run.actions import traces

# Seconds; a lab's limit for one kind of tests, for a phase of three of them
# on a machine that also runs the rest of OpenStack.
TIMEOUT = 3 * stestr_runner.TIMEOUT
DESTROY_TIMEOUT = 2 * stestr_runner.DESTROY_TIMEOUT


def run(record: run_record.Record, settings: environment.Settings,
        step: model.Step, *, phase: str | None = None,
        variables: abc.Mapping[str, str] | None = None,
        say: environment.Say = print,
        start: environment.Run = process.run) -> None:
    """Run one phase, and journal its tests and their findings.

    :param phase: its name in :mod:`heat_integrationtests.phases`; the
        step's if None
    :param variables: further environment variables
    :raises: :class:`run_record.StepFailed` if a test fails for an unknown
        reason, :class:`run_record.Broken` if no test ran, or Keystone does
        not answer, :class:`errors.WaitTimeout` if the phase does not end
    """
    phase = phase or step.phase
    after: str | None = None
    while True:
        status, found, after = _run(record, settings, step, phase, after,
                                    variables, say, start)
        if any(finding.origin != findings.KNOWN for finding in found):
            raise run_record.StepFailed()
        if not status:
            return
        if status != phases.FAILED or not found:
            log = record.log(step.name)
            raise run_record.Broken(
                f'the phase {phase} ended with status {status}, and '
                + ('only known failures occurred' if found
                   else 'no test failed')
                + f'\n{process.tail(log)}', log=log)
        # A known failure has ended the phase: continue with its next kind.
        if after == phases.phase(phase).kinds[-1]:
            return


def _run(record: run_record.Record, settings: environment.Settings,
         step: model.Step, phase: str, after: str | None,
         variables: abc.Mapping[str, str] | None, say: environment.Say,
         start: environment.Run
         ) -> tuple[int, list[findings.Finding], str | None]:
    """Run the kinds of a phase that come after one; None for all of them.

    :returns: (exit status, findings, the last kind that was started)
    """
    repository = record.data(f'stestr/{step.name}')
    number = len(list(repository.parent.glob(f'{step.name}*')))
    if number:
        # The same call again, after a failure or for a repeated phase.
        repository = repository.with_name(f'{step.name}-{number + 1}')
    repository.mkdir(parents=True)
    log = record.log(step.name)
    words = ['--state-dir', str(record.run_dir / 'manifest'),
             '--repository', str(repository)]
    if after:
        words += ['--after', after]
    words += ['--tier', settings.tier]
    if record.scenarios:
        words += ['--scenarios', record.scenarios]
    begun = time.time()
    try:
        status, output = start(
            f'the phase {phase}',
            [tempest.python(settings.base_dir / 'tempest'), '-m',
             'heat_integrationtests.phases', phase, *words],
            log=log, env=_environment(record, variables), cwd=record.run_dir,
            timeout=TIMEOUT, check=False)
        say(output)
    finally:
        # After a timeout or a Ctrl-C too: the finished tests are evidence.
        found = _journal(record, repository, step, begun, log)
    ran = [kind for kind in phases.phase(phase).kinds
           if (repository / kind).exists()]
    return status, found, ran[-1] if ran else after


def _journal(record: run_record.Record, repository: pathlib.Path,
             step: model.Step, begun: float, log: pathlib.Path
             ) -> list[findings.Finding]:
    """Journal the tests that have ended; returns their findings."""
    tests = _tests(record, repository, step)
    record.tests(step, tests)
    failed = [test for test in tests if test.outcome == stestr_runner.FAILED]
    if failed and not keystone.answers(
            clouds.Cloud(record.settings.environ)):
        raise run_record.Broken(
            f'tests failed in {step.name}, {failed[0].id} first, and Keystone '
            'does not answer: that proves nothing about Heat', log=log)
    logged = (logs.logged(record, record.settings, begun)
              if failed else {})
    # Heat's database is not read: that of DevStack is not ours.
    return [record.finding(actions.test_finding(
        step, test, traces.of_test(test, logged, belonging=logs.belonging),
        log=log)) for test in failed]


def destroy(record: run_record.Record, settings: environment.Settings,
            step: model.Step, *, say: environment.Say = print,
            start: environment.Run = process.run) -> None:
    """Delete the account of the tests, after any phases.

    :raises: :class:`run_record.StepFailed` if resources are left behind for
        an unknown reason, :class:`run_record.Broken` if the command fails
    """
    if not (record.run_dir / 'tempest.conf').exists():
        say('heat-upgrade-tests: nothing to destroy: no phase was started')
        return
    log = record.log(step.name)
    status, output = start(
        'destroy', [tempest.python(settings.base_dir / 'tempest'), '-m',
                    'heat_integrationtests.destroy', '--state-dir',
                    str(record.run_dir / 'manifest')],
        log=log, env=_environment(record), cwd=record.run_dir,
        timeout=DESTROY_TIMEOUT, check=False)
    say(output)
    if status == stestr_runner.LEFT_BEHIND:
        finding = record.finding(actions.left_behind(
            output, step=step.name, log=str(log)))
        if finding.origin != findings.KNOWN:
            raise run_record.StepFailed()
    elif status != stestr_runner.DESTROYED:
        raise run_record.Broken(
            f'destroy ended with status {status}\n{process.tail(log)}',
            log=log)


def endpoints(settings: environment.Settings, cloud: clouds.Cloud
              ) -> dict[str, str]:
    """Return the variables that name the APIs of the nodes of both releases.

    They are set by the user, or derived from this node's APIs and the
    addresses of the other nodes. Those of the base come first, as in a lab:
    tests and known failures name nodes by their order.

    :raises: :class:`run_record.Broken` if an API of another node does not
        answer
    """
    given = {name: settings.environ[name]
             for name in (config.API_ENDPOINTS_VARIABLE,
                          config.CFN_ENDPOINTS_VARIABLE)
             if settings.environ.get(name)}
    if given:
        return given
    variables = {}
    for name, kind in (
            (config.API_ENDPOINTS_VARIABLE, clouds.ORCHESTRATION),
            (config.CFN_ENDPOINTS_VARIABLE, clouds.CLOUDFORMATION)):
        own = cloud.endpoint(kind)
        if own is None:
            continue
        own = clouds.without_project(own)
        others = [clouds.on(own, address)
                  for address in settings.subnodes]
        _check(cloud, others)
        if others:
            # A signal is sent to a node by the path of its URL.
            variables[name] = ','.join((*others, own))
    if not variables:
        raise run_record.Broken(
            "the other nodes' API endpoints are unknown; set "
            'HOST_TOPOLOGY_SUBNODES to their addresses, or '
            f'{config.API_ENDPOINTS_VARIABLE} to the URLs of all')
    return variables


def _check(cloud: clouds.Cloud, urls: abc.Iterable[str]) -> None:
    for url in urls:
        status: object
        try:
            status = cloud.get(clouds.root(url),
                               authenticated=False).status_code
        except OSError as exc:
            status = exc
        if status not in (200, 300):
            raise run_record.Broken(
                f'{clouds.root(url)} does not show its versions ({status}): '
                'mixed-version operations need an API on each node; enable '
                'h-api and h-api-cfn on that node')


def _environment(record: run_record.Record,
                 variables: abc.Mapping[str, str] | None = None
                 ) -> dict[str, str]:
    env = process.environment(
        f'grenade-{os.getpid()}',
        {'TEMPEST_CONFIG': str(record.run_dir / 'tempest.conf'),
         **(variables or {})})
    # The command line sets it.
    env.pop(config.STATE_DIR_VARIABLE, None)
    return env


def _tests(record: run_record.Record, repository: pathlib.Path,
           step: model.Step) -> list[stestr_runner.Test]:
    """Return the results of all kinds, and keep their streams."""
    tests: list[stestr_runner.Test] = []
    for kind in sorted(path for path in repository.iterdir()):
        stream = (record.run_dir / 'subunit'
                  / f'{repository.name}-{kind.name}.subunit')
        stestr_runner.copy_last_stream(kind, stream)
        with open(stream, 'rb') as source:
            tests += stestr_runner.parse(source)
    return tests
