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

import testtools

from heat_upgrade import concurrency


class TestRun(testtools.TestCase):

    def test_results_come_in_the_order_of_the_functions(self):
        first = threading.Event()

        def late():
            self.assertTrue(first.wait(10))
            return 'late'

        def early():
            first.set()
            return 'early'
        self.assertEqual(
            ['late', 'early'], concurrency.run_parallel(late, early)
        )

    def test_functions_run_at_the_same_time(self):
        meeting = threading.Barrier(3, timeout=10)
        concurrency.run_parallel(meeting.wait, meeting.wait, meeting.wait)

    def test_no_functions_have_no_results(self):
        self.assertEqual([], concurrency.run_parallel())

    def test_the_error_of_the_first_function_is_raised(self):
        def fail(text):
            raise ValueError(text)
        exc = self.assertRaises(
            ValueError,
            concurrency.run_parallel,
            lambda: 1,
            lambda: fail('one'),
            lambda: fail('two'),
        )
        self.assertEqual('one', str(exc))

    def test_an_error_is_raised_when_all_have_ended(self):
        failing, ended = threading.Event(), []

        def fail():
            failing.set()
            raise ValueError

        def slow():
            failing.wait(10)
            ended.append('slow')
        self.assertRaises(ValueError, concurrency.run_parallel, fail, slow)
        self.assertEqual(['slow'], ended)

    def test_a_ctrl_c_in_a_function_is_raised(self):
        def interrupted():
            raise KeyboardInterrupt
        self.assertRaises(
            KeyboardInterrupt, concurrency.run_parallel, interrupted
        )


class TestEach(testtools.TestCase):

    def test_each_item_has_its_result(self):
        self.assertEqual(
            {number: number * 2 for number in range(9)},
            concurrency.map_parallel(
                lambda number: number * 2, range(9), threads=3
            ),
        )

    def test_error_of_the_function_is_raised(self):
        def fails(number):
            raise ValueError(number)
        self.assertRaises(
            ValueError, concurrency.map_parallel, fails, [1], threads=2
        )

    def test_no_items_have_no_results(self):
        self.assertEqual({}, concurrency.map_parallel(None, [], threads=2))
