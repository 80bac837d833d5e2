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

"""Classes run in parallel, and each class as unittest runs it."""

import threading
import unittest

import testtools

from heat_integrationtests import parallel


class Recorded:
    """Records the calls of a test class."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.calls.append(f'set up {cls.__name__}')

    @classmethod
    def tearDownClass(cls):
        cls.calls.append(f'tear down {cls.__name__}')
        super().tearDownClass()

    def test_first(self):
        self.calls.append(f'first {type(self).__name__}')

    def test_second(self):
        self.calls.append(f'second {type(self).__name__}')


class ParallelSuiteTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.calls = []

    def case(self, name, **members):
        return type(name, (Recorded, testtools.TestCase),
                    {'calls': self.calls, **members})

    def run_cases(self, *cases, concurrency=2, **kwargs):
        tests = unittest.TestSuite(
            unittest.defaultTestLoader.loadTestsFromTestCase(case)
            for case in cases)
        suite = parallel.ParallelSuite(
            parallel.by_class(tests), concurrency, **kwargs)
        result = testtools.TestResult()
        suite.run(result)
        return result

    def test_a_class_is_set_up_and_torn_down_once_around_its_tests(self):
        result = self.run_cases(*map(self.case, 'ABCDE'), concurrency=2)
        self.assertEqual(10, result.testsRun)
        self.assertTrue(result.wasSuccessful(), result.errors)
        for name in 'ABCDE':
            self.assertEqual(
                [f'set up {name}', f'first {name}', f'second {name}',
                 f'tear down {name}'],
                [call for call in self.calls if call.endswith(name)])

    def test_classes_run_at_the_same_time(self):
        both = threading.Barrier(2, timeout=10)

        def meet(case):
            both.wait()

        result = self.run_cases(self.case('A', test_first=meet),
                                self.case('B', test_first=meet))
        self.assertTrue(result.wasSuccessful(), result.errors)

    def test_classes_start_in_their_order(self):
        self.run_cases(*map(self.case, 'ABC'), concurrency=1)
        self.assertEqual(
            ['set up A', 'set up B', 'set up C'],
            [call for call in self.calls if call.startswith('set up')])

    def test_a_class_that_cannot_be_set_up_fails_and_the_rest_runs(self):
        @classmethod
        def broken(cls):
            raise RuntimeError('no cloud')

        result = self.run_cases(self.case('A', setUpClass=broken),
                                self.case('B'), concurrency=1)
        self.assertEqual(1, len(result.errors))
        self.assertIn('no cloud', result.errors[0][1])
        self.assertIn('second B', self.calls)

    def test_a_skipped_class_is_reported(self):
        @classmethod
        def skipped(cls):
            raise unittest.SkipTest('off')

        result = self.run_cases(self.case('A', setUpClass=skipped))
        self.assertEqual(['off'], list(result.skip_reasons))

    def test_the_preparation_runs_before_all_classes(self):
        self.run_cases(self.case('A'),
                       prepare=lambda: self.calls.append('prepared'))
        self.assertEqual('prepared', self.calls[0])
