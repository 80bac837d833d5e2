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

"""Splits a dump into its statements.

It handles quotes, comments and DELIMITER like the client, and executes
nothing. :mod:`heat_upgrade.rehearsal.statement_filter` classifies the
statements.
"""

from collections import abc
import dataclasses
import re

from heat_upgrade import errors
from heat_upgrade.rehearsal import dump_file

CHUNK = 2**20

# mysqldump packs rows into statements of one MiB (net_buffer_length), unless
# a single row is longer; it limits a row to 24 MiB by default.
LONGEST = 64 * 2**20

# Complete tokens of a statement. The rest of the buffer, such as a final minus
# or slash or an open string, may depend on the next bytes.
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
# Comments between statements, and the one that hides the sandbox command from
# clients that do not support it (MDEV-21178); it has no semicolon.
_COMMENT = re.compile(
    rb'(--[ \t\r]*+[^\n]*+\n|#[^\n]*+\n'
    rb'|/\*M?!999999.*?\*/|/\*(?!!|M!).*?\*/)', re.DOTALL)
_DELIMITER = re.compile(rb'delimiter[ \t]++(\S++)[^\n]*+\n', re.IGNORECASE)
_COMPLETED = re.compile(rb'-- Dump completed\b')


@dataclasses.dataclass(frozen=True)
class Statement:
    """One statement, or a comment between two.

    :ivar text: its bytes, without the semicolon
    :ivar line: number of its first line
    :ivar comment: True for a comment
    :ivar delimited: True if it ends with another delimiter, as part of a
        stored routine
    """

    text: bytes
    line: int
    comment: bool = False
    delimited: bool = False


class Reader:
    """An iterable of the statements of a dump.

    :ivar completed: True if the mark of a complete dump has been read, and
        only comments after it
    :ivar bytes: number of bytes read, unpacked
    :ivar line: number of the first line of the last statement
    """

    def __init__(self, source: dump_file.Source) -> None:
        self._source = source
        self._buffer = b''
        self._start = 0
        self._line = 1
        self._ended = False
        self.completed = False
        self.bytes = 0
        self.line = 1

    def __iter__(self) -> abc.Iterator[Statement]:
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

    def _more(self, wanted: int = CHUNK) -> bool:
        """Read more bytes; returns True unless the dump has ended."""
        if self._ended:
            return False
        if len(self._buffer) - self._start > LONGEST:
            raise self.error(
                f'is longer than {LONGEST // 2**20} MiB, or has an open '
                'quote')
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

    def _take(self, end: int) -> bytes:
        """Return the bytes up to a position of the buffer, and skip them."""
        text = self._buffer[self._start:end]
        self._start = end
        self._line += text.count(b'\n')
        return text

    def _skip_space(self) -> None:
        while True:
            self._take(self._end(_SPACE, self._start))
            if self._start < len(self._buffer) or not self._more():
                return

    def _end(self, pattern: re.Pattern[bytes], start: int) -> int:
        """Return the end of a match of a pattern, which may be empty."""
        match = pattern.match(self._buffer, start)
        return match.end() if match else start

    def _at_start(self, pattern: re.Pattern[bytes], length: int,
                  word: bytes = b'') -> re.Match[bytes] | None:
        """Return the match of a pattern that ends with a line, or None."""
        while True:
            match = pattern.match(self._buffer, self._start)
            if match:
                return match
            head = self._buffer[self._start:self._start + length].lower()
            if not word.startswith(head) and not head.startswith(word):
                return None
            if not self._more():
                return None

    def _comment(self) -> Statement | None:
        while True:
            head = self._buffer[self._start:self._start + 9]
            if len(head) < 9 and self._more():
                continue
            if not head.startswith((b'--', b'#', b'/*')) or (
                    head.startswith((b'/*!', b'/*M!'))
                    and b'!99999' not in head):
                return None
            match = _COMMENT.match(self._buffer, self._start)
            if match or not self._more():
                break
        text = self._take(match.end() if match else len(self._buffer))
        if _COMPLETED.match(text):
            self.completed = True
        return Statement(text, self.line, comment=True)

    def _statement(self) -> Statement:
        self.completed = False
        done, wanted = 0, CHUNK
        while True:
            end = self._end(_TOKENS, self._start + done)
            at = self._buffer[end:end + 1]
            if at == b';':
                text = self._take(end)
                self._start += 1
                return Statement(text, self.line)
            if at == b'\\':
                raise self.error(
                    'has a client command (a backslash outside of a string), '
                    'which no dump has')
            done = end - self._start
            if not self._more(wanted):
                raise errors.UsageError(
                    f'{self._source.path} is cut off: the statement on line '
                    f'{self.line} has no end; copy or make it again')
            wanted = min(2 * wanted, LONGEST)

    def _routines(self) -> Statement:
        """Return the text between two DELIMITER commands as one statement."""
        self.completed = False
        end = re.compile(rb'^delimiter[ \t]++;[ \t\r]*+$',
                         re.IGNORECASE | re.MULTILINE)
        text = []
        while True:
            match = end.search(self._buffer, self._start)
            if match:
                text.append(self._take(match.start()))
                self._take(match.end())
                return Statement(b''.join(text)[:CHUNK], self.line,
                                 delimited=True)
            if not self._more():
                raise errors.UsageError(
                    f'{self._source.path} is cut off: the routine on line '
                    f'{self.line} has no end; copy or make it again')

    def error(self, text: str) -> errors.UsageError:
        """Return the error about the last statement.

        :param text: the reason, which must not quote the statement
        """
        return errors.UsageError(
            f'{self._source.path}: the statement that begins on line '
            f'{self.line} {text}')
