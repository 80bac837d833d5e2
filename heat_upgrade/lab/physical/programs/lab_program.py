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

"""The agreement between a program and the lab: two files."""

import os
import time

# Seconds. The lab waits less and then ends the program.
TIMEOUT = 300
INTERVAL = 0.05


def wait_released():
    """Wait until the APIs answer and Keystone's catalog is complete."""
    wait_until(lambda: os.path.exists(os.environ['LAB_RELEASED']))


def announce():
    """Report that the program works."""
    with open(os.environ['LAB_ANNOUNCED'], 'w'):
        pass


def wait_until(condition):
    """Wait until a condition is true.

    :raises: TimeoutError
    """
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f'the lab did not release {os.getpid()}')
        time.sleep(INTERVAL)
