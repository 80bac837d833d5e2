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

A scenario says what it creates, what it changes, and what it asserts; the
base class does the rest, in the same order for all of them.
"""

import uuid

from tempest import config
from tempest import test
from testtools import content as attachment

from heat_integrationtests import clients
from heat_integrationtests import config as own_config
from heat_integrationtests import facts
from heat_integrationtests import markers
from heat_integrationtests import scenario_record
from heat_integrationtests import stacks
from heat_integrationtests import template_files
from heat_integrationtests import tenant

CONF = config.CONF

# The name of the stack of a scenario that has only one.
MAIN = scenario_record.MAIN


class Scenario(test.BaseTestCase):
    """Something that is created before an upgrade and must survive it.

    A subclass states what is in the first block; its tests are four calls:
    create_and_record (pre), assert_unchanged (verify),
    assert_out_of_reach (during) and update_and_delete (post). The hooks in
    the second block assert what the scenario is about.
    """

    # File in templates/, or the text of a template.
    template = None
    # What the first version of the stack is made with.
    parameters = {}
    files = {}
    environment = {}
    tags = ()
    # What the update with a change is made with, on top of the above.
    changed_template = None
    changed_parameters = {}
    changed_files = {}
    changed_tags = ()
    # Where the stack ends that is created before the upgrade.
    created = 'CREATE_COMPLETE'
    # Whether the stack needs the rights of an operator in Keystone.
    as_operator = False
    # About how many seconds its post test takes on an idle machine; those
    # that take long are started first.
    weight = 6
    # Facts that may differ although nothing was done to the stack: each
    # with its reason.
    exceptions = ()

    # -- hooks ------------------------------------------------------------

    def check(self, record, outputs):
        """Assert on the stack as created: in pre, verify and post.

        :param record: the stack's part of the manifest
        :param outputs: as Heat gives them now
        """

    def check_changed(self, record, outputs):
        """Assert on the stack after the update with a change."""

    def after_create(self, stack, record):
        """Do what else the record needs, before the facts are captured."""

    def before_update(self, stack, record):
        """Bring a stack into a state that can be updated; in post.

        :returns: whether that has changed the stack, so that it cannot be
            compared with the record any more
        """
        return False

    def check_gone(self, record):
        """Assert that what the stack made is gone, after its deletion."""

    # -- what tempest calls -----------------------------------------------

    @classmethod
    def skip_checks(cls):
        super().skip_checks()
        if cls.as_operator and not (
                CONF.heat_integrationtests.keystone_resources):
            raise cls.skipException(
                'keystone_resources is off in [heat_integrationtests]')

    @classmethod
    def setup_credentials(cls):
        # Tempest's own credentials end with the class; these must outlive
        # the upgrade. They are made, or read, by the first test.
        super().setup_credentials()
        cls.directory = own_config.state_dir(CONF.heat_integrationtests)

    def setUp(self):
        super().setUp()
        self.addOnException(self._attach_stories)
        clients.forget_requests()
        self.addOnException(self._attach_requests)
        kind = markers.of(getattr(self, self._testMethodName))
        find = tenant.ensure if kind == 'pre' else tenant.load
        self.account = find(CONF, self.directory)
        if self.as_operator and self.account.operator is None:
            raise tenant.NoAccount(
                f'{self.name()} needs the admin of [auth] admin_*; without '
                'one, set keystone_resources = false in '
                '[heat_integrationtests]')
        open_record = (scenario_record.Record.begin if kind == 'pre'
                       else scenario_record.Record.load)
        self.record = open_record(self.directory, self.name())
        self._touched = []

    # -- who and where ----------------------------------------------------

    @classmethod
    def name(cls):
        """Give the name of the scenario: its module's, without test_."""
        return cls.__module__.rpartition('.')[2].removeprefix('test_')

    @property
    def session(self):
        """The session of who owns the stacks of this scenario."""
        identity = (self.account.operator if self.as_operator
                    else self.account.owner)
        return clients.shared_session(CONF, identity)

    @property
    def heat(self):
        """A heatclient, as the owner of the stacks."""
        return clients.heat(CONF, self.session)

    @property
    def keystone(self):
        """A clients.Keystone as the operator, or None without one."""
        if self.account.operator is None:
            return None
        return clients.Keystone(CONF, clients.shared_session(
            CONF, self.account.operator))

    @property
    def stacks(self):
        """What can be done to stacks, as their owner."""
        own = CONF.heat_integrationtests
        return stacks.Stacks(
            self.heat, lister=clients.heat(CONF, clients.shared_session(
                CONF, self.account.owner)), timeout=own.build_timeout,
            interval=own.build_interval,
            interval_max=own.build_interval_max)

    def stack(self, key=MAIN):
        """Give the stacks.Stack that was recorded under this key."""
        entry = self.record.stack(key)
        return self._touch(stacks.Stack(entry['name'], entry['id']))

    # -- pre --------------------------------------------------------------

    def create(self, key=MAIN, *, name=None, wait='', **fields):
        """Create a stack, and note in the manifest that it was asked for.

        :param key: what the scenario calls it
        :param name: what Heat is to call it; default: a new name
        :param wait: the status to wait for; None: do not wait; default:
            self.created
        :param fields: of the request, instead of the class's own: template,
            parameters, files, environment, tags, disable_rollback …
        :returns: a stacks.Stack
        """
        request = self.request(**fields)
        # Noted before Heat is asked, so that destroy knows the name.
        entry = self.record.add_stack(
            key, name or self.stack_name(key), request=request,
            as_operator=self.as_operator)
        stack = self.stacks.request_creation(entry['name'], **request)
        entry['id'] = stack.id
        self.record.save()
        self._touch(stack)
        if wait is not None:
            self.stacks.wait(stack, wait or self.created)
        return stack

    def stack_name(self, key):
        """Give a name for a stack that no other stack has."""
        words = [self.name()] + ([key] if key != MAIN else [])
        name = '-'.join(['upgrade', *words, uuid.uuid4().hex[:8]])
        return name.replace('_', '-').replace('.', '-')

    def request(self, **fields):
        """Give what Heat is asked with for the first version of the stack.

        :param fields: what is used instead of the class's own
        """
        request = {
            'template': _text(fields.pop('template', self.template)),
            'parameters': dict(self.parameters),
            'files': {name: _text(content)
                      for name, content in self.files.items()},
            'environment': dict(self.environment), 'disable_rollback': True}
        if self.tags:
            request['tags'] = ','.join(self.tags)
        request.update(fields)
        return request

    def record_facts(self, stack, key=MAIN):
        """Capture the facts of a stack, record and check them."""
        captured = facts.capture(self.heat, stack.ref)
        entry = self.record.stack(key)
        entry['facts'] = captured
        self.record.save()
        self.check(entry, captured['outputs'])
        return captured

    def create_and_record(self, key=MAIN, **fields):
        """Create a stack, check it, and record its facts; the pre test."""
        stack = self.create(key, **fields)
        self.after_create(stack, self.record.stack(key))
        self.record_facts(stack, key)
        return stack

    # -- verify -----------------------------------------------------------

    def assert_unchanged(self, key=MAIN, *, exceptions=()):
        """Assert that a stack is as it was recorded; the verify test.

        :param exceptions: see facts.compare; on top of self.exceptions
        :returns: the facts as they are now
        """
        before = self.record.facts(key)
        now = facts.capture(self.heat, self.stack(key).ref)
        self.assert_same(before, now, (*self.exceptions, *exceptions))
        self.check(self.record.stack(key), now['outputs'])
        return now

    def assert_same(self, before, after, exceptions=(), *, heading=None):
        """Assert that facts are the same, but for stated exceptions."""
        mismatches = facts.compare(before, after, exceptions=exceptions)
        if mismatches:
            if any(mismatch.replaced for mismatch in mismatches):
                name, text = facts.REPLACED_DETAIL
                self.addDetail(name, attachment.text_content(text))
            self.fail(facts.report(
                mismatches, heading=heading
                or f'{self.name()} is not as it was recorded:'))

    # -- during -----------------------------------------------------------

    def assert_out_of_reach(self, key=MAIN):
        """Assert that nothing serves a stack while Heat is down.

        The record is complete, the owner can authenticate, and no process
        answers for the stack: one that did would be old code at work on a
        database that is being migrated.
        """
        self.record.facts(key)
        record = self.record.stack(key)
        # Keystone answers this, and refuses it if the owner were gone.
        endpoint = clients.endpoint(
            CONF, self.session, CONF.heat_integrationtests.catalog_type)
        self.assertIsNotNone(endpoint, 'Keystone has lost the endpoint of '
                                       'Heat')
        self.assert_no_answer(f'{endpoint.rstrip("/")}/stacks/'
                              f'{record["name"]}/{record["id"]}')

    def assert_no_answer(self, url):
        """Assert that no process of Heat answers for a URL.

        A load balancer in front of it may say that there is none.
        """
        answer = clients.answer_of(self.session, url)
        self.assertTrue(
            clients.nobody_is_there(answer),
            f'{url} answered {answer} in the phase in which the control '
            'plane of Heat should be down')

    # -- post -------------------------------------------------------------

    def update_and_delete(self, key=MAIN):
        """Use up a stack after the upgrade; the post test.

        It is updated with no change, by which nothing may be replaced,
        compared with its record, updated with a change, and deleted, and
        then nothing of it may be left.
        """
        before = self.record.facts(key)
        stack = self.stack(key)
        if self.before_update(stack, self.record.stack(key)):
            before = facts.capture(self.heat, stack.ref, content=False)
        before = self.update_with_no_change(stack, before, key)
        self.update_with_change(stack, before, key)
        self.delete(stack, key)

    def update_with_no_change(self, stack, before, key=MAIN):
        """Repeat the recorded request; nothing but the status may change.

        :param before: facts from before the update
        :returns: the facts after it
        """
        self.stacks.update(stack, **self.record.stack(key)['request'])
        # Template, environment and files are what Heat was just given.
        before = {group: known for group, known in before.items()
                  if group not in facts.CONTENT}
        after = facts.capture(self.heat, stack.ref, content=False)
        self.assert_same(
            before, after, (*facts.UPDATED, *self.exceptions),
            heading=f'An update of stack {stack.name} with no change has '
                    'changed:')
        self.check(self.record.stack(key), after['outputs'])
        return after

    def update_with_change(self, stack, before, key=MAIN):
        """Update the stack to what the class calls changed.

        :param before: facts from before the update
        :returns: the outputs after it
        """
        request = self.changed_request(self.record.stack(key)['request'])
        outputs = stacks.outputs(self.stacks.update(stack, **request))
        self.check_changed(self.record.stack(key), outputs)
        return outputs

    def changed_request(self, request):
        """Give the request of the update with a change.

        :param request: the recorded one
        """
        changed = dict(request)
        if self.changed_template:
            changed['template'] = _text(self.changed_template)
        if self.changed_tags:
            changed['tags'] = ','.join(self.changed_tags)
        changed['files'] = {**request['files'], **{
            name: _text(content)
            for name, content in self.changed_files.items()}}
        changed['parameters'] = {**request['parameters'],
                                 **self.changed_parameters}
        return changed

    def delete(self, stack, key=MAIN):
        """Delete a stack, and assert that nothing of it is left."""
        self.stacks.delete(stack)
        self.record.stack(key)['deleted'] = True
        self.record.save()
        self.assert_gone(stack)
        self.check_gone(self.record.stack(key))

    def assert_gone(self, stack):
        """Assert that Keystone has nothing of a deleted stack any more.

        That Heat has nothing is what the deletion waits for. Its trust is
        not looked for: Keystone does not tell which one it is. destroy
        looks for trusts when all stacks are gone.
        """
        if self.keystone is not None:
            left = clients.stack_domain_projects(
                self.keystone, self.session.get_project_id(), stack.id)
            self.assertEqual([], [found['name'] for found in left],
                             'Keystone still has what Heat made for the '
                             f'users of stack {stack.name}')

    # -- for people -------------------------------------------------------

    def _touch(self, stack):
        self._touched.append(stack)
        return stack

    def _attach_stories(self, exc_info):
        for stack in dict.fromkeys(getattr(self, '_touched', ())):
            self.addDetail(
                f'stack-{stack.name}',
                attachment.text_content(self.stacks.story(stack)))

    def _attach_requests(self, exc_info):
        self.addDetail('requests', attachment.text_content(
            clients.requests_text()))


def _text(template):
    # A template is given as its text, or as the name of a file.
    return template if '\n' in template else template_files.read(template)
