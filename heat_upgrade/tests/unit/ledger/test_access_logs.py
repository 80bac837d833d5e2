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

"""Only writes to resources of an update with no change are reported."""

import json
import pathlib

import fixtures
import testtools

from heat_upgrade.ledger import access_logs

UPDATE = access_logs.Update('stack-1', 100.0, 110.0,
                            {'PORT': 'port', 'my box': 'container'})


def _write(time=105.0, method='PUT', path='/v2.0/ports/PORT'):
    return access_logs.Write(time, 'neutron-api', method, path, 200, 'owner')


class UnaskedTest(testtools.TestCase):

    def test_write_to_a_resource_of_the_stack_is_reported(self):
        line, = access_logs.unasked([_write()], [UPDATE])
        self.assertEqual('neutron-api: PUT /v2.0/ports/PORT by owner (200), '
                         'of port of stack stack-1', line)

    def test_write_to_a_part_of_a_resource_is_reported(self):
        line, = access_logs.unasked(
            [_write(path='/v1/AUTH_p/my%20box/object')], [UPDATE])
        self.assertIn('of container of stack', line)

    def test_write_before_or_after_the_update_is_not_reported(self):
        self.assertEqual([], access_logs.unasked(
            [_write(time=99.9), _write(time=110.1)], [UPDATE]))

    def test_write_to_another_stack_is_not_reported(self):
        self.assertEqual([], access_logs.unasked(
            [_write(path='/v2.0/ports/OTHER'),
             _write(method='POST', path='/v2.0/ports')], [UPDATE]))


class ReadTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.home = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def test_writes_of_all_services_are_read_in_order(self):
        for name, lines in (
                ('access-nova-api.jsonl', [(3, 'DELETE', '/servers/a')]),
                ('access-neutron-api.jsonl', [
                    (1, 'GET', '/v2.0/ports'),
                    (2, 'PUT', '/v2.0/ports/a?x=y')]),
                ('nova-api.log', [])):
            (self.home / name).write_text(''.join(
                json.dumps({'time': time, 'method': method, 'path': path,
                            'status': 200, 'user': None}) + '\n'
                for time, method, path in lines))
        self.assertEqual(
            [('neutron-api', 'PUT', '/v2.0/ports/a'),
             ('nova-api', 'DELETE', '/servers/a')],
            [(write.service, write.method, write.path)
             for write in access_logs.writes(self.home)])

    def test_updates_of_the_scenarios_are_read(self):
        (self.home / 'account.json').write_text('{"own": true}')
        (self.home / 'server.json').write_text(json.dumps({'stacks': {
            'main': {'name': 's-1', 'no_change': {
                'began': 1.0, 'ended': 2.0,
                'resources': {'port': 'PORT', 'none': None}}},
            'failed': {'name': 's-2', 'no_change': {
                'began': 1.0, 'resources': {}}},
            'deleted': {'name': 's-3'}}}))
        self.assertEqual(
            [access_logs.Update('s-1', 1.0, 2.0, {'PORT': 'port'})],
            access_logs.updates(self.home))
