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

"""Facts include nested stacks, and mismatches are readable."""

import copy
import types

import ddt
import testtools

from heat_integrationtests import facts

FACTS = {
    'stack': {'id': 'S', 'stack_status': 'CREATE_COMPLETE',
              'updated_time': None, 'tags': ['a']},
    'parameters': {'text': 'first'},
    'outputs': {'secret': 'xyz', 'map': {'k': 1}},
    'resources': {
        'group': {'physical_resource_id': 'G', 'updated_time': '1'},
        'group/0': {'physical_resource_id': 'M', 'updated_time': '1'}},
    'events': [{'id': 'e1', 'event_time': '1'},
               {'id': 'e2', 'event_time': '2'}],
    'files': {'a.yaml': 'text'},
    'template': {'resources': {}},
}


@ddt.ddt
class CompareTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.after = copy.deepcopy(FACTS)

    def paths(self, exceptions=()):
        return [mismatch.path for mismatch in facts.compare(
            FACTS, self.after, exceptions=exceptions)]

    def test_the_same_facts_have_no_mismatch(self):
        self.assertEqual([], self.paths())

    @ddt.data(
        ('stack', 'tags', ['b'], 'stack.tags'),
        ('stack', 'updated_time', '5', 'stack.updated_time'),
        ('outputs', 'secret', 'new', 'outputs.secret'),
        ('outputs', 'map', {'k': 1, 'l': 2}, 'outputs.map.l'),
        ('outputs', 'map', None, 'outputs.map'),
        ('outputs', 'more', 1, 'outputs.more'),
        ('files', 'a.yaml', 'other', 'files.a.yaml'),
        ('resources', 'more', {}, 'resources.more'),
        ('template', 'resources', {'r': 1}, None))
    @ddt.unpack
    def test_a_change_is_reported_with_its_path(self, group, key, value, path):
        self.after[group][key] = value
        self.assertEqual([path] if path else [], self.paths())

    def test_a_missing_fact_is_a_mismatch_in_every_group(self):
        for group in ('stack', 'parameters', 'outputs', 'resources',
                      'files'):
            self.after[group].popitem()
        del self.after['template']
        self.assertEqual(
            ['stack.tags', 'parameters.text', 'outputs.map',
             'resources.group/0', 'files.a.yaml', 'template'],
            self.paths())

    def test_a_newer_release_may_show_more_of_a_stack_or_resource(self):
        self.after['stack']['new'] = 1
        self.after['parameters']['OS::new'] = 1
        self.after['resources']['group']['new'] = 1
        self.after['events'][0]['new'] = 1
        self.assertEqual([], self.paths())

    def test_a_replaced_resource_is_a_mismatch(self):
        self.after['resources']['group/0']['physical_resource_id'] = 'N'
        path = 'resources.group/0.physical_resource_id'
        self.assertEqual([path], self.paths())
        self.assertEqual([path], self.paths(facts.UPDATED))

    def test_an_update_that_replaces_nothing_is_excepted(self):
        self.after['stack'].update(stack_status='UPDATE_COMPLETE',
                                   updated_time='9')
        self.after['resources']['group/0']['updated_time'] = '9'
        self.after['events'].append({'id': 'e3', 'event_time': '9'})
        self.assertEqual(4, len(self.paths()))
        self.assertEqual([], self.paths(facts.UPDATED))

    def test_events_that_were_added_are_one_pattern(self):
        self.after['events'].append({'id': 'e3', 'event_time': '9'})
        self.assertEqual(['events.+'], self.paths())
        self.assertEqual([], self.paths(['events.+']))

    def test_events_in_another_order_are_always_a_mismatch(self):
        self.after['events'].reverse()
        self.assertEqual(['events.0', 'events.1'],
                         self.paths(facts.UPDATED))

    def test_missing_events_are_always_a_mismatch(self):
        self.after['events'].pop()
        self.assertEqual(['events.1'], self.paths(facts.UPDATED))

    def test_an_exception_covers_only_its_path(self):
        self.after['outputs'] = {'secret': 'new', 'map': {'k': 2}}
        self.assertEqual(['outputs.map.k'], self.paths(['outputs.secret']))

    def test_the_report_marks_a_replaced_resource(self):
        self.after['resources']['group']['physical_resource_id'] = 'N'
        self.assertIn(
            'resources.group.physical_resource_id (was replaced)\n',
            facts.report(facts.compare(FACTS, self.after)))

    def test_the_report_shows_an_event_in_one_line(self):
        self.after['events'].append({
            'id': 'e3', 'event_time': '9', 'resource_name': 'group',
            'resource_status': 'UPDATE_COMPLETE',
            'resource_status_reason': 'changed'})
        self.assertIn(
            'after:  9 group UPDATE_COMPLETE changed',
            facts.report(facts.compare(FACTS, self.after)))

    def test_the_report_shows_both_values_shortened(self):
        self.after['outputs']['secret'] = 'x' * 1000
        text = facts.report(facts.compare(FACTS, self.after))
        self.assertIn('outputs.secret\n    before: xyz\n    after:  xxx',
                      text)
        self.assertIn('… (1000 characters)', text)
        self.assertLess(len(text), 600)


class Shown(types.SimpleNamespace):
    """An object of heatclient."""

    def to_dict(self):
        return dict(vars(self))


def _resource(name, stack, nested=None, **kwargs):
    base = 'http://heat/v1/p/stacks/'
    links = [{'rel': 'stack', 'href': base + stack}]
    if nested:
        links.append({'rel': 'nested', 'href': base + nested})
    return Shown(resource_name=name, links=links, resource_type='T',
                 required_by=['b', 'a'], physical_resource_id=f'of-{name}',
                 **kwargs)


class Client:
    """Imitates Heat with a stack and two levels of nested stacks."""

    def __init__(self):
        self.stacks = types.SimpleNamespace(
            get=lambda ref: Shown(
                id='S', stack_status='CREATE_COMPLETE', links=['not kept'],
                parameters={'p': 1}, outputs=[
                    {'output_key': 'good', 'output_value': [1]},
                    {'output_key': 'bad', 'output_value': None,
                     'output_error': 'no such attribute'}]),
            template=lambda ref: {'resources': {}},
            environment=lambda ref: {}, files=lambda ref: {})
        self.resources = types.SimpleNamespace(
            list=lambda ref, nested_depth: [
                _resource('deep', 'child/2'),
                _resource('top', 'root/1', nested='child/2'),
                _resource('group', 'child/2', nested='grand/3'),
                _resource('0', 'grand/3', new_in_this_release=1)])
        self.events = types.SimpleNamespace(
            list=lambda ref, nested_depth, sort_dir: [
                Shown(id='e1', event_time='t', links=[])])


class CaptureTest(testtools.TestCase):

    def test_nested_resources_have_their_path_as_key(self):
        resources = facts.resources(Client(), 'root/1')
        self.assertEqual({'top', 'top/deep', 'top/group', 'top/group/0'},
                         set(resources))
        self.assertEqual(
            {'resource_type': 'T', 'physical_resource_id': 'of-0',
             'required_by': ['a', 'b']}, resources['top/group/0'])

    def test_all_groups_are_captured_and_only_known_fields(self):
        captured = facts.capture(Client(), 'root/1')
        self.assertEqual(set(FACTS) | {'environment'}, set(captured))
        self.assertEqual({'id': 'S', 'stack_status': 'CREATE_COMPLETE'},
                         captured['stack'])
        self.assertEqual([{'id': 'e1', 'event_time': 't'}],
                         captured['events'])
        self.assertEqual({'good': [1], 'bad': 'no such attribute'},
                         captured['outputs'])

    def test_the_content_can_be_omitted(self):
        captured = facts.capture(Client(), 'root/1', content=False)
        self.assertEqual(set(), set(captured) & set(facts.CONTENT))
