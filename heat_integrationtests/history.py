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

"""Performs the steps of a scenario by data, which bring a stack to a state.

Each step of expect.yaml is a mapping of the name of a function below to its
argument, and perhaps the status to wait for. expect.schema.yaml lists them.
"""

from collections import abc
import json
import typing

from heatclient import exc
from tempest import config

from heat_integrationtests import aliases
from heat_integrationtests import clients
from heat_integrationtests import physical
from heat_integrationtests import stacks

if typing.TYPE_CHECKING:
    from heat_integrationtests import data_scenario

    Scenario = data_scenario.DataScenario

CONF = config.CONF


def perform(scenario: 'Scenario', steps: abc.Iterable[aliases.Json]) -> bool:
    """Perform steps in their order.

    :returns: True if there was a step
    """
    performed = False
    for step in steps:
        (action, argument), = ((key, value) for key, value in step.items()
                               if key != 'status')
        ACTIONS[action](scenario, scenario.stack(), argument,
                        step.get('status'))
        performed = True
    return performed


def _update(scenario: 'Scenario', stack: stacks.Stack, fields: aliases.Json,
            status: str | None) -> None:
    """Update the stack; an update with no change repeats this request.

    A template is the name of a file in files/.
    """
    record = scenario.record.stack()
    changed = {key: value for key, value in fields.items()
               if key in ('environment', 'tags')}
    if 'template' in fields:
        changed['template'] = scenario.defined.files[fields['template']]
    if 'rollback' in fields:
        changed['disable_rollback'] = not fields['rollback']
    parameters = fields.get('parameters', {})
    request = {**record['request'], **changed, 'parameters': {
        **record['request']['parameters'], **parameters}}
    record['request'] = request
    scenario.record.save()
    if fields.get('patch'):
        request = {**changed, 'parameters': parameters, 'existing': True}
    if fields.get('converge'):
        request = {**request, 'converge': True}
    scenario.heat.stacks.update(stack.ref, **request)
    expected = status or 'UPDATE_COMPLETE'
    if not expected.endswith('_IN_PROGRESS'):
        scenario.stacks.wait(stack, expected)


def _act(action: str) -> 'Action':
    def act(scenario: 'Scenario', stack: stacks.Stack, argument: aliases.Json,
            status: str | None) -> None:
        scenario.stacks.act(stack, action, wait=status)
    return act


def _cancel(scenario: 'Scenario', stack: stacks.Stack, argument: aliases.Json,
            status: str | None) -> None:
    """Cancel an update that is in progress, without a rollback."""
    scenario.heat.actions.cancel_without_rollback(stack.ref)
    scenario.stacks.wait(stack, status or 'UPDATE_FAILED')


def _delete(scenario: 'Scenario', stack: stacks.Stack, argument: aliases.Json,
            status: str | None) -> None:
    scenario.stacks.request_deletion(stack)
    scenario.stacks.wait(stack, status or 'DELETE_COMPLETE')


def _abandon_and_adopt(scenario: 'Scenario', stack: stacks.Stack,
                       argument: aliases.Json, status: str | None) -> None:
    """Abandon the stack, and adopt its resources in a new stack."""
    record = scenario.record.stack()
    abandoned = scenario.heat.stacks.abandon(stack.ref)
    scenario.stacks.wait_for('the abandoned stack to disappear',
                             lambda: scenario.stacks.is_gone(stack))
    request = {**record['request'],
               'adopt_stack_data': json.dumps(abandoned)}
    record['name'] = scenario.stack_name('adopted')
    adopted = scenario.stacks.request_creation(record['name'], **request)
    record['id'] = adopted.id
    scenario.record.save()
    scenario.stacks.wait(adopted, status or 'ADOPT_COMPLETE')


def _snapshot(scenario: 'Scenario', stack: stacks.Stack, name: str,
              status: str | None) -> None:
    """Take a snapshot; several may have one name."""
    taken = scenario.heat.stacks.snapshot(stack.ref, name)
    noted = scenario.record.content['notes'].get('snapshots', {})
    scenario.record.note('snapshots', {
        **noted, name: [*noted.get(name, ()), taken['id']]})
    scenario.stacks.wait(stack, status or 'SNAPSHOT_COMPLETE')


def _restore(scenario: 'Scenario', stack: stacks.Stack, name: str,
             status: str | None) -> None:
    """Restore the first snapshot of a name."""
    scenario.heat.stacks.restore(
        stack.ref, scenario.record.noted('snapshots')[name][0])
    scenario.stacks.wait(stack, status or 'RESTORE_COMPLETE')


def _delete_snapshot(scenario: 'Scenario', stack: stacks.Stack, name: str,
                     status: str | None) -> None:
    """Delete all snapshots of a name."""
    taken = scenario.record.noted('snapshots')[name]
    for snapshot in taken:
        scenario.heat.stacks.snapshot_delete(stack.ref, snapshot)
    # Since 2026.1 the request returns before the snapshot is gone.
    scenario.stacks.wait_for(
        f'the snapshots {name} to disappear', lambda: not any(
            shown['id'] in taken for shown in
            scenario.heat.stacks.snapshot_list(stack.ref)['snapshots']))


def _mark_unhealthy(scenario: 'Scenario', stack: stacks.Stack, resource: str,
                    status: str | None) -> None:
    """Mark a resource, which the next update then replaces.

    :param resource: path of a resource
    """
    ref, name = _located(scenario, stack, resource)
    scenario.heat.resources.mark_unhealthy(
        ref, name, mark_unhealthy=True,
        resource_status_reason='marked by the scenario')


def _signal(scenario: 'Scenario', stack: stacks.Stack, argument: aliases.Json,
            status: str | None) -> None:
    ref, name = _located(scenario, stack, argument['resource'])
    scenario.heat.resources.signal(ref, name,
                                   data=argument.get('data', {}))
    if status:
        scenario.stacks.wait(stack, status)


def _clear_hook(scenario: 'Scenario', stack: stacks.Stack,
                argument: aliases.Json, status: str | None) -> None:
    """Clear a breakpoint once the resource has reached it."""
    ref, name = _located(scenario, stack, argument['resource'])

    def clear() -> bool:
        try:
            scenario.heat.resources.signal(
                ref, name, data={'unset_hook': argument['hook']})
        except exc.HTTPBadRequest:
            # Heat refuses the request before the hook is reached.
            return False
        return True

    scenario.stacks.wait_for(f'{name} to reach its hook', clear)
    if status:
        scenario.stacks.wait(stack, status)


def _located(scenario: 'Scenario', stack: stacks.Stack, path: str
             ) -> tuple[str, str]:
    """Return (stack, name) of a resource that may be in a nested stack.

    :param path: such as group/0; the name * stands for the first resource
    """
    ref = stack.ref
    *parents, name = path.split('/')
    for parent in parents:
        ref = scenario.heat.resources.get(ref, parent).physical_resource_id
    if name == '*':
        name = min(shown.resource_name
                   for shown in scenario.heat.resources.list(ref))
    return ref, name


def _delete_project(scenario: 'Scenario', stack: stacks.Stack, output: str,
                    status: str | None) -> None:
    """Delete the Keystone project whose ID is the value of an output."""
    assert scenario.keystone is not None, 'needs keystone_resources'
    outputs = stacks.outputs(scenario.stacks.get(stack))
    scenario.keystone.delete('projects', outputs[output])


def _call_url(method: str, **options: typing.Any) -> 'Action':
    def call(scenario: 'Scenario', stack: stacks.Stack, output: str,
             status: str | None) -> None:
        """Send a request to the pre-signed URL in an output."""
        outputs = stacks.outputs(scenario.stacks.get(stack))
        answer = clients.session(CONF).request(
            outputs[output], method, authenticated=False, raise_exc=False,
            **options)
        scenario.assertIn(answer.status_code, (200, 201), answer.text)
        if status:
            scenario.stacks.wait(stack, status)
    return call


def _change_object(method: str) -> 'Action':
    def change(scenario: 'Scenario', stack: stacks.Stack,
               argument: aliases.Json, status: str | None) -> None:
        """Put or delete an object in the container that a resource made."""
        container = scenario.heat.resources.get(
            stack.ref, argument['container']).physical_resource_id
        account = clients.endpoint(CONF, scenario.session, physical.OBJECT)
        scenario.session.request(
            f'{account}/{container}/{argument["name"]}', method,
            data=argument.get('text', '').encode())
    return change


def _wait_for_resource(scenario: 'Scenario', stack: stacks.Stack,
                       argument: aliases.Json, status: str | None) -> None:
    scenario.stacks.wait_for_resources(stack, argument['status'],
                                       argument['resource'])


Action: typing.TypeAlias = abc.Callable[
    ['Scenario', stacks.Stack, typing.Any, str | None], None]
ACTIONS: dict[str, Action] = {
    'update': _update,
    'suspend': _act('suspend'),
    'resume': _act('resume'),
    'check': _act('check'),
    'cancel': _cancel,
    'delete': _delete,
    'abandon_and_adopt': _abandon_and_adopt,
    'snapshot': _snapshot,
    'restore': _restore,
    'delete_snapshot': _delete_snapshot,
    'mark_unhealthy': _mark_unhealthy,
    'signal': _signal,
    'clear_hook': _clear_hook,
    'delete_project': _delete_project,
    'call_webhook': _call_url('POST'),
    'put_url': _call_url('PUT', json={'status': 'SUCCESS', 'id': '1',
                                      'data': 'sent'}),
    'put_object': _change_object('PUT'),
    'delete_object': _change_object('DELETE'),
    'wait_for_resource': _wait_for_resource,
}
