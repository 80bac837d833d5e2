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

"""The stacks that the probes need: one that stands, and canaries.

The standing stack is listed and shown, its handle takes signals, and its
Keystone user is the data plane: it must go on working whatever becomes of
Heat. A canary is created and deleted, again and again.
"""

import itertools
import time

from heat_upgrade import errors
from heat_upgrade.lab import workspace
from heat_upgrade.probes import error_classes
from heat_upgrade.probes import samples
from heat_upgrade import waiting

# What is ours in the administrator's project.
PREFIX = 'heat-upgrade-probe-'
STANDING = PREFIX + 'standing'

# On an idle machine 5 s and 4 s; a machine that runs all tests at the same
# time is four times slower.
MAKE_TIMEOUT = 60
REMOVE_TIMEOUT = 90

# A deletion takes 2 s, ten on a busy machine.
AGAIN_AFTER = 15

# Of a create and a delete together, 4 s on an idle machine. Who waits longer
# than this for a stack of one value takes it for stuck.
CANARY_TIMEOUT = 120
POLL = 0.25

# The project is not the stack's own: without Neutron Heat cannot delete one
# (its default security group), see keystone/project.py.
TEMPLATE = '''
heat_template_version: 2018-08-31
parameters:
  password: {type: string, hidden: true}
  project: {type: string}
resources:
  handle:
    type: AWS::CloudFormation::WaitConditionHandle
  role:
    type: OS::Keystone::Role
  user:
    type: OS::Keystone::User
    properties:
      password: {get_param: password}
      roles:
      - {role: {get_resource: role}, project: {get_param: project}}
outputs:
  url: {value: {get_resource: handle}}
  user: {value: {get_resource: user}}
'''

CANARY = '''
heat_template_version: 2018-08-31
resources:
  value: {type: OS::Heat::Value, properties: {value: canary}}
'''


class Standing:
    """The stack that is there for as long as the probes are.

    :ivar id: of the stack
    :ivar project: id of the project that it is in, also its user's
    :ivar url: pre-signed URL that takes signals
    :ivar user: id of the Keystone user
    :ivar password: of that user
    """

    def __init__(self, api, project, *, timeout=MAKE_TIMEOUT):
        """Create it and wait until it is complete.

        :param api: :class:`heat_upgrade.lab.heat_client.Api`
        :param project: id
        :param timeout: seconds
        :raises: :class:`errors.LabError`
        """
        self.project = project
        self.password = workspace.password()
        answer = api.call('POST', 'stacks', {
            'stack_name': STANDING, 'template': TEMPLATE, 'parameters': {
                'password': self.password, 'project': project}})
        if answer.status != 201:
            raise errors.LabError(
                f'the stack of the probes is refused: {answer.status} '
                f'{answer.body}')
        self.id = answer.body['stack']['id']

        def ended():
            stack = _stack(api, STANDING, self.id)
            if stack['stack_status'] == 'CREATE_IN_PROGRESS':
                raise OSError('still CREATE_IN_PROGRESS')
            return stack
        stack = waiting.wait_until(ended, timeout=timeout,
                                   what=f'the stack {STANDING}')
        if stack['stack_status'] != 'CREATE_COMPLETE':
            raise errors.LabError(
                f'the stack of the probes is {stack["stack_status"]}: '
                f'{stack["stack_status_reason"]}')
        outputs = {output['output_key']: output['output_value']
                   for output in stack['outputs']}
        self.url, self.user = outputs['url'], outputs['user']


def _stack(api, name, stack_id):
    """Return a stack as it is shown; OSError if it is not."""
    answer = api.call('GET', f'stacks/{name}/{stack_id}')
    if answer.status != 200:
        raise OSError(f'{answer.status} {answer.body}')
    return answer.body['stack']


def remove(api, *, timeout=REMOVE_TIMEOUT, watch=None):
    """Delete every stack of the probes, and wait until none is left.

    Who deletes them asks again now and then: a deletion whose message got
    lost stays in progress until somebody does.

    :param api: :class:`heat_upgrade.lab.heat_client.Api`
    :param timeout: seconds
    :param watch: called again and again meanwhile; may raise to end the wait
    :raises: :class:`errors.WaitTimeout` with what is left
    """
    again = {}

    def gone():
        if watch:
            watch()
        answer = api.call('GET', 'stacks')
        if answer.status != 200:
            raise OSError(f'the list of stacks: {answer.status} '
                          f'{answer.body}')
        left = [stack for stack in answer.body['stacks']
                if stack['stack_name'].startswith(PREFIX)]
        for stack in left:
            now = time.monotonic()
            due = again.setdefault(stack['id'], now + AGAIN_AFTER)
            if stack['stack_status'] != 'DELETE_IN_PROGRESS' or due <= now:
                again[stack['id']] = now + AGAIN_AFTER
                api.call('DELETE',
                         f'stacks/{stack["stack_name"]}/{stack["id"]}')
        if left:
            raise OSError('; '.join(
                f'{stack["stack_name"]} {stack["stack_status"]}: '
                f'{stack["stack_status_reason"]}' for stack in left))
        return True
    waiting.wait_until(gone, timeout=timeout,
                       what='the stacks of the probes to be deleted')


class Cycle:
    """A question: is a canary created and deleted?

    What is asked meanwhile may be answered badly: that is for the probes that
    read. Only the two requests themselves must be accepted, and both
    operations complete.

    :param api: :class:`heat_upgrade.lab.heat_client.Api`
    :param ended: threading.Event: the end of the probes
    :param timeout: seconds for both operations together
    """

    def __init__(self, api, ended, *, timeout=CANARY_TIMEOUT):
        self._api = api
        self._ended = ended
        self._timeout = timeout
        self._numbers = itertools.count(1)

    def __call__(self):
        name = f'{PREFIX}canary-{next(self._numbers)}'
        deadline = time.monotonic() + self._timeout
        answer = self._api.call('POST', 'stacks', {
            'stack_name': name, 'template': CANARY})
        if answer.status != 201:
            return _refused('create', answer)
        path = f'stacks/{name}/{answer.body["stack"]["id"]}'
        reply = self._until('CREATE_COMPLETE', path, deadline)
        # It is deleted in any case; the first of two errors counts.
        answer = self._api.call('DELETE', path)
        if answer.status not in (204, 404):
            return reply if reply.error else _refused('delete', answer)
        if reply.error:
            return reply
        return self._until('DELETE_COMPLETE', path, deadline)

    def _until(self, wanted, path, deadline):
        """Wait until a stack has a status.

        :returns: :class:`samples.Reply`; one that is good if the probes end
            meanwhile, because nothing is known of the stack then
        """
        seen = 'nothing'
        while time.monotonic() < deadline:
            try:
                answer = self._api.call(
                    'GET', f'{path}?resolve_outputs=False')
            except OSError as exc:
                seen = str(exc)
            else:
                if answer.status == 404 and wanted == 'DELETE_COMPLETE':
                    return samples.Reply(node=answer.node)
                seen = f'{answer.status} {answer.body}'
                if answer.status == 200:
                    stack = answer.body['stack']
                    seen = (f'{stack["stack_status"]}: '
                            f'{stack["stack_status_reason"]}')
                    if stack['stack_status'] == wanted:
                        return samples.Reply(node=answer.node)
                    if stack['stack_status'].endswith('_FAILED'):
                        return samples.Reply(error_classes.FAILED, answer.node,
                                             f'{path} is {seen}')
            if self._ended.wait(POLL):
                return samples.Reply()
        return samples.Reply(
            error_classes.TIMEOUT, detail=f'{path} is not {wanted} after '
            f'{self._timeout:g} s, but: {seen}')


def _refused(operation, answer):
    return samples.Reply(str(answer.status), answer.node,
                         f'{operation}: {answer.body}')
