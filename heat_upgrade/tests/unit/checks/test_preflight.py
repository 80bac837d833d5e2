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

"""The objects that an operator must settle before an upgrade."""

import contextlib
import pathlib

import ddt
import fixtures
import testtools

from heat_upgrade.checks import check_context
from heat_upgrade.checks import preflight
from heat_upgrade import errors
from heat_upgrade.rehearsal import preflight as items

QUEUES = ('engine\tclassic\t3\nengine.node-1\tquorum\t0\n'
          'engine_fanout_1f\tclassic\t1\nreply_2a\tclassic\t2\n'
          'neutron\tclassic\t50\n')
QUORUM = '[oslo_messaging_rabbit]\nrabbit_quorum_queue = %s\n'


class _Cursor:
    """A database with three stacks in progress and nothing else."""

    queries: list[str] = []

    def execute(self, query):
        self.queries.append(query)

    def fetchone(self):
        return (3 if "FROM stack WHERE deleted_at IS NULL AND status"
                in self.queries[-1] else 0,)


@ddt.ddt
class TestPreflight(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.place = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.lines = []
        self.useFixture(fixtures.MonkeyPatch(
            'heat_upgrade.checks.external_database.reader',
            lambda url: contextlib.nullcontext(_Cursor())))

    def write(self, name, text):
        (self.place / name).write_text(text)
        return self.place / name

    def check(self, **inputs):
        return preflight.check(None, None, check_context.Context(
            None, check_context.OperatorInputs(**inputs), self.lines.append))

    def test_nothing_is_counted_without_a_source(self):
        self.assertEqual([], self.check())
        self.assertEqual([], self.lines)

    def test_objects_of_a_database_are_a_finding_with_the_command(self):
        finding, = self.check(live_database='mysql://a@b/heat')
        self.assertEqual(
            ('warning', 'preflight.to-settle', '3 stacks in progress', True),
            (finding.severity, finding.rule, finding.title,
             finding.own_files))
        self.assertIn('openstack stack list', finding.remedy)
        self.assertEqual(len(items.ITEMS), len(self.lines))
        self.assertIn('to settle: ? messages in queues', self.lines)
        self.assertIn('to settle: 0 services that are down', self.lines)

    def test_engines_of_a_running_cloud_are_judged_by_the_present_time(self):
        self.check(live_database='mysql://a@b/heat')
        self.assertTrue(any(items.NOW in query for query in _Cursor.queries))

    def test_messages_of_heat_are_counted(self):
        finding, = self.check(queues=self.write('q', QUEUES))
        self.assertEqual('6 messages in queues', finding.title)

    def test_command_without_a_queue_of_heat_is_no_finding(self):
        path = self.write('q', 'name\ttype\tmessages\na\tclassic\t1\n')
        self.assertEqual([], self.check(queues=path))

    @ddt.data(('true', 'engine: classic'), ('false', 'engine.node-1: quorum'))
    @ddt.unpack
    def test_queue_of_another_type_is_an_error(self, value, line):
        found = self.check(
            queues=self.write('q', QUEUES),
            config_files=(self.write('heat.conf', QUORUM % value),))
        self.assertEqual([('error', line)], [
            (finding.severity, finding.evidence) for finding in found
            if finding.rule == 'preflight.queue-type'])

    def test_queues_of_processes_may_have_another_type(self):
        path = self.write('q', 'engine\tquorum\t0\n'
                               'reply_1\tclassic\t0\n'
                               'engine_fanout_2\tstream\t0\n')
        self.assertEqual([], self.check(queues=path, config_files=(
            self.write('heat.conf', QUORUM % 'true'),)))

    def test_configuration_of_the_target_decides(self):
        self.assertEqual([], self.check(
            queues=self.write('q', 'engine\tclassic\t0\n'),
            config_files=(self.write('heat.conf', QUORUM % 'true'),),
            target_config_files=(self.write('new.conf', '[DEFAULT]\n'),)))

    def test_other_file_is_refused(self):
        error = self.assertRaises(errors.UsageError, self.check,
                                  queues=self.write('q', '[DEFAULT]\na = b'))
        self.assertIn('rabbitmqctl list_queues', str(error))
