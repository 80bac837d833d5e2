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

"""The cause of a failure in one release, or in both."""

import types

import ddt
import fixtures
import testtools
from testtools import matchers

from heat_upgrade.checks import blame
from heat_upgrade.checks import introspection
from heat_upgrade.checks import registry
from heat_upgrade import errors
from heat_upgrade.results import findings
from heat_upgrade.tests.unit.support import introspection_case

PROGRAMS = introspection.PROGRAMS
HEAT, LAB, INPUT = findings.HEAT, findings.LAB, findings.INPUT


@ddt.ddt
class TestJudge(introspection_case.ReadingCase):

    def judge(self, *sides, how='raise', program='rows', **more):
        request = introspection.Request(program, self.given(*sides, how=how),
                                        **more)
        error = self.assertRaises(
            introspection.ProgramsFailed,
            introspection.both,
            self.base,
            self.target,
            lambda subject: introspection.read_all(
                subject, [request], self.context
            ),
        )
        found, = blame.judge('rpc', error.failures, self.base, self.target,
                             self.context)
        return found

    @ddt.data('raise', 'exit', 'die', 'signal')
    def test_failure_of_the_target_alone_is_its_own(self, how):
        found = self.judge('target', how=how)
        self.assertEqual(
            ('target.program-fails', 'rows', HEAT, findings.ERROR, 2,
             '27.0.1 cannot create and store stacks', 'check-rpc'),
            (found.rule, found.subject, found.origin, found.severity,
             found.failure_class, found.title, found.step))
        self.assertTrue(found.counts)

    def test_hanging_target_is_the_cause(self):
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.checks.introspection.TIMEOUT', 1.5))
        found = self.judge('target', how='hang')
        self.assertEqual((HEAT, 2), (found.origin, found.failure_class))
        self.assertEqual(
            '27.0.1: the process did not end within 1.5 s',
            found.evidence.splitlines()[0])
        self.assertNotIn('adapt the program', found.evidence)

    def test_failure_of_both_releases_is_a_failure_of_the_lab(self):
        found = self.judge('base', 'target')
        self.assertEqual(
            ('both.program-fails', LAB, None,
             'neither 26.0.2 nor 27.0.1 can create and store stacks'),
            (found.rule, found.origin, found.failure_class, found.title))
        self.assertIn('the upgrade is not the cause', found.evidence)

    def test_failure_of_both_releases_at_a_file_is_bad_input(self):
        found = self.judge('base', 'target', program='config_paste',
                           kept=False, about='/etc/heat/api-paste.ini')
        self.assertEqual(('both.input-fails', INPUT, True),
                         (found.rule, found.origin, found.own_files))
        self.assertIn('/etc/heat/api-paste.ini', found.title)

    def test_file_that_only_the_target_refuses_always_counts(self):
        found = self.judge('target', program='config_paste', kept=False,
                           about='/etc/heat/api-paste.ini')
        self.assertEqual(('target.input-fails', HEAT, 4, True),
                         (found.rule, found.origin, found.failure_class,
                          found.own_files))

    def test_failure_of_the_base_alone_is_a_failure_of_the_lab(self):
        found = self.judge('base')
        self.assertEqual(
            ('base.program-fails', LAB,
             '26.0.2 cannot create and store stacks, while 27.0.1 can'),
            (found.rule, found.origin, found.title))
        self.assertIn('The base works today', found.evidence)

    def test_evidence_begins_with_the_error(self):
        lines = self.judge('target').evidence.splitlines()
        self.assertEqual('27.0.1: RuntimeError: on purpose', lines[0])
        self.assertEqual('26.0.2 does the same without an error.', lines[1])
        self.assertIn('Traceback (most recent call last):', lines)

    def test_error_in_the_program_of_a_check_is_pointed_out(self):
        self.assertIn('adapt the program', self.judge('target').evidence)

    def test_release_compared_with_itself_is_not_a_target(self):
        error = self.assertRaises(
            introspection.ProgramsFailed,
            introspection.read,
            self.base,
            'rows',
            self.context,
            argument=self.given('base'),
        )
        found, = blame.judge('rpc', error.failures, self.base, self.base,
                             self.context)
        self.assertEqual(LAB, found.origin)


class TestOtherData(introspection_case.ReadingCase):
    """A program that gets data of the other release."""

    def judge(self, side, *, own=(), others=()):
        """Return the finding of a release that fails at some data.

        :param own: sides that fail at data of the base itself
        :param others: sides that fail at the other's data
        """
        subject = getattr(self, side)
        request = introspection.Request(
            'rows_load', self.given(*others, name='others'),
            own=self.given(*own, name='own'))
        error = self.assertRaises(
            introspection.ProgramsFailed,
            introspection.read_all,
            subject,
            [request],
            self.context,
        )
        found, = blame.judge('rpc', error.failures, self.base, self.target,
                             self.context)
        return found

    def test_target_that_does_not_load_rows_of_the_base(self):
        found = self.judge('target', others=['target'])
        self.assertEqual(
            ('target.program-fails', 2,
             '27.0.1 cannot load stacks that 26.0.2 stored'),
            (found.rule, found.failure_class, found.title))

    def test_base_that_does_not_load_rows_of_the_target(self):
        found = self.judge('base', others=['base'])
        self.assertEqual(
            ('target.breaks-base', HEAT, 5,
             '26.0.2 cannot load stacks that 27.0.1 stored'),
            (found.rule, found.origin, found.failure_class, found.title))

    def test_base_that_loads_no_rows_is_a_failure_of_the_lab(self):
        found = self.judge('base', own=['base'], others=['base'])
        self.assertEqual(('base.program-fails', LAB),
                         (found.rule, found.origin))

    def test_failures_of_one_program_are_one_finding(self):
        requests = [
            introspection.Request('rows_load', self.given('target', name='a')),
            introspection.Request('rows_load', self.given('target', name='b'),
                                  own=self.given(name='own'))]
        error = self.assertRaises(
            introspection.ProgramsFailed,
            introspection.read_all,
            self.target,
            requests,
            self.context,
        )
        found, = blame.judge('rpc', error.failures, self.base, self.target,
                             self.context)
        self.assertEqual('27.0.1 cannot load stacks that 26.0.2 stored',
                         found.title)


class TestRegistry(introspection_case.ReadingCase):
    """A check that cannot read a release leaves the others alone."""

    def run_checks(self, sides, *, how='raise'):
        """Run two checks of which one fails."""
        def module(name, program, given):
            def check(base, target, context):
                return [findings.make(
                    'lab.broken', answer['of'], 'read')
                    for answer in introspection.both(
                        base, target, lambda subject: introspection.read(
                            subject, program, context, argument=given))]
            return types.SimpleNamespace(READINGS=(program,), check=check)
        modules = {
            'heat_upgrade.checks.rpc.check': module(
                'rpc', 'rows', self.given(*sides, how=how)),
            'heat_upgrade.checks.policy': module(
                'policy', 'policy', self.given())}
        self.useFixture(fixtures.MonkeyPatch(
            'importlib.import_module', modules.__getitem__))
        return registry.run(['rpc', 'policy'], self.base, self.target,
                            self.context)

    def test_cause_replaces_the_findings_of_its_check(self):
        found = self.run_checks(['target'])
        self.assertEqual(
            ['rows', 'base', 'target'], [finding.subject for finding in found])
        self.assertEqual('check-rpc', found[0].step)

    def test_process_that_dies_does_not_end_the_checks(self):
        found = self.run_checks(['target'], how='die')
        self.assertThat(found, matchers.HasLength(3))
        self.assertEqual(HEAT, found[0].origin)

    def test_check_may_report_the_cause_itself(self):
        mine = findings.make('target.does-not-start', 'cloud', 'title')

        def check(base, target, context):
            raise blame.Blamed([mine])
        self.useFixture(fixtures.MonkeyPatch(
            'importlib.import_module',
            lambda name: types.SimpleNamespace(READINGS=(), check=check)))
        self.assertEqual([mine], registry.run(
            ['schema'], self.base, self.target, self.context))

    def refusing(self, *names):
        """Run checks of which each but schema refuses a file."""
        def check(base, target, context):
            raise errors.UsageError('policy.yaml:3: not a mapping')

        def fine(base, target, context):
            return []
        self.useFixture(fixtures.MonkeyPatch(
            'importlib.import_module',
            lambda name: types.SimpleNamespace(
                READINGS=(), check=fine if 'schema' in name else check)))
        return registry.run(names, self.base, self.target, self.context)

    def test_file_that_one_check_refuses_does_not_end_the_others(self):
        found, = self.refusing('config', 'schema')
        self.assertEqual(('both.input-fails', 'check-config', True),
                         (found.rule, found.step, found.counts))
        self.assertIn('policy.yaml:3', found.evidence)

    def test_file_that_the_only_check_refuses_is_a_usage_error(self):
        self.assertRaises(errors.UsageError, self.refusing, 'config')


class TestAbilities(testtools.TestCase):

    def test_every_program_has_an_ability(self):
        programs = {
            path.stem for path in PROGRAMS.glob('*.py')
            if 'def read(given' in path.read_text()
            and not path.stem.startswith('rehearse')}
        self.assertEqual(programs, set(blame.ABILITIES))
