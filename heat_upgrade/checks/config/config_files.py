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

"""Reads an operator's configuration files: the settings and their lines.

oslo.config's own parser reads them, so that they have the same meaning here
as in Heat. They contain secrets: errors never show any of their content.
"""

from collections import abc
import dataclasses
import pathlib
import re
import typing

from oslo_config import iniparser

from heat_upgrade.checks import check_context
from heat_upgrade.checks.config import options
from heat_upgrade import errors

# Heat's sections for each of several clouds: [ec2authtoken.east].
_DYNAMIC = re.compile(r'(ec2authtoken)\.[^\]]+')


@dataclasses.dataclass(frozen=True)
class Setting:
    """A value of an option in a file.

    :ivar line: its first line in the file, from 1
    :ivar last_line: its last line; a value may have several
    :ivar section: as in the file
    :ivar name: as in the file
    :ivar value: may be a secret
    """

    path: pathlib.Path
    line: int
    last_line: int
    section: str
    name: str
    value: str = dataclasses.field(repr=False)

    @property
    def group(self) -> str:
        """The group of options: oslo.config's form of the section."""
        if self.section.upper() == 'DEFAULT':
            return 'DEFAULT'
        dynamic = _DYNAMIC.fullmatch(self.section)
        return dynamic[1] if dynamic else self.section.lower()

    @property
    def key(self) -> options.Key:
        """Its group and name."""
        return self.group, self.name

    @property
    def place(self) -> str:
        """Its file and line."""
        return f'{self.path}:{self.line}'


class _Parser(iniparser.BaseParser):

    def __init__(self, path: pathlib.Path) -> None:
        super().__init__()
        self.path = path
        self.section: str | None = None
        self.sections: list[str] = []
        self.settings: list[Setting] = []
        self._first = self._last = 0

    def new_section(self, section: str) -> None:
        self.section = section
        self.sections.append(section)

    def _split_key_value(self, line: str) -> typing.Any:
        self._first = self._last = self.lineno
        return super()._split_key_value(line)

    def assignment(self, key: str, value: list[str]) -> None:
        if self.section is None:
            raise iniparser.ParseError('a value before any [section]',
                                       self._first, '')
        self.settings.append(Setting(
            self.path, self._first, self._first + len(value) - 1,
            self.section, key, '\n'.join(value)))


def files(asked: check_context.OperatorInputs) -> list[pathlib.Path]:
    """Return the configuration files of an operator, in Heat's order.

    :raises: :class:`errors.UsageError` if a file or directory is missing
    """
    result = [pathlib.Path(path).absolute() for path in asked.config_files]
    for directory in asked.config_dirs:
        directory = pathlib.Path(directory).absolute()
        if not directory.is_dir():
            problem = ('is not a directory' if directory.exists()
                       else 'does not exist')
            raise errors.UsageError(
                f'the configuration directory {directory} {problem}; name a '
                'directory with files that end in .conf')
        result += sorted(directory.glob('*.conf'))
    return result


def settings(asked: check_context.OperatorInputs) -> list[Setting]:
    """Return all settings in an operator's files, in Heat's order.

    :raises: :class:`errors.UsageError` with path and line of each file that
        cannot be read, and without any content of the files
    """
    result: list[Setting] = []
    refused = []
    for path in files(asked):
        try:
            result += parsed(path)
        except errors.UsageError as exc:
            refused.append(str(exc))
    if refused:
        raise errors.UsageError('\n'.join(refused))
    return result


def sections(paths: abc.Iterable[pathlib.Path]) -> frozenset[str]:
    """Return the sections of files, with those that have no setting.

    :raises: as :func:`settings`
    """
    return frozenset(section for path in paths
                     for section in _parser_of(path).sections)


def parsed(path: pathlib.Path) -> list[Setting]:
    """Return the settings in one file.

    :raises: as :func:`settings`
    """
    return _parser_of(path).settings


def _parser_of(path: pathlib.Path) -> _Parser:
    parser = _Parser(path)
    try:
        parser.parse(read_text(path, 'the configuration file').splitlines())
    except iniparser.ParseError as exc:
        # The text of the error has the line, which may contain a password.
        raise errors.UsageError(
            f'{path}:{exc.lineno}: {exc.msg}; a configuration file of Heat '
            'has sections in brackets and lines of the form name = value'
        ) from None
    return parser


def read_text(path: pathlib.Path, kind: str) -> str:
    """Return the text of an operator's file.

    :param kind: name of its kind for an error, such as "the policy file"
    :raises: :class:`errors.UsageError`
    """
    if not path.exists():
        raise errors.UsageError(f'{kind} {path} does not exist')
    if not path.is_file():
        raise errors.UsageError(f'{kind} {path} is not a file')
    try:
        content = path.read_bytes()
    except OSError as exc:
        raise errors.UsageError(
            f'{kind} {path} cannot be read: {exc.strerror}; run this as a '
            'user who may read it') from None
    try:
        text = content.decode('utf-8-sig')
    except UnicodeDecodeError as exc:
        line = content.count(b'\n', 0, exc.start) + 1
        raise errors.UsageError(
            f'{path}:{line}: this is not UTF-8, which Heat requires; convert '
            'the file with iconv') from None
    if '\0' in text:
        line = text.count('\n', 0, text.index('\0')) + 1
        raise errors.UsageError(f'{path}:{line}: this is not text; '
                                f'{kind} was expected')
    return text
