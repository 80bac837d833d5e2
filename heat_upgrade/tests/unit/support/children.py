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

"""Small real child processes, for unit tests."""

import pathlib

from heat_upgrade import waiting

# Long enough that no test sees its end.
FOREVER = 'sleep 600'
TIMEOUT = 10


def alive(pid):
    """Return True if a process runs; a zombie does not run."""
    try:
        stat = pathlib.Path(f'/proc/{pid}/stat').read_text()
    except OSError:
        return False
    return stat.rpartition(')')[2].split()[0] not in 'ZX'


def text_of(path):
    """Return the text of a file once it ends in a newline."""
    def whole():
        text = pathlib.Path(path).read_text()
        return text if text.endswith('\n') else None
    return waiting.wait_until(whole, timeout=TIMEOUT, what=path,
                              interval=0.005)


def gone(pid):
    """Wait until a process has ended."""
    waiting.wait_until(lambda: not alive(pid), timeout=TIMEOUT,
                       what=f'the end of {pid}', interval=0.005)
