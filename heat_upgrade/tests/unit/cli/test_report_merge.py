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

"""heat-upgrade report merge, of runs that a test makes up."""

import dataclasses
import json
from xml.etree import ElementTree

import ddt
import jsonschema

from heat_upgrade.report import merging
from heat_upgrade.report import schema
from heat_upgrade.tests.unit.support import cli_case
from heat_upgrade.tests.unit.support import stories

BROKEN = stories.finding('verify-target', subject='x', title='x is broken')
LAB = {'failing': ['base-up'], 'found': [stories.finding(
    'base-up', origin='lab', failure_class=None, title='no database')]}


class MergeCase(cli_case.CliCase):

    def story(self, seed, place='', plan=None, **told):
        """Write the run directory of a seed; returns its path."""
        run_dir = self.home / place / f'run-{seed}'
        run_dir.mkdir(parents=True)
        stories.Story(run_dir, dataclasses.replace(
            plan or stories.PLAN, seed=seed)).tell(**told)
        return run_dir

    def merge(self, *directories):
        """Merge; returns the exit status."""
        return self.call('report', 'merge', *directories, '--to',
                         self.home / 'merged')

    def merged(self):
        return json.loads((self.home / 'merged' / 'merged.json').read_text())


@ddt.ddt
class TestMerge(MergeCase):

    @ddt.unpack
    @ddt.data(([{}, {}], 0, 'pass'),
              ([{}, {'found': [BROKEN]}], 1, 'fail'),
              ([LAB, {'found': [BROKEN]}], 1, 'fail'),
              ([LAB, {}], 3, 'lab-error'),
              ([{}, {'found': [dataclasses.replace(BROKEN, origin='known')]}],
               0, 'pass-with-hazards'))
    def test_verdict_is_the_worst(self, told, status, word):
        places = [self.story(seed, **one) for seed, one in enumerate(told)]
        self.assertEqual(status, self.merge(*places))
        self.assertEqual(word, self.merged()['verdict'])

    def test_finding_of_several_runs_is_listed_once_with_its_runs(self):
        places = [self.story(seed, found=found) for seed, found in (
            (1, [BROKEN]), (2, []), (3, [BROKEN]))]
        self.merge(*places)
        merged = self.merged()
        self.assertEqual([('x is broken', [0, 2])], [
            (entry['finding']['title'], entry['runs'])
            for entry in merged['findings']])
        self.assertEqual({'fail': 2, 'lab-error': 0, 'pass': 1,
                          'pass-with-hazards': 0}, merged['verdicts'])
        self.assertIn('2 of 3  [error, heat] x is broken', self.out)

    def test_error_and_warning_of_one_subject_are_two_entries(self):
        warning = dataclasses.replace(BROKEN, severity='warning')
        self.merge(self.story(1, found=[warning]),
                   self.story(2, found=[BROKEN]))
        self.assertEqual(
            [('error', [1]), ('warning', [0])],
            [(entry['finding']['severity'], entry['runs'])
             for entry in self.merged()['findings']])

    def test_numbers_of_tests_and_seconds_are_added(self):
        self.merge(self.story(1), self.story(2))
        merged = self.merged()
        self.assertEqual({'passed': 2, 'failed': 0, 'skipped': 2,
                          'known': 0}, merged['phases']['during-upgrade'])
        self.assertEqual(sum(run['duration_s'] for run in merged['runs']),
                         merged['duration_s'])

    def test_directory_of_run_directories_is_searched(self):
        self.story(1, place='shard')
        self.story(2, place='shard')
        self.merge(self.home / 'shard', self.story(3))
        self.assertEqual([1, 2, 3],
                         [run['seed'] for run in self.merged()['runs']])

    def test_junit_has_the_suites_of_each_run(self):
        self.merge(self.story(1), self.story(2, found=[BROKEN]))
        suites = {suite.get('name'): int(suite.get('failures'))
                  for suite in ElementTree.parse(
                      self.home / 'merged' / 'junit.xml').getroot()}
        self.assertEqual((0, 1), (suites['seed-1.verify-target'],
                                  suites['seed-2.verify-target']))
        self.assertEqual(2 * (len(stories.PLAN.steps) + 1), len(suites))

    def test_page_names_the_runs_of_a_finding(self):
        self.merge(self.story(1), self.story(2, found=[BROKEN]))
        page = (self.home / 'merged' / 'merged.html').read_text()
        self.assertIn('x is broken (1 of 2 runs)', page)
        self.assertIn('in seed-2', page)
        self.assertIn(stories.AGAIN, page)

    def test_runs_of_one_seed_are_named_after_their_directories(self):
        reports = [{'seed': 0, 'run_dir': f'/runs/{name}'}
                   for name in ('a', 'b')]
        self.assertEqual(['a', 'b'], merging.names(reports))


@ddt.ddt
class TestRefused(MergeCase):

    def refused_merge(self, *directories):
        return self.refused('report', 'merge', *directories, '--to',
                            self.home / 'merged')

    def test_other_target_is_refused(self):
        other = self.story(2)
        journal = other / 'journal.jsonl'
        journal.write_text(journal.read_text().replace('27.0.1', '27.0.2'))
        self.assertIn("target is '27.0.1' and '27.0.2'",
                      self.refused_merge(self.story(1), other))

    @ddt.unpack
    @ddt.data(('strategy', 'rolling'), ('scenarios', 'random'),
              ('nodes', 2), ('profile', 'stock-messaging'),
              ('tier', 'thorough'))
    def test_other_plan_is_refused(self, name, value):
        other = self.story(2, plan=dataclasses.replace(
            stories.PLAN, **{name: value}))
        self.assertIn(f'{name} is ', self.refused_merge(self.story(1), other))
        self.assertFalse((self.home / 'merged').exists())

    def test_other_choice_of_the_caller_is_refused(self):
        other = self.story(2, plan=dataclasses.replace(
            stories.PLAN, choices={'volume': 1000}))
        self.assertIn('volume is None and 1000',
                      self.refused_merge(self.story(1), other))

    def test_choice_of_a_seed_is_accepted(self):
        other = self.story(2, plan=dataclasses.replace(
            stories.PLAN, choices={'kills': ['node-1']}))
        self.assertEqual(0, self.merge(self.story(1), other))

    def test_same_run_twice_is_refused(self):
        place = self.story(1)
        self.assertIn('the same run, of seed 1',
                      self.refused_merge(place, place))

    def test_directory_without_a_run_is_refused(self):
        self.assertIn('neither the directory of a run',
                      self.refused_merge(self.home))


class TestSchema(MergeCase):

    def test_schema_describes_each_key_of_a_joined_report(self):
        described = schema.load(schema.MERGED)
        jsonschema.Draft202012Validator.check_schema(described)
        self.merge(self.story(1, found=[BROKEN]))
        merged = self.merged()
        self.assertEqual(set(described['properties']), set(merged))
        self.assertEqual(
            set(described['properties']['runs']['items']['properties']),
            set(merged['runs'][0]))
        self.assertEqual(merging.VERSION,
                         described['properties']['version']['const'])

    def test_joined_report_that_breaks_the_schema_is_refused(self):
        self.merge(self.story(1, found=[BROKEN]))
        merged = self.merged()
        schema.validate(merged, schema.MERGED)
        merged['findings'][0]['finding'].pop('impact')
        self.assertRaises(jsonschema.ValidationError, schema.validate,
                          merged, schema.MERGED)
