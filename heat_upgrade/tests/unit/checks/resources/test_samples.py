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


"""Unit tests of heat_upgrade.checks.resources.samples."""

import ddt
import testtools

from heat_upgrade.checks.resources import samples
from heat_upgrade.tests.unit.support import resources_readings

NULL = '[",", ["a", null]]'
JOIN = 'function list_join'


def found(before, after, where=(resources_readings.HOT,), subject=JOIN):
    """Return the differences of one sample in some template versions."""
    base, target = (resources_readings.reading(samples={
        version: {subject: {NULL: outcome}} for version in where})
        for outcome in (before, after))
    return samples.differences(resources_readings.pair(base, target))


@ddt.ddt
class TestSamples(testtools.TestCase):

    def test_a_refused_value_is_an_error(self):
        one, = found(['value', '"a,"'], ['error', 'TypeError'])
        self.assertEqual(
            ('error', 'resources.value-changed', 7,
             f'{JOIN} of {resources_readings.HOT} refuses {NULL}'),
            (one.severity, one.rule, one.failure_class, one.title))
        self.assertEqual(
            ('26.0.2: value "a,"', '27.0.1: error TypeError'),
            one.evidence[1:])

    def test_another_value_is_an_error(self):
        one, = found(['value', '"a,"'], ['value', '"a,None"'])
        self.assertIn(f'changes {NULL}', one.title)

    @ddt.data((['value', '"a,"'], ['value', '"a,"']),
              (['error', 'TypeError'], ['value', '"a,"']),
              (['error', 'TypeError'], ['error', 'ValueError']))
    @ddt.unpack
    def test_no_stored_template_depends_on_it(self, before, after):
        self.assertEqual([], found(before, after))

    def test_versions_with_one_change_are_one_difference(self):
        one, = found(['value', '1'], ['value', '2'],
                     where=(resources_readings.CFN, resources_readings.HOT))
        self.assertIn(' and 1 more ', one.title)

    def test_a_value_of_no_version_names_none(self):
        one, = found(['value', '1'], ['value', '2'], where=('values',),
                     subject='property of type Boolean')
        self.assertEqual(f'property of type Boolean changes {NULL}',
                         one.title)

    def test_a_version_or_function_that_is_gone_is_another_finding(self):
        base = resources_readings.reading(samples={
            'a': {JOIN: {NULL: ['value', '1']}},
            'b': {JOIN: {NULL: ['value', '1']}}})
        target = resources_readings.reading(samples={'b': {}})
        self.assertEqual([], samples.differences(
            resources_readings.pair(base, target)))
