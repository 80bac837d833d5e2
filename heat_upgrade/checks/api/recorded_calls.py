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

"""The recorded calls of the check "api", and their callers."""

import dataclasses
import pathlib
import re
import typing

import yaml

from heat_upgrade.lab.services import identity as identities

FILE = pathlib.Path(__file__).with_name('calls.yaml')
# Lanes whose answers are compared by their values, too.
BEHAVIOURS = pathlib.Path(__file__).with_name('behaviour_lanes')

# Path of the CloudFormation API: the body of the call is its query.
CFN = 'cfn'

# Callers. ADMIN is the administrator of the cloud, and ANONYMOUS has no token.
# MEMBER is the default.
MEMBER, READER, ADMIN, ANONYMOUS = 'member', 'reader', 'admin', 'nobody'
PROJECT_ADMIN = 'project_admin'
ROLES = {MEMBER: ('member', identities.STACK_OWNER_ROLE),
         READER: ('reader',), PROJECT_ADMIN: ('admin',)}
PROJECT = 'calls'

# The names of the stacks of our calls.
OURS = r'(calls-\d+|added-\w+)'


@dataclasses.dataclass(frozen=True)
class Call:
    """A recorded call; the fields are those of calls.yaml.

    :ivar method: of HTTP
    :ivar path: below the project; below the API if it begins with /, or a
        whole URL if it begins with a kept one; {name} stands for a value that
        an earlier call kept
    :ivar body: sent as JSON
    :ivar name: for findings; the answers to calls of one name are merged
    :ivar by: the caller
    :ivar keep: {name: path in the answer} for later calls
    :ivar until: {path in the answer: value}: repeated until they are equal
    :ivar now: whether ``until`` is asked while an operation is in progress
    :ivar opaque: whether the answer is as a user gave it
    :ivar lane: lane of a behaviour: its values are compared, too
    :ivar failure_class: class of a finding about such a value
    """

    method: str
    path: str
    body: typing.Any = None
    name: str = ''
    by: str = MEMBER
    keep: dict[str, str] = dataclasses.field(default_factory=dict)
    until: dict[str, typing.Any] = dataclasses.field(default_factory=dict)
    now: bool = False
    opaque: bool = False
    lane: str = ''
    failure_class: str = 'api'

    @property
    def label(self) -> str:
        """Return the name for findings, without names of stacks and IDs."""
        return self.name or f'{self.method} ' + re.sub(
            rf'stacks/{OURS}', 'stacks/{name}',
            re.sub('[{][^{}]*[}]', '{id}', self.path))


def read(path: str | pathlib.Path = FILE) -> list[list[Call]]:
    """Return the lanes of a file."""
    lanes = yaml.safe_load(pathlib.Path(path).read_text())
    return [[Call(**call) for call in lane['calls']]
            for part in ('recorded', 'added') for lane in lanes[part]]


def behaviours(directory: pathlib.Path = BEHAVIOURS) -> list[list[Call]]:
    """Return the lanes of a directory, whose values are compared.

    The name of a call tells its lane and its number in it, so that no two
    answers are merged.
    """
    return [[_behaviour(lane, number, call)
             for number, call in enumerate(lane['calls'], 1)]
            for path in sorted(directory.glob('*.yaml'))
            for lane in yaml.safe_load(path.read_text())]


def _behaviour(lane: dict[str, typing.Any], number: int,
               fields: dict[str, typing.Any]) -> Call:
    words = fields['path']
    if words == CFN:
        words = fields['body']['Action']
    return Call(**fields, lane=lane['lane'],
                failure_class=lane.get('failure_class', 'api'),
                name=f"{lane['lane']}, call {number}: {fields['method']} "
                     f'{words}')
