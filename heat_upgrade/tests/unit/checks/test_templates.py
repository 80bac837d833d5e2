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

import gzip
import json
import pathlib

import ddt
import fixtures
import testtools

from heat_upgrade.checks import templates
from heat_upgrade import errors
from heat_upgrade.tests.unit.support import resources_readings

HEAD = '-- MariaDB dump 10.19\n/*!40101 SET NAMES utf8mb4 */;\n'
TAIL = '-- Dump completed on 2026-11-22 18:00:00\n'

TEMPLATE = {'heat_template_version': '2018-08-31', 'description': "it's \"a\""}


def quoted(value):
    if value is None:
        return 'NULL'
    if isinstance(value, int):
        return str(value)
    text = value if isinstance(value, str) else json.dumps(value)
    for plain, escaped in (('\\', '\\\\'), ("'", "\\'"), ('"', '\\"')):
        text = text.replace(plain, escaped)
    return f"'{text}'"


def table(name, columns, rows):
    """Return the lines of a table as mysqldump writes them."""
    text = (f'CREATE TABLE `{name}` (\n' + ',\n'.join(
        f'  `{column}` longtext DEFAULT NULL' for column in columns) +
        '\n) ENGINE=InnoDB;\n')
    if rows:
        text += f'INSERT INTO `{name}` VALUES ' + ',\n'.join(
            '(' + ','.join(map(quoted, row)) + ')' for row in rows) + ';\n'
    return text


def dump(raw_templates, stacks):
    """Return a dump; rows of (id, template, environment), and of stacks."""
    return HEAD + table('raw_template', ('id', 'template', 'environment'),
                        raw_templates) + table(
        'stack', ('id', 'deleted_at', 'raw_template_id',
                  'prev_raw_template_id'), stacks) + TAIL


class Case(testtools.TestCase):

    def file(self, name, content):
        path = pathlib.Path(self.useFixture(fixtures.TempDir()).path, name)
        path.write_bytes(content if isinstance(content, bytes)
                         else content.encode())
        return path

    def refused(self, source):
        """Return the text of the error with which a source is refused."""
        if isinstance(source, templates.Files):
            self.assertEqual([], list(source))
            text = '\n'.join(map(str, source.refused.values()))
        else:
            text = str(self.assertRaises(errors.UsageError, list, source))
        self.assertNotIn('SECRET', text)
        return text


@ddt.ddt
class TestFiles(Case):

    def read(self, content, name='a.yaml'):
        path = self.file(name, content)
        (template,) = templates.Files(
            [path], {resources_readings.HOT, resources_readings.CFN}
        )
        self.assertEqual(str(path), template.label)
        return template

    @ddt.data('heat_template_version: 2018-08-31\nresources:\n',
              'heat_template_version: "2018-08-31"',
              '{"heat_template_version": "2018-08-31"}')
    def test_a_template_is_read_from_yaml_or_json(self, text):
        template = self.read(text)
        self.assertEqual((resources_readings.HOT, {}),
                         (template.version, template.registry))
        self.assertEqual('2018-08-31', template.data['heat_template_version'])

    def test_a_template_of_cfn_is_read(self):
        self.assertEqual(resources_readings.CFN, self.read(
            'AWSTemplateFormatVersion: 2010-09-09').version)

    @ddt.data((b'heat_template_version: 2018-08-31\na: [SECRET\nb: }', 3),
              (b'heat_template_version: 2018-08-31\na: *SECRET\n', 2),
              (b'heat_template_version: 2018-08-31\na: !SECRET b\n', 2),
              (b'heat_template_version: 2018-08-31\n\n# \xffSECRET', 3),
              (b'heat_template_version: 2018-08-31\n\nb: \x01SECRET', 3),
              (b'heat_template_version: 2018-08-31\nresources: SECRET', 2),
              (b'heat_template_version: SECRET', 1), (b'a: SECRET', 1),
              (b'- SECRET', 1), (b'', 1), (b'[' * 100000, 1),
              (b'{[SECRET]: 1}', 1))
    @ddt.unpack
    def test_invalid_template_is_reported_with_its_line_alone(
            self, content, line):
        path = self.file('bad.yaml', content)
        text = self.refused(templates.Files([path], {resources_readings.HOT}))
        self.assertIn(f'{path}, line {line}: ', text)

    def test_unreadable_file_is_reported(self):
        path = self.file('a.yaml', '')
        path.unlink()
        self.assertIn(f'{path} cannot be read: No such file',
                      self.refused(templates.Files([path], {})))


class TestPlaces(Case):
    """Directories, nested templates and environments."""

    def setUp(self):
        super().setUp()
        self.place = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def write(self, name, text='heat_template_version: 2018-08-31\n'):
        path = self.place / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text)
        return path

    def files(self, *names, environment=None):
        return templates.Files([self.place / name for name in names],
                               {resources_readings.HOT},
                               environment or templates.Environment())

    def labels(self, files):
        return sorted(str(pathlib.Path(each.label).resolve().relative_to(
            self.place.resolve())) for each in files)

    def test_bad_file_does_not_hide_the_good_one(self):
        self.write('bad.yaml', 'heat_template_version: 2018-08-31\n'
                   'resources:\n  a:\n    type: x\n   properties: {}\n')
        self.write('good.yaml')
        files = self.files('bad.yaml', 'good.yaml')
        self.assertEqual(['good.yaml'], self.labels(files))
        self.assertIn('bad.yaml, line 5', str(*files.refused.values()))

    def test_directory_stands_for_the_templates_below_it(self):
        for name in ('d/a.yaml', 'd/e/b.hot', 'd/c.json'):
            self.write(name)
        self.write('d/environment.yaml', 'parameters: {a: 1}\n')
        self.write('d/f.yaml', 'heat_template_version: {in: body}\n')
        self.write('d/g.json', '{"a": {"heat_template_version": "x"}}')
        self.write('d/h.j2.yaml', '{% if a %}\nheat_template_version: x\n')
        self.write('d/README', 'heat_template_version: 2018-08-31\n')
        files = self.files('d')
        self.assertEqual(['d/a.yaml', 'd/c.json', 'd/e/b.hot'],
                         self.labels(files))
        self.assertEqual({}, files.refused)

    def test_broken_template_in_a_directory_is_reported(self):
        self.write('d/a.yaml')
        self.write('d/b.yaml', 'heat_template_version: 2018-08-31\na: [\n')
        files = self.files('d')
        self.assertEqual(['d/a.yaml'], self.labels(files))
        self.assertEqual([str(self.place / 'd/b.yaml')],
                         list(files.refused))

    def nested(self, name):
        return ('heat_template_version: 2018-08-31\nresources:\n'
                f'  a: {{type: {name}}}\n')

    def test_template_that_is_a_type_is_read_once(self):
        self.write('a.yaml', self.nested('n/b.yaml'))
        self.write('c.yaml', self.nested('n/b.yaml'))
        self.write('n/b.yaml', self.nested('../a.yaml'))
        self.assertEqual(['a.yaml', 'c.yaml', 'n/b.yaml'],
                         self.labels(self.files('a.yaml', 'c.yaml')))

    def test_template_of_a_group_is_read(self):
        self.write('a.yaml', 'heat_template_version: 2018-08-31\nresources:\n'
                   '  g:\n    type: OS::Heat::ResourceGroup\n'
                   '    properties: {resource_def: {type: b.yaml}}\n')
        self.write('b.yaml')
        self.assertEqual(['a.yaml', 'b.yaml'],
                         self.labels(self.files('a.yaml')))

    def test_template_that_is_not_there_is_named(self):
        path = self.write('a.yaml', self.nested('none.yaml'))
        files = self.files('a.yaml')
        self.assertEqual(['a.yaml'], self.labels(files))
        self.assertEqual({str(self.place / 'none.yaml'): [str(path)]},
                         files.missing)

    def test_template_at_an_address_is_not_followed(self):
        self.write('a.yaml', self.nested('https://example.org/b.yaml'))
        files = self.files('a.yaml')
        self.assertEqual((['a.yaml'], {}),
                         (self.labels(files), files.missing))

    def test_environment_maps_types_to_files_beside_it(self):
        self.write('a.yaml')
        self.write('e/b.yaml')
        environment = templates.environment_of([
            self.write('e/env.yaml', 'resource_registry: {My::B: b.yaml, '
                       'My::C: OS::Heat::None}\nparameter_defaults: {p: 0}\n'
                       'parameters: {q: 1}\n'),
            self.write('e/more.yaml', 'parameters: {p: 2}\n')])
        self.assertEqual(
            {'My::B': str(self.place / 'e/b.yaml'), 'My::C': 'OS::Heat::None'},
            environment.registry)
        self.assertEqual({'p': 2, 'q': 1}, environment.parameters)
        self.assertEqual(
            ['a.yaml', 'e/b.yaml'],
            self.labels(self.files('a.yaml', environment=environment)))

    def test_file_that_is_no_environment_is_refused(self):
        path = self.write('env.yaml', '- SECRET\n')
        exc = self.assertRaises(errors.UsageError, templates.environment_of,
                                [path])
        self.assertIn('is not an environment', str(exc))
        self.assertNotIn('SECRET', str(exc))


@ddt.ddt
class TestDump(Case):

    def read(self, content, name='heat.sql'):
        return list(
            templates.Dump(self.file(name, content), {resources_readings.HOT})
        )

    def test_the_templates_of_stacks_are_read(self):
        registry = {'OS::A': 'OS::B'}
        found = self.read(dump(
            [(1, TEMPLATE, {'resource_registry': registry}),
             (2, TEMPLATE, None), (3, TEMPLATE, {'resource_registry': 3})],
            [('s', None, 1, 2), ('t', None, 3, None)]))
        self.assertEqual(
            [('raw_template 1', registry), ('raw_template 2', {}),
             ('raw_template 3', {})],
            [(each.label, each.registry) for each in found])
        self.assertEqual([TEMPLATE] * 3, [each.data for each in found])

    def test_a_dump_may_be_compressed(self):
        text = dump([(1, TEMPLATE, None)], [('s', None, 1, None)])
        self.assertEqual(1, len(self.read(gzip.compress(text.encode()))))

    def test_a_template_of_a_deleted_stack_is_left_out(self):
        self.assertEqual([], self.read(dump(
            [(1, TEMPLATE, None), (2, TEMPLATE, None)],
            [('s', '2020-01-01 00:00:00', 1, None)])))

    def test_parameters_of_a_stack_are_read_but_the_encrypted_ones(self):
        environment = {'parameters': {'a': 1, 'b': 'SECRET'},
                       'parameter_defaults': {'a': 0, 'c': 2},
                       'encrypted_param_names': ['b']}
        found, = self.read(dump([(1, TEMPLATE, environment)],
                                [('s', None, 1, None)]))
        self.assertEqual({'a': 1, 'c': 2}, found.parameters)

    @ddt.data(None, 'no JSON', '[]', '{"heat_template_version": 7}',
              '{"heat_template_version": "2018-08-31", "a": ' + '[' * 500 +
              ']' * 500 + '}')
    def test_template_of_an_unknown_version_is_left_out(self, text):
        self.assertEqual([], self.read(dump([(1, text, None)],
                                            [('s', None, 1, None)])))

    @ddt.data(
        (HEAD + TAIL, 'has no rows of raw_template'),
        (dump([(1, 'SECRET', None)], [('s', None, 1, None)])[:-150],
         'is cut off'),
        (dump([(1, 'SECRET\xff', None)],
              [('s', None, 1, None)]).encode('latin-1'), 'is not UTF-8'),
        (HEAD + "INSERT INTO `raw_template` VALUES (1,'SECRET',NULL);\n"
         + TAIL, 'without --no-create-info'),
        ('heat_template_version: SECRET\n', ''), ('', ''))
    @ddt.unpack
    def test_invalid_dump_is_reported(self, content, words):
        path = self.file('bad.sql', content)
        text = self.refused(templates.Dump(path, {resources_readings.HOT}))
        self.assertIn(str(path), text)
        self.assertIn(words, text)
