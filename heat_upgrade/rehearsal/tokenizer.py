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

"""Where the statements of a dump begin and end.

It knows quotes, comments and DELIMITER as the client does, and executes
nothing: what a statement is, and whether it may be executed, says
:mod:`heat_upgrade.rehearsal.statement_filter`.
"""

import dataclasses
import re

from heat_upgrade import errors

CHUNK = 2**20

# mysqldump packs rows into statements of one MiB (net_buffer_length), unless
# a single row is longer; its own limit of a row is 24 MiB by default.
LONGEST = 64 * 2**20

# Complete tokens of a statement. What the next bytes could change is none
# yet: a minus or a slash at the end, a string without its end.
_TOKENS = re.compile(
    rb"""(?:[^'"`;\#/\\\-]++
    |'(?:[^'\\]++|\\.)*+'
    |"(?:[^"\\]++|\\.)*+"
    |`[^`]*+`
    |-(?=[^-])|--(?=\S)
    |--\s[^\n]*+\n
    |\#[^\n]*+\n
    |/(?=[^*])
    |/\*.*?\*/
    )*+""", re.DOTALL | re.VERBOSE)

_SPACE = re.compile(rb'[\s;]*+')
# Comments between statements, and one that hides the sandbox's command from
# clients that do not know it (MDEV-21178); it has no semicolon.
_COMMENT = re.compile(
    rb'(--[ \t\r]*+[^\n]*+\n|#[^\n]*+\n'
    rb'|/\*M?!999999.*?\*/|/\*(?!!|M!).*?\*/)', re.DOTALL)
_DELIMITER = re.compile(rb'delimiter[ \t]++(\S++)[^\n]*+\n', re.IGNORECASE)
_COMPLETED = re.compile(rb'-- Dump completed\b')


@dataclasses.dataclass(frozen=True)
class Statement:
    """One statement, or a comment between two.

    :ivar text: its bytes, without the semicolon
    :ivar line: number of the line that it begins on
    :ivar comment: whether it is a comment
    :ivar delimited: whether it ends with another delimiter: part of a stored
        routine
    """

    text: bytes
    line: int
    comment: bool = False
    delimited: bool = False


class Reader:
    """An iterable of the statements of a dump.

    :param source: :class:`heat_upgrade.rehearsal.dump_file.Source`
    :ivar completed: whether the mark of a complete dump has been read, and
        nothing but comments after it
    :ivar bytes: how many have been read, unpacked
    :ivar line: number of the line on which the last statement began
    """

    def __init__(self, source):
        self._source = source
        self._buffer = b''
        self._start = 0
        self._line = 1
        self._ended = False
        self.completed = False
        self.bytes = 0
        self.line = 1

    def __iter__(self):
        while True:
            self._skip_space()
            if self._start == len(self._buffer):
                return
            self.line = self._line
            delimiter = self._at_start(_DELIMITER, 9, rb'delimiter')
            if delimiter:
                self._take(delimiter.end())
                if delimiter[1] != b';':
                    yield self._routines()
                continue
            yield self._comment() or self._statement()

    def _more(self, wanted=CHUNK):
        """Read on; returns whether there was anything."""
        if self._ended:
            return False
        if len(self._buffer) - self._start > LONGEST:
            raise self.error(
                f'is longer than {LONGEST // 2**20} MiB, or has a quote that '
                'nothing closes')
        chunks, size = [], 0
        while size < wanted:
            chunk = self._source.read(wanted - size)
            if not chunk:
                self._ended = True
                break
            chunks.append(chunk)
            size += len(chunk)
        self.bytes += size
        self._buffer = b''.join([self._buffer[self._start:], *chunks])
        self._start = 0
        return bool(size)

    def _take(self, end):
        """Return the bytes up to a place of the buffer, and go there."""
        text = self._buffer[self._start:end]
        self._start = end
        self._line += text.count(b'\n')
        return text

    def _skip_space(self):
        while True:
            self._take(_SPACE.match(self._buffer, self._start).end())
            if self._start < len(self._buffer) or not self._more():
                return

    def _at_start(self, pattern, length, word=b''):
        """Return the match of a pattern that ends with a line, or None."""
        while True:
            found = pattern.match(self._buffer, self._start)
            if found:
                return found
            head = self._buffer[self._start:self._start + length].lower()
            if not word.startswith(head) and not head.startswith(word):
                return None
            if not self._more():
                return None

    def _comment(self):
        while True:
            head = self._buffer[self._start:self._start + 9]
            if len(head) < 9 and self._more():
                continue
            if not head.startswith((b'--', b'#', b'/*')) or (
                    head.startswith((b'/*!', b'/*M!'))
                    and b'!99999' not in head):
                return None
            found = _COMMENT.match(self._buffer, self._start)
            if found or not self._more():
                break
        text = self._take(found.end() if found else len(self._buffer))
        if _COMPLETED.match(text):
            self.completed = True
        return Statement(text, self.line, comment=True)

    def _statement(self):
        self.completed = False
        done, wanted = 0, CHUNK
        while True:
            end = _TOKENS.match(self._buffer, self._start + done).end()
            at = self._buffer[end:end + 1]
            if at == b';':
                text = self._take(end)
                self._start += 1
                return Statement(text, self.line)
            if at == b'\\':
                raise self.error(
                    'has a command of the client (a backslash outside of a '
                    'string), which no dump has')
            done = end - self._start
            if not self._more(wanted):
                raise errors.UsageError(
                    f'{self._source.path} is cut off: the statement of line '
                    f'{self.line} has no end; copy or make it again')
            wanted = min(2 * wanted, LONGEST)

    def _routines(self):
        """Return what stands between two DELIMITER commands as one."""
        self.completed = False
        end = re.compile(rb'^delimiter[ \t]++;[ \t\r]*+$',
                         re.IGNORECASE | re.MULTILINE)
        text = []
        while True:
            found = end.search(self._buffer, self._start)
            if found:
                text.append(self._take(found.start()))
                self._take(found.end())
                return Statement(b''.join(text)[:CHUNK], self.line,
                                 delimited=True)
            if not self._more():
                raise errors.UsageError(
                    f'{self._source.path} is cut off: the routine of line '
                    f'{self.line} has no end; copy or make it again')

    def error(self, text):
        """Return the error of the last statement.

        :param text: what is wrong, without anything of its content
        """
        return errors.UsageError(
            f'{self._source.path}: the statement that begins on line '
            f'{self.line} {text}')
