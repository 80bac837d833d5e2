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

"""Temporary faults of a cloud."""

import contextlib
import time
import types

import testtools

from heat_upgrade.plan import model
from heat_upgrade.run import disturbances


class TestDisturbances(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.calls = []
        self.cloud = types.SimpleNamespace(
            vhosts=lambda: ['heat', 'heat-target'],
            rabbitmq=types.SimpleNamespace(
                cut=lambda vhost: self.calls.append(f'cut {vhost}')),
            mariadb=types.SimpleNamespace(connection=self.connection))
        self.patch(time, 'sleep',
                   lambda seconds: self.calls.append(seconds))

    @contextlib.contextmanager
    def connection(self):
        yield types.SimpleNamespace(
            cursor=lambda: contextlib.nullcontext(
                types.SimpleNamespace(execute=self.calls.append)))
        self.calls.append('closed')

    def test_every_fault_of_a_plan_has_a_function(self):
        self.assertEqual(set(model.FAULTS), set(disturbances.BY_NAME))

    def test_connections_are_cut_on_every_virtual_host(self):
        self.assertEqual({'vhosts': ['heat', 'heat-target']},
                         disturbances.BY_NAME[model.CUT_BROKER](self.cloud))
        self.assertEqual(['cut heat', 'cut heat-target'], self.calls)

    def test_writes_wait_and_then_succeed(self):
        self.assertEqual({'writes_waited_s': 5.0},
                         disturbances.BY_NAME[model.SLOW_DATABASE](self.cloud))
        self.assertEqual(
            ['FLUSH TABLES WITH READ LOCK', 5.0, 'UNLOCK TABLES', 'closed'],
            self.calls)
