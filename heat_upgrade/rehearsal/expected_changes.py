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

"""What Heat's migrations are stated to change, and why.

A change of content that does not stand here is a finding. A migration that
means to rewrite what is stored gets an entry with its reason.
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Change:
    """One thing that a revision changes.

    :ivar table: in which table
    :ivar column: in which column; None for a table that is new
    :ivar reason: why, in words
    :ivar wrong: SQL condition of the rows that it would leave wrong; '' if
        nothing can be said of them
    """

    table: str
    column: str | None
    reason: str
    wrong: str = ''


# By revision: heat/db/migrations/versions/.
CHANGES = {
    'd2db381e3324': (Change(
        'sync_point', 'extra_data',
        'new, and NULL in what was there: no traversal of the base has any',
        '`extra_data` IS NOT NULL'),),
    '88be64598c0f': (Change(
        'resource_snapshot', None,
        'new, and empty: snapshots of the base keep their resources in '
        'snapshot.data', 'TRUE'),),
    '97b2a986f922': (Change(
        'snapshot', 'action',
        "new, and CREATE in what was there: the base has no other action of "
        'a snapshot', "`action` IS NULL OR `action` <> 'CREATE'"),),
}

# Which series end with a revision, to say what a dump is.
SERIES = {
    'c6214ca60943': '2023.1 to 2025.2',
    'd2db381e3324': 'between 2025.2 and 2026.1',
    '88be64598c0f': 'between 2025.2 and 2026.1',
    '97b2a986f922': '2026.1 or 2026.2',
}


def changes(revisions):
    """Return what some revisions are stated to change, in their order."""
    return [change for revision in revisions
            for change in CHANGES.get(revision, ())]
