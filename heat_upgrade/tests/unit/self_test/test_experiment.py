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

"""The catalogue of planted bugs, and the results of their detection."""

import types

import ddt
import fixtures
import testtools
from testtools import matchers

from heat_upgrade import errors
from heat_upgrade.inflight import cases
from heat_upgrade.inflight import outcomes
from heat_upgrade.ledger import reconciliation
from heat_upgrade.results import findings
from heat_upgrade.self_test import catalogue
from heat_upgrade.self_test import detection
from heat_upgrade.self_test import experiment
from heat_upgrade.self_test import model
from heat_upgrade.self_test import operations
from heat_upgrade.self_test import outages
from heat_upgrade.self_test import stacks
from heat_upgrade.traffic import validator

RELEASE = types.SimpleNamespace(name='2025.2')


class TestCatalogue(testtools.TestCase):

    def test_each_oracle_has_a_bug_that_it_must_detect(self):
        self.assertEqual(set(model.ORACLES), {
            oracle for bug in catalogue.BUGS for oracle in bug.oracles})

    def test_each_rule_of_the_validator_has_a_bug_of_its_own(self):
        rules = [one.oracles[0] for one in catalogue.BUGS
                 if one.oracles[0].startswith('load: ')
                 and not any(other.startswith('load: ')
                             for other in one.oracles[1:])]
        self.assertEqual(
            sorted(map(model.load, validator.RULES)), sorted(rules)
        )

    def test_a_name_is_unique_and_none_is_that_of_the_control(self):
        names = [one.name for one in catalogue.BUGS]
        self.assertEqual(len(names), len(set(names)))
        self.assertNotIn(model.CONTROL, names)

    def test_optional_oracles_are_known_and_not_required(self):
        for one in catalogue.BUGS:
            self.assertEqual(set(), set(one.may) & set(one.oracles))
            self.assertLessEqual(set(one.may), set(model.ORACLES))

    def test_cases_are_possible_and_no_two_bugs_share_a_case(self):
        names = [bug.case for bug in operations.BUGS]
        names.append(operations.CONTROL_CASE)
        self.assertEqual(len(names), len(set(names)))
        self.assertEqual(names, [one.id for one in cases.by_id(names)])

    def test_properties_of_single_bugs_belong_to_existing_bugs(self):
        names = {one.name for one in catalogue.BUGS}
        self.assertLessEqual({*stacks.TARGETS, *outages.NEVER_WHOLE}, names)

    def test_all_bugs_are_chosen_without_names_and_some_in_order(self):
        self.assertEqual(catalogue.BUGS,
                         model.chosen(catalogue.BUGS, []))
        self.assertEqual(['stuck', 'lost'], [one.name for one in model.chosen(
            catalogue.BUGS, ['lost', 'stuck'])])

    def test_unknown_name_is_refused_with_the_known_names(self):
        refused = self.assertRaises(errors.UsageError, model.chosen,
                                    catalogue.BUGS, ['lost', 'broken'])
        self.assertThat(str(refused), matchers.MatchesAll(
            matchers.Contains('broken'), matchers.Contains('change-lost')))

    def test_each_bug_under_probes_has_a_step_of_its_name(self):
        names = {step.name for step in experiment.plan_of(
            RELEASE, catalogue.BUGS).steps}
        self.assertLessEqual({bug.name for bug in outages.BUGS}, names)


@ddt.ddt
class TestResult(testtools.TestCase):

    def result(self, *seen):
        return model.Result('b', ('must',), ('may',), tuple(
            model.Seen(oracle, 'a title') for oracle in seen), 1.23)

    @ddt.data((), ('may',), ('must', 'other'), ('other',))
    def test_result_is_not_as_expected(self, seen):
        self.assertIs(False, self.result(*seen).as_expected)

    @ddt.data(('must',), ('must', 'may'), ('must', 'must'))
    def test_result_is_as_expected(self, seen):
        self.assertIs(True, self.result(*seen).as_expected)

    def test_result_becomes_a_dict_for_json(self):
        self.assertEqual(
            {'name': 'b', 'oracles': ('must',), 'may': ('may',),
             'as_expected': True, 'seconds': 1.2,
             'seen': [{'oracle': 'must', 'title': 'a title'}]},
            self.result('must').as_dict())


class TestFound(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.found = detection.Found({'planted-a': 'a', 'id-of-a': 'a',
                                      'project-of-b': 'b'})

    def patched(self, name, function):
        self.useFixture(fixtures.MonkeyPatch(
            f'heat_upgrade.self_test.detection.{name}', function))

    def seen(self):
        return {name: [one.oracle for one in seen]
                for name, seen in self.found.seen.items()}

    def test_a_violation_is_of_the_bug_in_its_stack(self):
        self.patched('history.read', lambda run_dir: [])
        self.patched('revalidate.rejudge', lambda run_dir: [
            validator.Violation('stuck', 'planted-a', (1,), 'so', 'update'),
            validator.Violation('failed', 'load-0-1', (2,), 'so', 'update')])
        reported = self.found.in_history('run', 'a step')
        self.assertEqual({'a': ['load: stuck'], 'control': ['load: failed']},
                         self.seen())
        self.assertEqual({('a step', findings.HEAT)},
                         {(finding.step, finding.origin)
                          for finding in reported})

    def test_a_difference_is_of_the_bug_in_its_stack(self):
        def difference(stack):
            return reconciliation.Difference(
                kind=reconciliation.LOST, item='i', label='', stack=stack,
                resource='r', row='u', text='it is gone')
        self.patched('audit.audit', lambda mariadb, client: [
            difference('id-of-a'), difference('another')])
        cloud = types.SimpleNamespace(
            mariadb=None, ledger=types.SimpleNamespace(client=None))
        reported = list(self.found.in_ledger(cloud, 'a step'))
        self.assertEqual({'a': ['ledger: LOST'],
                          'control': ['ledger: LOST']}, self.seen())
        self.assertEqual([('LOST: i', 'it is gone')] * 2,
                         [(finding.title, finding.evidence)
                          for finding in reported])

    def test_an_account_is_of_the_bug_whose_mark_is_in_it(self):
        self.patched('keystone_orphans.of_keystone', lambda *services: [
            'project of a stack (project-of-b)',
            'user somebody (u) of project another'])
        cloud = types.SimpleNamespace(identity=None, mariadb=None)
        reported = list(self.found.in_keystone(cloud, 'a step'))
        self.assertEqual({'b': [model.ACCOUNTS],
                          'control': [model.ACCOUNTS]}, self.seen())
        self.assertEqual(['Heat does not know the project of a stack',
                          'Heat does not know the user somebody'],
                         [finding.title for finding in reported])

    def test_illegal_outcome_belongs_to_its_bug(self):
        def outcome(legal, stuck=False):
            return outcomes.Outcome(
                case=cases.by_id(['create-chain-lock'])[0],
                disruption='graceful', stack_id='s', status='X', reason='',
                seconds=1, legal=legal, stuck=stuck)
        reported = list(self.found.in_flight(
            {'a': outcome(False, stuck=True), 'b': outcome(False),
             'control': outcome(True)}, 'a step'))
        self.assertEqual({'a': [model.STUCK_IN_FLIGHT],
                          'b': [model.WRONG_END]}, self.seen())
        self.assertEqual(2, len(reported))

    def test_lost_answers_belong_to_the_bug_of_the_step(self):
        def over_budget(seen, plan, times):
            name, = seen
            return [findings.make(
                'probe.over-budget', name, f'{name} lost',
                step='nobody-serves' if name == 'signal' else 'probes')]
        self.patched('records.of_run',
                     lambda run_dir: ({'signal': {}, 'canary': {}}, {}))
        self.patched('budgets.judge', over_budget)
        self.assertEqual(2, len(list(self.found.by_probes('run', None))))
        self.assertEqual({'nobody-serves': ['probe: signal'],
                          'probes': ['probe: canary']}, self.seen())

    def test_finding_without_a_bug_belongs_to_the_control(self):
        bug = catalogue.BUGS[0]
        self.found.seen[bug.name].append(model.Seen('load: stuck', 'x'))
        self.found.seen['a step'].append(model.Seen('probe: canary', 'y'))
        planted, control = detection.results(
            (bug,), {bug.name: 3.0}, self.found, 60.0)
        self.assertEqual((True, 3.0), (planted.as_expected, planted.seconds))
        self.assertEqual(
            (model.CONTROL, False, (model.Seen('probe: canary', 'y'),)),
            (control.name, control.as_expected, control.seen))

    def test_control_without_findings_is_as_expected(self):
        control, = detection.results((), {}, self.found, 60.0)
        self.assertIs(True, control.as_expected)
