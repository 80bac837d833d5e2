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

"""Each way to break the configuration is found, in words that help."""

import functools
import pathlib
import shutil

import ddt
import fixtures
import testtools
from testtools import matchers
import yaml

from heat_upgrade.tests.zuul import assertions
from heat_upgrade.tests.zuul import gate

TABLE = pathlib.Path(__file__).parent / 'mutations.yaml'
MUTATIONS = yaml.safe_load(TABLE.read_text())
PARTS = ('zuul.d', 'playbooks', 'roles')
PREFIXES = {'loading': 'Zuul, loading: ', 'freezing': 'Zuul, freezing: ',
            'ours': ''}


@functools.cache
def unmutated():
    """Return the mistakes of the configuration as it is."""
    return assertions.problems(gate.TOP)


def mutate(top, mutation):
    """Carry out one entry of the table on a copy of the tree."""
    path = top / mutation['file']
    if 'old' not in mutation:
        path.unlink()
        return
    text = path.read_text()
    found = text.count(mutation['old'])
    if found != 1:
        raise ValueError(f'{mutation["name"]}: {mutation["old"]!r} is '
                         f'{found} times in {mutation["file"]}')
    path.write_text(text.replace(mutation['old'], mutation['new']))


@ddt.ddt
class MutationsTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.top = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        for part in PARTS:
            shutil.copytree(gate.TOP / part, self.top / part)

    @ddt.idata(range(len(MUTATIONS)))
    def test_mutation_is_found(self, number):
        mutation = MUTATIONS[number]
        self.assertEqual([], unmutated())
        mutate(self.top, mutation)
        found = assertions.problems(self.top)
        self.assertThat(found, matchers.AnyMatch(
            matchers.MatchesRegex(f'(?s).*(?:{mutation["message"]})')),
            mutation['name'])
        prefix = PREFIXES[mutation['by']]
        self.assertEqual([], [
            text for text in found if not text.startswith(prefix)
            or not prefix and text.startswith('Zuul')], mutation['name'])

    def test_a_copy_that_is_not_mutated_is_accepted(self):
        self.assertEqual([], assertions.problems(self.top))

    def test_no_two_are_the_same(self):
        changes = [(one['file'], one.get('old'), one.get('new'))
                   for one in MUTATIONS]
        self.assertEqual(len(MUTATIONS), len(set(changes)))
        self.assertEqual(len(MUTATIONS),
                         len({one['name'] for one in MUTATIONS}))
