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

"""A seeded bug, and the report of a run that finds it."""

import typing

from heat_upgrade.tests.seeded_bugs import bugs

PASS: dict[str, typing.Any] = {'verdict': 'pass', 'findings': []}


def finding(**changed: object) -> dict[str, typing.Any]:
    """Return a finding as report.json has it."""
    return {'origin': 'heat', 'severity': 'error', 'step': 'settle',
            'class': 2, 'title': 'it is stuck', **changed}


def bug(**changed: object) -> bugs.Bug:
    """Return a seeded bug that shows in the step settle."""
    return bugs.Bug(**{
        'name': 'lost', 'kind': '2-stacks', 'effect': 'All is lost.',
        'steps': ('settle',), 'classes': (2,), 'changes': (), **changed})
