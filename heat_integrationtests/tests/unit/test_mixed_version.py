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

"""Tests with two nodes run for every pair, in the configured order."""

import threading
import types
import unittest

import ddt
import testtools

from heat_integrationtests import config
from heat_integrationtests import facts
from heat_integrationtests.mixed_version import base


def _node(number):
    return base.Node(number, f'http://node-{number}:8004/v1/%(project_id)s',
                     None, heat=f'heat-{number}', stacks=None)


class _MixedVersion(base.MixedVersionTest):

    def runTest(self):
        """Do nothing; a test case needs a method."""


@ddt.ddt
class PairsTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.test = _MixedVersion('runTest')
        self.test.nodes = [_node(number) for number in (1, 2, 3)]
        self.pairs = []

    def note(self, first, second):
        self.pairs.append((first.number, second.number))

    def test_forth_is_from_each_node_to_those_named_after_it(self):
        self.test.forth(self.note)
        self.assertEqual([(1, 2), (1, 3), (2, 3)], sorted(self.pairs))

    def test_back_is_from_each_node_to_those_named_before_it(self):
        self.test.back(self.note)
        self.assertEqual([(2, 1), (3, 1), (3, 2)], sorted(self.pairs))

    def test_all_pairs_are_operated_on_at_the_same_time(self):
        met = threading.Barrier(3)
        self.test.forth(lambda first, second: met.wait(timeout=10))
        self.assertFalse(met.broken)

    def test_a_failure_names_the_nodes_of_all_failed_pairs(self):
        def operate(first, second):
            self.note(first, second)
            if first.number == 1:
                raise ValueError(f'lost by {second.number}')

        error = self.assertRaises(AssertionError, self.test.forth, operate)
        self.assertEqual(
            'from node 1 (node-1:8004) to node 2 (node-2:8004): lost by 2\n'
            'from node 1 (node-1:8004) to node 3 (node-3:8004): lost by 3',
            str(error))
        self.assertEqual(3, len(self.pairs))
        self.assertEqual(2, len([
            name for name, detail in self.test.getDetails().items()
            if 'ValueError: lost by' in detail.as_text()]))

    @ddt.data(True, False)
    def test_nodes_that_show_different_facts_are_reported(self, same):
        shown = {'heat-1': 'COMPLETE', 'heat-2': 'COMPLETE',
                 'heat-3': 'COMPLETE' if same else 'FAILED'}
        self.patch(facts, 'capture', lambda heat, ref, content: {
            'stack': {'stack_status': shown[heat]}})
        stack = types.SimpleNamespace(name='one', ref='one/1')
        if same:
            self.assertEqual(
                {'stack': {'stack_status': 'COMPLETE'}},
                self.test.assert_same_everywhere(stack))
            return
        error = self.assertRaises(
            AssertionError, self.test.assert_same_everywhere, stack)
        self.assertIn('node 3 (node-3:8004) does not show', str(error))
        self.assertIn('stack.stack_status', str(error))


@ddt.ddt
class ShownAlikeTest(testtools.TestCase):

    facts = {
        'stack': {'stack_status': 'CREATE_COMPLETE'},
        'parameters': {'text': 'first'}, 'outputs': {'text': 'first'},
        'resources': {'value': {'resource_status': 'CREATE_COMPLETE'}}}

    def shown(self, **changes):
        return {**self.facts, **changes}

    @ddt.data(
        {'stack': {'stack_status': 'CREATE_COMPLETE', 'deletion': 1}},
        {'resources': {'value': {'resource_status': 'CREATE_COMPLETE',
                                 'new': 1}}})
    def test_a_field_of_one_release_only_is_no_difference(
            self, changes):
        for both in ((self.facts, self.shown(**changes)),
                     (self.shown(**changes), self.facts)):
            self.assertEqual([], base.differences(*both))

    @ddt.data(
        {'stack': {'stack_status': 'UPDATE_COMPLETE'}},
        {'outputs': {}}, {'outputs': {'text': 'second'}},
        {'outputs': {'text': 'first', 'more': 'first'}},
        {'parameters': {}}, {'resources': {}},
        {'resources': {'value': {'resource_status': 'CREATE_FAILED'}}})
    def test_a_lost_or_changed_fact_is_a_difference(self, changes):
        for both in ((self.facts, self.shown(**changes)),
                     (self.shown(**changes), self.facts)):
            self.assertEqual(1, len(base.differences(*both)))


class ConfigurationTest(testtools.TestCase):

    def check(self, give):
        self.patch(config, 'api_endpoints', give)
        self.patch(base.base.SmokeTest, 'skip_checks', classmethod(
            lambda cls: None))
        self.patch(base, 'CONF', types.SimpleNamespace(
            heat_integrationtests=None))
        base.MixedVersionTest.skip_checks()

    def test_class_is_skipped_without_nodes(self):
        try:
            self.check(lambda options: [])
        except unittest.SkipTest as skip:
            self.assertIn('api_endpoints', str(skip))
        else:
            self.fail('The class was not skipped')

    def test_a_single_node_is_a_failure_and_not_a_skip(self):
        def alone(options):
            raise config.WrongEndpoint('takes two')

        self.assertRaises(config.WrongEndpoint, self.check, alone)

    def test_class_is_not_skipped_with_two_nodes(self):
        self.assertIsNone(self.check(lambda options: ['one', 'two']))
