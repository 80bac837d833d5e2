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

"""The data of a runbook: sections of actions, without any layout."""

import dataclasses

BASE, TARGET = 'base', 'target'

COLD, ROLLING = 'cold', 'rolling'
STRATEGIES = (COLD, ROLLING)
SYSTEMD, CONTAINERS = 'systemd', 'containers'
DEPLOYMENTS = (SYSTEMD, CONTAINERS)

EVERY_NODE = 'every node'
ONE_NODE = 'one node'
SPARE = 'a machine with the target that runs no service of the base'
CLIENT = 'a machine with these tests'
DATABASE = 'a machine that reaches the database'
BROKER = 'a node of RabbitMQ'
LOAD_BALANCER = 'the load balancer'


@dataclasses.dataclass(frozen=True)
class Action:
    """One action of the operator.

    :ivar title: imperative, such as "Stop Heat"
    :ivar where: the machine of the commands
    :ivar commands: lines for a shell, in order
    :ivar expected: how to see that the action worked
    :ivar seconds: measured in the run; None if the run did not measure it
    :ivar notes: Markdown, one paragraph each
    :ivar literal: unified diffs and other text that is shown as it is
    :ivar point_of_no_return: the loss of a return after this action, ''
    """

    title: str
    where: str = ''
    commands: tuple[str, ...] = ()
    expected: str = ''
    seconds: float | None = None
    notes: tuple[str, ...] = ()
    literal: tuple[str, ...] = ()
    point_of_no_return: str = ''


@dataclasses.dataclass(frozen=True)
class Section:
    """A part of the procedure, such as the window.

    :ivar id: "before", "window", "rollback" or "afterwards"
    """

    id: str
    title: str
    actions: tuple[Action, ...]
    notes: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Runbook:
    """The procedure of one upgrade."""

    title: str
    notes: tuple[str, ...]
    sections: tuple[Section, ...]

    def section(self, section_id: str) -> Section:
        """Return a section by its ID.

        :raises: KeyError if there is no such section
        """
        return {section.id: section for section in self.sections}[section_id]
