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

"""Every test that runs against a cloud keeps the contract of its kind."""

import glob
import os
import re
import unittest

import testtools

import heat_integrationtests
from heat_integrationtests import markers
from heat_integrationtests import phases
from heat_integrationtests import scenario

HERE = os.path.dirname(os.path.abspath(heat_integrationtests.__file__))


def _tests(suite):
    if isinstance(suite, unittest.TestSuite):
        for member in suite:
            yield from _tests(member)
    else:
        yield suite


def _discovered():
    return list(_tests(unittest.TestLoader().discover(
        HERE, top_level_dir=os.path.dirname(HERE))))


def _kind(test):
    return markers.of(getattr(test, test._testMethodName))


class SuitesTest(testtools.TestCase):

    tests = _discovered()

    def scenarios(self):
        classes = {}
        for test in self.tests:
            if isinstance(test, scenario.Scenario):
                classes.setdefault(type(test), []).append(_kind(test))
        return classes

    def test_only_tests_that_run_against_a_cloud_are_discovered(self):
        modules = {test.__module__ for test in self.tests}
        files = [file for suite in heat_integrationtests.SUITES
                 for file in glob.glob(f'{HERE}/{suite}/test_*.py')]
        self.assertEqual(
            {f'heat_integrationtests.{suite}.{os.path.basename(file)[:-3]}'
             for file in files
             for suite in [os.path.basename(os.path.dirname(file))]},
            modules)

    def test_each_test_has_a_kind(self):
        self.assertEqual([], [test.id() for test in self.tests
                              if _kind(test) not in phases.KINDS])

    def test_each_test_is_selected_by_its_kind_alone(self):
        for test in self.tests:
            self.assertEqual(
                [_kind(test)],
                [kind for kind in phases.KINDS
                 if re.search(phases.regex(kind), test.id())])

    def test_each_test_has_an_idempotent_id_of_its_own(self):
        ids = [re.search(r'[\[,]id-([0-9a-f-]{36})[,\]]', test.id())
               for test in self.tests]
        self.assertNotIn(None, ids)
        uuids = [match.group(1) for match in ids]
        self.assertEqual(len(uuids), len(set(uuids)))

    def test_each_scenario_has_a_test_of_each_kind(self):
        for scenario_class, kinds in self.scenarios().items():
            self.assertEqual({'during', 'post', 'pre', 'verify'},
                             {*kinds}, scenario_class.__name__)

    def test_mixed_version_tests_run_in_both_directions(self):
        names = {type(test).__name__ for test in self.tests
                 if _kind(test) == 'mixed-version'}
        self.assertIn('LifeBaseToTargetTest', names)
        self.assertEqual(names, {
            name.replace('BaseToTarget', way) for name in names
            if 'BaseToTarget' in name
            for way in ('BaseToTarget', 'TargetToBase')})

    def test_each_scenario_has_a_name_of_its_own(self):
        names = [each.name() for each in self.scenarios()]
        self.assertEqual(len(names), len(set(names)))
        self.assertIn('random_string', names)

    def test_names_of_tests_are_sentences(self):
        self.assertEqual([], [
            test.id() for test in self.tests
            if test._testMethodName.count('_') < 4])

    def test_long_tests_come_first(self):
        weights = [test.weight for test in self.tests
                   if isinstance(test, scenario.Scenario)]
        self.assertEqual(sorted(weights, reverse=True), weights)

    def test_each_template_is_used(self):
        texts = ''
        for file in glob.glob(f'{HERE}/s*/*.py'):
            with open(file) as stream:
                texts += stream.read()
        self.assertEqual([], [
            name for name in os.listdir(os.path.join(HERE, 'templates'))
            if f"'{name}'" not in texts])
