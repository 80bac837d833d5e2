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

"""The clients of a scenario: of Heat, Keystone and the other services."""

import typing

from tempest import config

from heat_integrationtests import aliases
from heat_integrationtests import clients
from heat_integrationtests import facts
from heat_integrationtests import physical
from heat_integrationtests import stacks
from heat_integrationtests import tenant

CONF = config.CONF

# OfScenario.stacks hides the module of that name in annotations.
Stack: typing.TypeAlias = stacks.Stack
Stacks: typing.TypeAlias = stacks.Stacks


class OfScenario:
    """The clients of a test, with the account of its state directory."""

    account: tenant.Account
    as_operator: bool

    @property
    def session(self) -> clients.Session:
        """The session of the owner of this scenario's stacks."""
        identity = (self.account.operator if self.as_operator
                    else self.account.owner)
        return clients.shared_session(CONF, identity)

    @property
    def heat(self) -> aliases.HeatClient:
        """A heatclient of the owner of the stacks."""
        return clients.heat(CONF, self.session)

    @property
    def keystone(self) -> clients.Keystone | None:
        """Keystone as the operator, or None without an operator."""
        if self.account.operator is None:
            return None
        return clients.Keystone(CONF, clients.shared_session(
            CONF, self.account.operator))

    @property
    def stacks(self) -> Stacks:
        """Operations on stacks, as their owner."""
        own = CONF.heat_integrationtests
        return stacks.Stacks(
            self.heat, lister=clients.heat(CONF, clients.shared_session(
                CONF, self.account.owner)), timeout=own.build_timeout,
            interval=own.build_interval,
            interval_max=own.build_interval_max)

    @property
    def reader(self) -> physical.Reader:
        """Reads physical resources, as the operator if there is one."""
        operator = self.account.operator
        return physical.Reader(
            CONF, self.session, operator=None if operator is None else
            clients.shared_session(CONF, operator))

    def capture(self, stack: Stack, *, content: bool = True) -> aliases.Json:
        """Return the facts of a stack and of its physical resources."""
        captured = facts.capture(self.heat, stack.ref, content=content)
        captured['physical'] = self.reader.capture(captured['resources'])
        return captured
