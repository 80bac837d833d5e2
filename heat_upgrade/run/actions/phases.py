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

"""Actions that run the suites, and make findings of what they say."""

import re

from heat_integrationtests import config
from heat_integrationtests import phases
from heat_upgrade.lab import log_errors
from heat_upgrade.lab import stestr_runner
from heat_upgrade.plan import planner
from heat_upgrade import process
from heat_upgrade.results import findings
from heat_upgrade.run.actions import common
from heat_upgrade.run.actions import traces

# Classes of cross-version tests side by side: twice as many as of others,
# since each waits most of the time; all 24 at once make two cores the limit.
CROSS_LANES = 14

# Mistakes of the test's own code. A TypeError or AttributeError is none: it
# is what a test meets when Heat has lost a value.
_OUR_MISTAKES = re.compile(
    r'^(ImportError|ModuleNotFoundError|NameError|NotImplementedError'
    r'|SyntaxError)\b', re.MULTILINE)

# Tests of mixed versions whose last operation goes through nodes of the base.
_DONE_BY_THE_BASE = re.compile(r'mixed_version\.\w+\.\w+TargetToBaseTest\.')


def suite(run, step):
    """Run the tests of the step's kinds."""
    logged = log_errors.sizes(run.cloud.heat_processes)
    tests = stestr_runner.run(
        run.workspace, run.workspace.run_dir, name=step.name,
        kinds=step.kinds, scenarios=run.plan.scenarios, watch=run.check,
        variables=_endpoints(run, step))
    run.tests(step, tests)
    # What failed because a service died says nothing of its own.
    run.check()
    ran = [test for test in tests if test.outcome != stestr_runner.SKIPPED]
    if not ran:
        # Whoever is to blame for a test that fails: without any, nothing is
        # known of Heat.
        run.finding(findings.make(
            'lab.no-test', step.name,
            f'no test was executed in {step.name}',
            process.tail(run.workspace.log(step.name)),
            step=step.name, log=str(run.workspace.log(step.name))))
        raise common.StepFailed()
    failed = [test for test in ran if test.outcome == stestr_runner.FAILED]
    for line in log_errors.deaths_since(logged):
        # Its master replaces it, so that nothing else may show it.
        name = line.partition(': ')[0]
        run.finding(findings.make(
            'service.worker-died', name, f'a worker of {name} died by itself',
            line, step=step.name,
            origin=(findings.LAB if step.blame == planner.LAB
                    else findings.HEAT)))
    logs = log_errors.logged_since(logged) if failed else {}
    for test in failed:
        run.finding(test_finding(
            step, test, traces.of_test(test, logs, run.cloud.mariadb),
            log=run.workspace.log(step.name)))
    if failed and step.blame == planner.LAB:
        # Nothing can be said of an upgrade from a base that does not work.
        raise common.StepFailed()
    return {'passed': len(ran) - len(failed), 'failed': len(failed),
            'skipped': len(tests) - len(ran)}


def _endpoints(run, step):
    """Return the variables that point the tests of a step at nodes."""
    if step.node:
        return {config.API_ENDPOINT_VARIABLE:
                run.cloud.nodes[step.node].api_url}
    if 'cross' not in step.kinds:
        return {}
    # One node of each release, the base's first: two of one are alike.
    of_side = {node.side: node for node in run.cloud.nodes.values()}
    nodes = [of_side[side] for side in sorted(of_side)]
    return {
        # Each of them waits most of the time.
        phases.CONCURRENCY_VARIABLE: str(CROSS_LANES),
        config.API_ENDPOINTS_VARIABLE: ','.join(
            node.api_url for node in nodes),
        config.CFN_ENDPOINTS_VARIABLE: ','.join(
            node.cfn_url for node in nodes)}


def test_finding(step, test, more=traces.NOTHING, *, log=None):
    """Return the finding of a failed test; its own failure comes first.

    :param step: the step that ran it
    :param test: :class:`heat_upgrade.lab.stestr_runner.Test`
    :param more: :class:`heat_upgrade.run.actions.traces.Traces` of the test
    :param log: path of the log of the tests
    """
    rule = 'test.failed'
    failure_class = test.failure_class or step.failure_class
    if test.failure_class == findings.FailureClass.PHYSICAL:
        rule = 'test.resource-replaced'
    if step.blame == planner.LAB or _OUR_MISTAKES.search(test.details):
        rule, failure_class = 'scenario.failed', None
    name = test.id.removeprefix('heat_integrationtests.')
    facts = dict(more.facts)
    if test.cause:
        facts['cause'] = test.cause
    if test.known_on_base or _DONE_BY_THE_BASE.match(name):
        facts['base_shows'] = True
    said = test.details.partition('\npythonlogging')[0]
    return findings.make(
        rule, name, f'{name} failed', '\n\n'.join(filter(None, (
            test.failure or log_errors.conclusion(
                said.removeprefix('traceback: ')),
            said, more.events, more.records))),
        step=step.name, test=test.id, facts=facts,
        failure_class=failure_class and findings.FailureClass(failure_class),
        log=str(log) if log else None)


def destroy(run, step):
    """Remove the account of the tests; nothing may be left in it."""
    if run.keep and run.failed():
        # What is to be looked at stays.
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


def left_behind(output, **options):
    """Return the finding that destroy could not remove everything.

    :param output: of destroy; it lists what is left
    :param options: of :func:`findings.make`
    """
    return findings.make('destroy.left-behind', 'destroy',
                         'something is left in Heat or Keystone', output,
                         **options)
