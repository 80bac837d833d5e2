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

"""What a statement of a dump is, and which of them may be executed.

What mysqldump and mariadb-dump write for tables is known by a grammar of its
own, narrower than SQL: rows of literals, and definitions of tables. That and
nothing else reaches a server. What a dump may have besides is skipped; what no
dump has is refused.
"""

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

# Nothing of it is needed: we set what we need ourselves, and lock nothing.
_IDLE = re.compile(
    rb'(?:LOCK\s++TABLES?|UNLOCK\s++TABLES?|START\s++TRANSACTION|BEGIN\b'
    rb'|COMMIT\b|FLUSH\s|ANALYZE\s'
    rb'|ALTER\s++TABLE\s++`[^`]++`\s++(?:DISABLE|ENABLE)\s++KEYS'
    rb'|DROP\s++(?:DATABASE|SCHEMA)\b)', re.IGNORECASE)

# What a dump may have and Heat's database has not, by what a note calls it.
_SKIPPED = {
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
_SKIPPED = {what: re.compile(pattern, re.IGNORECASE | re.DOTALL)
            for what, pattern in _SKIPPED.items()}

# Of what SET says, this matters to us.
# Of views it also says, by character_set_client, in which they were defined.
_SET_NAMES = re.compile(
    rb"SET\s++(?:NAMES|CHARACTER\s++SET)\s*+'?(\w++)", re.IGNORECASE)
_SQL_MODE = re.compile(rb"SQL_MODE\s*+=\s*+'([^']*+)'", re.IGNORECASE)
UTF8 = (b'utf8', b'utf8mb3', b'utf8mb4', b'binary')

# Executable comments. Which of them MySQL's own are, MariaDB tells by the
# number: it skips 50700 to 99999.
_EXECUTABLE = re.compile(
    rb"('(?:[^'\\]++|\\.)*+'|`[^`]*+`)|/\*(M?!)(\d{5,6})?(.*?)\*/|/\*.*?\*/",
    re.DOTALL)
MYSQL_ONLY = range(50700, 100000)
SERVER = 101100


class Kind(enum.Enum):
    """What a statement is."""

    INSERT = 'rows of a table'
    CREATE = 'definition of a table'
    DROP = 'removal of a table'
    USE = 'choice of a database'
    CREATE_DATABASE = 'definition of a database'
    SET = 'setting'
    IDLE = 'nothing that matters'
    SKIPPED = 'skipped'
    REFUSED = 'refused'


def plain(text):
    """Return a statement with its executable comments taken in.

    What MySQL alone executes, and plain comments, go away.
    """
    if b'/*' not in text:
        return text

    def replaced(found):
        string, mark, version, content = found.groups()
        if string:
            return string
        number = int(version or 0)
        if not mark or number > SERVER or (
                mark == b'!' and number in MYSQL_ONLY):
            return b' '
        return b' ' + content + b' '
    return _EXECUTABLE.sub(replaced, text).strip()


def classify(text):
    """Return what a statement is.

    :param text: bytes of :func:`plain`, or of a statement with rows
    :returns: (:class:`Kind`, name of the table or database, or what is
        skipped, or '')
    """
    for kind, pattern in ((Kind.INSERT, INSERT), (Kind.CREATE, _CREATE),
                          (Kind.USE, _USE)):
        found = pattern.match(text)
        if found:
            return kind, _name(found[1])
    for kind, pattern in ((Kind.CREATE_DATABASE, _CREATE_DATABASE),
                          (Kind.SET, _SET), (Kind.IDLE, _IDLE)):
        if pattern.match(text):
            return kind, ''
    found = _DROP.fullmatch(text)
    if found:
        return Kind.DROP, _name(found[1])
    if not text:
        return Kind.IDLE, ''
    for what, pattern in _SKIPPED.items():
        if pattern.match(text):
            return Kind.SKIPPED, what
    return Kind.REFUSED, ''


def _name(quoted):
    return quoted.replace(b'``', b'`').decode(errors='backslashreplace')


def has_only_literals(text):
    """Tell whether an INSERT is nothing but rows of literals."""
    found = INSERT.match(text)
    return bool(found and _ROWS.fullmatch(text, found.end()))


def names(quoted):
    """Return the names in a list of columns."""
    return [_name(name) for name in re.findall(_NAME, quoted)]


def charset(text):
    """Return the character set that a SET makes the dump's, or None."""
    found = _SET_NAMES.match(text)
    return found[1].lower() if found else None


def odd_mode(text):
    """Return an SQL mode of a SET that changes how a dump is read, or None."""
    found = _SQL_MODE.search(text)
    for mode in (found[1].upper().split(b',') if found else ()):
        if mode in (b'NO_BACKSLASH_ESCAPES', b'ANSI_QUOTES', b'ANSI'):
            return mode.decode()
    return None


# MySQL 8's own collations, by what MariaDB has that compares alike.
_COLLATION = re.compile(rb'utf8mb4_0900_(ai_ci|as_ci|as_cs|bin)\b')
_ENGINE = re.compile(rb'\bENGINE\s*+=?\s*+\w++', re.IGNORECASE)
_WORDS = re.compile(rb"'(?:[^'\\]++|\\.|'')*+'|`(?:[^`]|``)++`", re.DOTALL)
# A table that is more than columns, keys and options: another table's rows,
# another server's, another database's, or those of a file.
_UNWANTED = re.compile(
    rb'\b(?:SELECT|LIKE|DIRECTORY|CONNECTION|UNION|TABLESPACE)\b'
    rb'|`\s*+\.|;', re.IGNORECASE)


def definition(text):
    """Return a CREATE TABLE as it is executed, or None if it must not be.

    :param text: bytes of :func:`plain`
    """
    if _UNWANTED.search(_WORDS.sub(b'``', text)):
        return None
    return _outside(text, lambda part: _ENGINE.sub(
        b'ENGINE=InnoDB', _COLLATION.sub(_similar, part)))


_CHARSET = re.compile(
    rb'\b(?:CHARSET|CHARACTER\s++SET)\s*+=?\s*+(\w++)'
    rb'(?:\s++COLLATE\s*+=?\s*+(\w++))?', re.IGNORECASE)


def default_charset(text):
    """Return what a definition of a table or database says of its text.

    :param text: bytes of :func:`plain`
    :returns: SQL: 'CHARACTER SET utf8mb4 COLLATE utf8mb4_bin', '' if nothing
    """
    # That of columns comes before, between the parentheses.
    found = _CHARSET.search(_WORDS.sub(b'``', text).rpartition(b')')[2])
    if not found:
        return ''
    name = found[1].decode()
    if not found[2]:
        return f'CHARACTER SET {name}'
    collation = _COLLATION.sub(_similar, found[2]).decode()
    return f'CHARACTER SET {name} COLLATE {collation}'


def _similar(found):
    if found[1] == b'bin':
        return b'utf8mb4_nopad_bin'
    return b'utf8mb4_uca1400_nopad_' + found[1]


def _outside(text, change):
    """Change what is outside of strings and quoted names."""
    parts, last = [], 0
    for found in _WORDS.finditer(text):
        parts += [change(text[last:found.start()]), found[0]]
        last = found.end()
    return b''.join([*parts, change(text[last:])])
