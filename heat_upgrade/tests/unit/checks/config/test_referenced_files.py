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
            'value': value, 'error': error, 'package': 'release',
            'used': True}


def answer(*entries, error=None):
    return {'error': error, 'entries': list(entries)}


def titles(findings):
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

    def files(self, *, roots=(), **values):
        settings = [
            config_files.Setting(self.conf, 1, 1, key[0], key[1], value)
            for key, value in (
                (getattr(referenced_files, name), value)
                for name, given in values.items()
                for value in ([given] if isinstance(given, str) else given)
            )
        ]
        return referenced_files.files(settings, [self.conf], roots)

    def test_files_next_to_the_configuration_are_used(self):
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

    def test_files_that_the_set_up_reads_are_found(self):
        policy = self.put('policy.yaml', '"a": "!"')
        self.put('policy.d/more.yaml', '"b": "!"')
        logging = self.put('logging.conf')
        found = self.files(LOGGING='/etc/heat/logging.conf')
        self.assertEqual((policy, (self.place / 'policy.d',), logging),
                         (found.policy, found.policy_dirs, found.logging))

    def test_policy_that_cannot_be_read_is_not_set_up(self):
        self.put('policy.yaml', '"a": [x')
        found = self.files()
        self.assertEqual((None, 1), (found.policy, len(found.refused)))

    def test_each_policy_directory_is_read(self):
        self.put('one/a.yaml', '"a": "!"')
        self.put('two/b.yaml', '"b": "!"')
        self.put('policy.d/c.yaml', '"c": "!"')
        found = self.files(POLICY_DIRS=('one', 'nowhere', 'two'))
        self.assertEqual(['a', 'b'], [rule.name for rule in found.rules])
        self.assertEqual((('[oslo_policy] policy_dirs', 'nowhere'),),
                         found.missing)

    def test_missing_files_are_reported(self):
        found = self.files(PASTE='/nowhere/api-paste.ini',
                           TEMPLATES='$dir/templates')
        self.assertEqual(
            {('[paste_deploy] api_paste_config', '/nowhere/api-paste.ini'),
             ('[DEFAULT] template_dir', '$dir/templates')},
            set(found.missing))
        self.assertEqual(
            2, len(referenced_files.findings(found, ({}, {}), HISTORY))
        )

    def test_missing_default_files_are_not_reported(self):
        self.assertEqual(referenced_files.Files(code=(self.place,)),
                         self.files())

    def test_absolute_path_is_found_beside_the_configuration(self):
        paste = self.put('api-paste.ini')
        self.put('policy.yaml', '"stacks:creat": "role:member"')
        found = self.files(PASTE='/etc/heat/api-paste.ini',
                           POLICY_FILE='/etc/heat/policy.yaml')
        self.assertEqual((paste, ['stacks:creat'], ()), (
            found.paste, [rule.name for rule in found.rules], found.missing))
        self.assertEqual(
            ('[paste_deploy] api_paste_config', paste), found.checked[0])

    def test_absolute_directory_is_found_beside_the_configuration(self):
        environment = self.put('environment.d/a.yaml')
        found = self.files(ENVIRONMENTS='/etc/heat/environment.d')
        self.assertEqual((environment,), found.environments)

    def test_absolute_path_is_found_below_a_root(self):
        self.put('api-paste.ini')
        for root, name in (('node', 'node/etc/heat/api-paste.ini'),
                           ('copy', 'copy/heat/api-paste.ini'),
                           ('files', 'files/api-paste.ini')):
            path = self.place / name
            path.parent.mkdir(parents=True)
            path.touch()
            self.assertEqual(path, self.files(
                PASTE='/etc/heat/api-paste.ini',
                roots=[self.place / root]).paste)

    def test_file_at_its_own_path_comes_before_a_root(self):
        path = self.put('here/api-paste.ini')
        self.put('root/api-paste.ini')
        self.assertEqual(path, self.files(
            PASTE=str(path), roots=[self.place / 'root']).paste)

    def test_path_with_dots_stays_below_a_root(self):
        self.put('api-paste.ini')
        (self.place / 'root/a').mkdir(parents=True)
        self.assertEqual((), self.files(
            PASTE='../../b/none.ini', roots=[self.place / 'root/a']).checked)

    def test_bad_policy_file_does_not_hide_the_others(self):
        self.put('policy.yaml', '"a": [x\n')
        self.put('policy.d/more.yaml', '"b": "!"')
        found = self.files()
        self.assertEqual(['b'], [rule.name for rule in found.rules])
        self.assertEqual('policy.yaml', found.refused[0][0].name)

    def test_bad_policy_file_is_an_error(self):
        self.put('policy.yaml', '- SECRET\n')
        finding, = referenced_files.findings(self.files(), ({}, {}), HISTORY)
        self.assertEqual(('error', 'config.policy-file-not-read'),
                         (finding.severity, finding.rule))
        self.assertNotIn('SECRET', repr(finding))

    def test_directories_of_plug_ins_are_requested(self):
        self.put('plugins/a.py')
        found = self.files(PLUGINS='plugins, /usr/lib/nowhere')
        self.assertEqual((self.place / 'plugins',), found.plugins)
        self.assertEqual(
            (('[DEFAULT] plugin_dirs', '/usr/lib/nowhere'),), found.missing)
        request, _ = referenced_files.requests(found)
        self.assertEqual(
            ('config_plugins', {'directories': [f'{self.place}/plugins'],
                                'code': [str(self.place)]}),
            (request.program, request.argument))

    def test_policy_json_replaces_a_missing_policy_yaml(self):
        path = self.put('policy.json', '{"a": "!"}')
        found = self.files()
        self.assertEqual((path, (path,)), (found.policy_json, found.json))
        self.put('policy.yaml')
        self.assertIsNone(self.files().policy_json)

    def test_named_policy_json_is_no_fallback(self):
        self.put('policy.json', '{"a": "!"}')
        found = self.files(POLICY_FILE='policy.json')
        self.assertIsNone(found.policy_json)
        self.assertEqual(1, len(found.rules))

    def test_packages_of_a_copy_of_the_node_are_code(self):
        for place in ('usr/lib/python3/dist-packages',
                      'var/lib/kolla/venv/lib/python3.12/site-packages',
                      'usr/share/python3/site-packages'):
            (self.place / place).mkdir(parents=True)
        self.assertEqual(
            [str(self.place),
             f'{self.place}/usr/lib/python3/dist-packages',
             f'{self.place}/var/lib/kolla/venv/lib/python3.12/site-packages'],
            [str(path) for path in self.files(roots=(self.place,)).code])

    def test_existing_files_are_requested(self):
        self.assertEqual(
            [], referenced_files.requests(referenced_files.Files())
        )
        self.put('api-paste.ini')
        request, code = referenced_files.requests(self.files())
        self.assertEqual(('config_paste', False),
                         (request.program, request.kept))
        self.assertEqual(('config_entry_points', [str(self.place)]),
                         (code.program, code.argument))


class TestPaste(testtools.TestCase):

    def titles(self, base, target):
        return titles(
            referenced_files.paste('api-paste.ini', base, target, HISTORY)
        )

    def test_factory_that_only_the_base_loads_is_an_error(self):
        self.assertEqual(
            [('error', 'api-paste.ini: a:b cannot be loaded')],
            self.titles(answer(entry('a:b')),
                        answer(entry('a:b', 'ImportError'))))

    def test_factory_that_neither_loads_is_a_warning(self):
        lost = answer(entry('a:b', 'ImportError: no a'))
        self.assertEqual(
            [('warning', 'api-paste.ini: a:b cannot be loaded')],
            self.titles(lost, lost))

    def test_remedy_depends_on_the_package_of_the_factory(self):
        for package, said in ((None, 'copy its package'),
                              ('own', 'correct your module for 27.0.1'),
                              ('release', 'take the api-paste.ini of 27')):
            lost = answer({**entry('a:b', 'no'), 'package': package})
            finding, = referenced_files.paste('x', lost, lost, HISTORY)
            self.assertIn(said, finding.remedy)

    def test_factory_of_no_pipeline_is_a_warning(self):
        lost = answer({**entry('a:b', 'no'), 'used': False})
        finding, = referenced_files.paste('x', answer(entry('a:b')), lost,
                                          HISTORY)
        self.assertEqual(('warning', 'remove its section'),
                         (finding.severity, finding.remedy))
        lost['entries'].append({**entry('a:b', 'no'), 'used': True})
        finding, = referenced_files.paste('x', answer(entry('a:b')), lost,
                                          HISTORY)
        self.assertEqual('error', finding.severity)

    def test_own_file_of_the_base_is_loaded_by_the_base(self):
        self.assertEqual(
            [('error', 'api-paste.ini: a:b cannot be loaded')],
            self.titles(None, answer(entry('a:b', 'ImportError'))))

    def test_factory_of_several_sections_is_reported_once(self):
        lost = answer(entry('a:b', 'no'), entry('a:b', 'no', 'filter:c'))
        finding, = referenced_files.paste('x', None, lost, HISTORY)
        self.assertIn('[filter:c] paste.filter_factory', finding.evidence)

    def test_paste_file_that_cannot_be_parsed_is_reported(self):
        lost = answer(error='MissingSectionHeaderError')
        self.assertEqual([('error', 'api-paste.ini cannot be read')],
                         self.titles(answer(), lost))
        self.assertEqual([('warning', 'api-paste.ini cannot be read')],
                         self.titles(lost, lost))


class TestEngineFiles(testtools.TestCase):

    def titles(self, base, target):
        path = pathlib.Path('/e/own.yaml')
        answers = [{'config_engine_files': {str(path): {
            'error': None, 'types': {}, **said}}} for said in (base, target)]
        return titles(referenced_files.findings(
            referenced_files.Files(environments=(path,)), answers, HISTORY))

    def test_removed_type_is_an_error(self):
        self.assertEqual(
            [('error', 'OS::A::B is gone, but engine files use it')],
            self.titles({'types': {'OS::A::B': None}},
                        {'types': {'OS::A::B': 'no type of this name'}}))

    def test_hidden_type_is_an_error(self):
        self.assertEqual(
            [('error', 'OS::A::B is hidden, but engine files use it')],
            self.titles({'types': {'OS::A::B': None}},
                        {'types': {'OS::A::B': 'a placeholder'}}))

    def test_type_that_neither_knows_is_a_warning(self):
        lost = {'types': {'OS::A::B': 'no type of this name'}}
        self.assertEqual(
            [('warning', 'OS::A::B is unknown, but engine files use it')],
            self.titles(lost, lost))

    def test_type_that_was_hidden_before_is_no_finding(self):
        hidden = {'types': {'OS::A::B': 'a placeholder'}}
        self.assertEqual([], self.titles(hidden, hidden))

    def test_file_that_only_the_target_cannot_parse_is_an_error(self):
        lost = {'error': 'ValueError at line 3'}
        title = 'own.yaml cannot be parsed by the engine'
        self.assertEqual([('error', title)], self.titles({}, lost))
        self.assertEqual([('warning', title)], self.titles(lost, lost))
