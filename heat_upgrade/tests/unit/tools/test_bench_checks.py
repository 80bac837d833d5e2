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

"""The command python -m tools.bench checks."""

import json
import os
import pathlib


from heat_upgrade.checks import registry
from heat_upgrade.tests.unit.support import cli_case
from tools.bench import __main__ as bench


class TestBenchChecks(cli_case.CliCase):

    def setUp(self):
        super().setUp()
        self.asked = []
        self.replace_checks(self.run_checks)

    def run_checks(self, names, base, target, context):
        cache = pathlib.Path(os.environ['XDG_CACHE_HOME'], 'heat-upgrade')
        self.asked.append((names, sorted(
            path.name for path in cache.iterdir())))
        return ['a finding']

    def test_first_measurement_has_installed_packages_and_no_results(self):
        kept = pathlib.Path(os.environ['XDG_CACHE_HOME'], 'heat-upgrade')
        for name in ('environments', 'readings'):
            (kept / name).mkdir(parents=True)
        before = os.environ['XDG_CACHE_HOME']
        self.assertEqual(0, self.call('checks', '-f', 'json', app=bench.Bench))
        self.assertEqual((registry.NAMES, ['environments']), self.asked[0])
        self.assertEqual(
            [(name,) for name in registry.NAMES],
            [names for names, _ in self.asked[2:]])
        self.assertEqual(before, os.environ['XDG_CACHE_HOME'])

    def test_measurements_are_compared_with_limits(self):
        self.call('checks', '-f', 'json', app=bench.Bench)
        rows = json.loads(self.out)
        self.assertEqual([40, 15], [row['limit'] for row in rows[:2]])
        self.assertEqual({1}, {row['findings'] for row in rows})
