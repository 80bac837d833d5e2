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

"""Objects of two releases are compared by the rows that they accept."""

import copy

import ddt
import testtools

from heat_upgrade.checks.rpc import objects
from heat_upgrade.results import findings


def _field(kind='StringField', nullable=True, read_only=False):
    return {'type': kind, 'nullable': nullable, 'read_only': read_only}


OBJECTS = {'Thing': {'version': '1.1', 'registered': True, 'fields': {
    'id': _field(nullable=False), 'data': _field('JsonField'),
    'created_at': _field('DateTimeField', False, True)}}}


@ddt.ddt
class TestObjects(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.after = copy.deepcopy(OBJECTS)
        self.thing = self.after['Thing']
        self.fields = self.thing['fields']

    def found(self):
        return [(finding.severity, finding.title)
                for finding in objects.findings(OBJECTS, self.after,
                                                ('1.0.0', '2.0.0'))]

    def test_the_same_objects_differ_in_nothing(self):
        self.assertEqual([], self.found())

    def test_new_nullable_field_with_a_new_version_is_not_reported(self):
        self.fields['mood'] = _field()
        self.thing['version'] = '1.2'
        self.assertEqual([], self.found())

    def test_new_object_is_not_reported(self):
        self.after['Other'] = copy.deepcopy(self.thing)
        self.assertEqual([], self.found())

    def test_a_change_without_a_new_version_is_a_warning(self):
        self.fields['mood'] = _field()
        self.assertEqual(
            [(findings.WARNING, '[Thing] the object has changed and its '
              'version has not')], self.found())

    @ddt.data(('data', findings.WARNING), ('id', findings.ERROR))
    @ddt.unpack
    def test_a_removed_field_is_as_bad_as_a_null_in_it(self, name, severity):
        del self.fields[name]
        self.thing['version'] = '1.2'
        self.assertEqual([(severity, f'[Thing] {name} is removed from the '
                           'object')], self.found())

    def test_a_field_of_another_type_is_an_error(self):
        self.fields['data'] = _field('StringField')
        self.thing['version'] = '1.2'
        self.assertEqual([(findings.ERROR, '[Thing] data has another type')],
                         self.found())

    def test_field_that_becomes_not_null_is_an_error(self):
        self.fields['data'] = _field('JsonField', nullable=False)
        self.thing['version'] = '1.2'
        self.assertEqual(
            [(findings.ERROR, '[Thing] data must no longer be NULL')],
            self.found())

    def test_a_field_that_may_be_null_now_is_a_warning(self):
        self.fields['id'] = _field()
        self.thing['version'] = '1.2'
        self.assertEqual([(findings.WARNING, '[Thing] id may now be NULL')],
                         self.found())

    def test_a_new_field_that_must_not_be_null_is_a_warning(self):
        self.fields['mood'] = _field(nullable=False)
        self.thing['version'] = '1.2'
        self.assertEqual(
            [(findings.WARNING, '[Thing] mood is new and must not be NULL')],
            self.found())

    def test_a_version_that_goes_back_is_a_warning(self):
        self.thing['version'] = '1.0'
        self.assertEqual(
            [(findings.WARNING, "[Thing] the object's version goes back")],
            self.found())

    def test_an_object_that_is_gone_is_a_warning(self):
        del self.after['Thing']
        self.assertEqual([(findings.WARNING, '[Thing] the object is gone')],
                         self.found())
