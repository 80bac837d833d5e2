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

"""Which engines were ended at the end of their grace, from a real log."""

import pathlib

import testtools

from heat_upgrade.inflight import evidence
from heat_upgrade.inflight import grace

# Of a stop of one of two engines of 26.0.2, with the queue manager: one of
# its two workers held the parent of a nested stack.
LOG = (pathlib.Path(__file__).parent / 'logs' / 'grace-26.0.2.log').read_text()
ENDED = 'c412bf27-5536-43a0-9a66-4af061306228'
CUT_OFF = '9e54256a-3895-4c1d-85e5-beff4f6804cf'

# Of oslo.service with eventlet (2025.1 and older).
EVENTLET = f"""\
2026-11-28 13:30:17.143 21 INFO heat.engine.worker [-] Starting \
engine_worker (1.9) in engine {ENDED}.
2026-11-28 13:30:17.237 22 INFO heat.engine.worker [-] Starting \
engine_worker (1.9) in engine {CUT_OFF}.
2026-11-28 13:31:10.480 21 INFO heat.engine.service [None req-5e12be14 - - - \
- - -] All threads were gone, terminating engine
2026-11-28 13:31:35.163 20 INFO oslo_service.service [-] Graceful shutdown \
timeout exceeded, instantaneous exiting
"""


class TestExceeded(testtools.TestCase):

    def test_a_worker_that_was_cut_off_is_named(self):
        self.assertEqual({CUT_OFF}, grace.exceeded(LOG))

    def test_an_engine_that_ends_in_time_is_not_named(self):
        whole = ''.join(line for line in LOG.splitlines(keepends=True)
                        if 'Graceful shutdown timeout' not in line)
        self.assertEqual(set(), grace.exceeded(whole))

    def test_with_eventlet_the_parent_ends_all_workers_that_are_left(self):
        self.assertEqual({CUT_OFF}, grace.exceeded(EVENTLET))

    def test_a_process_id_that_is_used_again_is_the_new_engine(self):
        again = LOG.replace(CUT_OFF, 'f' * 8 + CUT_OFF[8:])
        self.assertEqual({CUT_OFF, 'f' * 8 + CUT_OFF[8:]},
                         grace.exceeded(LOG + again))


class TestCutOff(testtools.TestCase):

    def rows(self, **changes):
        return evidence.Rows(**{
            'stacks': (('outer', 'x', 'CREATE', 'IN_PROGRESS', '', 't', 1),
                       ('inner', 'x-inner', 'CREATE', 'COMPLETE', '', 't',
                        1)),
            'locks': (), 'sync_points': (),
            'resources': (
                ('outer', 31, 'after', 'INIT', 'COMPLETE', None, None),
                ('outer', 32, 'inner', 'CREATE', 'IN_PROGRESS', 'inner',
                 CUT_OFF),
                ('inner', 33, 'y', 'CREATE', 'COMPLETE', 'item', None)),
            **changes})

    def test_the_resource_around_a_stack_is_named(self):
        self.assertEqual(('inner',), grace.cut_off(
            self.rows(), frozenset({CUT_OFF})))

    def test_resource_of_another_engine_was_not_cut_off(self):
        self.assertEqual((), grace.cut_off(self.rows(),
                                           frozenset({ENDED})))

    def test_resource_without_a_nested_stack_was_not_cut_off(self):
        rows = self.rows(resources=(
            ('outer', 32, 'b', 'CREATE', 'IN_PROGRESS', 'item', CUT_OFF),))
        self.assertEqual((), grace.cut_off(rows, frozenset({CUT_OFF})))
