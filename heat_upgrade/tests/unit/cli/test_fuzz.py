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

"""The command fuzz, with processes that are functions."""

import pathlib

import fixtures

from heat_upgrade.tests.unit.support import cli_case

TEMPLATE = 'heat_template_version: pike\n'


class Worker:
    """Stands in for a process of a release; 27.0.1 lacks the outputs."""

    def __init__(self, subject, workspace):
        self.outputs = {} if subject.name == self.broken else {'o': 1}

    broken = ''

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        pass

    def answers(self, stacks):
        facts = {'outputs': self.outputs}
        return [{'created': facts, 'loaded': facts, 'rows': {}}
                for _ in stacks]


class FuzzTest(cli_case.CliCase):

    def setUp(self):
        super().setUp()
        self.replace_checks(None)
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.fuzz.worker.Worker', Worker))
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.lab.resource_usage.cpu_seconds',
            lambda marker: 0.0))
        self.work = self.home / 'work'

    def fuzz(self, *words, broken=''):
        self.useFixture(fixtures.MonkeyPatch(
            f'{__name__}.Worker.broken', broken))
        return self.call('fuzz', '--quick', '--from', '26.0.2', '--to',
                         '27.0.1', '--work-dir', str(self.work), *words)

    def test_equal_releases_pass(self):
        self.assertEqual(0, self.fuzz('--stacks', '60'), self.err)
        self.assertIn('60; the base accepts 60', self.out)

    def test_difference_fails_and_its_stack_is_written(self):
        self.assertEqual(1, self.fuzz('--stacks', '5', broken='27.0.1'),
                         self.err)
        self.assertIn('[outputs] the target reads', self.out)
        self.assertEqual(1, len(list(self.work.glob(
            '*/stacks/01-*/template.yaml'))))

    def test_templates_of_a_directory_are_compared(self):
        place = pathlib.Path(self.home, 'templates')
        place.mkdir()
        (place / 'a.yaml').write_text(TEMPLATE)
        self.assertEqual(0, self.fuzz('--templates', str(place)), self.err)
        self.assertIn('1; the base accepts 1', self.out)

    def test_directory_without_templates_is_a_usage_error(self):
        place = pathlib.Path(self.home, 'templates')
        place.mkdir()
        self.assertEqual(2, self.fuzz('--templates', str(place)))

    def test_number_of_stacks_must_be_positive(self):
        self.assertEqual(2, self.fuzz('--stacks', '0'))

    def test_shard_compares_its_share(self):
        self.assertEqual(0, self.fuzz('--stacks', '7', '--shard', '2/3'))
        self.assertIn('2; the base accepts 2', self.out)
        self.assertIn('--shard 2/3', self.out)
