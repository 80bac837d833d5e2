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
from heat_upgrade.actions import common
from heat_upgrade import findings
from heat_upgrade import plan as plans
from heat_upgrade import process
from heat_upgrade import suites
from heat_upgrade import tracebacks

# Classes of cross-version tests side by side: twice as many as of others,
# since each waits most of the time; all 24 at once make two cores the limit.
CROSS_LANES = 14

# Mistakes of the test's own code. A TypeError or AttributeError is none: it
# is what a test meets when Heat has lost a value.
_OUR_MISTAKES = re.compile(
    r'^(ImportError|ModuleNotFoundError|NameError|NotImplementedError'
    r'|SyntaxError)\b', re.MULTILINE)


def suite(run, step):
    """Run the tests of the step's kinds."""
    logged = tracebacks.sizes(run.cloud.heat_processes)
    tests = suites.run(
        run.workspace, run.workspace.run_dir, name=step.name,
        kinds=step.kinds, scenarios=run.plan.scenarios, watch=run.check,
        variables=_endpoints(run, step))
    run.tests(step, tests)
    # What failed because a service died says nothing of its own.
    run.check()
    ran = [test for test in tests if test.outcome != suites.SKIPPED]
    if not ran:
        # Whoever is to blame for a test that fails: without any, nothing is
        # known of Heat.
        run.finding(findings.Finding(
            origin=findings.LAB, failure_class=None,
            severity=findings.ERROR,
            title=f'no test was executed in {step.name}',
            evidence=process.tail(run.workspace.log(step.name)),
            step=step.name, log=str(run.workspace.log(step.name))))
        raise common.StepFailed()
    failed = [test for test in ran if test.outcome == suites.FAILED]
    for line in tracebacks.deaths_since(logged):
        # Its master replaces it, so that nothing else may show it.
        run.finding(findings.Finding(
            origin=(findings.LAB if step.blame == plans.LAB
                    else findings.HEAT),
            failure_class=None if step.blame == plans.LAB else 8,
            severity=findings.ERROR, title='a worker died by itself',
            evidence=line, step=step.name))
    meanwhile = tracebacks.last_since(logged) if failed else ''
    for test in failed:
        run.finding(test_finding(step, test, meanwhile,
                                 log=run.workspace.log(step.name)))
    if failed and step.blame == plans.LAB:
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
        phases.LANES_VARIABLE: str(CROSS_LANES),
        config.API_ENDPOINTS_VARIABLE: ','.join(
            node.api_url for node in nodes),
        config.CFN_ENDPOINTS_VARIABLE: ','.join(
            node.cfn_url for node in nodes)}


def test_finding(step, test, meanwhile='', *, log=None):
    """Return the finding of a failed test.

    :param step: the step that ran it
    :param test: :class:`heat_upgrade.suites.Test`
    :param meanwhile: errors that Heat logged while the step's tests ran
    :param log: path of the log of the tests
    """
    failure_class = step.failure_class
    if 'replaced' in test.details:
        failure_class = 3
    origin = findings.HEAT
    if step.blame == plans.LAB or _OUR_MISTAKES.search(test.details):
        origin, failure_class = findings.SCENARIO, None
    return findings.Finding(
        origin=origin, failure_class=failure_class, severity=findings.ERROR,
        title=f'{test.id.removeprefix("heat_integrationtests.")} failed',
        # A summary shows the end: the test's own words.
        evidence=f'{meanwhile}\n\n{test.details}'.lstrip(),
        step=step.name, test=test.id,
        log=str(log) if log else None)


def destroy(run, step):
    """Remove the account of the tests; nothing may be left in it."""
    if run.keep and run.failed():
        # What is to be looked at stays.
        return {'kept': True}
    status, output = suites.destroy(run.workspace, run.workspace.run_dir,
                                    watch=run.check)
    run.check()
    if status == suites.LEFT_BEHIND:
        origin, title = findings.HEAT, 'something is left in Heat or Keystone'
    elif status != suites.DESTROYED:
        origin, title = findings.LAB, f'destroy ended with status {status}'
    else:
        return {}
    run.finding(findings.Finding(
        origin=origin, severity=findings.ERROR, title=title, evidence=output,
        failure_class=(step.failure_class if origin == findings.HEAT
                       else None),
        step=step.name, log=str(run.workspace.log('destroy'))))
    return {}
