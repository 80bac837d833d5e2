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

"""The static checks of a grenade run."""

import types

import testtools

from heat_upgrade.checks import check_context
from heat_upgrade.checks import registry
from heat_upgrade import errors
from heat_upgrade.grenade import checks
from heat_upgrade.grenade import configuration
from heat_upgrade.grenade import run_record
from heat_upgrade.grenade import steps
from heat_upgrade.install import environments
from heat_upgrade.lab.services import mariadb
from heat_upgrade import reaper
from heat_upgrade.results import journal
from heat_upgrade.tests.unit.support import fakes
from heat_upgrade.tests.unit.support import grenade_fakes
from heat_upgrade.tests.unit.support import installables


class TestChecks(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.grenade = self.useFixture(grenade_fakes.Grenade())
        for name, version, branch in (('old', '26.0.2', 'stable/2026.1'),
                                      ('new', '27.0.1', None)):
            checkout = self.useFixture(installables.Checkout(
                tag=version, branch=branch))
            (self.grenade.root / name / 'heat').symlink_to(checkout.path)
        self.found = []
        self.patch(environments, 'ensure_all', self.ensure)
        self.patch(registry, 'run', self.check)
        self.patch(reaper, 'Reaper', fakes.Reaper)
        self.patch(mariadb, 'find', lambda program: program)

    def ensure(self, specs, **options):
        self.specs = specs
        return [types.SimpleNamespace(version=spec.release.version)
                for spec in specs]

    def check(self, names, base, target, context):
        self.names, self.context = names, context
        self.subjects = base.name, target.name
        return self.found

    def run_checks(self):
        record = self.grenade.record()
        self.addCleanup(record.close)
        configuration.keep(self.grenade.settings)
        # By Heat's own plugin, which may have been called before ours.
        self.grenade.settings.heat_conf.write_text('[DEFAULT]\n')
        checks.run(record, self.grenade.settings,
                   steps.step(steps.CHECKS, self.grenade.settings))
        return record

    def test_base_and_target_are_the_checkouts(self):
        self.run_checks()
        self.assertEqual(('26.0.2', '27.0.1'), self.subjects)
        self.assertEqual(('config', 'schema'), self.names)

    def test_the_configuration_is_the_clouds_before_the_upgrade(self):
        self.run_checks()
        path, = self.context.operator_inputs.config_files
        self.assertEqual('heat.conf', path.name)
        self.assertIn('transport_url', path.read_text())

    def test_each_sides_requirements_are_its_constraints(self):
        place = self.grenade.root / 'new/requirements'
        place.mkdir()
        (place / 'upper-constraints.txt').write_text('alembic===9.9.9\n')
        self.run_checks()
        base, target = self.specs
        self.assertIn('lock file', base.constraints.origin)
        self.assertIn('alembic==9.9.9', target.constraints.lines)

    def test_within_a_branch_both_may_be_the_same(self):
        target = self.grenade.root / 'new/heat'
        target.unlink()
        target.symlink_to((self.grenade.root / 'old/heat').resolve())
        self.run_checks()
        self.assertEqual(('26.0.2', '26.0.2'), self.subjects)

    def test_a_private_server_is_preferred(self):
        self.run_checks()
        self.assertEqual('', self.context.operator_inputs.server)

    def test_without_mariadb_the_clouds_server_is_used(self):
        def find(program):
            raise errors.LabError('not installed')
        self.patch(mariadb, 'find', find)
        self.run_checks()
        self.assertEqual('mysql+pymysql://root:unspoken@db/heat',
                         self.context.operator_inputs.server)
        self.assertNotIn('unspoken', repr(self.context.operator_inputs))

    def test_findings_of_checks_are_in_the_run(self):
        self.found = [check_context.error('config.option-removed-unannounced',
                                          '[a] b', 'an option is gone', '')]
        error = self.assertRaises(run_record.StepFailed, self.run_checks)
        self.assertIsNotNone(error)
        events = journal.read(self.grenade.settings.run_dir)
        found, = [event['data']['finding'] for event in events
                  if event['kind'] == journal.FINDING]
        self.assertEqual(('heat', steps.CHECKS),
                         (found['origin'], found['step']))
        self.assertRegex(found['reproduce'],
                         '^heat-upgrade check config --from 2026.1 --to '
                         '~/heat --constraints https://')
        tests, = [event['data']['tests'] for event in events
                  if event['kind'] == journal.TESTS]
        self.assertEqual(['failed', 'passed'],
                         [test['outcome'] for test in tests])

    def test_a_warning_is_no_failure(self):
        self.found = [check_context.warning('config.default-changed', '[a] b',
                                            'to know', '')]
        self.assertIsNotNone(self.run_checks())
