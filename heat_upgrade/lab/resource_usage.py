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

"""What a run costs: CPU seconds and memory of all its processes."""

import os
import resource

from heat_upgrade import process
from heat_upgrade import reaper

_TICKS = os.sysconf('SC_CLK_TCK')


def _pids(marker):
    return [os.getpid(),
            *reaper.marked(f'{process.RUN_MARKER}={marker}')]


def cpu_seconds(marker):
    """Return the CPU seconds spent so far by us and all that we started.

    What has ended is in the account of its parent, in the end in ours
    (getrusage(2), proc(5): cutime and cstime); what lives is looked at.
    """
    ours = [resource.getrusage(who) for who in (
        resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    total = sum(usage.ru_utime + usage.ru_stime for usage in ours)
    for pid in _pids(marker)[1:]:
        try:
            with open(f'/proc/{pid}/stat') as stat:
                # after the command in parentheses: fields 14 to 17
                fields = stat.read().rpartition(')')[2].split()
        except OSError:
            continue
        total += sum(map(int, fields[11:15])) / _TICKS
    return total


def memory(marker):
    """Return the memory of us and all that we started, in bytes.

    It is the sum of the proportional set sizes (proc(5): Pss), in which what
    n processes share counts once.
    """
    total = 0
    for pid in _pids(marker):
        try:
            with open(f'/proc/{pid}/smaps_rollup') as rollup:
                total += next(int(line.split()[1]) for line in rollup
                              if line.startswith('Pss:')) * 1024
        except (OSError, StopIteration):
            continue
    return total
