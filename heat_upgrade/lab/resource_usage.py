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

"""The CPU seconds and the memory of all processes of a run."""

from collections import abc
import os
import resource

import psutil

from heat_upgrade import process
from heat_upgrade import reaper


def _children(marker: str) -> list[int]:
    return reaper.marked(f'{process.RUN_MARKER}={marker}')


def cpu_seconds(marker: str) -> float:
    """Return the CPU seconds that the tool and its children have used.

    The time of an ended process is added to its parent's, finally to the
    tool's (getrusage(2)).
    """
    usages = [resource.getrusage(whose) for whose in (
        resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    total = sum(usage.ru_utime + usage.ru_stime for usage in usages)
    for pid in _children(marker):
        try:
            times = psutil.Process(pid).cpu_times()
        except psutil.Error:
            continue
        total += (times.user + times.system
                  + times.children_user + times.children_system)
    return total


class OtherWork:
    """The share of the machine's CPUs that others use, from now on.

    :param marker: of the run, whose own work does not count
    """

    def __init__(self, marker: str) -> None:
        self._marker = marker
        self._start = self._now()

    def share(self) -> float:
        """Return the share since the start, from 0 to 1."""
        busy, own, total = (after - before for before, after in zip(
            self._start, self._now()))
        return min(max(busy - own, 0.0) / total, 1.0) if total else 0.0

    def _now(self) -> tuple[float, float, float]:
        times = psutil.cpu_times()
        # user includes guest (proc(5)); steal belongs to other machines.
        total = sum(times) - times.guest - times.guest_nice
        return (total - times.idle - times.iowait,
                cpu_seconds(self._marker), total)


def memory(marker: str, *, without: int | None = None) -> int:
    """Return the memory of the tool and its children, in bytes.

    :param without: ID of a process that does not count, or None
    """
    return memory_of(pid for pid in (os.getpid(), *_children(marker))
                     if pid != without)


def memory_of_tree(pid: int) -> int:
    """Return the memory of a process and its descendants, in bytes."""
    try:
        children = psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return 0
    return memory_of([pid, *(child.pid for child in children)])


def cpu_seconds_of_tree(pid: int) -> float:
    """Return the CPU seconds of a process and its descendants so far."""
    total = 0.0
    try:
        top = psutil.Process(pid)
        for child in [top, *top.children(recursive=True)]:
            times = child.cpu_times()
            total += times.user + times.system
    except psutil.Error:
        # It has ended.
        pass
    return total


def memory_of(pids: abc.Iterable[int]) -> int:
    """Return the memory of some processes, in bytes.

    It is the sum of the proportional set sizes (proc(5): Pss), which count
    shared memory once. A process that has ended counts nothing.
    """
    total = 0
    for pid in pids:
        try:
            total += psutil.Process(pid).memory_full_info().pss
        except psutil.Error:
            continue
    return total
