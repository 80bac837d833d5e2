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

"""Choices of the generator, each drawn from hypothesis.

The first of several possibilities is the simplest: hypothesis shrinks each
choice towards it.
"""

from collections import abc
import functools
import typing

from hypothesis import strategies

_Item = typing.TypeVar('_Item')


@functools.cache
def _numbers(most: int) -> strategies.SearchStrategy[int]:
    return strategies.integers(0, most)


def _call(make: abc.Callable[[], _Item]) -> _Item:
    return make()


class Choices:
    """Draws choices; all randomness of the generator comes from here."""

    def __init__(self, draw: strategies.DrawFn) -> None:
        self._draw = draw

    def number(self, most: int) -> int:
        """Return a number from 0 to ``most``, both included."""
        return self._draw(_numbers(most)) if most else 0

    def pick(self, items: abc.Sequence[_Item]) -> _Item:
        """Return one of the items; the first is the simplest."""
        return items[self.number(len(items) - 1)]

    def one_in(self, number: int) -> bool:
        """Return True once in so many times."""
        return self.number(number - 1) == number - 1

    def several(self, items: abc.Sequence[_Item], most: int) -> list[_Item]:
        """Return up to ``most`` different items, in their order."""
        count = self.number(min(most, len(items)))
        left = list(items)
        return [left.pop(self.number(len(left) - 1)) for _ in range(count)]

    def part(self, make: abc.Callable[[], _Item]) -> _Item:
        """Return the value that a function makes, as a unit.

        Hypothesis drops a unit as a whole, or puts a smaller one in its
        place; otherwise a choice that it drops would give another meaning to
        all later ones.
        """
        return self._draw(strategies.just(make).map(_call))

    def repeat(self, most: int, make: abc.Callable[[int], _Item],
               least: int = 0) -> list[_Item]:
        """Return up to ``most`` things that a function of a number makes."""
        made: list[_Item] = []

        def another() -> bool:
            if len(made) >= least and not self.number(2):
                return False
            made.append(make(len(made)))
            return True

        while len(made) < most and self.part(another):
            pass
        return made
