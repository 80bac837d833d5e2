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

"""Texts that are compared with files in golden/.

After an intended change of a text, write the files again and review the
difference before the commit::

    python -m heat_upgrade.tests.unit.support.goldens && git diff
"""

import pathlib
import tempfile

from heat_upgrade.plan import planner
from heat_upgrade.report import model
from heat_upgrade.report import progress
from heat_upgrade.report import summary
from heat_upgrade.results import journal
from heat_upgrade.runbook import procedure
from heat_upgrade.runbook import rendering
from heat_upgrade.tests.unit.report import test_traffic
from heat_upgrade.tests.unit.runbook import samples
from heat_upgrade.tests.unit.support import stories

PLANS = {
    'cold': {'strategy': 'cold'},
    # The guide's own procedure.
    'rolling': {'strategy': 'rolling'},
    # Every kind of choice of a seed, on three nodes.
    'rolling-drawn': {'strategy': 'rolling', 'nodes': 3, 'seed': 12},
    'rolling-shared': {'strategy': 'rolling', 'vhost': 'shared'},
    'partial': {'strategy': 'partial'},
}

DIRECTORY = pathlib.Path(__file__).with_name('golden')


def _summary(**story):
    with tempfile.TemporaryDirectory() as directory:
        stories.Story(directory).tell(**story)
        report = model.make(directory)
    report['run_dir'] = '/runs/one'
    return summary.text(report)


def summary_of_a_pass():
    return _summary()


def summary_of_a_failure():
    test = 'heat_integrationtests.scenarios.test_a.TestA.test_verify'
    return _summary(found=[
        stories.finding('verify-target', test=test),
        stories.finding(
            'down', origin='known', failure_class=3, known='left-behind',
            impact='Resources cost money.', remedy='Delete them.',
            docs='findings/snapshots-left-behind',
            evidence='item-1 exists\nknown failure left-behind: it is')])


def summary_of_hazards():
    return _summary(found=[stories.finding(
        'down', origin='known', title='2 snapshots are left',
        rule='ledger.snapshot-left-behind', subject='ledger',
        impact='Snapshots stay.', remedy='Delete them.',
        docs='findings/snapshots-left-behind',
        evidence='they exist\nknown failure left-behind: it is')])


def summary_of_a_broken_lab():
    return _summary(failing=['base-up'], found=[stories.finding(
        'base-up', origin='lab', failure_class=None,
        title='base-up: mariadb ended by itself with status 1',
        evidence='\n'.join(f'line {number}' for number in range(20)))])


def summary_of_a_cut_off_run():
    return _summary(until='db-sync')


def summary_of_a_rolling_upgrade():
    """Return a summary with traffic, in-flight operations and hazards."""
    with tempfile.TemporaryDirectory() as directory:
        directory = pathlib.Path(directory)
        test_traffic.save(directory, test_traffic.stuck())
        story = stories.Story(directory).tell(found=[
            stories.finding(
                'db-sync', rule='probe.over-budget', subject='canary',
                title='probe canary exceeded its failure budget in db-sync',
                impact='Users notice an outage.', remedy='Plan for it.',
                docs='reference/probes', failure_class=8),
            test_traffic.stuck_finding(origin='known'),
            stories.finding(
                'verify-target', rule='inflight.stuck',
                subject='update-chain-lock', facts={'disruption': 'graceful'},
                title='update-chain-lock, graceful: stuck in '
                      'UPDATE_IN_PROGRESS', origin='restart')])
        for kind in ('create', 'update'):
            story.event(journal.IN_FLIGHT, 'verify-target',
                        case=f'{kind}-chain-lock', disruption='graceful',
                        stack='an id', status=f'{kind.upper()}_COMPLETE',
                        seconds=1.5, legal=kind == 'create')
        report = model.make(directory)
    report['run_dir'] = '/runs/one'
    return summary.text(report)


def _runbook(strategy, deployment):
    return rendering.markdown(procedure.make(
        samples.EVIDENCE, strategy=strategy, deployment=deployment))


def _plan(name):
    return planner.make(base='2026.1', target='2026.2', **PLANS[name])


TEXTS = {
    **{f'{name}-plan.json': lambda name=name: _plan(name).as_json()
       for name in PLANS},
    **{f'{name}-plan.txt': lambda name=name: progress.tree(_plan(name))
       for name in PLANS},
    'runbook-cold.md': lambda: _runbook('cold', 'systemd'),
    'runbook-rolling.md': lambda: _runbook('rolling', 'containers'),
    'summary-pass.txt': summary_of_a_pass,
    'summary-fail.txt': summary_of_a_failure,
    'summary-hazards.txt': summary_of_hazards,
    'summary-lab-error.txt': summary_of_a_broken_lab,
    'summary-cut-off.txt': summary_of_a_cut_off_run,
    'summary-rolling.txt': summary_of_a_rolling_upgrade,
}


def main():
    DIRECTORY.mkdir(exist_ok=True)
    for name, make in TEXTS.items():
        (DIRECTORY / name).write_text(make())


if __name__ == '__main__':
    main()
