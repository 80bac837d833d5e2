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

"""What the tool ordered of the backend: to hold, to fail, to be slow."""

import dataclasses
import fnmatch


@dataclasses.dataclass
class _Failure:
    label: str
    operation: str
    left: int
    transient: bool


class Orders:
    """Rules by label, an fnmatch pattern, and operation.

    They are forgotten when the backend ends: what was held then goes on when
    it is started again.
    """

    def __init__(self):
        self.holds = []
        self._failures = []
        self._slow = {}

    def hold(self, label, operation):
        if (label, operation) not in self.holds:
            self.holds.append((label, operation))

    def release(self, label=None, operation=None):
        """Drop holds; None stands for all.

        A hold is dropped if its own pattern is the given one, or is within
        it ('a/*' drops the hold of 'a/b').
        """
        self.holds = [
            (pattern, held) for pattern, held in self.holds
            if not (covers(label, pattern)
                    and operation in (None, held))]

    def held(self, label, operation):
        return any(matches(hold, label, operation) for hold in self.holds)

    def fail(self, label, operation, times, transient):
        """Let the next ones fail; 0 takes the order back."""
        self._failures = [one for one in self._failures if
                          (one.label, one.operation) != (label, operation)]
        if times > 0:
            self._failures.append(
                _Failure(label, operation, times, transient))

    def take_failure(self, label, operation):
        """Return the failure that is due, and count it, or None."""
        for one in self._failures:
            if one.left and matches((one.label, one.operation), label,
                                    operation):
                one.left -= 1
                return one
        return None

    def slow(self, label, operation, seconds):
        """Let all of them take that long; 0 takes the order back."""
        self._slow.pop((label, operation), None)
        if seconds > 0:
            self._slow[label, operation] = seconds

    def seconds(self, label, operation):
        """Return how long one takes, by the newest order."""
        found = [seconds for rule, seconds in self._slow.items()
                 if matches(rule, label, operation)]
        return found[-1] if found else 0.0


def matches(rule, label, operation):
    """Tell whether a (pattern, operation) is about an operation."""
    return rule[1] == operation and fnmatch.fnmatchcase(label, rule[0])


def covers(pattern, label):
    """Tell whether a pattern, or None for all, is about a label."""
    return (pattern is None or pattern == label
            or fnmatch.fnmatchcase(label, pattern))
