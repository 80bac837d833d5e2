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

"""What can be done to stacks: each operation waits until it has ended.

A stack is referred to by ``name/id``, which Heat resolves without a
redirect.
"""

import dataclasses

from heatclient import exc

from heat_integrationtests import facts
from heat_integrationtests import waiters

# A 400 that comes from a race within Heat is bad luck; five in a row are not.
ATTEMPTS = 5


@dataclasses.dataclass(frozen=True)
class Stack:
    """The name and the id of a stack."""

    name: str
    id: str

    @property
    def ref(self):
        """What Heat's API takes: name/id."""
        return f'{self.name}/{self.id}'


def patiently(ask):
    """Give what a question is answered with, asking again after a 400.

    Only for who waits and looks again anyway. Since Heat 25 works in threads,
    two races of its own are answered so: the tags of a stack go, with the
    stack, while it is listed (doc/source/findings/list-while-deleting.rst);
    and an engine's first two uses of yaql come at once
    (doc/source/findings/yaql-race.rst).

    :param ask: a function without arguments
    :raises heatclient.exc.HTTPBadRequest: it answers so again and again
    """
    for last in (False,) * (ATTEMPTS - 1) + (True,):
        try:
            return ask()
        except exc.HTTPBadRequest:
            if last:
                raise


def listed(client, **filters):
    """Give the stacks that Heat lists, as a list; see patiently().

    :param client: a heatclient
    :param filters: of its stacks.list
    """
    return patiently(lambda: list(client.stacks.list(**filters)))


class Stacks:
    """Operations on the stacks of one project.

    :param client: a heatclient of version 1
    :param lister: a heatclient of an ordinary user of the project, where
        the other one is an admin's, to whom Heat lists all projects' stacks
    :param timeout: seconds that an operation may take
    :param interval: seconds before the first look, and between the first
        two
    :param interval_max: seconds that the interval may grow to
    """

    def __init__(self, client, *, lister=None, timeout=300, interval=0.5,
                 interval_max=2.0):
        self.client = client
        self.lister = lister or client
        self._pace = {'timeout': timeout, 'interval': interval,
                      'interval_max': interval_max}

    def request_creation(self, name, **fields):
        """Ask Heat to create a stack; does not wait for it.

        So who asks can note the id before the creation fails.

        :param fields: of the request: template, parameters, files,
            environment, tags …
        :returns: a Stack
        """
        answer = self.client.stacks.create(stack_name=name, **fields)
        return Stack(name, answer['stack']['id'])

    def update(self, stack, *, wait='UPDATE_COMPLETE', **fields):
        """Update a stack.

        :param fields: of the request; ``existing=True`` keeps what they do
            not name
        :returns: the stack as Heat showed it last
        """
        self.client.stacks.update(stack.ref, **fields)
        return self.wait(stack, wait)

    def act(self, stack, action, *, wait=None):
        """Suspend, resume or check a stack.

        :param action: suspend, resume or check
        :returns: the stack as Heat showed it last
        """
        getattr(self.client.actions, action)(stack.ref)
        return self.wait(stack, wait or f'{action.upper()}_COMPLETE')

    def delete(self, stack):
        """Delete a stack, and wait until it and all in it is gone.

        Heat then shows it no more or as deleted, and lists neither the
        stack nor one that was nested in it.
        """
        if not self.request_deletion(stack):
            return
        judge = waiters.stack_progress(stack.name, 'DELETE_COMPLETE')

        def look():
            left = [found for found in listed(self.lister, show_nested=True)
                    if stack.id in (found.id, found.parent)]
            if not left:
                return 'gone', True
            seen, _ = judge(left[0])
            return f'{left[0].stack_name}: {seen}', None

        self._wait(stack, 'be deleted', look)

    def request_deletion(self, stack):
        """Ask Heat to delete a stack.

        :returns: whether there is something to wait for
        """
        try:
            self.client.stacks.delete(stack.ref)
        except exc.HTTPNotFound:
            return False
        return True

    def get(self, stack):
        """Give a stack as Heat shows it, or None when Heat says 404."""
        try:
            return self.client.stacks.get(stack.ref)
        except exc.HTTPNotFound:
            return None

    def is_gone(self, stack):
        """Tell whether Heat shows a stack no more, or only as deleted."""
        shown = self.get(stack)
        return shown is None or shown.stack_status == 'DELETE_COMPLETE'

    def wait(self, stack, expected):
        """Wait until a stack has a status.

        :returns: the stack as Heat showed it last
        :raises waiters.WaitTimeout, waiters.WentWrong: with the resources
            that failed
        """
        judge = waiters.stack_progress(stack.name, expected)
        return self._wait(stack, f'become {expected}',
                          lambda: judge(patiently(lambda: self.get(stack))))

    def _wait(self, stack, what, look):
        try:
            return waiters.wait_for(
                f'stack {stack.name} ({stack.id}) to {what}', look,
                delay=self._pace['interval'], **self._pace)
        except (waiters.WaitTimeout, waiters.WentWrong) as error:
            raise type(error)(f'{error}{self._unhealthy(stack)}') from None

    def wait_for_resources(self, stack, status, *paths):
        """Wait until resources of a stack have a status.

        They are listed, not shown: who is shown a resource has its
        attributes resolved, which may change what is being made
        (doc/source/findings/wait-condition-url.rst).

        :param paths: as facts.resources gives them
        :returns: all resources, as facts.resources gives them
        """
        def look():
            found = facts.resources(self.client, stack.ref)
            seen = {path: found.get(path, {}).get('resource_status')
                    for path in paths}
            return str(seen), (
                found if set(seen.values()) == {status} else None)

        return self._wait(stack, f'have {", ".join(paths)} {status}', look)

    def wait_until(self, what, condition):
        """Wait until a condition gives something that is true.

        :param what: what is waited for, as a noun phrase
        :param condition: a function without arguments
        """
        def look():
            seen = condition()
            return repr(seen), seen or None

        return waiters.wait_for(what, look, **self._pace)

    def _unhealthy(self, stack):
        try:
            resources = self.client.resources.list(stack.ref, nested_depth=5)
            bad = [f'\n  {found.resource_name} ({found.resource_type}): '
                   f'{found.resource_status}: '
                   f'{found.resource_status_reason}'
                   for found in resources
                   if not found.resource_status.endswith('_COMPLETE')]
        except Exception as error:
            # The stack is what failed; why its resources cannot be listed
            # is only a remark on it.
            return f'\n(its resources cannot be listed: {error})'
        return '\nresources that are not complete:' + ''.join(bad) \
            if bad else ''

    def story(self, stack):
        """Give the events and resources of a stack as text, for people.

        It raises nothing: it is told when something else has failed.
        """
        try:
            return self._story(stack)
        except Exception as error:
            return f'stack {stack.name} ({stack.id}): {error!r}'

    def _story(self, stack):
        lines = [f'stack {stack.name} ({stack.id})']
        shown = self.get(stack)
        if shown is None:
            return lines[0] + ': gone (404)'
        lines.append(f'{shown.stack_status}: {shown.stack_status_reason}')
        for found in self.client.resources.list(stack.ref, nested_depth=5):
            lines.append(
                f'  {found.resource_name} {found.resource_type} '
                f'{found.physical_resource_id or "-"} '
                f'{found.resource_status}: {found.resource_status_reason}')
        for event in self.client.events.list(stack.ref, nested_depth=5):
            lines.append(
                f'  {event.event_time} {event.resource_name} '
                f'{event.resource_status}: {event.resource_status_reason}')
        return '\n'.join(lines)


def outputs(shown):
    """Give the outputs of a stack as a dictionary.

    :param shown: the stack, as Heat shows it
    """
    return {output['output_key']: output['output_value']
            for output in shown.outputs}
