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

"""Splits a list of independent runs among machines.

Shard I of N has every N-th item, beginning with the I-th. The shards of one
list are disjoint, together they have each item, and no scheduler is needed:
each machine computes its own share.
"""

from collections import abc
import dataclasses
import re
import typing

from heat_upgrade import errors

_Item = typing.TypeVar('_Item')

_TEXT = re.compile(r'(\d+)/(\d+)')


@dataclasses.dataclass(frozen=True)
class Shard:
    """One share of a list.

    :ivar number: from 1 to total
    :ivar total: number of shards
    """

    number: int
    total: int

    def __str__(self) -> str:
        return f'{self.number}/{self.total}'


def parse(text: str) -> Shard:
    """Return the shard of a text such as '2/4'.

    :raises: ValueError if it is in another form
    """
    match = _TEXT.fullmatch(text)
    shard = Shard(int(match[1]), int(match[2])) if match else Shard(0, 0)
    if not 1 <= shard.number <= shard.total:
        raise ValueError(f'{text!r} is not a shard I/N with I from 1 to N, '
                         'such as 2/4')
    return shard


def shard_of(items: abc.Iterable[_Item], shard: Shard | None
             ) -> tuple[_Item, ...]:
    """Return the share of a shard, in the order of the list.

    :param shard: None for the whole list
    :raises: :class:`errors.UsageError` if the share is empty: a machine
        without a run must not report a success
    """
    whole = tuple(items)
    if shard is None:
        return whole
    share = whole[shard.number - 1::shard.total]
    if not share:
        raise errors.UsageError(
            f'shard {shard} is empty: the list has {len(whole)} items; use '
            f'at most {len(whole)} shards')
    return share
