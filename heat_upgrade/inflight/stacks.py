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

"""The stacks of in-flight operations in Heat's list of stacks."""

from collections import abc
import dataclasses
import typing

from heat_upgrade.lab import heat_client


class Owner(typing.Protocol):
    """An operation that knows its stacks by their names."""

    name: str

    def owns(self, name: str) -> bool:
        ...


@dataclasses.dataclass(frozen=True)
class Stack:
    """A stack.

    :ivar status: such as 'CREATE_IN_PROGRESS'
    :ivar reason: its status_reason, in Heat's own words
    """

    id: str
    status: str
    reason: str

    @property
    def in_progress(self) -> bool:
        return self.status.endswith('_IN_PROGRESS')


# A stack that Heat does not list.
GONE = Stack('', 'DELETE_COMPLETE', 'it is gone')


def listed(api: heat_client.Api,
           timeout: float = heat_client.ANSWER_TIMEOUT) -> dict[str, Stack]:
    """Return {name: stack} of all stacks, including nested ones.

    :param timeout: seconds for the answer
    :raises: OSError if Heat does not answer with 200
    """
    answer = api.call('GET', 'stacks?show_nested=True', timeout=timeout)
    if answer.status != 200:
        raise OSError('expected 200 from the list of stacks; got '
                      f'{answer.status}: {str(answer.body)[:200]}')
    return {stack['stack_name']: Stack(
        stack['id'], stack['stack_status'],
        stack['stack_status_reason'] or '')
        for stack in answer.body['stacks']}


def seen(operation: Owner, stacks: abc.Mapping[str, Stack]) -> Stack:
    """Return the stack of an operation, GONE if it does not exist.

    Its status is that of a nested stack that is still in progress, if any.

    :param stacks: the result of listed()
    """
    top = stacks.get(operation.name, GONE)
    if top.in_progress:
        return top
    return next((dataclasses.replace(top, status=stack.status)
                 for name, stack in stacks.items()
                 if operation.owns(name) and stack.in_progress), top)


def owned(operations: abc.Iterable[Owner],
          stacks: abc.Mapping[str, Stack]) -> dict[str, Stack]:
    """Return the stacks that belong to any of the operations."""
    operations = list(operations)
    return {name: stack for name, stack in stacks.items()
            if any(operation.owns(name) for operation in operations)}
