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

"""What Heat's units have logged of errors, out of systemd's journal."""

import os
import re

from heat_upgrade import errors
from heat_upgrade.grenade import systemd
from heat_upgrade.lab import log_errors
from heat_upgrade import process

TIMEOUT = 60

# DevStack lets services log in colours.
_COLOUR = re.compile(r'\x1b\[[0-9;]*[A-Za-z]')

# In the journal each line of a traceback is a record of an error.
# The context of a record: a request, or none.
_CONTEXT = re.compile(r'\[(-|None|req-|[0-9a-f-]{36})')

_ERROR = re.compile(r'\b(ERROR|CRITICAL)\b')


def meanwhile(record, surroundings, since, *, run=process.run):
    """Return the last traceback of each unit of Heat since a moment.

    :param record: :class:`record.Record`
    :param surroundings: :class:`surroundings.Surroundings`
    :param since: seconds since the epoch
    :param run: for tests, like :func:`process.run`
    :returns: text with the names of the units, '' if none had any
    """
    found = [f'{unit} logged meanwhile:\n{shown}'
             for unit, text in logged(record, surroundings, since,
                                      run=run).items()
             if (shown := last_traceback(text))]
    return '\n\n'.join(found)


def logged(record, surroundings, since, *, run=process.run):
    """Return what the units of Heat have logged since a moment.

    :param record: :class:`record.Record`
    :param surroundings: :class:`surroundings.Surroundings`
    :param since: seconds since the epoch
    :param run: for tests, like :func:`process.run`
    :returns: {name of a unit: text}; a unit whose journal cannot be read is
        left out
    """
    # `sudo systemctl`, or `systemctl --user`.
    journalctl = ['journalctl' if os.path.basename(word) == 'systemctl'
                  else word for word in surroundings.systemctl]
    found = {}
    for name in systemd.NAMES:
        unit = systemd.full_name(name)
        try:
            _, output = run(
                f'journalctl {name}',
                [*journalctl, '--no-pager', '--output=cat',
                 f'--since=@{int(since)}', '-u', unit],
                log=record.log(f'journal-{name}'), env=dict(os.environ),
                timeout=TIMEOUT, check=False)
        except (errors.LabError, OSError):
            # It only explains; that the phase failed is known without it.
            continue
        found[unit] = _COLOUR.sub('', output)
    return found


def belonging(text, marks):
    """Return the lines of a unit that belong to a test.

    DevStack's records have neither time nor process in front. The lines of
    a traceback belong to the record before them.

    :param marks: request ids, and ids and names of stacks
    """
    if not marks:
        return ''
    found, mine = [], False
    for line in text.splitlines():
        if _CONTEXT.search(line):
            mine = any(mark in line for mark in marks)
        elif not _ERROR.search(line) and not line.startswith((' ', 'Trace')):
            mine = any(mark in line for mark in marks)
        if mine:
            found.append(line)
    bad = [line for line in found if _ERROR.search(line)]
    return log_errors.shortened('\n'.join(
        bad or found[-log_errors.RECORDS:]))


def last_traceback(text):
    """Return the last traceback in a text, '' if there is none."""
    lines = _COLOUR.sub('', text).splitlines()
    starts = [number for number, line in enumerate(lines)
              if log_errors.SIGN in line]
    if not starts:
        return ''
    first = starts[-1]
    plain = not _ERROR.search(lines[first])
    shown = [lines[first]]
    for line in lines[first + 1:]:
        if plain and not line.startswith(' '):
            # Its last line, which names the error.
            shown.append(line)
            break
        if not plain and not _ERROR.search(line):
            break
        shown.append(line)
    if len(shown) > log_errors.HEAD + log_errors.END:
        shown[log_errors.HEAD:-log_errors.END] = ['...']
    return '\n'.join(shown)
