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


import datetime
import pathlib

import ddt
import fixtures
import testtools
from testtools import matchers
import yaml

from heat_upgrade import errors
from heat_upgrade import findings
from heat_upgrade import known
from heat_upgrade.tests.unit import stories

EXPIRES = datetime.date(2027, 4, 1)
BEFORE = datetime.date(2027, 3, 31)

DATA = {'id': 'nested', 'match': 'test_nested', 'base': '>=26,<27',
        'target': '>=27', 'reason': 'nested stacks lose their order',
        'bug': 'https://bugs.launchpad.net/heat/+bug/1', 'expires': EXPIRES}


def entry(**changes):
    return known.Entry(**{**DATA, **changes})


@ddt.ddt
class TestApplies(testtools.TestCase):

    @ddt.unpack
    @ddt.data(
        ('26.0.0', '27.0.0', True),
        ('26.0.2', '27.0.1', True),
        ('25.0.2', '27.0.1', False),
        ('26.0.2', '26.0.3', False),
        # a checkout: the target is in development
        ('26.0.2', '27.0.1.dev5', True),
        ('26.0.3.dev1', '27.0.1', True),
        # a checkout without tags has no version
        ('26.0.2', None, False),
        (None, '27.0.1', False),
    )
    def test_an_entry_is_about_a_range_of_upgrades(self, base, target,
                                                   applies):
        self.assertEqual(applies, entry().applies(base, target, BEFORE))

    @ddt.unpack
    @ddt.data(('', 'shared', True), ('shared', 'shared', True),
              ('per-release', 'shared', False))
    def test_an_entry_may_be_about_one_way_of_virtual_hosts(
            self, vhost, planned, applies):
        self.assertEqual(applies, entry(vhost=vhost).applies(
            '26.0.2', '27.0.1', BEFORE, planned))

    @ddt.unpack
    @ddt.data((BEFORE, True), (EXPIRES, False),
              (datetime.date(2028, 1, 1), False))
    def test_it_counts_again_from_the_day_of_its_expiry(self, today, applies):
        self.assertEqual(applies, entry().applies('26.0.2', '27.0.1', today))


class TestJudge(testtools.TestCase):

    def judge(self, finding, *entries):
        return known.judge(finding, entries)

    def test_a_match_makes_a_failure_of_heat_a_known_one(self):
        finding = stories.finding('verify-target', test='a.test_nested')
        judged, by = self.judge(finding, entry(match='other'), entry())
        self.assertEqual((findings.KNOWN, entry()), (judged.origin, by))

    def test_why_and_where_it_is_known_is_added_to_its_evidence(self):
        finding = stories.finding('verify-target', test='a.test_nested')
        self.assertEqual(
            'known: nested stacks lose their order '
            '(https://bugs.launchpad.net/heat/+bug/1)\n' + finding.evidence,
            self.judge(finding, entry())[0].evidence)

    def test_an_entry_may_be_about_some_steps_alone(self):
        finding = stories.finding('verify-target', test='a.test_nested')
        for step, origin in (('^verify-', 'known'), ('^stop-', 'heat')):
            judged, _ = self.judge(finding, entry(step=step))
            self.assertEqual(origin, judged.origin)

    def test_another_failure_is_left_as_it_is(self):
        finding = stories.finding('db-sync')
        self.assertEqual((finding, None), self.judge(finding, entry()))

    def test_a_broken_lab_is_never_a_known_failure_of_heat(self):
        finding = stories.finding('verify-target', test='a.test_nested',
                                  origin=findings.LAB, failure_class=None)
        self.assertEqual((finding, None), self.judge(finding, entry()))


@ddt.ddt
class TestLoad(testtools.TestCase):

    def load(self, text):
        path = pathlib.Path(self.useFixture(fixtures.TempDir()).path, 'k.yaml')
        path.write_text(text if isinstance(text, str)
                        else yaml.safe_dump(text))
        return known.load(path)

    def test_the_file_that_is_shipped_loads(self):
        for one in known.load():
            self.assertIsInstance(one, known.Entry)

    def test_entries_are_read(self):
        self.assertEqual([entry()], self.load([DATA]))

    @ddt.data('', '[]', '# nothing\n')
    def test_a_file_may_have_none(self, text):
        self.assertEqual([], self.load(text))

    @ddt.unpack
    @ddt.data(
        ({'expires': 'soon'}, 'expires must be a day'),
        ({'expires': datetime.datetime(2027, 4, 1, 12)},
         'expires must be a day'),
        ({'match': '('}, 'is wrong'),
        ({'match': 5}, 'is wrong'),
        ({'base': 'before 26'}, 'is wrong'),
        ({'target': 27}, 'is wrong'),
        ({'surprise': 1}, 'the keys must be base, bug, expires, id'),
    )
    def test_a_wrong_entry_is_named_with_what_is_wrong(self, change, text):
        exc = self.assertRaises(errors.UsageError, self.load,
                                [DATA, {**DATA, 'id': 'bad', **change}])
        self.assertThat(str(exc), matchers.MatchesAll(
            matchers.Contains("'id': 'bad'"), matchers.Contains(text),
            matchers.Contains('k.yaml')))

    @ddt.data(*DATA)
    def test_every_key_is_needed(self, key):
        data = {name: value for name, value in DATA.items() if name != key}
        self.assertRaises(errors.UsageError, self.load, [data])

    @ddt.data('- 5', '- text', '- [a]', 'id: nested', 'a: [', '5', 'text')
    def test_what_is_no_list_of_entries_is_refused(self, text):
        self.assertRaises(errors.UsageError, self.load, text)

    def test_a_missing_file_is_refused(self):
        exc = self.assertRaises(errors.UsageError, known.load,
                                '/nowhere/known.yaml')
        self.assertIn('/nowhere/known.yaml', str(exc))
