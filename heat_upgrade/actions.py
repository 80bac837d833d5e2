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

"""What the steps of a plan do to a cloud.

Each action is a function of (run, step): it changes the run's cloud, notes
findings in the run's journal, and returns what its step measured, as a dict.
It raises when the run cannot go on; the runner makes a finding of that, for
which the step's blame decides whose it is.
"""

import re

from heat_upgrade import access
from heat_upgrade import cloud
from heat_upgrade import environments
from heat_upgrade import errors
from heat_upgrade import findings
from heat_upgrade import plan as plans
from heat_upgrade.probes import availability
from heat_upgrade import process
from heat_upgrade import suites
from heat_upgrade import tracebacks

# The name of the probe of downtime in a report.
API = 'heat-api'
PROBE_TIMEOUT = 2
FIRST_ANSWER_TIMEOUT = 60

# heat-status's exit statuses (oslo.upgradecheck): warnings do not stop an
# upgrade, failures do.
UPGRADE_CHECK_PASSES = (0, 1)

# Mistakes of the test's own code. A TypeError or AttributeError is none: it
# is what a test meets when Heat has lost a value.
_OUR_MISTAKES = re.compile(
    r'^(ImportError|ModuleNotFoundError|NameError|NotImplementedError'
    r'|SyntaxError)\b', re.MULTILINE)


class StepFailed(Exception):
    """The run cannot go on; the findings that say why are in the journal."""


def environments_(run, step):
    """Install the releases."""
    base, target = run.base, run.target
    run.environments = dict(zip(('keystone', plans.BASE, plans.TARGET), (
        environments.ensure_all([
            environments.keystone(base),
            environments.heat(base, constraints=run.base_constraints),
            environments.heat(target, constraints=run.constraints),
        ], log_dir=run.workspace.logs, marker=run.workspace.marker))))
    return {name: environment.version
            for name, environment in run.environments.items()}


def base_up(run, step):
    """Start a cloud with the base release."""
    run.cloud = cloud.Cloud(
        run.workspace, keystone_environment=run.environments['keystone'],
        heat_environment=run.environments[plans.BASE])
    run.cloud.up()
    access.write(run.cloud.access, run.workspace.run_dir,
                 state_dir=run.workspace.run_dir / 'manifest')
    return {}


def suite(run, step):
    """Run the tests of the step's kinds."""
    logged = tracebacks.sizes(run.cloud.heat.processes)
    tests = suites.run(
        run.workspace, run.workspace.run_dir, name=step.name,
        kinds=step.kinds, scenarios=run.plan.scenarios, watch=run.check)
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
        raise StepFailed()
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
        raise StepFailed()
    return {'passed': len(ran) - len(failed), 'failed': len(failed),
            'skipped': len(tests) - len(ran)}


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


def stop_base(run, step):
    """Stop Heat gracefully, with the downtime's probe watching."""
    run.probe = availability.Probe(
        lambda: run.cloud.request('stacks?limit=1',
                                  timeout=PROBE_TIMEOUT).status_code == 200)
    run.probe.start()
    if not run.probe.wait_for_good(FIRST_ANSWER_TIMEOUT):
        raise errors.LabError(
            'the base release does not list stacks any more',
            log=run.cloud.heat.api.log)
    stopped = run.cloud.stop_heat()
    for name, one in stopped.items():
        if one['killed']:
            run.finding(findings.Finding(
                origin=findings.HEAT, failure_class=8,
                severity=findings.WARNING,
                title=f'{name} did not stop gracefully and was killed',
                evidence=f'{one["seconds"]} s after SIGTERM',
                step=step.name))
    return {'stopped': stopped}


def save_database(run, step):
    """Dump Heat's database, as Heat's upgrades guide tells to."""
    path = run.workspace.run_dir / 'heat-before.sql'
    run.cloud.save_database(path)
    return {'bytes': path.stat().st_size}


def upgrade_check(run, step):
    """Run the target's own check of the database and the configuration."""
    run.cloud.deploy(run.environments[plans.TARGET], side=plans.TARGET)
    status, output = run.cloud.heat.manage('heat-status', 'upgrade', 'check',
                                           check=False)
    if status not in UPGRADE_CHECK_PASSES:
        raise errors.LabError(
            f'heat-status upgrade check ended with status {status}:\n'
            f'{output}')
    return {'status': status}


def db_sync(run, step):
    """Migrate the database with the target's code."""
    run.cloud.heat.db_sync()
    return {}


def start_target(run, step):
    """Start the target on the base's configuration."""
    try:
        run.cloud.start_heat()
        answered = run.probe.wait_for_good(FIRST_ANSWER_TIMEOUT)
    finally:
        run.availability(API, run.probe.stop())
    if not answered:
        raise errors.LabError('the target release does not list stacks',
                              log=run.cloud.heat.api.log)
    for one in run.cloud.heat.processes:
        shown = tracebacks.first(one.log.read_text(errors='replace'))
        if shown:
            run.finding(findings.Finding(
                origin=findings.HEAT, failure_class=step.failure_class,
                severity=findings.ERROR,
                title=f'{one.name} logs a traceback when it starts',
                evidence=shown, step=step.name, log=str(one.log)))
    return {}


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


def down(run, step):
    """Stop the cloud, unless it is to be kept."""
    if run.probe and run.probe.running():
        # A step between the stop and the start has failed.
        run.availability(API, run.probe.stop())
    if run.cloud and not run.keep:
        run.cloud.down()
    return {}


BY_NAME = {
    'environments': environments_,
    'base_up': base_up,
    'suite': suite,
    'stop_base': stop_base,
    'save_database': save_database,
    'upgrade_check': upgrade_check,
    'db_sync': db_sync,
    'start_target': start_target,
    'destroy': destroy,
    'down': down,
}
