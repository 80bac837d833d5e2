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

"""The errors of the tool, each with the exit status that it ends with."""


class HeatUpgradeError(Exception):
    """Base of every error that the tool raises on purpose.

    The text says what happened, to what, what was expected, and what to do
    or where to look; it is printed without a traceback.
    """

    exit_status = 3


class UsageError(HeatUpgradeError):
    """The caller asked for something that cannot be: exit status 2."""

    exit_status = 2


class LabError(HeatUpgradeError):
    """Our own machinery broke, so nothing is known about Heat: status 3.

    :param message: what happened
    :param log: path of the log that tells more, if there is one
    """

    def __init__(self, message, *, log=None):
        super().__init__(message)
        self.log = log


class WaitTimeout(LabError):
    """Something did not become true before its deadline."""


class ProcessDied(LabError):
    """A process ended that should have been running."""
