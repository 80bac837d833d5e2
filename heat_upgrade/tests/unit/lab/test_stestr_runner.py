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
import io

import ddt
import fixtures
import subunit
import testtools
from testtools import content_type
from testtools import matchers

from heat_upgrade.lab import stestr_runner
from heat_upgrade.tests.unit.support import fakes

NOW = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)
ID = 'heat_integrationtests.scenarios.test_a.TestA.test_it'


class Stream:
    """A subunit v2 stream in the making."""

    def __init__(self):
        self._bytes = io.BytesIO()
        self._result = subunit.StreamResultToBytes(self._bytes)
        self._now = NOW

    def status(self, test, status, **more):
        self._result.status(test_id=test, test_status=status,
                            timestamp=self._now, **more)

    def test(self, test, status, *, seconds=2.0, **details):
        self.status(test, 'inprogress')
        self._now += datetime.timedelta(seconds=seconds)
        for name, text in details.items():
            self.status(test, None, file_name=name, eof=True,
                        file_bytes=text.encode(),
                        mime_type='text/plain;charset=utf8')
        self.status(test, status)

    def file(self, cut=None):
        return io.BytesIO(self._bytes.getvalue()[:cut])


@ddt.ddt
class TestParse(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.stream = Stream()

    def parse(self, **options):
        return stestr_runner.parse(self.stream.file(**options))

    @ddt.unpack
    @ddt.data(('success', 'passed'), ('fail', 'failed'), ('skip', 'skipped'),
              ('xfail', 'passed'), ('uxsuccess', 'failed'))
    def test_each_word_of_subunit_is_an_outcome(self, status, outcome):
        self.stream.test(ID, status)
        self.assertEqual([outcome], [test.outcome for test in self.parse()])

    def test_a_test_has_its_id_and_time(self):
        self.stream.test(ID, 'success', seconds=1.25)
        self.assertEqual(
            [stestr_runner.Test(ID, 'passed', 1.25)], self.parse()
        )

    def test_tags_are_no_part_of_an_id(self):
        self.stream.test(f'{ID}[id-1,post,post-upgrade]', 'success')
        self.assertEqual(ID, self.parse()[0].id)

    def test_the_traceback_of_a_failure_is_its_details(self):
        self.stream.test(ID, 'fail', traceback='Traceback\nMismatchError')
        self.assertEqual('traceback: Traceback\nMismatchError',
                         self.parse()[0].details)

    def test_the_traceback_comes_first_and_the_log_last(self):
        self.stream.test(ID, 'fail', pythonlogging='much', traceback='T',
                         requests='GET')
        self.assertEqual('traceback: T\nrequests: GET\npythonlogging: much',
                         self.parse()[0].details)

    def test_failure_is_the_error_of_the_traceback(self):
        self.stream.test(ID, 'fail', requests='GET', traceback=(
            'Traceback (most recent call last):\n  File "x", line 1, in y\n'
            'MismatchError: !=:\nreference = 1\nactual = 2'))
        self.assertEqual('MismatchError: !=:\nreference = 1\nactual = 2',
                         self.parse()[0].failure)

    def test_failure_may_have_a_class_and_a_cause(self):
        self.stream.test(ID, 'fail', traceback='T', cause='yaql-mixed-up',
                         **{'failure-class': '3', 'known-on-base': 'yes'})
        test, = self.parse()
        self.assertEqual(('traceback: T', 3, 'yaql-mixed-up', True), (
            test.details, test.failure_class, test.cause,
            test.known_on_base))

    def test_failure_without_details_has_no_class_and_no_cause(self):
        self.stream.test(ID, 'fail', traceback='T')
        test, = self.parse()
        self.assertEqual((None, '', False), (
            test.failure_class, test.cause, test.known_on_base))

    def test_reason_for_a_skip_is_its_details(self):
        self.stream.test(ID, 'skip', reason='no swift')
        self.assertEqual('reason: no swift', self.parse()[0].details)

    def test_passed_test_has_no_details(self):
        self.stream.test(ID, 'success', pythonlogging='much')
        self.assertEqual('', self.parse()[0].details)

    def test_detail_that_is_not_text_is_omitted(self):
        self.stream.status(ID, 'inprogress')
        self.stream.status(
            ID, 'fail', file_name='dump', file_bytes=b'\xff\0', eof=True,
            mime_type=repr(content_type.ContentType(
                'application', 'octet-stream')))
        self.assertEqual('', self.parse()[0].details)

    def test_test_that_did_not_end_has_failed(self):
        self.stream.status(ID, 'inprogress')
        test, = self.parse()
        self.assertEqual('failed', test.outcome)
        self.assertIn('ended during the test', test.details)

    def test_a_failed_set_up_of_a_class_is_a_failure(self):
        name = 'setUpClass (heat_integrationtests.scenarios.test_a.TestA)'
        self.stream.status(name, 'fail', file_name='traceback', eof=True,
                           file_bytes=b'Unauthorized',
                           mime_type='text/plain;charset=utf8')
        test, = self.parse()
        self.assertEqual((name, 'failed', 'traceback: Unauthorized'),
                         (test.id, test.outcome, test.details))

    def test_a_module_that_cannot_be_imported_is_a_failure(self):
        self.stream.test('unittest.loader._FailedTest.test_a', 'fail',
                         traceback='ImportError: no swift')
        self.assertEqual('failed', self.parse()[0].outcome)

    def test_list_of_tests_has_no_results(self):
        self.stream.status(ID, 'exists')
        self.assertEqual([], self.parse())

    def test_tests_are_in_the_order_of_their_ids(self):
        for name in ('b', 'a', 'c'):
            self.stream.test(name, 'success')
        self.assertEqual(['a', 'b', 'c'], [test.id for test in self.parse()])

    def test_an_empty_stream_has_no_tests(self):
        self.assertEqual([], self.parse())

    def test_truncated_stream_keeps_its_complete_tests(self):
        self.stream.test('a', 'success')
        self.stream.test('b', 'success')
        outcomes = {test.id: test.outcome for test in self.parse(cut=-3)}
        self.assertEqual(('passed', 'failed'),
                         (outcomes['a'], outcomes['b']))

    def test_output_between_the_packets_does_not_harm(self):
        self.stream.test('a', 'success')
        whole = b'Warning: something\n' + self.stream.file().read()
        self.assertIn(('a', 'passed'), [
            (test.id, test.outcome)
            for test in stestr_runner.parse(io.BytesIO(whole))])


class TestRun(testtools.TestCase):
    """The command line and the environment of a test run."""

    def setUp(self):
        super().setUp()
        self.workspace = self.useFixture(fakes.Workspace()).workspace
        self.calls = []
        self.useFixture(fixtures.MonkeyPatch('heat_upgrade.process.run',
                                             self._run))

    def _run(self, name, argv, **options):
        self.calls.append((name, argv, options))
        return 0, 'output'

    def test_run_without_a_stream_has_no_tests(self):
        self.assertEqual([], stestr_runner.run(
            self.workspace, '/cloud', name='pre-upgrade', kinds=('pre',)))

    def test_kinds_and_scenarios_select_the_tests(self):
        stestr_runner.run(self.workspace, '/cloud', name='x',
                          kinds=('verify', 'smoke'), scenarios='random')
        (_, argv, _), = self.calls
        self.assertThat(argv[-1], matchers.MatchesAll(
            matchers.Contains('random'), matchers.Contains('verify|smoke')))

    def test_failed_test_is_not_an_error_of_the_tool(self):
        stestr_runner.run(self.workspace, '/cloud', name='x', kinds=('pre',))
        self.assertEqual(False, self.calls[0][2]['check'])

    def test_environment_of_the_tests_names_cloud_and_state(self):
        stestr_runner.run(self.workspace, '/cloud', name='x', kinds=('pre',))
        self.assertThat(self.calls[0][2]['env'], matchers.ContainsDict({
            'OS_CLIENT_CONFIG_FILE': matchers.Equals('/cloud/clouds.yaml'),
            'TEMPEST_CONFIG': matchers.Equals('/cloud/tempest.conf'),
            'HEAT_UPGRADE_RUN': matchers.Equals(self.workspace.marker)}))

    def test_watch_is_passed_to_the_process(self):
        def watch():
            pass
        stestr_runner.run(self.workspace, '/cloud', name='x', kinds=('pre',),
                          watch=watch)
        self.assertEqual(watch, self.calls[0][2]['watch'])

    def test_destroy_returns_its_status_and_output(self):
        self.assertEqual((0, 'output'),
                         stestr_runner.destroy(self.workspace, '/cloud'))
        self.assertEqual('heat_integrationtests.destroy',
                         self.calls[0][1][-1])
