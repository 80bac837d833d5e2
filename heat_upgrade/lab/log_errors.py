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

import re

# Python's own sign of an error that nobody expected.
SIGN = 'Traceback (most recent call last)'

# A traceback is told by its head and, above all, by its end.
HEAD, END = 4, 36

# Lines of an error's own text: an assertion shows both sides of it.
MESSAGE = 8

# A record that oslo.log wrote with another level than an error's: each line
# of a traceback is a record of its own there.
_OTHER_RECORD = re.compile(
    r'^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ \d+ (?!ERROR|CRITICAL)')

# Of a record: the process and the logger.
_RECORD = re.compile(
    r'^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ (\d+) (?:ERROR|CRITICAL) (\S+)')
# Of a record: process, level, logger, and the rest of it.
_ANY_RECORD = re.compile(
    r'^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ (\d+) ([A-Z]+) (\S+) ?(.*)')
_BAD = ('ERROR', 'CRITICAL')
# Of those of a test in which nothing is wrong, the last ones.
RECORDS = 10
# The context of a request: its id, then a user or none, and a project.
_REQUEST = re.compile(r'req-[0-9a-f-]{36} (?:[0-9a-f]{32}|-) [0-9a-f]{32}\b')
# Lines of other threads may come between a record and its traceback.
HEAD_WITHIN = 300

# The place of a call in a traceback.
_FRAME = re.compile(r'^\s*File ".*", line \d+')

# A master's word for a worker that ended by itself, which it then replaces:
# uWSGI's, oslo.service's and cotyledon's.
_DEATH = re.compile(
    r'^.*(DAMN ! worker \d+|Child \d+ (killed by signal|exited with status)'
    r'|Child \d+ died).*$', re.MULTILINE)


def of_start(text):
    """Return the first traceback that no request has led to, '' if none.

    A service that has just started is asked at once, by the probes and by
    what waits in the queue; what goes wrong then is not its start. oslo.log
    writes the context of a request, with its project, into the record that
    the traceback belongs to: the last one before it of that process and
    logger.
    """
    lines = text.splitlines()
    where = 0
    for number, line in enumerate(lines):
        if SIGN in line and not _REQUEST.search(_head(lines, number)):
            return _shown(text, text.find(SIGN, where))
        where += len(line) + 1
    return ''


def _head(lines, number):
    """Return the record to which the traceback in a line belongs."""
    record = _RECORD.match(lines[number])
    for line in reversed(lines[max(0, number - HEAD_WITHIN):number]):
        other = _RECORD.match(line)
        if record is None:
            # The text of an error that came by RPC has lines of its own.
            if other or _OTHER_RECORD.match(line):
                return line if other else ''
        elif other and other.groups() == record.groups() and '[' in line:
            return line
    return ''


def _shown(text, where):
    if where < 0:
        return ''
    lines = text[text.rfind('\n', 0, where) + 1:].splitlines()
    for number, line in enumerate(lines):
        if not line.strip() or _OTHER_RECORD.match(line):
            lines = lines[:number]
            break
    return shortened('\n'.join(lines))


def shortened(text):
    """Return the head and the end of a long traceback, all of a short one."""
    lines = text.splitlines()
    if len(lines) > HEAD + END:
        lines[HEAD:-END] = ['...']
    return '\n'.join(lines)


def conclusion(text):
    """Return the line of a traceback that names its error.

    It is not always the last one: the text of an error may have lines of its
    own. Of a text that is no traceback, it is the first line.
    """
    return message(text).partition('\n')[0]


def message(text):
    """Return the error of a traceback with all lines of its text.

    Of many lines the first ones; of a text that is no traceback, the first
    line.
    """
    lines = text.strip().splitlines()
    frames = [number for number, line in enumerate(lines)
              if _FRAME.match(line)]
    if SIGN not in text or not frames:
        return lines[0] if lines else ''
    number = next((number for number in range(frames[-1] + 1, len(lines))
                   if lines[number] and not lines[number].startswith(' ')),
                  len(lines) - 1)
    said = lines[number:]
    if len(said) > MESSAGE:
        said[MESSAGE:] = ['...']
    return '\n'.join(said)


def sizes(processes):
    """Return the present size of each process's log: {process: bytes}."""
    return {one: one.log.stat().st_size for one in processes
            if one.log.exists()}


def of_start_since(before):
    """Return the tracebacks of starts that were logged since :func:`sizes`.

    :returns: text: the first traceback of each process that had one, with
        the name of the process; '' if none had
    """
    return '\n\n'.join(
        f'{name} logged meanwhile:\n{shown}'
        for name, text in logged_since(before).items()
        if (shown := of_start(text)))


def logged_since(before):
    """Return what processes have logged since :func:`sizes`: {name: text}."""
    found = {}
    for one, size in before.items():
        with open(one.log, 'rb') as log:
            log.seek(size)
            found[one.name] = log.read().decode(errors='replace')
    return found


def belonging(text, marks):
    """Return the records of a log that belong to a test.

    A record belongs to it if it has one of the marks; the lines of a
    traceback belong to the record before them of that process and logger.
    Where there are warnings and errors, other records are left out.

    :param text: of a log of oslo.log's
    :param marks: request ids, and ids and names of stacks
    :returns: lines, '' if none belongs to it
    """
    if not marks:
        return ''
    found, owners, its = [], {}, None
    for line in text.splitlines():
        record = _ANY_RECORD.match(line)
        if record:
            key, level, rest = (record.group(1, 3), record[2], record[4])
            if rest.startswith('[') or level not in _BAD:
                mine = any(mark in line for mark in marks)
                owners[key] = mine
            else:
                mine = owners.get(key, False)
            its = level if mine else None
        if its:
            found.append((its, line))
    bad = [line for level, line in found if level in _BAD + ('WARNING',)]
    return shortened('\n'.join(
        bad or [line for _, line in found[-RECORDS:]]))


def deaths_since(before):
    """Return the lines that tell of workers that died since :func:`sizes`."""
    found = []
    for one, size in before.items():
        with open(one.log, 'rb') as log:
            log.seek(size)
            text = log.read().decode(errors='replace')
        found += [f'{one.name}: {match[0]}'
                  for match in _DEATH.finditer(text)]
    return found
