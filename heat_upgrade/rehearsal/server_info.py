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

"""Reads the facts about the operator's server that a dump does not carry.

The operator gets them with one query, which the documentation has, too.
"""

import dataclasses
import pathlib
import re

from heat_upgrade import errors

QUERY = """\
SELECT 'charset', DEFAULT_CHARACTER_SET_NAME
FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'heat'
UNION ALL SELECT 'collation', DEFAULT_COLLATION_NAME
FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'heat'
UNION ALL SELECT 'version', VERSION()
UNION ALL SELECT 'sql_mode', @@GLOBAL.sql_mode
UNION ALL SELECT CONCAT('key ', TABLE_NAME, '.', CONSTRAINT_NAME),
REFERENCED_TABLE_NAME FROM information_schema.REFERENTIAL_CONSTRAINTS
WHERE CONSTRAINT_SCHEMA = 'heat';
"""

_WORD = re.compile(r'[A-Za-z0-9_]+')


@dataclasses.dataclass(frozen=True)
class ServerInfo:
    """The answer of a server to QUERY.

    :ivar charset: default character set of the database
    :ivar collation: its default collation
    :ivar version: of the server
    :ivar sql_mode: global SQL mode of the server
    :ivar keys: foreign keys: 'table.name'
    """

    charset: str
    collation: str
    version: str = ''
    sql_mode: str = ''
    keys: frozenset[str] = frozenset()

    @property
    def default(self) -> str:
        """SQL of the database's default character set."""
        return f'CHARACTER SET {self.charset} COLLATE {self.collation}'


def read(path: pathlib.Path) -> ServerInfo:
    """Return the facts in a file with the output of the query.

    Lines are separated by tabs, as with ``mysql --batch``, or by vertical
    bars.

    :raises: :class:`errors.UsageError`
    """
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as exc:
        raise errors.UsageError(
            f'{path} cannot be read: {getattr(exc, "strerror", "not UTF-8")}'
        ) from None
    facts: dict[str, str] = {}
    for line in text.splitlines():
        name, _, value = line.strip().strip('|').replace('|', '\t').partition(
            '\t')
        facts[name.strip()] = value.strip()
    charset, collation = (facts.get(name, '')
                          for name in ('charset', 'collation'))
    if not (_WORD.fullmatch(charset) and _WORD.fullmatch(collation)):
        raise errors.UsageError(
            f'{path} has no lines "charset" and "collation": it is not the '
            'output of the query in user/rehearse of the documentation, or '
            'the database has another name than heat')
    return ServerInfo(
        charset, collation, facts.get('version', ''),
        facts.get('sql_mode', ''),
        frozenset(name.removeprefix('key ') for name in facts
                  if name.startswith('key ')))
