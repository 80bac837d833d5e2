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

"""Actions of in-flight operations, traffic, probes and the audit."""

import types

import ddt
import fixtures
import testtools

from heat_upgrade import errors
from heat_upgrade.inflight import cases
from heat_upgrade.inflight import orphans
from heat_upgrade.inflight import setup_failures
from heat_upgrade.ledger import reconciliation
from heat_upgrade.plan import planner
from heat_upgrade.results import journal as journals
from heat_upgrade.run.actions import registry
from heat_upgrade.tests.unit.support import stories


class WorkCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.home = self.useFixture(fixtures.TempDir()).path
        self.calls, self.found, self.events = [], [], []
        self.run_ = types.SimpleNamespace(
            in_flight=None, load=None, probes=None, calls=None, restarted=None,
            plan=types.SimpleNamespace(seed=7), check=lambda: None,
            cloud=types.SimpleNamespace(
                identity=None, services=None, api_url='http://api',
                mariadb='mariadb',
                release_of=None,
                ledger=types.SimpleNamespace(client='ledger')),
            workspace=types.SimpleNamespace(run_dir=self.home),
            journal=types.SimpleNamespace(
                event=lambda kind, step, **data: self.events.append(
                    (kind, step, data))),
            finding=self.found.append)

    def replace(self, name, value):
        self.useFixture(fixtures.MonkeyPatch(f'heat_upgrade.{name}', value))

    def do(self, action, **step):
        return registry.BY_NAME[action](self.run_, planner.Step(
            action, action, action,
            **{'blame': 'heat', 'failure_class': 3, **step}))

    def titles(self):
        return [(one.origin, one.severity, one.title) for one in self.found]


class Outcome:

    def __init__(self, legal):
        self.legal = legal

    def as_dict(self):
        return {'legal': self.legal}


class FakeBatch:
    """In-flight operations that record every call."""

    left = []
    operations = ('one',)
    grounded = ()

    def __init__(self, calls):
        self._calls = calls

    def prepare(self):
        self._calls.append('prepare')
        return self.grounded

    def park(self):
        self._calls.append('park')
        return self.grounded

    def settle(self, disruption):
        self._calls.append(f'settle {disruption}')
        return [Outcome(True), Outcome(False)]

    def repair(self, outcomes):
        self._calls.append('repair')
        return outcomes

    def findings(self, outcomes, *, step):
        return [stories.finding(step, title='stuck') for one in outcomes
                if not one.legal]

    def remove(self):
        self._calls.append('remove')
        return self.left


@ddt.ddt
class TestInFlight(WorkCase):

    def setUp(self):
        super().setUp()
        self.batch = FakeBatch(self.calls)
        self.replace('inflight.batch.Batch', self.make)

    def make(self, cases, api, ledger, cloud):
        self.chosen = [case.id for case in cases]
        return self.batch

    def test_the_cases_of_the_step_are_prepared(self):
        ids = ('create-chain-lock', 'delete-nested-queued')
        self.assertEqual({'stacks': 2}, self.do('prepare', cases=ids))
        self.assertEqual((list(ids), ['prepare']), (self.chosen, self.calls))
        self.assertIs(self.batch, self.run_.in_flight)

    def test_prepared_operations_are_parked(self):
        self.run_.in_flight = self.batch
        self.assertEqual({'parked': 1}, self.do(
            'park', cases=('create-chain-lock',)))
        self.assertEqual(['park'], self.calls)

    @ddt.data('prepare', 'park')
    def test_operation_not_started_in_the_upgrade_is_heat_s(self, name):
        self.run_.in_flight = self.batch
        case, = cases.by_id(['create-chain-lock'])
        self.batch.grounded = [
            setup_failures.NotStarted(case, 'stuck', 'rows')
        ]
        self.do(name, cases=(case.id,), blame='heat')
        found, = self.found
        self.assertEqual(
            ('heat', 5, 'create-chain-lock could not be started',
             'stuck\nrows'),
            (found.origin, found.failure_class, found.title, found.evidence))

    @ddt.data('prepare', 'park')
    def test_operation_not_started_before_the_upgrade_is_the_lab_s(self, name):
        self.run_.in_flight = self.batch
        case, = cases.by_id(['create-chain-lock'])
        self.batch.grounded = [
            setup_failures.NotStarted(case, 'stuck', 'rows')
        ]
        self.assertRaises(errors.LabError, self.do, name, blame='lab',
                          cases=(case.id,))
        self.assertEqual([], self.found)

    def settle(self):
        self.run_.in_flight = self.batch
        return self.do('settle', disruption='kill')

    def test_operations_are_judged_then_repaired_then_removed(self):
        self.assertEqual({'legal': 1, 'illegal': 1}, self.settle())
        self.assertEqual(['settle kill', 'repair', 'remove'], self.calls)

    def test_outcomes_are_journaled_and_illegal_ones_reported(self):
        self.settle()
        self.assertEqual(
            [(journals.IN_FLIGHT, 'settle', {'legal': legal})
             for legal in (True, False)], self.events)
        self.assertEqual([('heat', 'error', 'stuck')], self.titles())

    def test_stack_that_cannot_be_deleted_is_heat_s_failure(self):
        self.replace('inflight.evidence.snapshots_without_data',
                     lambda cloud: 1)
        self.batch.left = ['inflight-delete-chain-lock-a1 (1): stuck',
                           'no answer']
        self.settle()
        self.assertEqual(
            ('heat', 'error',
             'cannot be deleted: inflight-delete-chain-lock, no answer'),
            self.titles()[-1])
        self.assertEqual('\n'.join(self.batch.left),
                         self.found[-1].evidence)
        self.assertEqual(1, self.found[-1].facts['snapshots_without_data'])

    def test_afterwards_nothing_is_in_flight(self):
        self.settle()
        self.assertIsNone(self.run_.in_flight)


class TestOrphans(WorkCase):

    def setUp(self):
        super().setUp()
        self.story, self.left = '', []
        self.run_.orphans = self

    def recover(self):
        self.calls.append('recover')
        return [orphans.Outcome(one, self.story, 1.0, 'rows')
                for one in orphans.RECOVERIES]

    def remove(self):
        self.calls.append('remove')
        return self.left

    def leave(self):
        self.calls.append('leave')

    def test_orphans_are_created_recovered_and_removed(self):
        self.do('leave_orphans')
        measured = self.do('recover_orphans', failure_class=2)
        self.assertEqual(['leave', 'recover', 'remove'], self.calls)
        self.assertEqual(5, measured['recovered'])
        # The runner writes these itself.
        self.assertFalse({'outcome', 'seconds', 'cpu_s'} & set(measured))
        self.assertEqual([], self.found)

    def test_orphan_that_is_not_recovered_is_a_finding(self):
        self.story = 'it is UPDATE_IN_PROGRESS after 90 s'
        measured = self.do('recover_orphans', failure_class=2)
        self.assertEqual(0, measured['recovered'])
        self.assertEqual(5, len(self.found))
        for finding in self.found:
            self.assertEqual(('heat', 2, 'recover_orphans'), (
                finding.origin, finding.failure_class, finding.step))
            self.assertIn(self.story, finding.evidence)

    def test_orphan_that_cannot_be_deleted_is_a_finding(self):
        self.left = ['orphan-held-1: DELETE_FAILED']
        self.do('recover_orphans', failure_class=2)
        finding, = self.found
        self.assertEqual('1 orphaned stack cannot be deleted',
                         finding.title)


class Background:
    """The traffic, or the probes."""

    probes = {'one': None, 'two': None}

    def __init__(self, name, calls):
        self._name, self._calls = name, calls

    def start(self):
        self._calls.append(f'start {self._name}')

    def stop(self, watch=None):
        self._calls.append(f'stop {self._name}')
        return 42

    def ask_to_stop(self):
        self._calls.append(f'ask {self._name}')


class TestWatching(WorkCase):

    def setUp(self):
        super().setUp()
        self.load = Background('load', self.calls)
        self.probes = Background('probes', self.calls)
        self.replace('probes.probe_set.Probes', lambda cloud: self.probes)
        self.replace('traffic.generator.Stream', self.stream)
        self.replace('traffic.history.History', lambda run_dir: 'history')
        self.replace('traffic.history.read', lambda run_dir: [])
        self.replace('traffic.revalidate.rejudge',
                     lambda run_dir: ['violation'])
        self.replace('traffic.diagnostics.findings', lambda violations, *args,
                     **options: [stories.finding('watch', title=one)
                                 for one in violations])
        self.replace('probes.results.of_run', lambda run_dir: ({}, {}))
        self.replace('probes.budgets.judge', lambda *args, **more: [
            stories.finding('unwatch', title='too long')])
        journal = journals.Journal(self.home)
        journal.event(journals.RUN_START)
        journal.close()

    def stream(self, api, ledger, calls, release_of, *, seed):
        self.seed = seed
        return self.load

    def test_probes_start_before_the_traffic(self):
        self.do('watch')
        self.assertEqual(['start probes', 'start load'], self.calls)
        self.assertEqual((self.load, self.probes, 'history', 7), (
            self.run_.load, self.run_.probes, self.run_.calls, self.seed))

    def test_traffic_and_probes_are_stopped_and_judged(self):
        self.run_.load, self.run_.probes = self.load, self.probes
        self.assertEqual(
            {'operations': 42, 'violations': 1, 'over_budget': 1},
            self.do('unwatch'))
        self.assertEqual({'stop load', 'stop probes', 'ask probes'},
                         set(self.calls))
        self.assertEqual(['violation', 'too long'],
                         [one.title for one in self.found])
        self.assertEqual((None, None), (self.run_.load, self.run_.probes))

    def test_a_cold_upgrade_has_probes_alone(self):
        self.assertEqual({'probes': 2}, self.do('probe'))
        self.assertEqual({'over_budget': 1}, self.do('unprobe'))
        self.assertEqual(['start probes', 'stop probes', 'ask probes'],
                         self.calls)
        self.assertEqual([('heat', 'error', 'too long')], self.titles())

    def test_canary_must_recover_after_a_restart(self):
        self.run_.restarted = 12.5
        asked = []

        def recovered(since, *, watch):
            asked.append((since, watch))
            return '500: no engine'
        self.probes.recovered = recovered
        self.run_.probes = self.probes
        self.do('unprobe')
        self.assertEqual([(12.5, self.run_.check)], asked)
        finding = self.found[0]
        self.assertEqual(
            ('probe.never-recovered', 'canary', 8, '500: no engine'),
            (finding.rule, finding.subject, finding.failure_class,
             finding.evidence.splitlines()[0]))

    def test_death_during_the_wait_stops_the_probes(self):
        self.run_.restarted = 12.5

        def recovered(since, *, watch):
            raise errors.ProcessDied('heat-engine ended')
        self.probes.recovered = recovered
        self.run_.probes = self.probes
        self.assertRaises(errors.ProcessDied, self.do, 'unprobe')
        self.assertIn('ask probes', self.calls)

    def test_broken_run_stops_traffic_and_probes_without_a_wait(self):
        self.run_.load, self.run_.probes = self.load, self.probes
        registry.monitoring.abandon(self.run_)
        self.assertEqual(['ask load', 'ask probes'], self.calls)

    def test_run_without_traffic_and_probes_stops_nothing(self):
        registry.monitoring.abandon(self.run_)
        self.assertEqual([], self.calls)


@ddt.ddt
class TestAccount(WorkCase):

    def account(self, differences=(), keystone=()):
        self.replace('ledger.audit.audit', lambda mariadb, client: [
            types.SimpleNamespace(kind=kind, text=text, stack=f'of {text}')
            for kind, text in differences])
        self.replace('ledger.audit.rows', lambda mariadb: [
            types.SimpleNamespace(stack=stack, deleted=deleted)
            for stack, deleted in (('of item a', True), ('of item b', False))
        ])
        self.replace('lab.keystone_orphans.of_keystone',
                     lambda identity, mariadb: list(keystone))
        return self.do('account')

    def test_ledger_without_differences_makes_no_finding(self):
        self.assertEqual({'ledger': 0, 'keystone': 0}, self.account())
        self.assertEqual([], self.found)

    @ddt.data(reconciliation.LEFT_BEHIND, reconciliation.SNAPSHOT_LEFT_BEHIND,
              reconciliation.LOST, reconciliation.MADE_TWICE)
    def test_differences_of_a_kind_are_one_finding(self, kind):
        self.assertEqual({'ledger': 2, 'keystone': 0}, self.account(
            [(kind, 'item a'), (kind, 'item b')]))
        finding, = self.found
        self.assertEqual(
            ('heat', 'error', 3, 'item a\nitem b'),
            (finding.origin, finding.severity, finding.failure_class,
             finding.evidence))
        self.assertTrue(finding.title.endswith(' (2)'), finding.title)
        self.assertEqual({'number': 2, 'of_deleted_stacks': 1},
                         finding.facts)

    def test_kinds_of_differences_are_separate_findings(self):
        self.account(
            [(reconciliation.LOST, 'a'), (reconciliation.MADE_TWICE, 'b')]
        )
        self.assertEqual(['ledger.lost', 'ledger.made-twice'],
                         [one.rule for one in self.found])

    def test_accounts_of_lost_stacks_are_found(self):
        self.assertEqual({'ledger': 0, 'keystone': 1},
                         self.account(keystone=['user u']))
        self.assertIn('orphaned accounts of stacks exist in Keystone (1)',
                      self.found[0].title)
