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

"""An operator's policy files."""

import pathlib

import ddt
import fixtures
import testtools

from heat_upgrade.checks.config import deprecations
from heat_upgrade.checks.config import policies
from heat_upgrade.checks.config import referenced_files
from heat_upgrade import errors

HISTORY = deprecations.History('25.0.2', '26.0.2')


def answer(*known, old_names=None, unparsable=(), deprecated=()):
    return {'known': {**dict.fromkeys(known),
                      **{name: ['W', 'why'] for name in deprecated}},
            'old_names': old_names or {}, 'unparsable': list(unparsable)}


@ddt.ddt
class TestPolicies(testtools.TestCase):

    def rules(self, text, name='policy.yaml'):
        path = pathlib.Path(self.useFixture(fixtures.TempDir()).path, name)
        path.write_text(text)
        return policies.read([path])

    def titles(self, text, base, target):
        rules, json = self.rules(text)
        return [
            (finding.severity, finding.title)
            for finding in policies.findings(
                referenced_files.Files(rules=rules, json=json),
                base,
                target,
                HISTORY,
            )
        ]

    def test_rule_has_its_line(self):
        rules, json = self.rules('# mine\n"a:b": "role:x"\n\nc: "!"\n')
        self.assertEqual([(2, 'a:b', 'role:x'), (4, 'c', '!')],
                         [(rule.line, rule.name, rule.text)
                          for rule in rules])
        self.assertEqual((), json)

    def test_removed_rule_is_an_error(self):
        self.assertEqual(
            [('error', 'policy rule a:b is removed')],
            self.titles('"a:b": "!"', answer('a:b'), answer('a:c')))

    def test_rule_removed_after_a_deprecation_is_a_warning(self):
        self.assertEqual(
            [('warning', 'policy rule a:b is removed')],
            self.titles('"a:b": "!"', answer(deprecated=['a:b']), answer()))

    def test_renamed_rule_has_a_new_name(self):
        self.assertEqual(
            [('warning', 'policy rule a:b is renamed to a:c')],
            self.titles('"a:b": "!"', answer('a:b'),
                        answer('a:c', old_names={'a:b': ['a:c']})))

    def test_newly_deprecated_rule_is_a_warning(self):
        self.assertEqual(
            [('warning', 'policy rule a:b is deprecated for removal')],
            self.titles('"a:b": "!"', answer('a:b'),
                        answer(deprecated=['a:b'])))

    def test_unknown_rule_is_a_warning(self):
        self.assertEqual(
            [('warning', 'policy rule a:x is known to neither release')],
            self.titles('"a:x": "!"', answer('a:b'), answer('a:b')))

    def test_rule_that_others_refer_to_is_an_alias(self):
        self.assertEqual([], self.titles(
            '"mine": "role:x"\n"a:b": "rule:mine"\n"default": "!"',
            answer('a:b'), answer('a:b')))

    def test_resource_types_of_plugins_have_rules(self):
        self.assertEqual([], self.titles('"resource_types:OS::My": "!"',
                                         answer(), answer()))

    def test_rule_that_only_the_target_cannot_parse_is_an_error(self):
        known = answer('a:b'), answer('a:b', unparsable=['a:b'])
        self.assertEqual([('error', 'policy rule a:b cannot be parsed')],
                         self.titles('"a:b": "role:x and"', *known))

    def test_rule_that_neither_can_parse_is_a_warning(self):
        both = answer('a:b', unparsable=['a:b'])
        self.assertEqual([('warning', 'policy rule a:b cannot be parsed')],
                         self.titles('"a:b": "role:x and"', both, both))

    def test_lines_to_change_have_the_new_names(self):
        rules, _ = self.rules('"a:b": "role:x"\n"a:d": "!"\n"a:e": "!"\n')
        path = rules[0].path
        self.assertEqual(
            [(f'{path}:1', '"a:b": "role:x"', '"a:c": "role:x"'),
             (f'{path}:2', '"a:d": "!"', 'remove')],
            [(line.place, line.old, line.new) for line in policies.lines(
                referenced_files.Files(rules=rules),
                answer('a:b', 'a:d', 'a:e'),
                answer('a:c', 'a:e', old_names={'a:b': ['a:c']}), HISTORY)])

    def test_json_is_a_warning(self):
        self.assertEqual(
            [('warning', 'the policy file policy.yaml is in JSON')],
            self.titles('{"a:b": "!"}', answer('a:b'), answer('a:b')))

    @ddt.data(('a: [', ':1: this is not YAML'), ('- a\n', ':1: a policy file'))
    @ddt.unpack
    def test_invalid_policy_file_is_refused(self, text, expected):
        exc = self.assertRaises(errors.UsageError, self.rules, text)
        self.assertIn(f'policy.yaml{expected}', str(exc))

    def test_empty_file_has_no_rules(self):
        self.assertEqual(((), ()), self.rules('# nothing\n'))


class TestFallback(testtools.TestCase):

    def severities(self, found, base, target):
        return [finding.severity for finding in policies.json_fallback(
            found, base, target, HISTORY)]

    def test_policy_json_without_own_files_is_a_warning(self):
        self.assertEqual(['warning'], self.severities(None, True, False))
        self.assertEqual([], self.severities(None, True, True))
        self.assertEqual([], self.severities(None, False, False))

    def test_own_policy_json_is_an_error(self):
        found = referenced_files.Files(
            policy_json=pathlib.Path('/a/policy.json')
        )
        self.assertEqual(['error'], self.severities(found, True, False))
        self.assertEqual(
            [], self.severities(referenced_files.Files(), True, False))
