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

"""An operator's files of policy."""

import pathlib

import ddt
import fixtures
import testtools

from heat_upgrade.checks.config import deprecations
from heat_upgrade.checks.config import policies
from heat_upgrade.checks.config import referenced_files
from heat_upgrade import errors

HISTORY = deprecations.History('25.0.2', '26.0.2')


def says(*known, old_names=None, unparsable=(), deprecated=()):
    return {'known': {**dict.fromkeys(known),
                      **{name: ['W', 'why'] for name in deprecated}},
            'old_names': old_names or {}, 'unparsable': list(unparsable)}


@ddt.ddt
class TestPolicies(testtools.TestCase):

    def rules(self, text, name='policy.yaml'):
        path = pathlib.Path(self.useFixture(fixtures.TempDir()).path, name)
        path.write_text(text)
        return policies.read([path])

    def told(self, text, ours, theirs):
        rules, json = self.rules(text)
        return [
            (finding.severity, finding.title)
            for finding in policies.findings(
                referenced_files.Files(rules=rules, json=json),
                ours,
                theirs,
                HISTORY,
            )
        ]

    def test_a_rule_knows_its_line(self):
        rules, json = self.rules('# mine\n"a:b": "role:x"\n\nc: "!"\n')
        self.assertEqual([(2, 'a:b', 'role:x'), (4, 'c', '!')],
                         [(rule.line, rule.name, rule.text)
                          for rule in rules])
        self.assertEqual((), json)

    def test_a_rule_that_is_gone_is_silently_without_effect(self):
        self.assertEqual([('error', 'policy rule a:b is gone')],
                         self.told('"a:b": "!"', says('a:b'), says('a:c')))

    def test_one_whose_end_was_announced_is_a_warning(self):
        self.assertEqual(
            [('warning', 'policy rule a:b is gone')],
            self.told('"a:b": "!"', says(deprecated=['a:b']), says()))

    def test_a_renamed_rule_has_a_new_name(self):
        self.assertEqual(
            [('warning', 'policy rule a:b is renamed to a:c')],
            self.told('"a:b": "!"', says('a:b'),
                      says('a:c', old_names={'a:b': ['a:c']})))

    def test_a_rule_that_is_newly_deprecated_is_told(self):
        self.assertEqual(
            [('warning', 'policy rule a:b is deprecated for removal')],
            self.told('"a:b": "!"', says('a:b'), says(deprecated=['a:b'])))

    def test_a_rule_that_nobody_asks_for_is_told(self):
        self.assertEqual(
            [('warning', 'policy rule a:x is known to neither release')],
            self.told('"a:x": "!"', says('a:b'), says('a:b')))

    def test_a_rule_that_others_refer_to_is_an_alias(self):
        self.assertEqual([], self.told(
            '"mine": "role:x"\n"a:b": "rule:mine"\n"default": "!"',
            says('a:b'), says('a:b')))

    def test_resource_types_of_plugins_have_rules(self):
        self.assertEqual([], self.told('"resource_types:OS::My": "!"',
                                       says(), says()))

    def test_what_the_target_cannot_parse_lets_nobody_in(self):
        known = says('a:b'), says('a:b', unparsable=['a:b'])
        self.assertEqual([('error', 'policy rule a:b cannot be parsed')],
                         self.told('"a:b": "role:x and"', *known))

    def test_what_both_cannot_parse_is_a_warning(self):
        both = says('a:b', unparsable=['a:b'])
        self.assertEqual([('warning', 'policy rule a:b cannot be parsed')],
                         self.told('"a:b": "role:x and"', both, both))

    def test_lines_to_change_have_the_new_names(self):
        rules, _ = self.rules('"a:b": "role:x"\n"a:d": "!"\n"a:e": "!"\n')
        path = rules[0].path
        self.assertEqual(
            [(f'{path}:1', '"a:b": "role:x"', '"a:c": "role:x"'),
             (f'{path}:2', '"a:d": "!"', 'remove')],
            [(line.place, line.old, line.new) for line in policies.lines(
                referenced_files.Files(rules=rules), says('a:b', 'a:d', 'a:e'),
                says('a:c', 'a:e', old_names={'a:b': ['a:c']}), HISTORY)])

    def test_json_is_told(self):
        self.assertEqual(
            [('warning', 'the file of policy policy.yaml is written as '
                         'JSON')],
            self.told('{"a:b": "!"}', says('a:b'), says('a:b')))

    @ddt.data(('a: [', ':1: this is no YAML'), ('- a\n', ':1: a file of'))
    @ddt.unpack
    def test_what_is_no_policy_is_refused(self, text, expected):
        exc = self.assertRaises(errors.UsageError, self.rules, text)
        self.assertIn(f'policy.yaml{expected}', str(exc))

    def test_an_empty_file_has_no_rules(self):
        self.assertEqual(((), ()), self.rules('# nothing\n'))


class TestFallback(testtools.TestCase):

    def told(self, found, ours, theirs):
        return [finding.severity for finding in policies.json_fallback(
            found, ours, theirs, HISTORY)]

    def test_of_two_releases_it_is_a_warning(self):
        self.assertEqual(['warning'], self.told(None, True, False))
        self.assertEqual([], self.told(None, True, True))
        self.assertEqual([], self.told(None, False, False))

    def test_of_an_operators_own_policy_json_it_is_an_error(self):
        found = referenced_files.Files(
            policy_json=pathlib.Path('/a/policy.json')
        )
        self.assertEqual(['error'], self.told(found, True, False))
        self.assertEqual([], self.told(referenced_files.Files(), True, False))
