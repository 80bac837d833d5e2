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

"""The run directory of a grenade run."""

import dataclasses
import json

import ddt
import testtools

from heat_upgrade import errors
from heat_upgrade.grenade import run_record
from heat_upgrade.grenade import steps
from heat_upgrade.lab import stestr_runner
from heat_upgrade.results import findings
from heat_upgrade.tests.unit.support import grenade_fakes
from heat_upgrade.tests.unit.support import installables


def finding(origin=findings.HEAT, *, title='broken', step=steps.UP,
            test=None):
    return findings.make(
        'test.failed', test or step, title, step=step, test=test,
        origin=origin, failure_class=2)


class RecordCase(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.grenade = self.useFixture(grenade_fakes.Grenade())
        self.said = []

    def begin(self):
        record = run_record.begin(self.grenade.settings, say=self.said.append)
        self.addCleanup(record.close)
        return record

    def call(self, do):
        return run_record.call(self.grenade.settings, do, say=self.said.append)

    def report(self):
        return json.loads(
            (self.grenade.settings.run_dir / 'report.json').read_text())


class TestEnsure(RecordCase):

    def runs(self):
        return len(list(self.grenade.settings.save_dir.iterdir()))

    def test_run_in_progress_is_continued(self):
        with self.begin().step(steps.CREATE):
            pass
        run_record.ensure(self.grenade.settings)
        self.assertEqual(1, self.runs())

    def test_ended_run_is_kept_aside(self):
        self.begin().end()
        run_record.ensure(self.grenade.settings)
        self.assertEqual(2, self.runs())

    def test_run_after_its_shutdown_is_an_earlier_one(self):
        with self.begin().step(steps.SHUTDOWN):
            pass
        run_record.ensure(self.grenade.settings)
        self.assertEqual(2, self.runs())


@ddt.ddt
class TestRecord(RecordCase):

    def test_call_before_the_first_is_an_error(self):
        error = self.assertRaises(errors.UsageError, run_record.Record,
                                  self.grenade.settings)
        self.assertIn('resources.sh create', str(error))

    def test_a_new_run_leaves_the_older_one_aside(self):
        self.begin()
        self.begin()
        self.begin()
        places = sorted(self.grenade.settings.save_dir.iterdir())
        self.assertEqual(3, len(places))
        self.assertIn(self.grenade.settings.run_dir, places)

    def test_only_we_can_read_it(self):
        self.begin()
        self.assertEqual(
            0o700, self.grenade.settings.run_dir.stat().st_mode & 0o777)

    def test_after_each_call_there_is_a_report(self):
        self.begin()

        def do(record):
            with record.step(steps.CREATE):
                pass
        self.assertEqual(0, self.call(do))
        self.assertEqual('ok', self.report()['steps'][0]['outcome'])
        self.assertFalse(self.report()['finished'])
        self.assertTrue(
            (self.grenade.settings.run_dir / 'report.html').exists())

    def test_a_whole_run_that_is_good_passes(self):
        self.begin()

        def do(record):
            for name in [step.name for step in steps.plan(
                    self.grenade.settings).steps]:
                with record.step(name) as step:
                    if step.phase:
                        record.tests(
                            step,
                            [
                                stestr_runner.Test(
                                    'a.B.test_c', stestr_runner.PASSED, 1
                                )
                            ],
                        )
            record.end()
        self.assertEqual(0, self.call(do))
        self.assertEqual('pass', self.report()['verdict'])

    @ddt.data((findings.HEAT, 1, 'fail'), (findings.LAB, 3, 'lab-error'),
              (findings.SCENARIO, 3, 'lab-error'))
    @ddt.unpack
    def test_origin_of_a_failure_sets_the_status(self, origin, status,
                                                 verdict):
        self.begin()

        def do(record):
            with record.step(steps.UP):
                record.finding(finding(origin))
        self.assertEqual(status, self.call(do))
        self.assertEqual(verdict, self.report()['verdict'])
        self.assertIn('failed', [step['outcome']
                                 for step in self.report()['steps']])

    @ddt.unpack
    @ddt.data((True, 0, 'known'), (False, 1, 'heat'))
    def test_a_checkout_is_excused_for_what_its_base_shows_too(
            self, base_shows, status, origin):
        known = self.grenade.root / 'known.yaml'
        known.write_text(json.dumps([{
            'id': 'it', 'rules': 'test.failed', 'subjects': '*',
            'base': '>=1,<99', 'target': '>=1,<99', 'cause': 'yaql-mixed-up',
            'ceiling': {'at_most': 1}, 'measured': '1 of 1', 'reason': 'so',
            'bug': 'https://bugs/1', 'expires': '2999-01-01'}]).replace(
                '"2999-01-01"', '2999-01-01'))
        self.grenade.environ['HEAT_UPGRADE_KNOWN_FAILURES'] = str(known)
        for name, version in (('old', '26.0.1'), ('new', '27.0.0')):
            checkout = self.useFixture(installables.Checkout(tag=version))
            (self.grenade.root / name / 'heat').symlink_to(checkout.path)
        self.begin()

        def do(record):
            with record.step(steps.UP):
                record.finding(dataclasses.replace(finding(), facts={
                    'cause': 'yaql-mixed-up', 'base_shows': base_shows}))
        self.assertEqual(status, self.call(do))
        self.assertEqual([origin], [one['origin'] for one
                                    in self.report()['findings']])

    @ddt.data(
        (errors.LabError('no answer'), steps.UP, findings.HEAT, 4),
        (errors.LabError('no answer'), steps.CREATE, findings.LAB, None),
        (run_record.Broken('no test'), steps.UP, findings.LAB, None),
        (errors.UsageError('no such file'), steps.UP, findings.LAB, None),
        (KeyError('x'), steps.UP, findings.LAB, None))
    @ddt.unpack
    def test_error_that_ends_a_step_is_a_finding(self, exc, name, origin,
                                                 failure_class):
        self.begin()

        def do(record):
            with record.step(name):
                raise exc
        self.assertNotEqual(0, self.call(do))
        found, = self.report()['findings']
        self.assertEqual((origin, failure_class, name),
                         (found['origin'], found['class'], found['step']))

    def test_after_a_step_that_failed_the_next_is_not_begun(self):
        self.begin()

        def do(record):
            with record.step(steps.UPGRADE_CHECK):
                raise errors.LabError('do not upgrade')
            with record.step(steps.DB_SYNC):
                self.fail('the database was migrated')
        self.assertEqual(1, self.call(do))


@ddt.ddt
class TestReproduce(RecordCase):

    def test_a_failure_prints_the_command_for_a_laptop(self):
        self.begin()

        def do(record):
            with record.step(steps.UP):
                record.finding(finding())
        self.call(do)
        self.assertIn(
            'heat-upgrade run --from 2026.1 --to ~/heat --constraints '
            'https://opendev.org/openstack/requirements/raw/branch/master/'
            'upper-constraints.txt --strategy cold', self.said[-1])

    def test_failure_of_one_test_is_reproduced_by_its_scenario(self):
        self.begin()

        def do(record):
            with record.step(steps.POST):
                record.finding(finding(
                    step=steps.POST,
                    test='heat_integrationtests.scenarios.test_a.TestA.t'))
        self.call(do)
        self.assertIn("--scenarios "
                      "'heat_integrationtests\\.scenarios\\.test_a"
                      "\\.TestA'", self.said[-1])

    def test_a_mixed_state_is_a_partial_upgrade(self):
        self.grenade.environ.update(HOST_TOPOLOGY='multinode')
        self.assertIn('--strategy partial', self.begin().reproduce())

    def test_base_of_the_command_is_the_series_of_the_checkout(self):
        checkout = self.useFixture(installables.Checkout(
            tag='25.0.1', branch='stable/2025.2'))
        (self.grenade.root / 'old/heat').symlink_to(checkout.path)
        self.assertIn('--from 2025.2', self.begin().reproduce())

    @ddt.data(('unmaintained/2025.2', '--from 2025.2 --to'),
              ('unmaintained/2024.1', '--from ~/heat-base --base-constraints '
               'https://opendev.org/openstack/requirements/raw/branch/'
               'unmaintained/2024.1/upper-constraints.txt --to ~/heat '),
              ('master', '--from ~/heat-base --base-constraints https://'
               'opendev.org/openstack/requirements/raw/branch/master/'
               'upper-constraints.txt --to ~/heat --constraints'))
    @ddt.unpack
    def test_base_of_the_command_has_a_lock_file(self, branch, words):
        self.grenade.environ['BASE_DEVSTACK_BRANCH'] = branch
        self.assertIn(words, self.begin().reproduce())

    def test_base_without_a_lock_file_is_a_checkout(self):
        self.grenade.environ['BASE_DEVSTACK_BRANCH'] = 'master'
        self.begin()

        def do(record):
            with record.step(steps.UP):
                record.finding(finding())
        self.call(do)
        self.assertIn('and of its base in ~/heat-base:', self.said[-1])

    def test_commit_of_the_target_is_printed(self):
        checkout = self.useFixture(installables.Checkout(tag='27.0.0'))
        (self.grenade.root / 'new/heat').symlink_to(checkout.path)
        self.begin()

        def do(record):
            with record.step(steps.UP):
                record.finding(finding())
        self.call(do)
        self.assertRegex(self.said[-1], 'a checkout of Heat at [0-9a-f]{12}')
