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

"""States of the stacks of a project, read from Heat's database.

A call of the API takes a tenth of a second, and a broken row could break it.
"""

from collections import abc
import dataclasses
import typing

COMPLETE, FAILED = 'COMPLETE', 'FAILED'

Execute = abc.Callable[..., abc.Iterable[tuple[typing.Any, ...]]]


@dataclasses.dataclass(frozen=True)
class State:
    """The state of a stack.

    :ivar mark: a value that changes with each update: the template and the
        traversal
    """

    action: str
    status: str
    reason: str
    deleted: bool
    mark: tuple[int, str | None]

    @property
    def name(self) -> str:
        return f'{self.action}_{self.status}'

    def __str__(self) -> str:
        return f'{self.name} ({self.reason[:500]})'

    def ended(self, action: str, before: 'State') -> bool:
        """Return True if an operation has ended.

        :param action: UPDATE or DELETE
        :param before: the state before the operation was requested
        """
        if self.deleted:
            return True
        return (self.action == action and self.status in (COMPLETE, FAILED)
                and (self.status == FAILED or self.mark != before.mark))


def of_project(execute: Execute, project: str) -> dict[str, State]:
    """Return {ID: state} of all stacks of a project, also deleted ones.

    :param execute: executes a statement with its values; returns all rows
    """
    return {
        stack: State(action or '', status or '', reason or '', bool(deleted),
                     (template, traversal))
        for stack, action, status, reason, deleted, template, traversal
        in execute(
            'SELECT id, action, status, status_reason, deleted_at IS NOT '
            'NULL, raw_template_id, current_traversal FROM stack '
            'WHERE tenant = %s', project)}


def physical(execute: Execute, stack: str) -> frozenset[tuple[str, str]]:
    """Return (name, physical ID) of the resources of a stack.

    Its nested stacks are included; the ID of a random string is its value.

    :param stack: ID
    """
    return frozenset((name, identifier) for name, identifier in execute(
        'SELECT r.name, r.nova_instance FROM resource r JOIN stack s '
        'ON s.id = r.stack_id WHERE s.deleted_at IS NULL AND '
        '(s.id = %s OR s.owner_id = %s) AND r.nova_instance IS NOT NULL',
        stack, stack))
