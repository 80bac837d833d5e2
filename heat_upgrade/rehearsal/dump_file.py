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

"""The bytes of a dump: plain, gzip or zstd, told by what is in the file."""

import contextlib
import gzip
import os
import pathlib
import stat
import zlib

import zstandard

from heat_upgrade import errors

_GZIP = b'\x1f\x8b'
_ZSTD = b'\x28\xb5\x2f\xfd'

# What people name .sql although it is something else.
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
_ADVICE = ('give what mysqldump or mariadb-dump writes, as it is or '
           'compressed by gzip or zstd')
_UTF16 = (b'\xff\xfe', b'\xfe\xff')
_UTF8_MARK = b'\xef\xbb\xbf'

# Where text of another encoding shows: mysqldump escapes NUL characters.
_HEAD = 4096


class Source:
    """A dump that is read from its start to its end.

    :ivar path: where it is
    :ivar size: bytes of the file
    """

    def __init__(self, path, file, stream):
        self.path = path
        self.size = os.fstat(file.fileno()).st_size
        self._file = file
        self._stream = stream
        self._head = b''

    @property
    def position(self):
        """How many bytes of the file have been read so far."""
        return min(self._file.tell(), self.size)

    def read(self, size):
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
            # Their texts say nothing more that anybody could use.
            raise errors.UsageError(
                f'{self.path} is damaged: it cannot be unpacked after '
                f'{self.position} of {self.size} bytes; copy or make it '
                'again') from None

    def check(self):
        """Refuse what is no text in UTF-8, or that of something else.

        :raises: :class:`errors.UsageError`
        """
        head = b''
        while len(head) < _HEAD:
            more = self.read(_HEAD - len(head))
            if not more:
                break
            head += more
        if not head and self._stream is not self._file:
            raise errors.UsageError(
                f'{self.path} is cut off: nothing of it can be unpacked; '
                'copy or make it again')
        if not head.strip():
            raise errors.UsageError(f'{self.path} is empty; {_ADVICE}')
        zeros = head.count(b'\0')
        if head.startswith(_UTF16) or zeros > len(head) // 3:
            raise errors.UsageError(
                f'{self.path} is UTF-16, not UTF-8, as PowerShell writes it; '
                'make it again with --result-file in place of a redirection')
        _refuse_others(self.path, head)
        if zeros:
            raise errors.UsageError(f'{self.path} is no text; {_ADVICE}')
        self._head = head.removeprefix(_UTF8_MARK)


def _refuse_others(path, head):
    for other, text in _OTHERS.items():
        if head.startswith(other):
            raise errors.UsageError(f'{path} {text}; {_ADVICE}')


@contextlib.contextmanager
def opened(path):
    """Give a :class:`Source` of a file.

    :raises: :class:`errors.UsageError` if it cannot be read, or is seen at
        once to be no dump
    """
    path = pathlib.Path(path)
    try:
        # A pipe without a writer would hold us.
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as exc:
        raise errors.UsageError(
            f'{path} cannot be read: {exc.strerror}') from None
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise errors.UsageError(
            f'{path} is not a file; a dump is read more than once, so it '
            'cannot come through a pipe')
    with open(fd, 'rb') as file:
        source = Source(path, file, _stream(path, file))
        source.check()
        yield source


def _stream(path, file):
    """Return what unpacks a file, at its start."""
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
