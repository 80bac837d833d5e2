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


import testtools

from heat_upgrade.checks.config import release_notes
from tools import record_release_notes


def note(path, section='upgrade', text='text'):
    return release_notes.Note(path, section, text)


class TestRecorded(testtools.TestCase):

    def test_note_has_the_release_that_had_it_first(self):
        self.assertEqual(
            {'releases': ['26.0.2', '27.0.1'],
             'notes': [['a', 'upgrade', 'text', None],
                       ['b', 'deprecations', 'text', '27.0.1']]},
            record_release_notes.recorded({
                '26.0.2': [note('a'), note('c', 'prelude')],
                '27.0.1': [note('a'), note('b', 'deprecations')]}))
