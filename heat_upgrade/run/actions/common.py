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

"""Code that all actions share."""

import typing

T = typing.TypeVar('T')


class StepFailed(Exception):
    """The run cannot continue; the findings in the journal say why."""


class StoppedEarly(Exception):
    """The run ends early: a finding of another step decides its verdict."""


def existing(value: T | None, name: str) -> T:
    """Return a part of a run that an earlier step has created.

    :param name: the part, for the error message
    :raises: RuntimeError if no step has created it: a bug of the planner
    """
    if value is None:
        raise RuntimeError(f'the plan uses the {name} of the run before a '
                           'step creates it')
    return value
