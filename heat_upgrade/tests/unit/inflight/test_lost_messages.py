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

"""Which messages an engine has lost, from a real log and changed ones."""

import pathlib

import testtools

from heat_upgrade.inflight import lost_messages

# Of a stop of one of two engines of 26.0.2 by Heat's own configuration, cut
# to the lines that matter. Two of 60 calls got no answer then, and two of 8
# operations were stuck.
LOG = (pathlib.Path(__file__).parent / 'logs'
       / 'stock-messaging-26.0.2.log').read_text()
CALLS = ('9ca1a0308db440c0b2d8010532950452',
         '9b84c124d165472582f99919c75c7ef7')
CASTS = ('3817442ad185477ea6af59a32ceb5ec0',
         'ac3896cf8e7c489a910ffc4820fd73f9')


def without(word):
    """Return the log without the lines that have a word."""
    return ''.join(line for line in LOG.splitlines(keepends=True)
                   if word not in line)


def line(logger, message, process=2785):
    return (f'2026-11-28 13:37:52.000 {process} DEBUG {logger} '
            f'[None req-1 - - - - - -] {message}\n')


class TestLost(testtools.TestCase):

    def test_message_received_and_never_consumed_is_lost(self):
        found = lost_messages.of(LOG)
        self.assertEqual((CALLS, CASTS, 4),
                         (found.calls, found.casts, len(found)))

    def test_a_call_that_a_thread_takes_is_not_lost(self):
        taken = line('oslo_messaging.rpc.server', 'Receive incoming message '
                     f'with id {CALLS[1]} and method: list_stacks.')
        self.assertEqual(CALLS[:1], lost_messages.of(LOG + taken).calls)

    def test_a_cast_that_is_polled_is_not_lost(self):
        taken = line('oslo_messaging._drivers.amqpdriver', 'Poll the '
                     f'incoming message with unique_id: {CASTS[0]}')
        self.assertEqual(CASTS[1:], lost_messages.of(LOG + taken).casts)

    def test_message_consumed_by_another_process_is_lost(self):
        taken = line('oslo_messaging._drivers.amqpdriver', 'Poll the '
                     f'incoming message with unique_id: {CASTS[0]}', 1)
        self.assertEqual(CASTS, lost_messages.of(LOG + taken).casts)

    def test_an_engine_that_did_not_stop_has_lost_nothing(self):
        self.assertEqual(0, len(lost_messages.of(
            without('Listener is stopped'))))

    def test_a_message_that_came_before_the_stop_does_not_count(self):
        received = line('oslo_messaging._drivers.amqpdriver',
                        'received message with unique_id: 1')
        self.assertEqual(CASTS, lost_messages.of(received + LOG).casts)

    def test_lines_of_other_loggers_are_ignored(self):
        said = line('heat.engine.service',
                    'received message with unique_id: 1')
        self.assertEqual(CASTS, lost_messages.of(LOG + said).casts)
