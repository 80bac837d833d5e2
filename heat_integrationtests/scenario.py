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

"""The contract of an upgrade test: the base class of all scenarios.

A scenario declares the stack that it creates and its changes, and contains
the assertions. The base class does the rest, in the same order for all.
"""

from collections import abc
import os
import time
import typing
import uuid

from tempest import config
from tempest import test
from testtools import content as attachment

from heat_integrationtests import aliases
from heat_integrationtests import clients
from heat_integrationtests import config as own_config
from heat_integrationtests import diagnostics
from heat_integrationtests import facts
from heat_integrationtests import four_tests
from heat_integrationtests import markers
from heat_integrationtests import scenario_clients
from heat_integrationtests import scenario_record
from heat_integrationtests import scenario_requests
from heat_integrationtests import stacks
from heat_integrationtests import tenant

CONF = config.CONF

# The key of the only stack of a scenario.
MAIN = scenario_record.MAIN

# Scenario.stacks hides the module of that name in annotations.
Stack: typing.TypeAlias = stacks.Stack
Stacks: typing.TypeAlias = stacks.Stacks


class Scenario(scenario_requests.OfScenario, scenario_clients.OfScenario,
               four_tests.FourTests,
               test.BaseTestCase):  # type: ignore[misc]  # has no types
    """A stack that is created before an upgrade and must survive it.

    A subclass sets the attributes of the first block, and inherits four
    tests. Each calls the method of its kind: pre, verify, during or post.
    The hooks of the second block contain the assertions of the scenario.
    """

    # Status of the stack after its creation.
    created = 'CREATE_COMPLETE'
    # Whether the stack needs the rights of an operator in Keystone.
    as_operator = False
    # Approximate duration of the post test on an idle machine, in seconds.
    # Long tests start first.
    weight = 6
    # Numbers of the real failures of Heat that the scenario covers; see
    # doc/source/reference/coverage.rst.
    covers: tuple[int, ...] = ()
    # Facts that may change without an operation; give a reason for each.
    exceptions: tuple[str, ...] = ()
    # Features and services without which the scenario is skipped: options of
    # [heat_integrationtests] and of [service_available].
    needs: tuple[str, ...] = ()

    # -- hooks ------------------------------------------------------------

    def check(self, record: aliases.Json, outputs: aliases.Json) -> None:
        """Assert on the unchanged stack, in pre, verify and post.

        :param record: the stack's entry in the manifest
        :param outputs: the current outputs
        """

    def check_changed(self, record: aliases.Json,
                      outputs: aliases.Json) -> None:
        """Assert on the stack after the update with a change."""

    def after_create(self, stack: Stack,
                     record: aliases.Json) -> None:
        """Complete the record before the facts are captured."""

    def before_update(self, stack: Stack,
                      record: aliases.Json) -> bool:
        """Bring a stack into a state that allows updates, in post.

        :returns: True if this changed the stack, so that it can no longer be
            compared with the record
        """
        return False

    def check_gone(self, record: aliases.Json) -> None:
        """Assert that all entities of a deleted stack are gone."""

    # -- life cycle of tempest --------------------------------------------

    @classmethod
    def skip_checks(cls) -> None:
        super().skip_checks()
        if not os.environ.get(own_config.KINDS_VARIABLE):
            raise cls.skipException(
                'a phase of an upgrade runs this test: python -m '
                'heat_integrationtests.phases PHASE')
        if not CONF.service_available.heat:
            raise cls.skipException('heat is off in [service_available]')
        needs = (*cls.needs, *(['keystone_resources'] * cls.as_operator))
        for option in needs:
            group = (own_config.SERVICES_GROUP
                     if option in own_config.SERVICES else
                     own_config.group.name)
            if not getattr(CONF, group)[option]:
                raise cls.skipException(f'{option} is off in [{group}]')

    @classmethod
    def setup_credentials(cls) -> None:
        # Tempest removes its own credentials after the class; these must
        # survive the upgrade. The first test creates or reads them.
        super().setup_credentials()
        cls.directory = own_config.state_dir(CONF.heat_integrationtests)

    def setUp(self) -> None:
        super().setUp()
        self._diagnostics = diagnostics.Diagnostics(self)
        kind = markers.of(getattr(self, self._testMethodName))
        get_account = tenant.ensure if kind == 'pre' else tenant.load
        self.account = get_account(CONF, self.directory)
        if self.as_operator and self.account.operator is None:
            raise tenant.NoAccount(
                f'The scenario {self.name()} needs the admin of [auth] '
                'admin_*. Without an admin, set keystone_resources = false '
                'in [heat_integrationtests].')
        open_record = (scenario_record.Record.begin if kind == 'pre'
                       else scenario_record.Record.load)
        self.record = open_record(self.directory, self.name())

    def stack(self, key: str = MAIN) -> Stack:
        """Return the stack that was recorded under this key."""
        entry = self.record.stack(key)
        return self._attach(Stack(entry['name'], entry['id']))

    # -- pre --------------------------------------------------------------

    def create(self, key: str = MAIN, *, name: str | None = None,
               wait: str | None = '', **fields: typing.Any) -> Stack:
        """Create a stack, and record its name before the request.

        :param key: the scenario's name for the stack
        :param name: its name in Heat; the default is a new name
        :param wait: the status to wait for, None for no wait; the default
            is self.created
        :param fields: of the request, in place of the class attributes:
            template, parameters, files, environment, tags, disable_rollback …
        """
        request = self.request(**fields)
        # Recorded before the request, so that destroy knows the name.
        entry = self.record.add_stack(
            key, name or self.stack_name(key), request=request,
            as_operator=self.as_operator)
        stack = self.stacks.request_creation(entry['name'], **request)
        entry['id'] = stack.id
        self.record.save()
        self._attach(stack)
        if wait is not None:
            self.stacks.wait(stack, wait or self.created)
        return stack

    def stack_name(self, key: str) -> str:
        """Return a unique name for a stack."""
        words = [self.name()] + ([key] if key != MAIN else [])
        name = '-'.join(['upgrade', *words, uuid.uuid4().hex[:8]])
        return name.replace('_', '-').replace('.', '-')

    def record_facts(self, stack: Stack,
                     key: str = MAIN) -> aliases.Json:
        """Capture, record and check the facts of a stack; return them."""
        captured = self.capture(stack)
        entry = self.record.stack(key)
        entry['facts'] = captured
        self.record.save()
        self.check(entry, captured['outputs'])
        return captured

    def pre(self) -> None:
        self.create_and_record()

    def create_and_record(self, key: str = MAIN,
                          **fields: typing.Any) -> Stack:
        """Create a stack, check it, and record its facts; the pre test."""
        stack = self.create(key, **fields)
        self.after_create(stack, self.record.stack(key))
        self.record_facts(stack, key)
        return stack

    # -- verify -----------------------------------------------------------

    def verify(self) -> None:
        self.assert_unchanged()

    def assert_unchanged(self, key: str = MAIN, *,
                         exceptions: abc.Iterable[str] = ()) -> aliases.Json:
        """Assert that a stack matches its record; the verify test.

        :param exceptions: see facts.compare; added to self.exceptions
        :returns: the current facts
        """
        before = self.record.facts(key)
        now = self.capture(self.stack(key))
        self.assert_same(before, now, (*self.exceptions, *exceptions))
        self.check(self.record.stack(key), now['outputs'])
        return now

    def assert_same(self, before: aliases.Json, after: aliases.Json,
                    exceptions: abc.Iterable[str] = (), *,
                    heading: str | None = None) -> None:
        """Assert that facts are the same, with the given exceptions."""
        mismatches = facts.compare(before, after, exceptions=exceptions)
        if mismatches:
            if any(mismatch.physical for mismatch in mismatches):
                name, text = facts.REPLACED_DETAIL
                self.addDetail(name, attachment.text_content(text))
            self.fail(facts.report(
                mismatches, heading=heading
                or f'The stack of {self.name()} differs from its record:'))

    # -- during -----------------------------------------------------------

    def during(self) -> None:
        self.assert_out_of_reach()

    def assert_out_of_reach(self, key: str = MAIN) -> None:
        """Assert that nothing serves a stack while Heat is down.

        The record is complete, the owner can authenticate, the physical
        resources are as recorded, and no process answers for the stack. A
        process that did would be old code that uses a database during its
        migration.
        """
        recorded = self.record.facts(key)
        record = self.record.stack(key)
        self.assert_physical(recorded)
        # Keystone would reject this request if the owner were gone.
        endpoint = clients.endpoint(
            CONF, self.session, CONF.heat_integrationtests.catalog_type)
        assert endpoint, 'Keystone has lost the endpoint of Heat'
        self.assert_no_answer(f'{endpoint.rstrip("/")}/stacks/'
                              f'{record["name"]}/{record["id"]}')

    def assert_physical(self, recorded: aliases.Json) -> None:
        """Assert that the physical resources are as recorded.

        :param recorded: facts of a stack
        """
        self.assert_same(
            {'physical': recorded.get('physical', {})},
            {'physical': self.reader.capture(recorded['resources'])},
            self.exceptions)

    def assert_no_answer(self, url: str) -> None:
        """Assert that no process of Heat answers for a URL.

        A load balancer may report that no backend serves requests.
        """
        answer = clients.answer_of(self.session, url)
        self.assertTrue(
            clients.is_heat_down(answer),
            f'{url} answered {answer} in the phase in which the control '
            'plane of Heat should be down')

    # -- post -------------------------------------------------------------

    def post(self) -> None:
        self.update_and_delete()

    def update_and_delete(self, key: str = MAIN) -> None:
        """Update and delete a stack after the upgrade; the post test.

        An update with no change must replace nothing; the stack is compared
        with its record. An update with a change and the deletion follow, and
        the deletion must leave nothing behind.
        """
        before = self.record.facts(key)
        stack = self.stack(key)
        if self.before_update(stack, self.record.stack(key)):
            before = self.capture(stack, content=False)
        before = self.update_with_no_change(stack, before, key)
        self.update_with_change(stack, before, key)
        self.delete(stack, key)

    def update_with_no_change(self, stack: Stack,
                              before: aliases.Json,
                              key: str = MAIN) -> aliases.Json:
        """Repeat the recorded request; only the status may change.

        The times are recorded, because the services must receive no write.

        :param before: facts from before the update
        :returns: the facts after it
        """
        entry = self.record.stack(key)
        entry['no_change'] = {'began': time.time(), 'resources': {
            path: resource['physical_resource_id']
            for path, resource in before['resources'].items()}}
        self.stacks.update(stack, **entry['request'])
        entry['no_change']['ended'] = time.time()
        self.record.save()
        # Template, environment and files only repeat the request.
        before = {group: values for group, values in before.items()
                  if group not in facts.CONTENT}
        after = self.capture(stack, content=False)
        self.assert_same(
            before, after, (*facts.UPDATED, *self.exceptions),
            heading=f'An update of stack {stack.name} with no change has '
                    'changed:')
        self.check(self.record.stack(key), after['outputs'])
        return after

    def update_with_change(self, stack: Stack, before: aliases.Json,
                           key: str = MAIN) -> None:
        """Update the stack to the changed fields of the class.

        :param before: facts from before the update
        """
        request = self.changed_request(self.record.stack(key)['request'])
        outputs = stacks.outputs(self.stacks.update(stack, **request))
        self.check_changed(self.record.stack(key), outputs)

    def delete(self, stack: Stack, key: str = MAIN) -> None:
        """Delete a stack, and assert that nothing of it remains."""
        entry = self.record.stack(key)
        # A stack that post has created has no facts.
        recorded = entry.get('facts', {})
        made = [recorded.get('resources', {})]
        if recorded.get('physical'):
            made.append(facts.resources(self.heat, stack.ref))
        self.stacks.delete(stack)
        entry['deleted'] = True
        self.record.save()
        self.assert_gone(stack)
        self.assertEqual([], self.reader.existing(*made), 'physical '
                         f'resources of the deleted stack {stack.name} exist')
        self.check_gone(self.record.stack(key))

    def assert_gone(self, stack: Stack) -> None:
        """Assert that nothing of a deleted stack remains in Keystone.

        The deletion has waited until Heat shows the stack as deleted. The
        trust of a stack cannot be identified in Keystone; destroy checks
        trusts after all stacks are gone.
        """
        if self.keystone is not None:
            left = clients.stack_domain_projects(
                self.keystone, self.session.get_project_id(), stack.id)
            self.assertEqual([], [project['name'] for project in left],
                             'Keystone still has projects that Heat created '
                             f'for the users of stack {stack.name}')

    def _attach(self, stack: Stack) -> Stack:
        """Attach a stack to a failure of this test; return the stack."""
        self._diagnostics.add_stack(stack, lambda: self.stacks)
        return stack
