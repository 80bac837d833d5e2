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

"""The errors of the tool, each with its exit status."""

import os


class HeatUpgradeError(Exception):
    """Base of every error that the tool raises on purpose.

    The text names the failure, its subject, the expectation and the next
    step or the place to look. It is printed without a traceback.
    """

    exit_status = 3


class UsageError(HeatUpgradeError):
    """The caller asked for something impossible: exit status 2."""

    exit_status = 2


class LabError(HeatUpgradeError):
    """The lab or the tool failed, so Heat was not judged: exit status 3.

    :param log: path of the log with the details, if there is one
    """

    def __init__(self, message: str, *,
                 log: str | os.PathLike[str] | None = None) -> None:
        super().__init__(message)
        self.log = log


class WaitTimeout(LabError):
    """A condition did not become true before its deadline."""


class ProcessDied(LabError):
    """A process that should be running ended."""
