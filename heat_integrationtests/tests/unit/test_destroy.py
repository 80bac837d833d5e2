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

"""destroy removes only our entities, and complains about leftovers."""

import types

import fixtures
from heatclient import exc
import testtools

from heat_integrationtests import clients
from heat_integrationtests import destroy
from heat_integrationtests import manifest
from heat_integrationtests import tenant


def _listed(stack_id, parent=None, status='CREATE_COMPLETE', project='P'):
    return types.SimpleNamespace(
        id=stack_id, stack_name=f'name-{stack_id}', parent=parent,
        stack_status=status, stack_status_reason='because', links=[
            {'rel': 'self', 'href': f'http://h/v1/{project}/stacks/x/y'}])


class Heat:
    """The stacks of a cloud, as heatclient shows them."""

    def __init__(self, *listed):
        self.listed = {stack.id: stack for stack in listed}
        self.cannot_delete = set()
        self.stacks = self
        self.resources = types.SimpleNamespace(
            list=lambda ref, nested_depth: [])

    def list(self, show_nested=False, filters=None):
        return [stack for stack in self.listed.values()
                if not filters or stack.stack_name == filters['name']]

    def get(self, ref, resolve_outputs=True):
        try:
            return self.listed[ref.partition('/')[2]]
        except KeyError:
            raise exc.HTTPNotFound() from None

    def delete(self, ref):
        stack = self.get(ref)
        if stack.id in self.cannot_delete:
            stack.stack_status = 'DELETE_FAILED'
            return
        for other in list(self.listed.values()):
            if stack.id in (other.id, other.parent):
                del self.listed[other.id]


class Keystone:
    """The leftovers in Keystone."""

    def __init__(self):
        self.users = {'O', 'A'}
        self.entities = {'P', 'owed'}
        self.leftovers = []
        self.trusts = []
        self.removed = []

    def get(self, kind, entity_id):
        return {} if entity_id in self.users | self.entities else None

    def delete(self, kind, entity_id):
        self.removed.append(entity_id)
        self.users.discard(entity_id)
        self.entities.discard(entity_id)

    def projects_named(self, prefix):
        return self.leftovers

    def trust_ids(self, user_id):
        return self.trusts


def _entry(stack_id, deleted=False, as_operator=False, name=None):
    return {'name': name or f'name-{stack_id}', 'id': stack_id,
            'deleted': deleted, 'as_operator': as_operator, 'request': {}}


class DestroyTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.directory = self.useFixture(fixtures.TempDir()).path
        self.keystone = Keystone()
        self.patch('Keystone', lambda conf, session: self.keystone)
        self.patch('shared_session', lambda conf, identity: None)
        self.patch('heat', lambda conf, session: self.heat)
        self.patch('admin', lambda conf: clients.Identity('secret'))
        self.heat = Heat()
        self.lines = []
        self.conf = types.SimpleNamespace(
            heat_integrationtests=types.SimpleNamespace(
                username='u', password='p', project_name='p',
                user_domain_name='d', project_domain_name='d',
                build_timeout=0.05, build_interval=0.001,
                build_interval_max=0.001))

    def patch(self, name, value):
        self.useFixture(fixtures.MockPatchObject(clients, name, value))

    def own_account(self):
        credentials = {'password': 'secret', 'project_id': 'P'}
        manifest.save(self.directory, tenant.NAME, {
            'own': True, 'name': 'ours', 'complete': True,
            'project_id': 'P', 'owner': {**credentials, 'user_id': 'O'},
            'operator': {**credentials, 'user_id': 'A'}})

    def scenario(self, *entries, owed=()):
        manifest.save(self.directory, 'one', {
            'scenario': 'one', 'notes': {}, 'owed': list(owed),
            'stacks': {str(key): entry
                       for key, entry in enumerate(entries)}})

    def destroy(self, settle=(0, 0)):
        return destroy.Destroyer(self.conf, self.directory,
                                 self.lines.append, settle).run()

    def test_without_an_account_there_is_nothing_to_do(self):
        self.assertEqual([], self.destroy())
        self.assertIn('Nothing to destroy', self.lines[0])

    def test_entities_that_no_phase_removes_cause_no_complaint(self):
        self.own_account()
        self.heat = Heat(_listed('S'), _listed('N', parent='S'))
        self.scenario(_entry('S'), owed=[['projects', 'owed']])
        self.assertEqual([], self.destroy())
        self.assertEqual({}, self.heat.listed)
        self.assertEqual(['owed', 'O', 'A', 'P'], self.keystone.removed)

    def test_destroy_can_be_repeated(self):
        self.own_account()
        self.destroy()
        self.assertEqual([], self.destroy())

    def test_a_stack_without_a_recorded_id_is_found_by_its_name(self):
        self.own_account()
        self.heat = Heat(_listed('S'))
        self.scenario(_entry(None, name='name-S'))
        self.assertEqual([], self.destroy())
        self.assertEqual({}, self.heat.listed)

    def test_a_stack_that_its_scenario_deleted_is_left_behind(self):
        self.own_account()
        self.heat = Heat(_listed('S'))
        self.scenario(_entry('S', deleted=True))
        complaint, = self.destroy()
        self.assertIn('name-S', complaint)
        self.assertIn('was deleted by its scenario', complaint)
        self.assertEqual({}, self.heat.listed)
        self.assertIn('P', self.keystone.removed)
        self.assertEqual([], manifest.names(self.directory))

    def test_a_nested_stack_without_its_parent_is_left_behind(self):
        self.own_account()
        self.heat = Heat(_listed('N', parent='gone'))
        complaint, = self.destroy()
        self.assertIn('was nested in gone', complaint)

    def test_a_stack_in_no_manifest_is_left_behind(self):
        self.own_account()
        self.heat = Heat(_listed('S'))
        self.assertIn('is in no manifest', self.destroy()[0])

    def test_stacks_of_other_projects_are_never_touched(self):
        self.own_account()
        self.heat = Heat(_listed('S', project='other'))
        self.assertEqual([], self.destroy())
        self.assertIn('S', self.heat.listed)

    def test_a_stack_that_cannot_be_deleted_keeps_its_owner(self):
        self.own_account()
        self.heat = Heat(_listed('S'), _listed('T'))
        self.heat.cannot_delete = {'S'}
        self.scenario(_entry('S'), _entry('T'))
        complaint, = self.destroy()
        self.assertIn('DELETE_FAILED', complaint)
        self.assertEqual({'S'}, set(self.heat.listed))
        self.assertEqual([], self.keystone.removed)
        self.assertIn('one', manifest.names(self.directory))

    def test_leftovers_in_keystone_are_reported_and_removed(self):
        self.own_account()
        self.keystone.leftovers = [{'id': 'L', 'name': 'P-stack'}]
        self.keystone.trusts = ['t']
        complaints = self.destroy()
        self.assertIn('P-stack', complaints[0])
        self.assertIn('1 trusts of the owner', complaints[1])
        self.assertIn('L', self.keystone.removed)
        self.assertIn('P', self.keystone.removed)

    def test_a_project_that_heat_removes_later_is_not_left_behind(self):
        self.own_account()
        looks = iter([[{'id': 'L', 'name': 'P-stack'}], []])
        self.keystone.projects_named = lambda prefix: next(looks)
        self.assertEqual([], self.destroy(settle=(60, 0)))
        self.assertNotIn('L', self.keystone.removed)

    def test_an_incomplete_account_is_removed(self):
        manifest.save(self.directory, tenant.NAME, {
            'own': True, 'name': 'ours', 'complete': False,
            'project_id': 'P'})
        self.assertEqual([], self.destroy())
        self.assertEqual(['P'], self.keystone.removed)

    def test_a_damaged_manifest_is_reported_and_the_stack_removed(self):
        self.own_account()
        self.heat = Heat(_listed('S'))
        with open(manifest.path(self.directory, 'one'), 'w') as file:
            file.write('{')
        complaints = self.destroy()
        self.assertIn('cannot be read', complaints[0])
        self.assertEqual({}, self.heat.listed)
        self.assertIn('P', self.keystone.removed)
        self.assertEqual([], self.destroy()[1:])

    def test_in_a_configured_account_only_our_stacks_are_removed(self):
        manifest.save(self.directory, tenant.NAME, {'own': False})
        self.heat = Heat(_listed('S'), _listed('theirs'))
        self.scenario(_entry('S'), _entry(None, name='never-made'))
        self.assertEqual([], self.destroy())
        self.assertEqual({'theirs'}, set(self.heat.listed))
        self.assertEqual([], self.keystone.removed)
