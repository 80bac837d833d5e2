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

"""Messages of one release are compared with the servers of another."""

import copy

import ddt
import testtools

from heat_upgrade.checks.rpc import messages
from heat_upgrade.checks.rpc import request_contexts
from heat_upgrade.results import findings

NAMES = ('1.0.0', '2.0.0')


def _message(method='show', args=('stack',), **changed):
    return {'by': f'Client.{method}', 'topic': 'engine', 'namespace': None,
            'version': '1.5', 'kind': 'call', 'server': False,
            'method': method, 'args': sorted(args), 'default': True,
            **changed}


def _server(version='1.5', topic='engine', **methods):
    return {'topic': topic, 'version': version, 'namespaces': [None],
            'methods': {name: {'required': required, 'optional': optional,
                               'any': takes_any}
                        for name, (required, optional, takes_any)
                        in methods.items()}}


SERVER = _server(show=(['stack'], ['outputs'], False),
                 start=([], [], False))
SAID = {'clients': {'engine': [_message()]}, 'servers': {'engine': SERVER},
        'unheard': []}


@ddt.ddt
class TestRefusal(testtools.TestCase):

    @ddt.data(('1.0', '1.0'), ('1.36', '1.5'), ('1.5', '1.5'),
              ('2.0', '2.0'), ('1.5.1', '1.5'), ('1.5', '1.4.9'))
    @ddt.unpack
    def test_a_server_covers_older_minor_versions(self, implemented, asked):
        self.assertTrue(messages.compatible(implemented, asked))

    @ddt.data(('1.0', '1.1'), ('2.0', '1.0'), ('1.0', '2.0'),
              ('1.9', '1.10'), ('1.5', '1.5.1'))
    @ddt.unpack
    def test_a_server_covers_no_newer_minor_and_no_other_major(
            self, implemented, asked):
        self.assertFalse(messages.compatible(implemented, asked))

    @ddt.data(_message(), _message(version='1.0'),
              _message(args=('stack', 'outputs')))
    def test_matching_message_is_accepted(self, message):
        self.assertIsNone(messages.refusal(message, SERVER))

    @ddt.data(
        (_message('vanish'), 'NoSuchMethod: .* vanish$'),
        (_message(version='1.6'),
         'UnsupportedVersion: .* 1.6. Attempted method: show$'),
        (_message(version='2.0'), 'UnsupportedVersion: .* 2.0'),
        (_message(namespace='other'), 'in namespace other$'),
        (_message(topic='elsewhere'), 'no server listens to topic elsewhere'),
        (_message(args=('stack', 'mood')),
         r"TypeError: show\(\) got an unexpected keyword argument 'mood'"),
        (_message(args=()),
         r"TypeError: show\(\) missing 1 required .*: 'stack'"))
    @ddt.unpack
    def test_refusal_has_the_words_of_the_library(
            self, message, text):
        self.assertRegex(messages.refusal(message, SERVER).text, text)

    def test_a_private_method_is_not_there(self):
        server = _server(_hidden=([], [], False))
        self.assertIn('NoSuchMethod', messages.refusal(
            _message('_hidden', ()), server).text)

    def test_a_method_with_keyword_arguments_takes_all(self):
        self.assertIsNone(messages.refusal(
            _message(args=('stack', 'mood')),
            _server(show=(['stack'], [], True))))

    def test_arguments_are_named_too_where_the_version_is_refused(self):
        refused = messages.refusal(
            _message(version='1.6', args=('stack', 'mood')), SERVER)
        self.assertIn('mood', refused.more[0])


class TestFindings(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.base, self.target = copy.deepcopy(SAID), copy.deepcopy(SAID)

    def found(self):
        return messages.findings(self.base, self.target, NAMES)

    def titles(self):
        return [finding.title for finding in self.found()]

    def test_the_same_release_differs_in_nothing(self):
        self.assertEqual([], self.found())

    def test_a_call_that_both_know_and_one_refuses_is_an_error(self):
        self.target['servers']['engine']['methods']['show']['required'] = [
            'stack', 'mood']
        found, = self.found()
        self.assertEqual(
            (findings.ERROR, 5,
             '[engine] show of the base is refused by the target'),
            (found.severity, found.failure_class, found.title))
        self.assertIn("'mood'", found.evidence)
        self.assertIn('1.0.0', found.evidence)

    def test_message_refused_by_its_own_server_is_not_reported(self):
        self.target['clients']['engine'].append(_message('broken'))
        self.assertEqual([], self.found())

    def test_a_call_that_is_new_is_a_warning(self):
        self.target['clients']['engine'].append(_message('new', ()))
        self.target['servers']['engine']['methods']['new'] = {
            'required': [], 'optional': [], 'any': False}
        found, = self.found()
        self.assertEqual(
            (findings.WARNING,
             '[engine] new of the target is refused by the base'),
            (found.severity, found.title))

    def test_a_call_that_the_target_has_lost_is_an_error(self):
        self.base['clients']['engine'].append(_message('old', ()))
        self.base['servers']['engine']['methods']['old'] = {
            'required': [], 'optional': [], 'any': False}
        found, = self.found()
        self.assertEqual(
            (findings.ERROR, 5,
             '[engine] old of the base is refused by the target'),
            (found.severity, found.failure_class, found.title))

    def test_a_new_message_between_engines_is_an_error(self):
        for said in (self.base, self.target):
            said['clients']['worker'] = []
            said['servers']['worker'] = _server(topic='worker')
        self.target['clients']['worker'] = [
            _message('new', (), topic='worker', kind='cast')]
        self.target['servers']['worker']['methods']['new'] = {
            'required': [], 'optional': [], 'any': False}
        found, = self.found()
        self.assertEqual(findings.ERROR, found.severity)
        self.assertIn('A cast has no answer', found.evidence)

    def test_a_topic_that_has_moved_is_one_finding(self):
        for name in ('one', 'two'):
            for said in (self.base, self.target):
                said['clients']['engine'].append(_message(name, ()))
                said['servers']['engine']['methods'][name] = {
                    'required': [], 'optional': [], 'any': False}
        self.target['servers']['engine']['topic'] = 'moved'
        for message in self.target['clients']['engine']:
            message['topic'] = 'moved'
        self.assertEqual(
            ['[engine] every message of the base is refused by the target',
             '[engine] every message of the target is refused by the base'],
            self.titles())

    def test_variants_of_a_call_are_one_finding(self):
        self.base['clients']['engine'] += [
            _message(args=('stack', 'outputs'), default=False)]
        self.target['servers']['engine']['methods'] = {'start': {
            'required': [], 'optional': [], 'any': False}}
        found, = self.found()[:1]
        self.assertEqual(2, found.evidence.count('by Client.show'))

    def test_call_that_becomes_a_cast_is_a_warning(self):
        self.target['clients']['engine'][0]['kind'] = 'cast'
        self.assertEqual(
            ['[engine] Client.show is cast and no longer called'],
            self.titles())

    def test_method_that_sends_no_message_is_reported(self):
        self.target['unheard'] = ['Client.mute']
        self.assertEqual(['[Client.mute] sends nothing that was heard'],
                         self.titles())


class TestContexts(testtools.TestCase):

    ROLES = (('base', '1.0.0'), ('target', '2.0.0'))

    def found(self, own, other):
        return request_contexts.findings({'user': 'a'}, own, other, self.ROLES)

    def test_context_that_both_read_equally_is_not_reported(self):
        read = {'read': {'user_id': 'a', 'roles': ['r']}}
        self.assertEqual([], self.found(read, read))

    def test_an_attribute_that_is_lost_is_an_error(self):
        found, = self.found({'read': {'user_id': 'a'}},
                            {'read': {'user_id': None}})
        self.assertEqual(
            (findings.ERROR, 5, '[context] user_id of the base is read '
             'differently by the target'),
            (found.severity, found.failure_class, found.title))

    def test_a_context_that_fails_is_one_error(self):
        found, = self.found({'read': {'user_id': 'a', 'roles': []}},
                            {'error': "KeyError: 'user_id'"})
        self.assertIn('cannot be read', found.title)
        self.assertIn('KeyError', found.evidence)

    def test_a_context_that_fails_for_its_sender_too_is_no_finding(self):
        self.assertEqual([], self.found({'error': 'x'}, {'error': 'x'}))
