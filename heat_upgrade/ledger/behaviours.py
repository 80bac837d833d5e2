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

"""Behaviours that a test sets on the backend: holds, failures, slowness."""

import dataclasses
import fnmatch

# (fnmatch pattern of labels, operation)
Rule = tuple[str, str]


@dataclasses.dataclass
class _Failure:
    """Failures that are still due.

    :ivar remaining: number of operations that will fail
    """

    label: str
    operation: str
    remaining: int
    transient: bool


class Behaviours:
    """Rules by label, an fnmatch pattern, and operation.

    Rules are lost when the backend ends. Operations that a hold kept in
    progress then finish at the next start of the backend.
    """

    def __init__(self) -> None:
        self.holds: list[Rule] = []
        self._failures: list[_Failure] = []
        self._slow: dict[Rule, float] = {}

    def hold(self, label: str, operation: str) -> None:
        if (label, operation) not in self.holds:
            self.holds.append((label, operation))

    def release(self, label: str | None = None,
                operation: str | None = None) -> None:
        """Drop holds; None stands for all.

        A hold is dropped if its pattern equals the given pattern or is
        covered by it ('a/*' drops the hold of 'a/b').
        """
        self.holds = [
            (pattern, held) for pattern, held in self.holds
            if not (covers(label, pattern)
                    and operation in (None, held))]

    def held(self, label: str, operation: str) -> bool:
        return any(matches(hold, label, operation) for hold in self.holds)

    def fail(self, label: str, operation: str, times: int,
             transient: bool) -> None:
        """Let the next matching operations fail; times=0 drops the rule."""
        self._failures = [
            failure for failure in self._failures
            if (failure.label, failure.operation) != (label, operation)]
        if times > 0:
            self._failures.append(
                _Failure(label, operation, times, transient))

    def take_failure(self, label: str, operation: str) -> _Failure | None:
        """Count and return the failure that is due, or return None."""
        for failure in self._failures:
            if failure.remaining and matches(
                    (failure.label, failure.operation), label, operation):
                failure.remaining -= 1
                return failure
        return None

    def slow(self, label: str, operation: str, seconds: float) -> None:
        """Set the duration of matching operations; 0 drops the rule."""
        self._slow.pop((label, operation), None)
        if seconds > 0:
            self._slow[label, operation] = seconds

    def seconds(self, label: str, operation: str) -> float:
        """Return the duration of an operation, by the newest rule."""
        durations = [seconds for rule, seconds in self._slow.items()
                     if matches(rule, label, operation)]
        return durations[-1] if durations else 0.0


def matches(rule: Rule, label: str, operation: str) -> bool:
    """Return True if a rule applies to an operation."""
    return rule[1] == operation and fnmatch.fnmatchcase(label, rule[0])


def covers(pattern: str | None, label: str) -> bool:
    """Return True if a pattern, or None for all, covers a label."""
    return (pattern is None or pattern == label
            or fnmatch.fnmatchcase(label, pattern))
