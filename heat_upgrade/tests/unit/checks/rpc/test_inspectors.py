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

"""The inspectors of the check rpc, as far as they need no Heat."""

import importlib.util
import os
import pathlib
import sys

import fixtures
import testtools

from heat_upgrade.checks import introspection
from heat_upgrade.checks.rpc import check


def _program(name):
    spec = importlib.util.spec_from_file_location(
        f'tested_{name}', introspection.PROGRAMS / f'{name}.py')
    program = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(introspection.PROGRAMS))
    try:
        spec.loader.exec_module(program)
    finally:
        sys.path.remove(str(introspection.PROGRAMS))
    return program


class TestRows(testtools.TestCase):

    def test_rows_are_read_with_the_key_that_they_were_written_with(self):
        self.assertEqual(check.KEY, _program('rows_engine').KEY)

    def test_stacks_use_no_type_that_needs_another_service(self):
        rows = _program('rows')
        types = {resource['type'] for template in (rows.TEMPLATE, rows.FORK)
                 for resource in template['resources'].values()}
        self.assertEqual(set(), {name for name in types if not
                                 name.startswith(('OS::Heat::', 'My::'))})


class TestErrors(testtools.TestCase):

    def said(self, failure, whole):
        return _program('rows_load')._said(failure, whole)

    def test_an_error_of_an_operators_stack_shows_none_of_its_data(self):
        self.assertEqual('KeyError', self.said(KeyError('a secret'), False))

    def test_an_error_that_names_code_is_shown(self):
        self.assertEqual("AttributeError: no 'defn'", self.said(
            AttributeError("no 'defn'"), False))

    def test_an_error_of_a_stand_in_is_shown(self):
        self.assertEqual("KeyError: 'env'", self.said(KeyError('env'), True))

    def test_a_node_is_the_same_whatever_release_has_it(self):
        node = _program('rows_load')._node
        self.assertEqual('3/True', node((3, True)))
        self.assertEqual('3/True', node((3, True, 'resource')))
        self.assertEqual('3/False/snapshot', node((3, False, 'snapshot')))
        self.assertEqual('-', node(None))


class TestApart(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.place = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.place)
        self.apart = _program('heat_upgrade_program').apart

    def test_result_comes_back_and_no_file_is_left(self):
        self.assertEqual([1, {'a': None}], self.apart(
            'it', lambda place, one: [one, {'a': None}], 1))
        self.assertEqual([], list(self.place.iterdir()))

    def test_change_of_an_argument_does_not_come_back(self):
        changed = []
        self.apart('it', lambda place: changed.append(1))
        self.assertEqual([], changed)

    def test_a_failure_names_what_failed_and_leaves_nothing(self):
        def fail(place):
            # The traceback is for the log, not for these tests' output.
            sys.stderr = open(os.devnull, 'w')
            raise ValueError('no')

        error = self.assertRaises(RuntimeError, self.apart, 'reading', fail)
        self.assertIn('reading failed', str(error))
        self.assertEqual([], list(self.place.iterdir()))
