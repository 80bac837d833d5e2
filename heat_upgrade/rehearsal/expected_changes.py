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

"""The changes that Heat's migrations are expected to make, and the reasons.

Any other change of content is a finding. A migration that rewrites stored
data on purpose gets an entry with its reason.
"""

from collections import abc
import dataclasses


@dataclasses.dataclass(frozen=True)
class Change:
    """One expected change of a revision.

    :ivar column: name of the column; None for a new table
    :ivar wrong: SQL condition of the rows that contradict the change; '' if
        there is no such condition
    """

    table: str
    column: str | None
    reason: str
    wrong: str = ''


# By revision: heat/db/migrations/versions/.
CHANGES = {
    'd2db381e3324': (Change(
        'sync_point', 'extra_data',
        'new, and NULL in existing rows: no traversal of the base uses it',
        '`extra_data` IS NOT NULL'),),
    '88be64598c0f': (Change(
        'resource_snapshot', None,
        'new, and empty: snapshots of the base keep their resources in '
        'snapshot.data', 'TRUE'),),
    '97b2a986f922': (Change(
        'snapshot', 'action',
        'new, and CREATE in existing rows: the base has no other action of a '
        'snapshot', "`action` IS NULL OR `action` <> 'CREATE'"),),
}

# The series that end with a revision, for error messages.
SERIES = {
    'c6214ca60943': '2023.1 to 2025.2',
    'd2db381e3324': 'between 2025.2 and 2026.1',
    '88be64598c0f': 'between 2025.2 and 2026.1',
    '97b2a986f922': '2026.1 or 2026.2',
}


def changes(revisions: abc.Iterable[str]) -> list[Change]:
    """Return the expected changes of some revisions, in their order."""
    return [change for revision in revisions
            for change in CHANGES.get(revision, ())]
