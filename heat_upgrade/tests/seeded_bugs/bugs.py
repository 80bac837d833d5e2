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

"""Seeded bugs: changes of a copy of the target, and the steps that see them.

``catalogue/*.yaml`` are lists; ``harmless.yaml`` has changes that must not
make a run FAIL. An entry has

    name: slug
    effect: one sentence: the consequence for users and operators
    steps: names of steps of a plan; a finding in any of them is right
    classes: failure classes of such a finding; any of them is right
    changes: a list of file, find and replace, as in tests/functional/planted;
        find '' for a new file
    profile: the profile whose configuration shows the bug (default: the
        standard one)
    services: other services that the run needs, as in --with
    migration: the body of the upgrade() of a new migration
    note: the reason of a result that is not as it should be

The name of a bug that Heat once had begins with ``entry-`` and the number of
the failure in the list of Heat's real upgrade failures.

A harmless change has neither steps nor classes.
"""

import dataclasses
import pathlib
import textwrap
import typing
import zlib

import yaml

from heat_upgrade.tests.functional import planting

CATALOGUE = pathlib.Path(__file__).with_name('catalogue')
HARMLESS = 'harmless'
HISTORICAL = 'entry-'

# The release to change, and its newest migration.
TARGET = '27.0.1'
HEAD = '97b2a986f922'

_MIGRATION = '''\
"""{title}"""

from alembic import op
import sqlalchemy as sa

revision = '{revision}'
down_revision = '{parent}'
branch_labels = None
depends_on = None


def upgrade():
{body}
'''


@dataclasses.dataclass(frozen=True)
class Bug:
    """A seeded bug or harmless change, with its expected findings.

    :ivar name: slug, unique in the catalogue
    :ivar kind: stem of its catalogue file
    :ivar effect: one sentence: the consequence for users and operators
    :ivar steps: names of steps; a finding in any of them is right; empty for
        a harmless change
    :ivar classes: failure classes that such a finding may have
    :ivar changes: changes of files, in order
    :ivar note: reason of a result that is not as it should be, '' for none
    :ivar profile: names of the profiles of the run, '' for the standard one
    :ivar services: names of other services of the run, '' for none
    """

    name: str
    kind: str
    effect: str
    steps: tuple[str, ...]
    classes: tuple[int, ...]
    changes: tuple[planting.Change, ...]
    note: str = ''
    profile: str = ''
    services: str = ''

    @property
    def historical(self) -> bool:
        """Whether Heat had this bug."""
        return self.name.startswith(HISTORICAL)

    @property
    def harmless(self) -> bool:
        return self.kind == HARMLESS

    def seed(self, top: pathlib.Path) -> None:
        """Make the changes.

        :param top: the directory that has ``heat`` and ``setup.cfg``
        :raises: ValueError unless the text to replace occurs exactly once
        """
        for change in self.changes:
            planting.apply(change, top)


def every() -> tuple[Bug, ...]:
    """Return all seeded bugs and harmless changes, class by class."""
    return tuple(
        _bug(path.stem, entry) for path in sorted(CATALOGUE.glob('*.yaml'))
        for entry in yaml.safe_load(path.read_text()))


def named(names: list[str]) -> tuple[Bug, ...]:
    """Return seeded bugs, in the order of the names; all without names.

    :raises: ValueError with the unknown names
    """
    known = {bug.name: bug for bug in every()}
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise ValueError(f'unknown seeded bugs: {", ".join(unknown)}')
    return tuple(known[name] for name in names or known)


def _bug(kind: str, entry: dict[str, typing.Any]) -> Bug:
    name = entry['name']
    changes = [planting.Change(name=name, **change)
               for change in entry.get('changes', ())]
    if 'migration' in entry:
        changes.append(_migration(name, entry['migration']))
    return Bug(name, kind, entry['effect'], tuple(entry.get('steps', ())),
               tuple(entry.get('classes', ())), tuple(changes),
               entry.get('note', ''), entry.get('profile', ''),
               entry.get('services', ''))


def _migration(name: str, body: str) -> planting.Change:
    revision = f'{zlib.crc32(name.encode()):08x}0001'
    return planting.Change(
        name=name, find='', file='heat/db/migrations/versions/'
        f'{revision}_{name.replace("-", "_")}.py',
        replace=_MIGRATION.format(
            title=name.replace('-', ' '), revision=revision, parent=HEAD,
            body=textwrap.indent(body.rstrip(), '    ')))
