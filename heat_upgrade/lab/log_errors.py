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

"""Finds tracebacks, and deaths of workers, in the logs of services."""

from collections import abc
import re

from heat_upgrade import process

# The first line of a traceback.
SIGN = 'Traceback (most recent call last)'

# Lines of a long traceback that are shown: its head and its end.
HEAD, END = 4, 36

# Lines of an error's own text: an assertion shows both sides of it.
MESSAGE = 8

# A record of oslo.log below the level of an error. In oslo.log each line of a
# traceback is a record.
_OTHER_RECORD = re.compile(
    r'^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ \d+ (?!ERROR|CRITICAL)')

# Process and logger of an error's record.
_RECORD = re.compile(
    r'^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ (\d+) (?:ERROR|CRITICAL) (\S+)')
# Process, level, logger and text of any record.
_ANY_RECORD = re.compile(
    r'^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ (\d+) ([A-Z]+) (\S+) ?(.*)')
_BAD = ('ERROR', 'CRITICAL')
# Number of last records that are shown without a warning or an error.
RECORDS = 10
# The context of a request: its id, its user or "-", and its project.
_REQUEST = re.compile(r'req-[0-9a-f-]{36} (?:[0-9a-f]{32}|-) [0-9a-f]{32}\b')
# Lines of other threads may stand between a record and its traceback.
HEAD_WITHIN = 300

# The line of a call in a traceback.
_FRAME = re.compile(r'^\s*File ".*", line \d+')

# The record of a master about a worker that died, which it then replaces:
# uWSGI's, oslo.service's and cotyledon's.
_DEATH = re.compile(
    r'^.*(DAMN ! worker \d+|Child \d+ (killed by signal|exited with status)'
    r'|Child \d+ died).*$', re.MULTILINE)


def of_start(text: str) -> str:
    """Return the first traceback that no request caused, '' without one.

    A service gets requests as soon as it starts, from the probes and from its
    queue; an error in a request is not an error in its start. oslo.log writes
    the context of a request, with its project, into the record of the
    traceback: the last record before it of the same process and logger.
    """
    lines = text.splitlines()
    offset = 0
    for number, line in enumerate(lines):
        if SIGN in line and not _REQUEST.search(_head(lines, number)):
            return _shown(text, text.find(SIGN, offset))
        offset += len(line) + 1
    return ''


def _head(lines: list[str], number: int) -> str:
    """Return the record to which the traceback in a line belongs."""
    record = _RECORD.match(lines[number])
    for line in reversed(lines[max(0, number - HEAD_WITHIN):number]):
        other = _RECORD.match(line)
        if record is None:
            # The text of an error that came by RPC may have several lines.
            if other or _OTHER_RECORD.match(line):
                return line if other else ''
        elif other and other.groups() == record.groups() and '[' in line:
            return line
    return ''


def _shown(text: str, offset: int) -> str:
    if offset < 0:
        return ''
    lines = text[text.rfind('\n', 0, offset) + 1:].splitlines()
    for number, line in enumerate(lines):
        if not line.strip() or _OTHER_RECORD.match(line):
            lines = lines[:number]
            break
    return shortened('\n'.join(lines))


def shortened(text: str) -> str:
    """Return a traceback, without the middle if it is long."""
    lines = text.splitlines()
    if len(lines) > HEAD + END:
        lines[HEAD:-END] = ['...']
    return '\n'.join(lines)


def conclusion(text: str) -> str:
    """Return the line of a traceback that names its error.

    It is not always the last line, because the text of an error may have
    several lines. Without a traceback, return the first line of the text.
    """
    return message(text).partition('\n')[0]


def message(text: str) -> str:
    """Return the error of a traceback with its text, at most MESSAGE lines.

    Without a traceback, return the first line of the text.
    """
    lines = text.strip().splitlines()
    frames = [number for number, line in enumerate(lines)
              if _FRAME.match(line)]
    if SIGN not in text or not frames:
        return lines[0] if lines else ''
    number = next((number for number in range(frames[-1] + 1, len(lines))
                   if lines[number] and not lines[number].startswith(' ')),
                  len(lines) - 1)
    error = lines[number:]
    if len(error) > MESSAGE:
        error[MESSAGE:] = ['...']
    return '\n'.join(error)


def sizes(processes: abc.Iterable[process.Process]
          ) -> dict[process.Process, int]:
    """Return the present size of each process's log, in bytes."""
    return {child: child.log.stat().st_size for child in processes
            if child.log.exists()}


def of_start_since(before: abc.Mapping[process.Process, int]) -> str:
    """Return the tracebacks of starts that were logged since sizes().

    :returns: name and first traceback of each process with a traceback
    """
    return '\n\n'.join(
        f'new in the log of {name}:\n{shown}'
        for name, text in logged_since(before).items()
        if (shown := of_start(text)))


def logged_since(before: abc.Mapping[process.Process, int]
                 ) -> dict[str, str]:
    """Return the text that processes logged since sizes(), by their name."""
    return {child.name: _read(child, size) for child, size in before.items()}


def _read(child: process.Process, offset: int) -> str:
    with open(child.log, 'rb') as log:
        log.seek(offset)
        return log.read().decode(errors='replace')


def belonging(text: str, marks: abc.Collection[str]) -> str:
    """Return the records of a log that belong to a test, '' without one.

    A record belongs to the test if it contains one of the marks. The lines of
    a traceback belong to the record before them of the same process and
    logger. With warnings or errors, other records are omitted.

    :param text: a log in the format of oslo.log
    :param marks: request ids, and ids and names of stacks
    """
    if not marks:
        return ''
    records: list[tuple[str, str]] = []
    owners: dict[tuple[str, str], bool] = {}
    current: str | None = None
    for line in text.splitlines():
        record = _ANY_RECORD.match(line)
        if record:
            key, level, rest = (record[1], record[3]), record[2], record[4]
            if rest.startswith('[') or level not in _BAD:
                mine = any(mark in line for mark in marks)
                owners[key] = mine
            else:
                mine = owners.get(key, False)
            current = level if mine else None
        if current:
            records.append((current, line))
    bad = [line for level, line in records if level in _BAD + ('WARNING',)]
    return shortened('\n'.join(
        bad or [line for _, line in records[-RECORDS:]]))


def deaths_since(before: abc.Mapping[process.Process, int]) -> list[str]:
    """Return the lines about workers that died since sizes()."""
    return [f'{child.name}: {match[0]}' for child, size in before.items()
            for match in _DEATH.finditer(_read(child, size))]
