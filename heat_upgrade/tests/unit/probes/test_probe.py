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


import http.client
import json
import pathlib
import threading

import ddt
import fixtures
import testtools
from testtools import matchers

from heat_upgrade.probes import error_classes
from heat_upgrade.probes import probe
from heat_upgrade.probes import samples

TIMEOUT = 10


class TestProbe(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.hangs = threading.Event()

    def probe(self, question, **options):
        made = probe.Probe('one', question, **{'interval': 0.001, **options})
        self.addCleanup(made.stop)
        self.addCleanup(self.hangs.set)
        return made

    def test_a_question_that_hangs_does_not_delay_the_next_ones(self):
        asked = []

        def question():
            asked.append(1)
            if len(asked) == 1:
                self.hangs.wait(TIMEOUT)
            return True
        made = self.probe(question, in_flight=2)
        made.start()
        self.assertTrue(made.wait_for_good(TIMEOUT))

    def test_concurrent_questions_are_limited(self):
        all_there = threading.Semaphore(0)

        def question():
            all_there.release()
            return self.hangs.wait(TIMEOUT)
        made = self.probe(question, in_flight=3)
        made.start()
        for _ in range(3):
            self.assertTrue(all_there.acquire(timeout=TIMEOUT))
        self.assertFalse(all_there.acquire(timeout=0.02))

    def test_a_spare_one_is_asked_in_place_of_one_that_is_late(self):
        self.useFixture(fixtures.MockPatchObject(probe, 'LATE', 0.01))
        answered = threading.Event()
        first = iter([True])

        def question():
            if next(first, False):
                self.hangs.wait(TIMEOUT)
            answered.set()
            return True
        self.probe(question, in_flight=1, spare=1).start()
        self.assertTrue(answered.wait(TIMEOUT))

    def test_no_spare_one_is_asked_while_nothing_is_late(self):
        asked = threading.Semaphore(0)

        def question():
            asked.release()
            return self.hangs.wait(TIMEOUT)
        self.probe(question, in_flight=1, spare=2).start()
        self.assertTrue(asked.acquire(timeout=TIMEOUT))
        self.assertFalse(asked.acquire(timeout=0.02))

    def test_answer_after_the_stop_is_not_counted(self):
        asked = threading.Event()

        def question():
            asked.set()
            return self.hangs.wait(TIMEOUT)
        made = self.probe(question)
        made.start()
        asked.wait(TIMEOUT)
        self.assertEqual([], made.stop(timeout=0.01))
        self.hangs.set()
        made._threads[0].join(TIMEOUT)
        self.assertEqual([], made.samples)

    def test_reply_has_the_error_and_the_node(self):
        made = self.probe(lambda: samples.Reply('503', 'node-2', 'no'))
        made.start()
        made.wait_for_good(0.02)
        seen = made.stop()[0]
        self.assertEqual((False, '503', 'node-2', 'no'),
                         (seen.good, seen.error, seen.node, seen.detail))

    def test_bug_in_a_question_is_recorded_and_does_not_end_the_probe(self):
        answers = iter([KeyError('stack')])

        def question():
            for exc in answers:
                raise exc
            return True
        made = self.probe(question)
        made.start()
        self.assertTrue(made.wait_for_good(TIMEOUT))
        self.assertEqual((error_classes.MISTAKE, "KeyError('stack')"), (
            made.samples[0].error, made.samples[0].detail))

    def test_question_without_an_outcome_is_no_sample(self):
        outcomes = iter([samples.Unknown(), True])

        def question():
            outcome = next(outcomes, True)
            if isinstance(outcome, Exception):
                raise outcome
            return outcome
        made = self.probe(question)
        made.start()
        self.assertTrue(made.wait_for_good(TIMEOUT))
        self.assertTrue(made.stop()[0].good)

    def test_probe_can_be_stopped_before_it_is_started(self):
        self.assertEqual([], self.probe(lambda: True).stop())


class TestFile(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.run_dir = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.path = self.run_dir / 'probes' / 'one.jsonl'

    def write(self, *seen):
        file = samples.File(self.run_dir, samples.About('one', 'what?', 0.5))
        for sample in seen:
            file.write(sample)
        file.close()

    def test_written_samples_are_read(self):
        seen = [samples.Sample(1.0, 1.5, True, node='node-1'),
                samples.Sample(1.5, 2.0, False, '503', 'node-2', 'no')]
        self.write(*seen)
        self.assertEqual(
            {'one': (samples.About('one', 'what?', 0.5), seen)},
            samples.read(self.run_dir))

    def test_samples_are_read_in_the_order_of_their_ends(self):
        slow, fast = (samples.Sample(1, 9, True), samples.Sample(2, 3, True))
        self.write(slow, fast)
        self.assertEqual([fast, slow], samples.read(self.run_dir)['one'][1])

    def test_restarted_probe_continues_its_samples(self):
        self.write(samples.Sample(1, 2, True))
        self.write(samples.Sample(3, 4, True))
        self.assertThat(samples.read(self.run_dir)['one'][1],
                        matchers.HasLength(2))

    def test_a_bad_answer_is_cut(self):
        self.write(samples.Sample(1, 2, False, '500', '', 'x' * 5000))
        sample, = samples.read(self.run_dir)['one'][1]
        self.assertEqual(samples.DETAIL_CHARACTERS, len(sample.detail))

    def test_unclosed_file_has_every_sample(self):
        file = samples.File(self.run_dir, samples.About('one'))
        self.addCleanup(file.close)
        file.write(samples.Sample(1, 2, True))
        self.assertThat(samples.read(self.run_dir)['one'][1],
                        matchers.HasLength(1))

    def test_a_last_line_that_was_cut_is_left_out(self):
        self.write(samples.Sample(1, 2, True), samples.Sample(2, 3, True))
        self.path.write_text(self.path.read_text()[:-5])
        self.assertThat(samples.read(self.run_dir)['one'][1],
                        matchers.HasLength(1))

    def test_damage_before_the_last_line_raises_with_the_line(self):
        self.write(samples.Sample(1, 2, True))
        self.path.write_text('{"na\n' + self.path.read_text())
        exc = self.assertRaises(ValueError, samples.read, self.run_dir)
        self.assertIn('line 1 of one.jsonl is damaged', str(exc))

    def test_a_run_without_probes_has_none(self):
        self.assertEqual({}, samples.read(self.run_dir))

    def test_a_probe_saves_its_samples(self):
        made = probe.Probe('one', lambda: True, interval=0.001,
                           meaning='what?', run_dir=self.run_dir)
        made.start()
        made.wait_for_good(TIMEOUT)
        expected = made.stop()
        about, seen = samples.read(self.run_dir)['one']
        self.assertEqual((len(expected), 'what?', 0.001),
                         (len(seen), about.question, about.interval))

    def test_a_line_is_short(self):
        self.write(samples.Sample(12345.678912, 12345.7, True))
        self.assertEqual([12345.6789, 12345.7, '', '', ''],
                         json.loads(self.path.read_text().splitlines()[1]))


def caused(exc, cause):
    exc.__cause__ = cause
    return exc


@ddt.ddt
class TestFailures(testtools.TestCase):

    @ddt.unpack
    @ddt.data(
        (ConnectionRefusedError(), 'refused'),
        (ConnectionResetError(), 'reset'),
        (BrokenPipeError(), 'reset'),
        (http.client.RemoteDisconnected(), 'reset'),
        (TimeoutError(), 'timeout'),
        (OSError('no route'), 'unreachable'),
        (caused(OSError('text'), ConnectionRefusedError()), 'refused'),
        (caused(OSError('text'), caused(ValueError(), TimeoutError())),
         'timeout'),
        (caused(OSError('text'), http.client.IncompleteRead(b'')),
         'cut-off'),
    )
    def test_the_class_is_that_of_the_first_cause(self, exc, expected):
        self.assertEqual(expected, error_classes.of_exception(exc))

    def test_circular_causes_terminate(self):
        one, other = OSError(), OSError()
        one.__cause__, other.__cause__ = other, one
        self.assertEqual('unreachable', error_classes.of_exception(one))
