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

"""Aged rows, as data: rows that old clouds hold and no API can make.

``stacks.yaml`` has a few stacks, each with the builders of some rows. The base
creates a stack through its API; then the statements of the builders write the
rows.
"""

import dataclasses
import pathlib
import typing

import yaml

from heat_upgrade.aged_rows import templates

FILE = pathlib.Path(__file__).with_name('stacks.yaml')


@dataclasses.dataclass(frozen=True)
class Builder:
    """One kind of aged row.

    :ivar name: slug
    :ivar row: one sentence: the row, and the reason why old clouds hold it
    :ivar failures: numbers of the real failures that such a row revealed
    :ivar statements: SQL with named parameters
    :ivar table: a table without which the builder has nothing to do, ''
    :ivar reads: additional requests, keys of
        :data:`heat_upgrade.aged_rows.reading.PATHS`
    :ivar cipher: an older decrypt method; the secrets of the stack are
        encrypted again for it, '' to leave them unchanged
    """

    name: str
    row: str
    failures: tuple[int, ...]
    statements: tuple[str, ...] = ()
    table: str = ''
    reads: tuple[str, ...] = ()
    cipher: str = ''


@dataclasses.dataclass(frozen=True)
class AgedStack:
    """A stack with some aged rows.

    :ivar name: slug, the subject of its findings
    :ivar builders: the builders of its rows, which do not contradict each
        other
    :ivar template: one of :data:`heat_upgrade.aged_rows.templates.SHAPES`
    :ivar snapshot: whether the stack has a snapshot before it is aged
    :ivar replaces: whether an update replaces a resource on each release
    :ivar convert: whether the target converts the stack to convergence
    """

    name: str
    builders: tuple[Builder, ...]
    template: str = templates.PLAIN
    snapshot: bool = False
    replaces: bool = False
    convert: bool = False

    @property
    def reads(self) -> tuple[str, ...]:
        """The additional requests about it."""
        return tuple(dict.fromkeys(
            read for builder in self.builders for read in builder.reads))


def every() -> tuple[AgedStack, ...]:
    """Return all stacks, in the order of the file."""
    return tuple(
        AgedStack(builders=tuple(map(_builder, entry.pop('rows'))), **entry)
        for entry in yaml.safe_load(FILE.read_text()))


def _builder(entry: dict[str, typing.Any]) -> Builder:
    fields: dict[str, typing.Any] = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in entry.items()}
    return Builder(**fields)
