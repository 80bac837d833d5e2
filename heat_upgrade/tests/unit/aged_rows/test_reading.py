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

"""Readings of a stack by all paths of the API, and their comparison."""

import ddt
import testtools

from heat_upgrade.aged_rows import reading
from heat_upgrade.lab import heat_client


class Api:

    def __init__(self, **statuses):
        self.asked = []
        self.statuses = statuses

    def call(self, method, path):
        self.asked.append(path)
        word = path.rpartition('/')[2]
        if self.statuses.get(word) == 'silent':
            raise OSError('no route')
        body = {'events': [
            {'resource_name': 'random', 'id': 'late', 'event_time': '2'},
            {'resource_name': 'random', 'id': 'early', 'event_time': '1'},
            {'resource_name': 'item', 'id': 'other', 'event_time': '0'}]}
        return heat_client.Answer(self.statuses.get(word, 200), body, '', 0,
                                  0)


class ReadTest(testtools.TestCase):

    def test_a_stack_is_read_by_the_usual_paths_and_its_own(self):
        api = Api()
        read = reading.read(api, 'stacks/a/1', ['files'])
        self.assertEqual(['show', 'resources', 'events', 'files'],
                         list(read))
        self.assertEqual(['stacks/a/1', 'stacks/a/1/files'],
                         [api.asked[0], api.asked[-1]])

    def test_the_first_event_of_the_resource_is_read(self):
        api = Api()
        reading.read(api, 'stacks/a/1', [reading.EVENT])
        self.assertEqual('stacks/a/1/resources/random/events/early',
                         api.asked[-1])

    def test_requests_about_no_stack_have_a_path_of_their_own(self):
        api = Api()
        reading.read(api, 'stacks/a/1', ['services'])
        self.assertEqual('services', api.asked[-1])

    def test_the_first_other_status_is_a_refusal(self):
        read = reading.read(Api(events=500), 'stacks/a/1', ['files'])
        self.assertIn('GET stacks/a/1/events got 500', str(read))

    def test_no_answer_is_a_refusal(self):
        read = reading.read(Api(events='silent'), 'stacks/a/1', [])
        self.assertIn('no route', str(read))


@ddt.ddt
class ChangesTest(testtools.TestCase):

    @ddt.data(({'a': 1}, {'a': 1, 'b': 2}), ({'a': [1]}, {'a': [1]}),
              ({'a': {'b': None}}, {'a': {'b': None}}))
    @ddt.unpack
    def test_equal_answers_and_new_keys_are_no_change(self, before, after):
        self.assertEqual([], reading.changes({'show': before},
                                             {'show': after}))

    @ddt.data(({'a': 1}, {}, 'show.a is gone'),
              ({'a': [1]}, {'a': [1, 2]}, 'show.a was'),
              ({'a': [1]}, {'a': [2]}, 'show.a[0] was'),
              ({'a': ''}, {'a': None}, 'show.a was'),
              ({'a': {}}, {'a': []}, 'show.a was'))
    @ddt.unpack
    def test_a_different_value_is_a_change(self, before, after, text):
        change, = reading.changes({'show': before}, {'show': after})
        self.assertIn(text, change)

    @ddt.data(({'output_key': 'a'}, {'output_key': 'b'}),
              ({'resource_name': 'a'}, {'resource_name': 'b'}))
    @ddt.unpack
    def test_the_order_of_outputs_and_resources_is_no_change(self, one,
                                                             other):
        self.assertEqual([], reading.changes({'show': [one, other]},
                                             {'show': [other, one]}))

    def test_the_order_of_dependents_is_no_change(self):
        self.assertEqual([], reading.changes(
            {'resource': {'required_by': ['a', 'b']}},
            {'resource': {'required_by': ['b', 'a']}}))

    @ddt.data((['a', 'b'], ['b', 'a']),
              ([{'resource_name': 'a', 'event_time': 1},
                {'resource_name': 'b', 'event_time': 1}],
               [{'resource_name': 'b', 'event_time': 1},
                {'resource_name': 'a', 'event_time': 1}]))
    @ddt.unpack
    def test_the_order_of_events_and_texts_is_a_change(self, before, after):
        self.assertNotEqual([], reading.changes({'events': before},
                                                {'events': after}))

    def test_answers_that_change_by_themselves_are_not_compared(self):
        self.assertEqual([], reading.changes({'services': 1},
                                             {'services': 2}))
