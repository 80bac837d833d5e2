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

"""The stacks of the probes: the standing stack, and canaries.

The probes list and show the standing stack, and send signals to its handle.
Its Keystone user is the data plane, which must work in any state of Heat. A
canary is created and deleted; then the next one begins.
"""

from collections import abc
import itertools
import threading
import time
import typing

from heat_upgrade import errors
from heat_upgrade.lab import heat_client
from heat_upgrade.lab import workspace
from heat_upgrade.probes import error_classes
from heat_upgrade.probes import samples
from heat_upgrade import waiting

# Prefix of the stacks of the probes in the administrator's project.
PREFIX = 'heat-upgrade-probe-'
STANDING = PREFIX + 'standing'

# Seconds. On an idle machine 5 s and 4 s; a machine that runs all tests
# concurrently is four times slower.
MAKE_TIMEOUT = 60
REMOVE_TIMEOUT = 90

# Seconds until a delete is repeated. A deletion takes 2 s, ten on a busy
# machine.
AGAIN_AFTER = 15

# Seconds for a create and a delete together, 4 s on an idle machine. A user
# considers a stack of one value stuck after this time.
CANARY_TIMEOUT = 120
POLL = 0.25

# Seconds for which a stopping engine may hold a canary: its grace period, and
# the timeout of RPC.
HELD = 60

# The stack does not create its project: without Neutron, Heat cannot delete a
# project (its default security group), see keystone/project.py.
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
    """The stack that exists for the lifetime of the probes.

    :ivar project: id of the project of the stack and its user
    :ivar url: pre-signed URL for signals
    :ivar user: id of the Keystone user
    :ivar password: password of that user
    """

    def __init__(self, api: heat_client.Api, project: str, *,
                 timeout: float = MAKE_TIMEOUT) -> None:
        """Create the stack, and wait until it is complete.

        :param project: id
        :param timeout: seconds
        :raises: errors.LabError
        """
        self.project = project
        self.password = workspace.password()
        answer = api.call('POST', 'stacks', {
            'stack_name': STANDING, 'template': TEMPLATE, 'parameters': {
                'password': self.password, 'project': project}})
        if answer.status != 201:
            raise errors.LabError(
                f'Heat refused the stack of the probes: {answer.status} '
                f'{answer.body}')
        self.id: str = answer.body['stack']['id']

        def ended() -> dict[str, typing.Any]:
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
        self.url: str = outputs['url']
        self.user: str = outputs['user']


def _stack(api: heat_client.Api, name: str,
           stack_id: str) -> dict[str, typing.Any]:
    """Return a stack.

    :raises: OSError if Heat does not show it
    """
    answer = api.call('GET', f'stacks/{name}/{stack_id}')
    if answer.status != 200:
        raise OSError(f'{answer.status} {answer.body}')
    stack: dict[str, typing.Any] = answer.body['stack']
    return stack


def remove(api: heat_client.Api, *, timeout: float = REMOVE_TIMEOUT,
           watch: abc.Callable[[], object] | None = None) -> None:
    """Delete every stack of the probes, and wait until all are gone.

    The delete is repeated: a deletion with a lost message stays in progress
    until the next request.

    :param timeout: seconds
    :param watch: called repeatedly during the wait; may raise to end it
    :raises: errors.WaitTimeout with the remaining stacks
    """
    again: dict[str, float] = {}

    def gone() -> bool:
        if watch:
            watch()
        answer = api.call('GET', 'stacks')
        if answer.status != 200:
            raise OSError('the list of stacks failed: '
                          f'{answer.status} {answer.body}')
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

    Heat must accept both requests, and both operations must complete. The
    reads in between may fail: the reading probes judge them.

    A canary in progress at the end of the probes is no sample while it is
    younger than HELD, and failed when it is older.

    :param ended: set at the end of the probes
    :raises: samples.Unknown for a canary that is in progress at the end
    :param timeout: seconds for both operations together
    """

    def __init__(self, api: heat_client.Api, ended: threading.Event, *,
                 timeout: float = CANARY_TIMEOUT) -> None:
        self._api = api
        self._ended = ended
        self._timeout = timeout
        self._numbers = itertools.count(1)

    def __call__(self) -> samples.Reply:
        name = f'{PREFIX}canary-{next(self._numbers)}'
        deadline = time.monotonic() + self._timeout
        answer = self._api.call('POST', 'stacks', {
            'stack_name': name, 'template': CANARY})
        if answer.status != 201:
            return _refused('create', answer)
        path = f'stacks/{name}/{answer.body["stack"]["id"]}'
        reply = self._until('CREATE_COMPLETE', path, deadline)
        # Delete it in any case; the first error counts.
        answer = self._api.call('DELETE', path)
        if answer.status not in (204, 404) and not (reply and reply.error):
            return _refused('delete', answer)
        if reply and not reply.error:
            reply = self._until('DELETE_COMPLETE', path, deadline)
        if not reply:
            raise samples.Unknown
        return reply

    def _until(self, wanted: str, path: str,
               deadline: float) -> samples.Reply | None:
        """Wait until a stack has a status.

        :returns: None if the probes end before a stopping engine may have to
            release the canary: the outcome is unknown then
        """
        last = 'nothing'
        while time.monotonic() < deadline:
            try:
                answer = self._api.call(
                    'GET', f'{path}?resolve_outputs=False')
            except OSError as exc:
                last = str(exc)
            else:
                if answer.status == 404 and wanted == 'DELETE_COMPLETE':
                    return samples.Reply(node=answer.node)
                last = f'{answer.status} {answer.body}'
                if answer.status == 200:
                    stack = answer.body['stack']
                    last = (f'{stack["stack_status"]}: '
                            f'{stack["stack_status_reason"]}')
                    if stack['stack_status'] == wanted:
                        return samples.Reply(node=answer.node)
                    if stack['stack_status'].endswith('_FAILED'):
                        return samples.Reply(error_classes.FAILED, answer.node,
                                             f'{path} is {last}')
            if self._ended.wait(POLL):
                break
        age = time.monotonic() - deadline + self._timeout
        if age < min(HELD, self._timeout):
            return None
        return samples.Reply(
            error_classes.TIMEOUT, detail=f'{path} is not {wanted} after '
            f'{age:.1f} s, but: {last}')


def _refused(operation: str, answer: heat_client.Answer) -> samples.Reply:
    return samples.Reply(str(answer.status), answer.node,
                         f'{operation}: {answer.body}')
