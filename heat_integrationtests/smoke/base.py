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

"""The base class of the smoke tests: stacks that live for one test."""

import atexit
from collections import abc
import functools
import threading
import typing
import uuid

from tempest.common import credentials_factory
from tempest import config
from tempest import test

from heat_integrationtests import aliases
from heat_integrationtests import clients
from heat_integrationtests import diagnostics
from heat_integrationtests import stacks

CONF = config.CONF

# SmokeTest.stacks hides the module of that name in annotations.
Stack: typing.TypeAlias = stacks.Stack
Stacks: typing.TypeAlias = stacks.Stacks
# Test classes may run in parallel threads.
_LOCK = threading.RLock()

# A template with one resource that needs only Heat.
ONE_VALUE = """
heat_template_version: 2018-08-31
parameters:
  text: {type: string, default: first}
resources:
  value:
    type: OS::Heat::Value
    properties: {type: string, value: {get_param: text}}
outputs:
  text: {value: {get_attr: [value, value]}}
"""


# Client managers by credential type, roles and scope.
_managers: dict[tuple[str, tuple[str, ...], str | None], typing.Any] = {}


@functools.lru_cache
def _provider() -> typing.Any:
    provider = credentials_factory.get_credentials_provider(
        'heat-smoke', network_resources={
            'network': False, 'subnet': False, 'router': False,
            'dhcp': False},
        identity_version='v3')
    atexit.register(provider.clear_creds)
    return provider


class SmokeTest(test.BaseTestCase):  # type: ignore[misc]  # has no types
    """A test that needs no record, and leaves nothing behind.

    The credentials come from tempest (dynamic or pre-provisioned, with the
    roles of [auth] tempest_roles). All classes of a process share them,
    because creating credentials takes longer than most of these tests.
    """

    credentials = ['primary']
    # Set by setup_clients.
    session: clients.Session
    heat: aliases.HeatClient
    stacks: Stacks

    @classmethod
    def setup_credentials(cls) -> None:
        cls.set_network_resources()
        super().setup_credentials()

    @classmethod
    def skip_checks(cls) -> None:
        super().skip_checks()
        if not CONF.service_available.heat:
            raise cls.skipException('heat is off in [service_available]')

    @classmethod
    def get_client_manager(cls, credential_type: str | None = None,
                           roles: abc.Sequence[str] | None = None,
                           force_new: bool | None = None,
                           scope: str | None = None) -> typing.Any:
        """Return the client manager of this process for some credentials.

        The parameters are those of tempest's base class. force_new is
        ignored: the classes share each manager.
        """
        key = (credential_type or 'primary', tuple(roles or ()), scope)
        with _LOCK:
            if key not in _managers:
                _managers[key] = super().get_client_manager(
                    credential_type, roles, scope=scope)
        return _managers[key]

    @classmethod
    def _get_credentials_provider(cls) -> typing.Any:
        """Return the only provider of credentials of this process.

        Tempest's base class has one for each class, and deletes its
        credentials after that class.
        """
        with _LOCK:
            return _provider()

    @classmethod
    def setup_clients(cls) -> None:
        super().setup_clients()
        credentials = cls.os_primary.credentials
        cls.session = clients.shared_session(CONF, clients.Identity(
            user_id=credentials.user_id, password=credentials.password,
            project_id=credentials.project_id))
        cls.heat = clients.heat(CONF, cls.session)
        own = CONF.heat_integrationtests
        cls.stacks = stacks.Stacks(
            cls.heat, timeout=own.build_timeout,
            interval=own.build_interval,
            interval_max=own.build_interval_max)

    def setUp(self) -> None:
        super().setUp()
        self._diagnostics = diagnostics.Diagnostics(self)

    def create(self, template: str = ONE_VALUE, *,
               wait: str | None = 'CREATE_COMPLETE',
               through: Stacks | None = None,
               **fields: typing.Any) -> Stack:
        """Create a stack that is deleted when the test ends.

        :param wait: the status to wait for, or None
        :param through: creates the stack; the default is the test's own
            Stacks, which deletes it in any case
        """
        name = f'smoke-{uuid.uuid4().hex[:12]}'
        through = through or self.stacks
        stack = through.request_creation(name, template=template, **fields)
        self.addCleanup(self.stacks.delete, stack)
        self._diagnostics.add_stack(stack, lambda: self.stacks)
        if wait:
            through.wait(stack, wait)
        return stack

    def outputs(self, stack: Stack) -> aliases.Json:
        """Return the current outputs of a stack."""
        return stacks.outputs(self.stacks.get(stack))
