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
"""Unit tests of the check of a commit."""

import ddt
import testtools

from heat_upgrade.specs import commit_checker
from heat_upgrade.specs import commits

CONFIG = 'heat/common/config.py'
SERVER = 'heat/engine/resources/openstack/nova/server.py'
MIGRATION = 'heat/db/migrations/versions/0123_add.py'
FLAG = 'the line "UpgradeImpact" in the commit message'
NOTE = 'a release note with the section upgrade'

OPTION = "OPTS = [cfg.IntOpt('max_foo', default=5, help=_('Some.'))]\n"
POLICY = ("POLICIES = [policy.DocumentedRuleDefault(name=ROOT % 'show', "
          "check_str=base.MEMBER, description='Show.', operations=[])]\n")
SERVICE = """
class EngineService(service.ServiceBase):
    RPC_API_VERSION = '1.36'

    @context.request_context
    def show(self, cnxt, name):
        pass
"""
OBJECT = """
class Stack(base.HeatObject):
    VERSION = '1.0'
    fields = {'id': fields.StringField(), 'name': fields.StringField()}
"""


def server(schema="properties.Schema.STRING, _('A name.')", more=''):
    return f"""
class Server(resource.Resource):
    properties_schema = {{
        NAME: properties.Schema({schema}),{more}
    }}


def resource_mapping():
    return {{'OS::Nova::Server': Server}}
"""


def note(*sections):
    text = ''.join(f'{section}:\n  - Text.\n' for section in sections)
    return commits.File('releasenotes/notes/a-1234.yaml', None, text)


def commit(*files, message='Change it\n\nBecause.\n'):
    return commits.Commit('0123456789ab', message, tuple(
        file if isinstance(file, commits.File) else commits.File(*file)
        for file in files))


@ddt.ddt
class TestCheck(testtools.TestCase):

    def texts(self, *files, **arguments):
        return [violation.text for violation
                in commit_checker.check(commit(*files, **arguments))]

    def assert_impact(self, path, before, after, effect):
        """Assert that a change needs both the flag and a note."""
        self.assertEqual([f'{effect}; missing: {FLAG} and {NOTE}'],
                         self.texts((path, before, after)))

    def assert_silent(self, path, before, after):
        self.assertEqual([], self.texts((path, before, after)))

    @ddt.data((None, 'x', 'new'), ('x', 'y', 'changed'),
              ('x', None, 'removed'))
    @ddt.unpack
    def test_migration_is_an_impact(self, before, after, change):
        self.assert_impact(MIGRATION, before, after,
                           f'a database migration is {change}')

    def test_migration_with_flag_and_note_is_announced(self):
        self.assertEqual([], self.texts(
            (MIGRATION, None, 'x'), note('features', 'upgrade'),
            message='Add a table\n\nUpgradeImpact\nChange-Id: I1\n'))

    def test_flag_alone_lacks_the_note(self):
        self.assertEqual(
            [f'a database migration is new; missing: {NOTE}'],
            self.texts((MIGRATION, None, 'x'), note('features'),
                       message='Add\n\nUpgradeImpact: run db_sync\n'))

    def test_flag_in_the_middle_of_a_line_does_not_count(self):
        text, = self.texts((MIGRATION, None, 'x'), note('upgrade'),
                           message='Add\n\nThis has no UpgradeImpact line\n')
        self.assertIn(FLAG, text)

    def test_author_can_override_the_check_with_a_reason(self):
        files = (MIGRATION, None, 'x')
        self.assertEqual([], self.texts(files, message=(
            'Add\n\nUpgradeImpact: none, the table is new and unused\n')))
        self.assertEqual(1, len(self.texts(
            files, message='Add\n\nUpgradeImpact: none\n')))

    @ddt.data(
        ("default=5", "default=6",
         'option max_foo: default changes from 5 to 6'),
        ("default=5", "default=5, min=1",
         'option max_foo: min changes from unset to 1'),
        ("IntOpt", "StrOpt",
         'option max_foo: type changes from IntOpt to StrOpt'),
        (OPTION, "OPTS = []\n", 'option max_foo is removed'),
        ("'max_foo'", "'max_bar'", None))
    @ddt.unpack
    def test_changed_option_is_an_impact(self, old, new, effect):
        if effect:
            self.assert_impact(CONFIG, OPTION, OPTION.replace(old, new),
                               effect)
        else:
            self.assertEqual(2, len(self.texts(
                (CONFIG, OPTION, OPTION.replace(old, new)))))

    @ddt.data(("_('Some.')", "_('Another text.')"),
              ('default=5, ', 'default=5, sample_default=7, '))
    @ddt.unpack
    def test_text_of_an_option_is_no_impact(self, old, new):
        self.assert_silent(CONFIG, OPTION, OPTION.replace(old, new))

    def test_option_that_moves_to_another_file_is_no_impact(self):
        self.assertEqual([], self.texts(
            (CONFIG, OPTION, ''), ('heat/common/other.py', None, OPTION)))

    def test_new_option_needs_any_note(self):
        change = (CONFIG, '', OPTION)
        self.assertEqual(
            ['option max_foo is new; missing: a release note'],
            self.texts(change))
        self.assertEqual([], self.texts(change, note('features')))

    def test_renamed_option_needs_a_note_of_its_deprecation(self):
        after = OPTION.replace("'max_foo'",
                               "'max_bar', deprecated_name='max_foo'")
        self.assertEqual(
            ['option max_foo gets another name; missing: a release note with '
             'the section deprecations'],
            self.texts((CONFIG, OPTION, after), note('features')))
        self.assertEqual([], self.texts((CONFIG, OPTION, after),
                                        note('deprecations')))

    def test_deprecation_needs_a_note_and_no_flag(self):
        after = OPTION.replace('default=5',
                               'default=5, deprecated_for_removal=True')
        self.assertEqual(
            ['option max_foo: deprecated_for_removal changes from unset to '
             'True; missing: a release note with the section deprecations'],
            self.texts((CONFIG, OPTION, after)))

    def test_choices_may_grow_and_not_shrink(self):
        few = OPTION.replace('default=5', "choices=['a', 'b']")
        many = OPTION.replace('default=5', "choices=['b', 'a', 'c']")
        self.assert_silent(CONFIG, few, many)
        self.assertEqual(1, len(self.texts((CONFIG, many, few))))

    @ddt.data(
        ('1.36', '1.37', "version EngineService.RPC_API_VERSION: value "
         "changes from '1.36' to '1.37'"),
        ('cnxt, name', 'cnxt, name, deep=False',
         'RPC method show: arguments changes from self, cnxt, name to self, '
         'cnxt, name, deep=False'))
    @ddt.unpack
    def test_changed_message_is_an_impact(self, old, new, effect):
        self.assert_impact('heat/engine/service.py', SERVICE,
                           SERVICE.replace(old, new), effect)

    def test_version_announces_the_method(self):
        after = SERVICE.replace('1.36', '1.37').replace(
            'cnxt, name', 'cnxt, name, deep=False')
        text, = self.texts(('heat/engine/service.py', SERVICE, after))
        self.assertIn('version EngineService.RPC_API_VERSION', text)

    def test_removed_field_of_an_object_is_an_impact(self):
        after = OBJECT.replace(", 'name': fields.StringField()", '')
        self.assert_impact('heat/objects/stack.py', OBJECT, after,
                           'object field Stack.name is removed')

    def test_new_check_string_is_an_impact(self):
        self.assert_impact(
            'heat/policies/stacks.py', POLICY,
            POLICY.replace('MEMBER', 'ADMIN'),
            "policy ROOT % 'show': check_str changes from base.MEMBER to "
            'base.ADMIN')

    def test_description_of_a_policy_is_no_impact(self):
        self.assert_silent('heat/policies/stacks.py', POLICY,
                           POLICY.replace("'Show.'", "'Show it.'"))

    @ddt.data(
        ("properties.Schema.STRING, _('A name.'), required=True",
         'property Server.NAME: required changes from unset to True'),
        ("properties.Schema.STRING, _('A name.'), immutable=True",
         'property Server.NAME: immutable changes from unset to True'),
        ("properties.Schema.INTEGER, _('A name.')",
         'property Server.NAME: type changes from properties.Schema.STRING '
         'to properties.Schema.INTEGER'),
        ("properties.Schema.STRING, _('A name.'), "
         "constraints=[constraints.Length(max=5, description=_('x'))]",
         'property Server.NAME: constraints changes from unset to '
         '[constraints.Length(max=5)]'),
        ("properties.Schema.STRING, _('A name.'), "
         "support_status=support.SupportStatus(status=support.HIDDEN)",
         'property Server.NAME: support_status changes from unset to HIDDEN'))
    @ddt.unpack
    def test_narrowed_property_is_an_impact(self, after, effect):
        self.assert_impact(SERVER, server(), server(after), effect)

    @ddt.data(
        "properties.Schema.STRING, _('Another text.')",
        "properties.Schema.STRING, _('A name.'), update_allowed=True",
        "properties.Schema.STRING, _('A name.'), required=False",
        "properties.Schema.STRING, _('A name.'), "
        "support_status=support.SupportStatus(version='2026.2')")
    def test_widened_property_is_no_impact(self, after):
        self.assert_silent(SERVER, server(), server(after))

    def test_removed_type_is_reported_once(self):
        self.assert_impact(SERVER, server(), None,
                           'property Server.NAME is removed (and 1 more)')

    def test_new_type_is_reported_once(self):
        self.assertEqual(['property Server.NAME is new (and 1 more); missing: '
                          'a release note'],
                         self.texts((SERVER, None, server())))

    def test_changed_paste_configuration_is_an_impact(self):
        self.assert_impact('etc/heat/api-paste.ini', 'a', 'b',
                           'api-paste.ini changes, of which operators have '
                           'copies')

    def test_broken_source_and_note_are_no_error(self):
        self.assertEqual([], self.texts((CONFIG, 'def', 'def (')))
        self.assertEqual(1, len(self.texts(
            (MIGRATION, None, 'x'), ('releasenotes/notes/a.yaml', None, '{'),
            message='A\n\nUpgradeImpact\n')))

    def test_line_is_that_of_the_change(self):
        violation, = commit_checker.check(commit(
            (CONFIG, OPTION, '\n\n' + OPTION.replace('5', '6'))))
        self.assertEqual((CONFIG, 3), (violation.path, violation.line))
