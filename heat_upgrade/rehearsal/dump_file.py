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

"""The bytes of a dump: plain, gzip or zstd, detected by the content."""

from collections import abc
import contextlib
import gzip
import os
import pathlib
import stat
import typing
import zlib

import zstandard

from heat_upgrade import errors

_GZIP = b'\x1f\x8b'
_ZSTD = b'\x28\xb5\x2f\xfd'

# Other files that people name .sql.
_OTHERS = {
    b'BZh': 'is compressed by bzip2',
    b'\xfd7zXZ\0': 'is compressed by xz',
    b'\x04\x22\x4d\x18': 'is compressed by lz4',
    b'PK\x03\x04': 'is a zip archive',
    b'7z\xbc\xaf\x27\x1c': 'is a 7z archive',
    b'SQLite format 3': 'is a database of SQLite',
    b'PGDMP': 'is a dump of PostgreSQL',
    b'<?xml': 'is XML (mysqldump --xml)',
    b'-- PostgreSQL': 'is a dump of PostgreSQL',
    b'--\n-- PostgreSQL': 'is a dump of PostgreSQL',
}
_ADVICE = ('give the output of mysqldump or mariadb-dump, plain or '
           'compressed with gzip or zstd')
_UTF16 = (b'\xff\xfe', b'\xfe\xff')
_UTF8_MARK = b'\xef\xbb\xbf'

# Enough bytes to detect another encoding: mysqldump escapes NUL characters.
_HEAD = 4096


class _Stream(typing.Protocol):

    def read(self, size: int, /) -> bytes:
        ...


class Source:
    """A dump that is read from its start to its end.

    :ivar path: path of the dump
    :ivar size: bytes of the file
    """

    def __init__(self, path: pathlib.Path, file: typing.BinaryIO,
                 stream: _Stream) -> None:
        self.path = path
        self.size = os.fstat(file.fileno()).st_size
        self._file = file
        self._stream = stream
        self._head = b''

    @property
    def position(self) -> int:
        """Bytes of the file that have been read so far."""
        return min(self._file.tell(), self.size)

    def read(self, size: int) -> bytes:
        """Return the next bytes, unpacked; b'' at the end.

        :raises: :class:`errors.UsageError` if the file is cut off or damaged
        """
        if self._head:
            head, self._head = self._head, b''
            return head
        try:
            return self._stream.read(size)
        except EOFError:
            raise errors.UsageError(
                f'{self.path} is cut off: its gzip data have no end; copy or '
                'make it again') from None
        except (gzip.BadGzipFile, zlib.error, zstandard.ZstdError):
            # The text of these errors does not help an operator.
            raise errors.UsageError(
                f'{self.path} is damaged: it cannot be unpacked after '
                f'{self.position} of {self.size} bytes; copy or make it '
                'again') from None

    def check(self) -> None:
        """Refuse a file that is not a text in UTF-8, or another known format.

        :raises: :class:`errors.UsageError`
        """
        head = b''
        while len(head) < _HEAD:
            chunk = self.read(_HEAD - len(head))
            if not chunk:
                break
            head += chunk
        if not head and self._stream is not self._file:
            raise errors.UsageError(
                f'{self.path} is cut off: it cannot be unpacked at all; copy '
                'or make it again')
        if not head.strip():
            raise errors.UsageError(f'{self.path} is empty; {_ADVICE}')
        zeros = head.count(b'\0')
        if head.startswith(_UTF16) or zeros > len(head) // 3:
            raise errors.UsageError(
                f'{self.path} is UTF-16, not UTF-8, as PowerShell writes it; '
                'make it again with --result-file instead of a redirection')
        _refuse_others(self.path, head)
        if zeros:
            raise errors.UsageError(f'{self.path} is not a text; {_ADVICE}')
        self._head = head.removeprefix(_UTF8_MARK)


def _refuse_others(path: pathlib.Path, head: bytes) -> None:
    for other, text in _OTHERS.items():
        if head.startswith(other):
            raise errors.UsageError(f'{path} {text}; {_ADVICE}')


@contextlib.contextmanager
def opened(path: pathlib.Path | str) -> abc.Iterator[Source]:
    """Open a dump, and yield its :class:`Source`.

    :raises: :class:`errors.UsageError` if it cannot be read, or its first
        bytes show that it is not a dump
    """
    path = pathlib.Path(path)
    try:
        # Without O_NONBLOCK, opening a pipe without a writer would block.
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as exc:
        raise errors.UsageError(
            f'{path} cannot be read: {exc.strerror}') from None
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise errors.UsageError(
            f'{path} is not a file; a dump is read more than once, so it '
            'cannot be read from a pipe')
    with open(fd, 'rb') as file:
        source = Source(path, file, _stream(path, file))
        source.check()
        yield source


def _stream(path: pathlib.Path, file: typing.BinaryIO) -> _Stream:
    """Return the stream that unpacks a file, at its start."""
    magic = file.read(16)
    file.seek(0)
    if not magic:
        raise errors.UsageError(f'{path} is empty; {_ADVICE}')
    _refuse_others(path, magic)
    if magic.startswith(_GZIP):
        return gzip.GzipFile(fileobj=file)
    if magic.startswith(_ZSTD):
        return zstandard.ZstdDecompressor().stream_reader(
            file, read_across_frames=True)
    return file
