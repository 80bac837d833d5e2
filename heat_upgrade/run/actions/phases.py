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

"""Actions that run the test suites, and make findings of their results."""

import os
import pathlib
import re
import typing

from heat_integrationtests import catalogue
from heat_integrationtests import config
from heat_integrationtests import phases
from heat_upgrade.lab import cloud as clouds
from heat_upgrade.lab import log_errors
from heat_upgrade.lab import stestr_runner
from heat_upgrade.plan import planner
from heat_upgrade import process
from heat_upgrade.results import findings
from heat_upgrade.run.actions import common
from heat_upgrade.run.actions import traces

if typing.TYPE_CHECKING:
    from heat_upgrade.run import runner

# Concurrency of the classes of mixed-version tests: twice that of others,
# since each waits most of the time. All 24 at once would be limited by the
# two cores.
CROSS_LANES = 14

# Errors that prove a bug of the test itself. TypeError and AttributeError do
# not: a test raises them when Heat has lost a value.
_BUGS_OF_TESTS = re.compile(
    r'^(ImportError|ModuleNotFoundError|NameError|NotImplementedError'
    r'|SyntaxError)\b', re.MULTILINE)

# Tests of mixed versions whose last operation goes through nodes of the base.
_DONE_BY_THE_BASE = re.compile(r'mixed_version\.\w+\.\w+TargetToBaseTest\.')

Measured = dict[str, typing.Any]


def suite(run: 'runner.Run', step: planner.Step) -> Measured:
    """Run the tests of the step's kinds."""
    cloud = common.existing(run.cloud, 'cloud')
    logged = log_errors.sizes(cloud.heat_processes)
    tests = stestr_runner.run(
        run.workspace, run.workspace.run_dir, name=step.name,
        kinds=step.kinds, scenarios=run.plan.scenarios, tier=run.plan.tier,
        watch=run.check, variables={
            **_endpoints(cloud, step),
            catalogue.PATH_VARIABLE: os.pathsep.join(run.plan.scenario_path)})
    run.tests(step, tests)
    # Failures caused by the death of a service prove nothing else.
    run.check()
    executed = [test for test in tests
                if test.outcome != stestr_runner.SKIPPED]
    if not executed:
        # A lab error with either blame: nothing is known about Heat.
        run.finding(findings.make(
            'lab.no-test', step.name,
            f'no test was executed in {step.name}',
            process.tail(run.workspace.log(step.name)),
            step=step.name, log=str(run.workspace.log(step.name))))
        raise common.StepFailed()
    failed = [test for test in executed
              if test.outcome == stestr_runner.FAILED]
    for line in log_errors.deaths_since(logged):
        # Its master replaces the worker, so perhaps only the log shows it.
        name = line.partition(': ')[0]
        run.finding(findings.make(
            'service.worker-died', name, f'a worker of {name} died by itself',
            line, step=step.name,
            origin=(findings.LAB if step.blame == planner.LAB
                    else findings.HEAT)))
    logs = log_errors.logged_since(logged) if failed else {}
    for test in failed:
        run.finding(test_finding(
            step, test, traces.of_test(test, logs, cloud.mariadb),
            log=run.workspace.log(step.name)))
    if failed and step.blame == planner.LAB:
        # The upgrade from a base that does not work proves nothing.
        raise common.StepFailed()
    return {'passed': len(executed) - len(failed), 'failed': len(failed),
            'skipped': len(tests) - len(executed)}


def _endpoints(cloud: clouds.Cloud, step: planner.Step) -> dict[str, str]:
    """Return the variables that point the tests of a step at nodes."""
    if step.node:
        return {config.API_ENDPOINT_VARIABLE: cloud.nodes[step.node].api_url}
    if 'mixed-version' not in step.kinds:
        return {}
    # One node of each release, the base's first, because two nodes of one
    # release are alike.
    of_side = {node.side: node for node in cloud.nodes.values()}
    nodes = [of_side[side] for side in sorted(of_side)]
    return {
        phases.CONCURRENCY_VARIABLE: str(CROSS_LANES),
        config.API_ENDPOINTS_VARIABLE: ','.join(
            node.api_url for node in nodes),
        config.CFN_ENDPOINTS_VARIABLE: ','.join(
            node.cfn_url for node in nodes)}


def test_finding(step: planner.Step, test: stestr_runner.Test,
                 trace: traces.Traces = traces.NOTHING, *,
                 log: pathlib.Path | None = None) -> findings.Finding:
    """Return the finding of a failed test; its own failure comes first.

    :param step: the step that ran it
    :param log: the log of the tests
    """
    rule = 'test.failed'
    failure_class = test.failure_class or step.failure_class
    if test.failure_class == findings.FailureClass.PHYSICAL:
        rule = 'test.resource-replaced'
    if step.blame == planner.LAB or _BUGS_OF_TESTS.search(test.details):
        rule, failure_class = 'scenario.failed', None
    name = test.id.removeprefix('heat_integrationtests.')
    facts = dict(trace.facts)
    if test.cause:
        facts['cause'] = test.cause
    if test.known_on_base or _DONE_BY_THE_BASE.match(name):
        facts['base_shows'] = True
    details = test.details.partition('\npythonlogging')[0]
    return findings.make(
        rule, name, f'{name} failed', '\n\n'.join(filter(None, (
            test.failure or log_errors.conclusion(
                details.removeprefix('traceback: ')),
            details, trace.events, trace.records))),
        step=step.name, test=test.id, facts=facts,
        failure_class=failure_class and findings.FailureClass(failure_class),
        log=str(log) if log else None)


def destroy(run: 'runner.Run', step: planner.Step) -> Measured:
    """Delete the tests' account; a finding reports remaining objects."""
    if run.keep and run.failed():
        # The user wants to examine the stacks of failed tests.
        return {'kept': True}
    status, output = stestr_runner.destroy(
        run.workspace, run.workspace.run_dir, watch=run.check
    )
    run.check()
    options = {'step': step.name, 'log': str(run.workspace.log('destroy'))}
    if status == stestr_runner.LEFT_BEHIND:
        run.finding(left_behind(output, **options))
    elif status != stestr_runner.DESTROYED:
        run.finding(findings.make(
            'lab.destroy-failed', 'destroy',
            f'destroy ended with status {status}', output, **options))
    return {}


def left_behind(output: str, **options: typing.Any) -> findings.Finding:
    """Return the finding of an incomplete destroy.

    :param output: the output of destroy, which lists the remaining objects
    :param options: of :func:`findings.make`
    """
    return findings.make('destroy.left-behind', 'destroy',
                         'objects remain in Heat or Keystone', output,
                         **options)
