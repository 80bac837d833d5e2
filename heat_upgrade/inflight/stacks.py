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

"""The stacks that Heat lists, as the work in flight looks at them."""

import dataclasses

from heat_upgrade.lab import heat_client


@dataclasses.dataclass(frozen=True)
class Stack:
    """A stack.

    :ivar id: its id
    :ivar status: such as 'CREATE_IN_PROGRESS'
    :ivar reason: what Heat says about it
    """

    id: str
    status: str
    reason: str

    @property
    def in_progress(self):
        return self.status.endswith('_IN_PROGRESS')


# A stack that Heat does not list.
GONE = Stack('', 'DELETE_COMPLETE', 'it is gone')


def listed(api, timeout=heat_client.ANSWER_TIMEOUT):
    """Return all stacks, nested ones too, as {name: :class:`Stack`}.

    :param api: :class:`heat_upgrade.lab.heat_client.Api`
    :param timeout: seconds that Heat may take
    :raises: OSError if Heat does not tell
    """
    answer = api.call('GET', 'stacks?show_nested=True', timeout=timeout)
    if answer.status != 200:
        raise OSError(f'Heat lists no stacks, but answers {answer.status}: '
                      f'{str(answer.body)[:200]}')
    return {one['stack_name']: Stack(
        one['id'], one['stack_status'], one['stack_status_reason'] or '')
        for one in answer.body['stacks']}


def seen(flight, stacks):
    """Return a flight's stack as it is, with those nested in it.

    :param flight: :class:`heat_upgrade.inflight.operation.InFlightOperation`
    :param stacks: what :func:`listed` returned
    :returns: its :class:`Stack`, with the status of one nested in it if that
        is still in progress; GONE if there is none
    """
    top = stacks.get(flight.name, GONE)
    if top.in_progress:
        return top
    return next((dataclasses.replace(top, status=stack.status)
                 for name, stack in stacks.items()
                 if flight.owns(name) and stack.in_progress), top)


def owned(flights, stacks):
    """Return those that belong to any of the flights."""
    return {name: stack for name, stack in stacks.items()
            if any(flight.owns(name) for flight in flights)}
