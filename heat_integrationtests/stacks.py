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

"""Operations on stacks; each waits until the operation has finished.

A stack is identified by ``name/id``, which Heat resolves without a redirect.
"""

from collections import abc
import dataclasses
import itertools
import typing

from heatclient import exc

from heat_integrationtests import aliases
from heat_integrationtests import facts
from heat_integrationtests import waiters

# A race within Heat may cause one 400, but not five in a row.
ATTEMPTS = 5

_Answer = typing.TypeVar('_Answer')


@dataclasses.dataclass(frozen=True)
class Stack:
    """The name and the ID of a stack."""

    name: str
    id: str

    @property
    def ref(self) -> str:
        """The identifier in requests to Heat: name/id."""
        return f'{self.name}/{self.id}'


def retry_bad_request(request: abc.Callable[[], _Answer]) -> _Answer:
    """Return the answer to a request, repeating the request after a 400.

    Use it only to poll. Heat uses threads since release 25, and two of its
    races cause a 400: a stack and its tags are deleted while the stack is
    listed (doc/source/findings/list-while-deleting.rst), and an engine's
    first two uses of yaql coincide (doc/source/findings/yaql-race.rst).

    :param request: sends the request
    :raises heatclient.exc.HTTPBadRequest: all attempts have failed so
    """
    for _ in range(ATTEMPTS - 1):
        try:
            return request()
        except exc.HTTPBadRequest:
            pass
    return request()


def listed(client: aliases.HeatClient,
           **filters: typing.Any) -> list[aliases.HeatObject]:
    """Return the stacks that Heat lists; see retry_bad_request().

    :param filters: arguments of the client's stacks.list
    """
    return retry_bad_request(lambda: list(client.stacks.list(**filters)))


class Stacks:
    """Operations on the stacks of one project.

    :param client: a heatclient of version 1
    :param lister: a heatclient of an ordinary user of the project, needed
        if ``client`` is an admin's: Heat lists the stacks of all projects
        to an admin
    :param timeout: maximum duration of an operation, in seconds
    :param interval: seconds before the first look, and between the first
        two
    :param interval_max: upper limit of the interval, in seconds
    """

    def __init__(self, client: aliases.HeatClient, *,
                 lister: aliases.HeatClient = None, timeout: float = 300,
                 interval: float = 0.5, interval_max: float = 2.0) -> None:
        self.client = client
        self.lister = lister or client
        self._timeout = timeout
        self._interval = interval
        self._interval_max = interval_max

    def request_creation(self, name: str, **fields: typing.Any) -> Stack:
        """Request the creation of a stack, without waiting for it.

        So the caller can record the ID before the creation fails.

        :param fields: of the request: template, parameters, files,
            environment, tags …
        """
        answer = self.client.stacks.create(stack_name=name, **fields)
        return Stack(name, answer['stack']['id'])

    def update(self, stack: Stack, *, wait: str = 'UPDATE_COMPLETE',
               **fields: typing.Any) -> aliases.HeatObject:
        """Update a stack.

        :param wait: the status to wait for
        :param fields: of the request; ``existing=True`` keeps the fields
            that are not given
        :returns: the stack as Heat showed it last
        """
        self.client.stacks.update(stack.ref, **fields)
        return self.wait(stack, wait)

    def act(self, stack: Stack, action: str, *,
            wait: str | None = None) -> aliases.HeatObject:
        """Suspend, resume or check a stack.

        :param action: suspend, resume or check
        :param wait: the status to wait for; the default is COMPLETE
        :returns: the stack as Heat showed it last
        """
        getattr(self.client.actions, action)(stack.ref)
        return self.wait(stack, wait or f'{action.upper()}_COMPLETE')

    def delete(self, stack: Stack) -> None:
        """Delete a stack, and wait until it and its nested stacks are gone.

        Heat then shows the stack as deleted or not at all, and lists neither
        the stack nor a stack that was nested in it.
        """
        if not self.request_deletion(stack):
            return
        judge = waiters.stack_progress(stack.name, 'DELETE_COMPLETE')

        def look() -> waiters.Look[bool]:
            # A list of all stacks costs the engine much more than one stack.
            shown = self.get(stack, outputs=False)
            if shown and shown.stack_status != 'DELETE_COMPLETE':
                return judge(shown)[0], None
            left = [member for member in listed(self.lister, show_nested=True)
                    if stack.id in (member.id, member.parent)]
            if not left:
                return 'gone', True
            seen, _ = judge(left[0])
            return f'{left[0].stack_name}: {seen}', None

        self._wait(stack, 'be deleted', look)

    def request_deletion(self, stack: Stack) -> bool:
        """Request the deletion of a stack.

        :returns: False if the stack is gone already
        """
        try:
            self.client.stacks.delete(stack.ref)
        except exc.HTTPNotFound:
            return False
        return True

    def get(self, stack: Stack, *, outputs: bool = True
            ) -> aliases.HeatObject:
        """Return a stack as Heat shows it, or None if Heat answers 404.

        :param outputs: whether Heat resolves the outputs
        """
        try:
            return self.client.stacks.get(stack.ref, resolve_outputs=outputs)
        except exc.HTTPNotFound:
            return None

    def is_gone(self, stack: Stack) -> bool:
        """Return True if Heat shows a stack as deleted or not at all."""
        shown = self.get(stack)
        return shown is None or shown.stack_status == 'DELETE_COMPLETE'

    def wait(self, stack: Stack, expected: str) -> aliases.HeatObject:
        """Wait until a stack has a status.

        The first look, often during the operation, resolves the outputs, as
        users do. Later ones do not: that would be a sixth of the engine's
        work in a run.

        :returns: the stack as Heat showed it last, with its outputs
        :raises waiters.WaitTimeout, waiters.WentWrong: the text includes the
            resources that failed
        """
        judge = waiters.stack_progress(stack.name, expected)

        looks = itertools.count()

        def shown(outputs: bool) -> waiters.Look[aliases.HeatObject]:
            return judge(retry_bad_request(
                lambda: self.get(stack, outputs=outputs)))

        def look() -> waiters.Look[aliases.HeatObject]:
            first = next(looks) == 0
            seen, result = shown(outputs=first)
            if first or result is None or result is True:
                return seen, result
            return shown(outputs=True)

        return self._wait(stack, f'become {expected}', look)

    def _poll(self, state: str,
              look: abc.Callable[[], waiters.Look[_Answer]],
              delay: float = 0) -> _Answer:
        return waiters.wait_for(
            state, look, timeout=self._timeout, interval=self._interval,
            interval_max=self._interval_max, delay=delay)

    def _wait(self, stack: Stack, change: str,
              look: abc.Callable[[], waiters.Look[_Answer]]) -> _Answer:
        try:
            return self._poll(
                f'stack {stack.name} ({stack.id}) to {change}', look,
                delay=self._interval)
        except (waiters.WaitTimeout, waiters.WentWrong) as error:
            raise type(error)(f'{error}{self._unhealthy(stack)}') from None

    def wait_for_resources(self, stack: Stack, status: str,
                           *paths: str) -> aliases.Json:
        """Wait until resources of a stack have a status.

        Resources are listed, not shown: showing a resource resolves its
        attributes, which may change the resource during its creation
        (doc/source/findings/wait-condition-url.rst).

        :param paths: keys of facts.resources
        :returns: all resources, as facts.resources returns them
        """
        def look() -> waiters.Look[aliases.Json]:
            resources = facts.resources(self.client, stack.ref)
            seen = {path: resources.get(path, {}).get('resource_status')
                    for path in paths}
            return str(seen), (
                resources if set(seen.values()) == {status} else None)

        return self._wait(stack, f'have {", ".join(paths)} {status}', look)

    def wait_for(self, state: str,
                 condition: abc.Callable[[], _Answer]) -> _Answer:
        """Wait until a condition returns a true value, and return it.

        :param state: the expected state, a noun phrase for the error
        """
        def look() -> waiters.Look[_Answer]:
            seen = condition()
            return repr(seen), seen or None

        return self._poll(state, look)

    def _unhealthy(self, stack: Stack) -> str:
        try:
            resources = self.client.resources.list(stack.ref, nested_depth=5)
            incomplete = [
                f'\n  {resource.resource_name} ({resource.resource_type}): '
                f'{resource.resource_status}: '
                f'{resource.resource_status_reason}'
                for resource in resources
                if not resource.resource_status.endswith('_COMPLETE')]
        except Exception as error:
            # The failure of the stack matters more than this one.
            return f'\n(its resources cannot be listed: {error})'
        return '\nresources that are not complete:' + ''.join(incomplete) \
            if incomplete else ''

    def story(self, stack: Stack) -> str:
        """Return the events and resources of a stack as text, for people.

        It never raises, because it describes a failure that has occurred.
        """
        try:
            return self._story(stack)
        except Exception as error:
            return f'stack {stack.name} ({stack.id}): {error!r}'

    def _story(self, stack: Stack) -> str:
        lines = [f'stack {stack.name} ({stack.id})']
        shown = self.get(stack)
        if shown is None:
            return lines[0] + ': gone (404)'
        lines.append(f'{shown.stack_status}: {shown.stack_status_reason}')
        for resource in self.client.resources.list(stack.ref,
                                                   nested_depth=5):
            lines.append(
                f'  {resource.resource_name} {resource.resource_type} '
                f'{resource.physical_resource_id or "-"} '
                f'{resource.resource_status}: '
                f'{resource.resource_status_reason}')
        for event in self.client.events.list(stack.ref, nested_depth=5):
            lines.append(
                f'  {event.event_time} {event.resource_name} '
                f'{event.resource_status}: {event.resource_status_reason}')
        return '\n'.join(lines)


def outputs(shown: aliases.HeatObject) -> aliases.Json:
    """Return the outputs of a stack.

    :param shown: the stack, as Heat shows it
    """
    return {output['output_key']: output['output_value']
            for output in shown.outputs}
