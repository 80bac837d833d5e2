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


import threading

import ddt
import testtools

from heat_upgrade.probes import downtime


def samples(text):
    """Return a sample a second: + is a good answer, - a bad one."""
    return [downtime.Sample(second, second + 0.25, mark == '+')
            for second, mark in enumerate(text)]


@ddt.ddt
class TestSummary(testtools.TestCase):

    @ddt.unpack
    @ddt.data(
        # samples, sent, failed, longest gap
        ('', 0, 0, None),
        ('+', 1, 0, None),
        ('-', 1, 1, None),
        ('++', 2, 0, 1),
        ('+-+', 3, 1, 2),
        ('++---++', 7, 3, 4),
        ('+-+---+--+', 10, 6, 4),
        # not yet up is no gap
        ('---++', 5, 3, 1),
        # never answered again
        ('++---', 5, 3, None),
        ('+-+----', 7, 5, None),
        # the end is no longer than what was there before
        ('+---+-', 6, 4, 4),
    )
    def test_the_longest_gap_is_between_two_good_answers(
            self, text, sent, failed, gap):
        self.assertEqual(
            {'sent': sent, 'failed': failed, 'longest_gap_s': gap},
            downtime.summary(samples(text)))

    def test_a_gap_lasts_until_the_good_answer_has_come(self):
        self.assertEqual(3.13, downtime.summary([
            downtime.Sample(0, 0.1, True),
            downtime.Sample(1, 3.2345, True)])['longest_gap_s'])


class TestProbe(testtools.TestCase):

    def probe(self, question):
        made = downtime.Probe(question, interval=0.001)
        made.start()
        self.addCleanup(made.stop)
        return made

    def test_good_answer_ends_the_wait(self):
        self.assertTrue(self.probe(lambda: True).wait_for_good(10))

    def test_question_is_repeated_until_it_is_good(self):
        answers = iter([False, False])
        self.assertTrue(self.probe(
            lambda: next(answers, True)).wait_for_good(10))

    def test_missing_good_answer_returns_false(self):
        self.assertFalse(self.probe(lambda: False).wait_for_good(0.02))

    def test_an_answer_that_was_asked_for_before_does_not_count(self):
        asked, answer = threading.Event(), threading.Event()
        answers = iter([True])

        def question():
            asked.set()
            answer.wait(10)
            return next(answers, False)
        probe = self.probe(question)
        asked.wait(10)
        threading.Timer(0.02, answer.set).start()
        self.assertFalse(probe.wait_for_good(0.1))

    def test_an_oserror_is_a_bad_answer(self):
        def refuse():
            raise ConnectionRefusedError
        probe = self.probe(refuse)
        probe.wait_for_good(0.02)
        summary = probe.stop()
        self.assertEqual(summary['sent'], summary['failed'])
        self.assertNotEqual(0, summary['sent'])

    def test_stopped_probe_asks_no_more_and_returns_a_summary(self):
        asked = []
        probe = self.probe(lambda: asked.append(1) or True)
        probe.wait_for_good(10)
        summary = probe.stop()
        self.assertEqual((len(asked), 0),
                         (summary['sent'], summary['failed']))
