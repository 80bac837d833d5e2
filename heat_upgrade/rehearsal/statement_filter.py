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

"""Classifies the statements of a dump, and selects those to execute.

The output of mysqldump and mariadb-dump for tables has a grammar narrower than
SQL: rows of literals, and definitions of tables. Only these statements reach a
server. Other statements that a dump may have are skipped; all others are
refused.
"""

from collections import abc
import enum
import re

# Literals as mysqldump writes them. NO_BACKSLASH_ESCAPES and ANSI_QUOTES are
# refused where a dump sets them.
STRING = rb"'(?:[^'\\]++|\\.|'')*+'"
LITERAL = (rb"(?:(?:_binary\s?|_utf8(?:mb[34])?\s?|[xXbB])?" + STRING
           + rb"|NULL|0x[0-9A-Fa-f]*+|-?[0-9.][0-9.eE+\-]*+|TRUE|FALSE)")
_ROW = rb'\(' + LITERAL + rb'(?:,\s?' + LITERAL + rb')*+\)'
_NAME = rb'`((?:[^`]|``)++)`'
INSERT = re.compile(
    rb'(?:INSERT|REPLACE)(?:\s++IGNORE)?\s++INTO\s++' + _NAME
    + rb'\s*+(\(\s*+`[^()]++\))?\s*+VALUES\s*+', re.IGNORECASE)
_ROWS = re.compile(_ROW + rb'(?:\s*+,\s*+' + _ROW + rb')*+\s*+', re.DOTALL)

_CREATE = re.compile(
    rb'CREATE\s++TABLE\s++(?:IF\s++NOT\s++EXISTS\s++)?' + _NAME
    + rb'\s*+\(', re.IGNORECASE)
_DROP = re.compile(rb'DROP\s++TABLE\s++(?:IF\s++EXISTS\s++)?' + _NAME
                   + rb'\s*+', re.IGNORECASE)
_USE = re.compile(rb'USE\s++' + _NAME + rb'\s*+', re.IGNORECASE)
_CREATE_DATABASE = re.compile(
    rb'CREATE\s++(?:DATABASE|SCHEMA)\b', re.IGNORECASE)
_SET = re.compile(rb'SET\s', re.IGNORECASE)

# Not needed: the loader sets its own options, and locks nothing.
_IDLE = re.compile(
    rb'(?:LOCK\s++TABLES?|UNLOCK\s++TABLES?|START\s++TRANSACTION|BEGIN\b'
    rb'|COMMIT\b|FLUSH\s|ANALYZE\s'
    rb'|ALTER\s++TABLE\s++`[^`]++`\s++(?:DISABLE|ENABLE)\s++KEYS'
    rb'|DROP\s++(?:DATABASE|SCHEMA)\b)', re.IGNORECASE)

# Statements that a dump may have and Heat's database does not need, by the
# name that a note gives them.
_SKIPPED_PATTERNS = {
    'views': rb'(?:CREATE\s.*?\bVIEW|DROP\s++VIEW|DROP\s++TABLE\s++.*VIEW)\b',
    'triggers, routines or events':
        rb'(?:CREATE|DROP)\s.*?\b(?:TRIGGER|PROCEDURE|FUNCTION|EVENT'
        rb'|PACKAGE)\b',
    'accounts or privileges':
        rb'(?:GRANT|REVOKE)\s|(?:CREATE|DROP|ALTER|RENAME|SET)\s++'
        rb'(?:OR\s++REPLACE\s++)?(?:USER|ROLE|DEFAULT\s++ROLE|PASSWORD)\b',
    'positions of replication': rb'CHANGE\s++(?:MASTER|REPLICATION)\b',
    'plugins, servers or sequences':
        rb'(?:INSTALL|CREATE|DROP)\s++(?:OR\s++REPLACE\s++)?'
        rb'(?:PLUGIN|SONAME|SERVER|SEQUENCE|TABLESPACE|LOGFILE)\b',
    'tables renamed or altered': rb'ALTER\s++DATABASE\b',
}
_SKIPPED = {name: re.compile(pattern, re.IGNORECASE | re.DOTALL)
            for name, pattern in _SKIPPED_PATTERNS.items()}

# The settings of SET that matter. For views, a dump also sets
# character_set_client, the character set of their definitions.
_SET_NAMES = re.compile(
    rb"SET\s++(?:NAMES|CHARACTER\s++SET)\s*+'?(\w++)", re.IGNORECASE)
_SQL_MODE = re.compile(rb"SQL_MODE\s*+=\s*+'([^']*+)'", re.IGNORECASE)
UTF8 = (b'utf8', b'utf8mb3', b'utf8mb4', b'binary')

# Executable comments. MariaDB recognizes those for MySQL alone by their
# number: it skips 50700 to 99999.
_EXECUTABLE = re.compile(
    rb"('(?:[^'\\]++|\\.)*+'|`[^`]*+`)|/\*(M?!)(\d{5,6})?(.*?)\*/|/\*.*?\*/",
    re.DOTALL)
MYSQL_ONLY = range(50700, 100000)
SERVER = 101100


class Kind(enum.Enum):
    """The kind of a statement."""

    INSERT = 'rows of a table'
    CREATE = 'definition of a table'
    DROP = 'removal of a table'
    USE = 'choice of a database'
    CREATE_DATABASE = 'definition of a database'
    SET = 'setting'
    IDLE = 'nothing that matters'
    SKIPPED = 'skipped'
    REFUSED = 'refused'


def plain(text: bytes) -> bytes:
    """Return a statement with its executable comments made part of it.

    Plain comments and those that only MySQL executes are removed.
    """
    if b'/*' not in text:
        return text

    def replaced(match: re.Match[bytes]) -> bytes:
        string: bytes | None
        content: bytes
        string, mark, version, content = match.groups()
        if string:
            return string
        number = int(version or 0)
        if not mark or number > SERVER or (
                mark == b'!' and number in MYSQL_ONLY):
            return b' '
        return b' ' + content + b' '
    return _EXECUTABLE.sub(replaced, text).strip()


def classify(text: bytes) -> tuple[Kind, str]:
    """Return the kind of a statement.

    :param text: from :func:`plain`, or a statement with rows
    :returns: (kind, name of the table or database, or of the skipped kind of
        statement, or '')
    """
    for kind, pattern in ((Kind.INSERT, INSERT), (Kind.CREATE, _CREATE),
                          (Kind.USE, _USE)):
        match = pattern.match(text)
        if match:
            return kind, _name(match[1])
    for kind, pattern in ((Kind.CREATE_DATABASE, _CREATE_DATABASE),
                          (Kind.SET, _SET), (Kind.IDLE, _IDLE)):
        if pattern.match(text):
            return kind, ''
    match = _DROP.fullmatch(text)
    if match:
        return Kind.DROP, _name(match[1])
    if not text:
        return Kind.IDLE, ''
    for name, pattern in _SKIPPED.items():
        if pattern.match(text):
            return Kind.SKIPPED, name
    return Kind.REFUSED, ''


def _name(quoted: bytes) -> str:
    return quoted.replace(b'``', b'`').decode(errors='backslashreplace')


def has_only_literals(text: bytes) -> bool:
    """Return True if an INSERT has rows of literals only."""
    match = INSERT.match(text)
    return bool(match and _ROWS.fullmatch(text, match.end()))


def names(quoted: bytes) -> list[str]:
    """Return the names in a list of columns."""
    return [_name(name) for name in re.findall(_NAME, quoted)]


def charset(text: bytes) -> bytes | None:
    """Return the character set that a SET selects for the dump, or None."""
    match = _SET_NAMES.match(text)
    return match[1].lower() if match else None


def odd_mode(text: bytes) -> str | None:
    """Return an SQL mode of a SET that changes how a dump is read, or None."""
    match = _SQL_MODE.search(text)
    for mode in (match[1].upper().split(b',') if match else ()):
        if mode in (b'NO_BACKSLASH_ESCAPES', b'ANSI_QUOTES', b'ANSI'):
            return mode.decode()
    return None


# MySQL 8's own collations; MariaDB has others that compare in the same way.
_COLLATION = re.compile(rb'utf8mb4_0900_(ai_ci|as_ci|as_cs|bin)\b')
_ENGINE = re.compile(rb'\bENGINE\s*+=?\s*+(\w++)', re.IGNORECASE)
# The engines that the private server has, and whose rows are in the dump.
_KEPT = (b'innodb', b'myisam', b'aria', b'memory')
_WORDS = re.compile(rb"'(?:[^'\\]++|\\.|'')*+'|`(?:[^`]|``)++`", re.DOTALL)
# A table that is more than columns, keys and options: it uses another table's
# rows, another server, another database or a file.
_UNWANTED = re.compile(
    rb'\b(?:SELECT|LIKE|DIRECTORY|CONNECTION|UNION|TABLESPACE)\b'
    rb'|`\s*+\.|;', re.IGNORECASE)


def definition(text: bytes) -> bytes | None:
    """Return the CREATE TABLE to execute, or None if it is refused.

    :param text: from :func:`plain`
    """
    if _UNWANTED.search(_WORDS.sub(b'``', text)):
        return None
    return _outside(text, lambda part: _ENGINE.sub(
        _engine, _COLLATION.sub(_similar, part)))


def _engine(match: re.Match[bytes]) -> bytes:
    return match[0] if match[1].lower() in _KEPT else b'ENGINE=InnoDB'


def other_engine(text: bytes) -> str:
    """Return the engine that :func:`definition` replaces, or ''.

    :param text: from :func:`plain`
    """
    match = _ENGINE.search(_WORDS.sub(b'``', text))
    return '' if not match or match[1].lower() in _KEPT else match[1].decode()


_FOREIGN_KEY = re.compile(rb'CONSTRAINT\s++' + _NAME + rb'\s++FOREIGN\s++KEY',
                          re.IGNORECASE)


def foreign_keys(text: bytes) -> list[str]:
    """Return the names of the foreign keys of a definition.

    :param text: from :func:`plain`
    """
    return [_name(name) for name in _FOREIGN_KEY.findall(text)]


_CHARSET = re.compile(
    rb'\b(?:CHARSET|CHARACTER\s++SET)\s*+=?\s*+(\w++)'
    rb'(?:\s++COLLATE\s*+=?\s*+(\w++))?', re.IGNORECASE)


def default_charset(text: bytes) -> str:
    """Return the character set of a definition of a table or database.

    :param text: from :func:`plain`
    :returns: SQL: 'CHARACTER SET utf8mb4 COLLATE utf8mb4_bin', or ''
    """
    # The character sets of columns come before the last parenthesis.
    match = _CHARSET.search(_WORDS.sub(b'``', text).rpartition(b')')[2])
    if not match:
        return ''
    name = match[1].decode()
    if not match[2]:
        return f'CHARACTER SET {name}'
    collation = _COLLATION.sub(_similar, match[2]).decode()
    return f'CHARACTER SET {name} COLLATE {collation}'


def _similar(match: re.Match[bytes]) -> bytes:
    if match[1] == b'bin':
        return b'utf8mb4_nopad_bin'
    return b'utf8mb4_uca1400_nopad_' + match[1]


def _outside(text: bytes, change: abc.Callable[[bytes], bytes]) -> bytes:
    """Change the parts outside of strings and quoted names."""
    parts, last = [], 0
    for match in _WORDS.finditer(text):
        parts += [change(text[last:match.start()]), match[0]]
        last = match.end()
    return b''.join([*parts, change(text[last:])])
