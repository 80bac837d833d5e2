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

"""An operator's configuration files: what is set where.

oslo.config's own parser reads them, so that they mean here what they mean to
Heat. They hold secrets: no text of an error has anything of their content.
"""

import dataclasses
import pathlib
import re

from oslo_config import iniparser

from heat_upgrade import errors

# A section of Heat's for each of several clouds: [ec2authtoken.east].
_DYNAMIC = re.compile(r'(ec2authtoken)\.[^\]]+')


@dataclasses.dataclass(frozen=True)
class Setting:
    """One option that is set in one place.

    :ivar path: the file
    :ivar line: its first line there, from 1
    :ivar last_line: its last line; values may go on for several
    :ivar section: as the file has it
    :ivar name: as the file has it
    :ivar value: may be a secret
    """

    path: pathlib.Path
    line: int
    last_line: int
    section: str
    name: str
    value: str = dataclasses.field(repr=False)

    @property
    def group(self):
        """The group of options: as oslo.config normalizes a section."""
        if self.section.upper() == 'DEFAULT':
            return 'DEFAULT'
        dynamic = _DYNAMIC.fullmatch(self.section)
        return dynamic[1] if dynamic else self.section.lower()

    @property
    def key(self):
        return self.group, self.name

    @property
    def place(self):
        return f'{self.path}:{self.line}'


class _Parser(iniparser.BaseParser):

    def __init__(self, path):
        super().__init__()
        self.path = path
        self.section = None
        self.settings = []
        self._first = self._last = 0

    def new_section(self, section):
        self.section = section

    def _split_key_value(self, line):
        self._first = self._last = self.lineno
        return super()._split_key_value(line)

    def assignment(self, key, value):
        if self.section is None:
            raise iniparser.ParseError('a value before any [section]',
                                       self._first, '')
        self.settings.append(Setting(
            self.path, self._first, self._first + len(value) - 1,
            self.section, key, '\n'.join(value)))


def files(asked):
    """Return the configuration files of an operator, in Heat's order.

    :param asked: :class:`heat_upgrade.checks.check_context.OperatorInputs`
    :raises: :class:`errors.UsageError` if a file or directory is not there
    """
    found = [pathlib.Path(path).absolute() for path in asked.config_files]
    for directory in asked.config_dirs:
        directory = pathlib.Path(directory).absolute()
        if not directory.is_dir():
            raise errors.UsageError(
                f'the configuration directory {directory} is '
                f'{"no directory" if directory.exists() else "not there"}; '
                'name a directory with files that end in .conf')
        found += sorted(directory.glob('*.conf'))
    return found


def settings(asked):
    """Return all that an operator's files set, in Heat's order.

    :param asked: :class:`heat_upgrade.checks.check_context.OperatorInputs`
    :returns: list of :class:`Setting`
    :raises: :class:`errors.UsageError` with path and line, and without
        anything of what stands there
    """
    return [setting for path in files(asked) for setting in parsed(path)]


def parsed(path):
    """Return what one file sets: list of :class:`Setting`.

    :raises: as :func:`settings`
    """
    parser = _Parser(path)
    try:
        parser.parse(read_text(path, 'the configuration file').splitlines())
    except iniparser.ParseError as exc:
        # Its text has the line, which may hold a password.
        raise errors.UsageError(
            f'{path}:{exc.lineno}: {exc.msg}; a configuration file of Heat '
            'has sections in brackets and lines of the form name = value'
        ) from None
    return parser.settings


def read_text(path, what):
    """Return the text of an operator's file.

    :param what: what it is, for the text of an error
    :raises: :class:`errors.UsageError`
    """
    if not path.exists():
        raise errors.UsageError(f'{what} {path} is not there')
    if not path.is_file():
        raise errors.UsageError(f'{what} {path} is no file')
    try:
        content = path.read_bytes()
    except OSError as exc:
        raise errors.UsageError(
            f'{what} {path} cannot be read: {exc.strerror}; run this as a '
            'user who may read it') from None
    try:
        text = content.decode('utf-8-sig')
    except UnicodeDecodeError as exc:
        line = content.count(b'\n', 0, exc.start) + 1
        raise errors.UsageError(
            f'{path}:{line}: this is not UTF-8, as Heat needs it; convert it '
            'with iconv') from None
    if '\0' in text:
        line = text.count('\n', 0, text.index('\0')) + 1
        raise errors.UsageError(f'{path}:{line}: this is no text; '
                                f'{what} was expected')
    return text
