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

from heat_upgrade.checks.api import behaviours
from heat_upgrade.checks.api import recorded_calls
from heat_upgrade.checks.api import replay
from heat_upgrade.checks.api import response_schema


def answer(value, status=200):
    """Return the answer to a call of a lane."""
    return {**response_schema.reduced(status, {}, {}, opaque=True),
            'value': value}


class TestLanes(testtools.TestCase):
    """The lanes in behaviour_lanes/."""

    def test_names_of_lanes_and_of_calls_are_unique(self):
        lanes = recorded_calls.behaviours()
        self.assertGreater(len(lanes), 10)
        names = [lane[0].lane for lane in lanes]
        titles = [call.label for lane in lanes for call in lane]
        self.assertEqual((sorted(set(names)), sorted(set(titles))),
                         (sorted(names), sorted(titles)))

    def test_each_kept_value_is_used(self):
        unused = []
        for lane in recorded_calls.behaviours():
            for number, call in enumerate(lane):
                later = [str((other.path, other.body))
                         for other in lane[number + 1:]]
                unused += [f'{call.label}: {name}' for name in call.keep
                           if not any('{%s}' % name in text
                                      for text in later)]
        self.assertEqual([], unused)

    def test_names_of_stacks_are_unique(self):
        # All lanes share a project.
        names = {}
        for lane in recorded_calls.behaviours():
            for call in lane:
                if call.method == 'POST' and call.path == 'stacks':
                    names.setdefault(call.body['stack_name'], set()).add(
                        call.lane)
        self.assertEqual({}, {name: lanes for name, lanes in names.items()
                              if len(lanes) > 1})


class TestFindings(testtools.TestCase):

    LANES = [[recorded_calls.Call(
        'GET', path, lane=lane, failure_class='types',
        name=f'{lane}, call {number}: GET {path}')
        for number, path in enumerate(('a', 'b', 'c'), 1)]
        for lane in ('one', 'two')]

    def setUp(self):
        super().setUp()
        self.patch(recorded_calls, 'behaviours', lambda: self.LANES)
        self.again = 0

    def answers(self, **changed):
        """Return {title: answer}; keywords are letters of lane and call."""
        return {call.label: changed.get(call.lane + call.path,
                                        answer({'x': 1}))
                for lane in self.LANES for call in lane}

    def findings(self, now, second=None):
        def again():
            self.again += 1
            return [self.answers(), now if second is None else second]
        return behaviours.findings_of([self.answers(), now], again)

    def test_equal_answers_are_not_asked_for_again(self):
        self.assertEqual(([], 0),
                         (self.findings(self.answers()), self.again))

    def test_other_value_that_occurs_twice_is_a_finding(self):
        found, = self.findings(self.answers(oneb=answer({'x': 2})))
        self.assertEqual(
            ('api.answer-changed', 'one', 7,
             'one, call 2: GET b: x 1 becomes 2'),
            (found.rule, found.subject, found.failure_class, found.title))

    def test_other_value_that_occurs_once_is_none(self):
        self.assertEqual([], self.findings(
            self.answers(oneb=answer({'x': 2})), second=self.answers()))

    def test_other_value_elsewhere_the_second_time_is_none(self):
        self.assertEqual([], self.findings(
            self.answers(oneb=answer({'x': 2})),
            second=self.answers(onec=answer({'x': 2}))))

    def test_each_lane_has_a_finding(self):
        found = self.findings(self.answers(
            onea=answer({'x': 2}), twoc=answer({'x': 3})))
        self.assertEqual(['one', 'two'], [each.subject for each in found])

    def test_calls_after_another_status_are_not_compared(self):
        found, = self.findings(self.answers(
            onea=answer(None, 404), oneb=answer({'x': 2})))
        self.assertIn('status 200 becomes 404', found.title)
        self.assertNotIn('call 2', found.evidence)

    def test_wait_that_ends_otherwise_is_a_finding(self):
        found, = self.findings(self.answers(
            oneb=response_schema.reduced(replay.NOT_REACHED, {}, None)))
        self.assertIn(replay.NOT_REACHED, found.title)
        # The replay itself has made such calls twice.
        self.assertEqual(0, self.again)

    def test_long_evidence_is_shortened(self):
        found, = self.findings(self.answers(
            onea=answer({'x': list(range(500))})))
        self.assertIn('500 members', found.title)
        self.assertLess(len(found.evidence), 1000)
