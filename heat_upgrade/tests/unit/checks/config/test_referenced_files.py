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

"""The files that a configuration refers to."""

import pathlib

import fixtures
import testtools

from heat_upgrade.checks.config import config_files
from heat_upgrade.checks.config import deprecations
from heat_upgrade.checks.config import referenced_files

HISTORY = deprecations.History('26.0.2', '27.0.1')


def entry(value, error=None, section='filter:a'):
    return {'section': section, 'key': 'paste.filter_factory',
            'value': value, 'error': error}


def says(*entries, error=None):
    return {'error': error, 'entries': list(entries)}


def told(findings):
    return [(finding.severity, finding.title) for finding in findings]


class TestFiles(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.place = pathlib.Path(
            self.useFixture(fixtures.TempDir()).path).resolve()
        self.conf = self.place / 'heat.conf'

    def put(self, name, text=''):
        path = self.place / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    def files(self, **values):
        settings = [
            config_files.Setting(self.conf, 1, 1, key[0], key[1], value)
            for key, value in (
                (getattr(referenced_files, name), value)
                for name, value in values.items()
            )
        ]
        return referenced_files.files(settings, [self.conf])

    def test_what_lies_beside_the_configuration_is_found(self):
        paste = self.put('api-paste.ini')
        self.put('policy.yaml', '"a": "!"')
        self.put('policy.d/more.yaml', '"b": "!"')
        environment = self.put('environment.d/default.yaml')
        template = self.put('templates/a.yaml')
        self.put('templates/README')
        found = self.files()
        self.assertEqual(paste, found.paste)
        self.assertEqual(['a', 'b'], [rule.name for rule in found.rules])
        self.assertEqual(((environment,), (template,), ()),
                         (found.environments, found.templates,
                          found.missing))

    def test_what_is_named_and_not_here_is_told(self):
        found = self.files(PASTE='/nowhere/api-paste.ini',
                           TEMPLATES='$dir/templates')
        self.assertEqual(
            {('[paste_deploy] api_paste_config', '/nowhere/api-paste.ini'),
             ('[DEFAULT] template_dir', '$dir/templates')},
            set(found.missing))
        self.assertEqual(
            2, len(referenced_files.findings(found, ({}, {}), HISTORY))
        )

    def test_nothing_named_and_nothing_here_is_well(self):
        self.assertEqual(referenced_files.Files(), self.files())

    def test_policy_json_stands_in_for_policy_yaml(self):
        path = self.put('policy.json', '{"a": "!"}')
        found = self.files()
        self.assertEqual((path, (path,)), (found.policy_json, found.json))
        self.put('policy.yaml')
        self.assertIsNone(self.files().policy_json)

    def test_a_policy_json_that_is_named_is_read_by_all(self):
        self.put('policy.json', '{"a": "!"}')
        found = self.files(POLICY_FILE='policy.json')
        self.assertIsNone(found.policy_json)
        self.assertEqual(1, len(found.rules))

    def test_releases_are_asked_about_what_is_there(self):
        self.assertEqual(
            [], referenced_files.requests(referenced_files.Files())
        )
        self.put('api-paste.ini')
        request, = referenced_files.requests(self.files())
        self.assertEqual(('config_paste', False),
                         (request.program, request.kept))


class TestPaste(testtools.TestCase):

    def told(self, ours, theirs):
        return told(
            referenced_files.paste('api-paste.ini', ours, theirs, HISTORY)
        )

    def test_what_only_the_base_loads_is_an_error(self):
        self.assertEqual(
            [('error', 'api-paste.ini: a:b cannot be loaded')],
            self.told(says(entry('a:b')),
                      says(entry('a:b', 'ImportError'))))

    def test_what_neither_loads_may_be_the_operators_own(self):
        lost = says(entry('a:b', 'ImportError: no a'))
        self.assertEqual(
            [('warning', 'api-paste.ini: a:b cannot be loaded')],
            self.told(lost, lost))

    def test_the_bases_own_file_is_loaded_by_the_base(self):
        self.assertEqual(
            [('error', 'api-paste.ini: a:b cannot be loaded')],
            self.told(None, says(entry('a:b', 'ImportError'))))

    def test_one_factory_of_several_sections_is_told_once(self):
        lost = says(entry('a:b', 'no'), entry('a:b', 'no', 'filter:c'))
        finding, = referenced_files.paste('x', None, lost, HISTORY)
        self.assertIn('[filter:c] paste.filter_factory', finding.evidence)

    def test_what_cannot_be_parsed_is_told(self):
        lost = says(error='MissingSectionHeaderError')
        self.assertEqual([('error', 'api-paste.ini cannot be read')],
                         self.told(says(), lost))
        self.assertEqual([('warning', 'api-paste.ini cannot be read')],
                         self.told(lost, lost))


class TestEngineFiles(testtools.TestCase):

    def told(self, ours, theirs):
        path = pathlib.Path('/e/own.yaml')
        answers = [{'config_engine_files': {str(path): {
            'error': None, 'types': {}, **said}}} for said in (ours, theirs)]
        return told(referenced_files.findings(
            referenced_files.Files(environments=(path,)), answers, HISTORY))

    def test_a_type_that_is_gone_is_an_error(self):
        self.assertEqual(
            [('error', 'OS::A::B is named by files of the engine and gone')],
            self.told({'types': {'OS::A::B': None}},
                      {'types': {'OS::A::B': 'no type of this name'}}))

    def test_a_type_that_is_hidden_is_a_warning(self):
        self.assertEqual(
            [('warning', 'OS::A::B is named by files of the engine and '
                         'hidden')],
            self.told({'types': {'OS::A::B': None}},
                      {'types': {'OS::A::B': 'a placeholder'}}))

    def test_a_type_that_neither_knows_is_a_warning(self):
        lost = {'types': {'OS::A::B': 'no type of this name'}}
        self.assertEqual(
            [('warning', 'OS::A::B is named by files of the engine and '
                         'unknown')], self.told(lost, lost))

    def test_one_that_was_hidden_before_is_nothing_new(self):
        hidden = {'types': {'OS::A::B': 'a placeholder'}}
        self.assertEqual([], self.told(hidden, hidden))

    def test_what_only_the_target_cannot_parse_is_an_error(self):
        lost = {'error': 'ValueError at line 3'}
        title = 'own.yaml cannot be parsed by the engine'
        self.assertEqual([('error', title)], self.told({}, lost))
        self.assertEqual([('warning', title)], self.told(lost, lost))
