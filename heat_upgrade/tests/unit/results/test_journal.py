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
import json
import threading

import fixtures
import testtools
from testtools import matchers

from heat_upgrade.results import journal as journals


class TestJournal(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.run_dir = self.useFixture(fixtures.TempDir()).path

    def journal(self, listeners=()):
        made = journals.Journal(self.run_dir, listeners)
        self.addCleanup(made.close)
        return made

    def test_events_are_read_as_written(self):
        journal = self.journal()
        written = [journal.event(journals.RUN_START, base={'name': '2026.1'}),
                   journal.event(journals.STEP_START, 'db-sync', title='ä\n'),
                   journal.event(journals.RUN_END)]
        self.assertEqual(written, journals.read(self.run_dir))

    def test_an_event_has_its_times_kind_step_and_data(self):
        event = self.journal().event(journals.STEP_END, 'db-sync', seconds=3)
        self.assertThat(event, matchers.MatchesDict({
            'time': matchers.AfterPreprocessing(
                lambda text: datetime.datetime.fromisoformat(text).tzinfo,
                matchers.Equals(datetime.UTC)),
            'monotonic': matchers.IsInstance(float),
            'kind': matchers.Equals('step-end'),
            'step': matchers.Equals('db-sync'),
            'data': matchers.Equals({'seconds': 3})}))

    def test_event_is_on_disk_before_listeners_get_it(self):
        seen = []
        journal = self.journal([
            lambda event: seen.append(journals.read(self.run_dir)[-1])])
        event = journal.event(journals.RUN_START)
        self.assertEqual([event], seen)

    def test_every_listener_gets_the_event(self):
        one, other = [], []
        event = self.journal([one.append, other.append]).event(
            journals.RUN_END)
        self.assertEqual(([event], [event]), (one, other))

    def test_truncated_last_line_is_ignored(self):
        journal = self.journal()
        journal.event(journals.RUN_START)
        journal.event(journals.RUN_END)
        text = journal.path.read_text()
        journal.path.write_text(text[:-20])
        self.assertEqual([journals.RUN_START],
                         [event['kind']
                          for event in journals.read(self.run_dir)])

    def test_a_damaged_line_before_the_end_is_named(self):
        journal = self.journal()
        journal.event(journals.RUN_START)
        journal.path.write_text(journal.path.read_text() + '{"ti\n{}\n')
        exc = self.assertRaises(ValueError, journals.read, self.run_dir)
        self.assertEqual(
            'line 2 of journal.jsonl is damaged: JSON was expected', str(exc))

    def test_an_empty_journal_has_no_events(self):
        self.journal()
        self.assertEqual([], journals.read(self.run_dir))

    def test_missing_journal_is_an_error(self):
        self.assertRaises(FileNotFoundError, journals.read, self.run_dir)

    def test_existing_journal_is_extended(self):
        self.journal().event(journals.RUN_START)
        self.journal().event(journals.RUN_END)
        self.assertThat(journals.read(self.run_dir), matchers.HasLength(2))

    def test_lanes_do_not_write_into_each_other_s_lines(self):
        journal = self.journal()

        def lane():
            for _ in range(50):
                journal.event(journals.MEASURE, data='x' * 2000)
        lanes = [threading.Thread(target=lane) for _ in range(4)]
        for one in lanes:
            one.start()
        for one in lanes:
            one.join()
        self.assertThat(journals.read(self.run_dir), matchers.HasLength(200))

    def test_journal_has_one_json_object_on_each_line(self):
        journal = self.journal()
        journal.event(journals.FINDING, finding={'title': 'a\nb'})
        self.assertThat(
            [json.loads(line) for line in open(journal.path)],
            matchers.HasLength(1))

    def test_event_after_the_end_is_not_written(self):
        journal = self.journal()
        journal.event(journals.RUN_START)
        journal.close()
        journal.event(journals.FINDING, finding={})
        journal.close()
        self.assertThat(journals.read(self.run_dir), matchers.HasLength(1))
