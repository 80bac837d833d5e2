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

"""The errors that Heat's units have logged, from systemd's journal."""

from collections import abc
import os
import re

from heat_upgrade import errors
from heat_upgrade.grenade import environment
from heat_upgrade.grenade import run_record
from heat_upgrade.grenade import systemd
from heat_upgrade.lab import log_errors
from heat_upgrade import process

TIMEOUT = 60

# In DevStack, services log in colours.
_COLOUR = re.compile(r'\x1b\[[0-9;]*[A-Za-z]')

# The context of a record: a request, or none. In the journal, each line of a
# traceback is a record of an error.
_CONTEXT = re.compile(r'\[(-|None|req-|[0-9a-f-]{36})')

_ERROR = re.compile(r'\b(ERROR|CRITICAL)\b')


def last_tracebacks(record: run_record.Record,
                    settings: environment.Settings, since: float, *,
                    run: environment.Run = process.run) -> str:
    """Return the last traceback of each unit of Heat since a time.

    :param since: seconds since the epoch
    :returns: text with the names of the units, '' without any traceback
    """
    texts = logged(record, settings, since, run=run)
    tracebacks = [f'{unit} logged:\n{shown}' for unit, text in texts.items()
                  if (shown := last_traceback(text))]
    return '\n\n'.join(tracebacks)


def logged(record: run_record.Record, settings: environment.Settings,
           since: float, *, run: environment.Run = process.run
           ) -> dict[str, str]:
    """Return the logs of Heat's units since a time.

    :param since: seconds since the epoch
    :returns: {name of a unit: text}, without units whose journal cannot be
        read
    """
    # `sudo systemctl`, or `systemctl --user`.
    journalctl = ['journalctl' if os.path.basename(word) == 'systemctl'
                  else word for word in settings.systemctl]
    texts = {}
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
            # The log only explains a failure that is known already.
            continue
        texts[unit] = _COLOUR.sub('', output)
    return texts


def belonging(text: str, marks: abc.Iterable[str]) -> str:
    """Return the lines of a unit that belong to a test.

    DevStack's records start with neither time nor process. The lines of a
    traceback belong to the record before them.

    :param marks: request IDs, and IDs and names of stacks
    """
    if not marks:
        return ''
    lines, mine = [], False
    for line in text.splitlines():
        if _CONTEXT.search(line):
            mine = any(mark in line for mark in marks)
        elif not _ERROR.search(line) and not line.startswith((' ', 'Trace')):
            mine = any(mark in line for mark in marks)
        if mine:
            lines.append(line)
    bad = [line for line in lines if _ERROR.search(line)]
    return log_errors.shortened('\n'.join(
        bad or lines[-log_errors.RECORDS:]))


def last_traceback(text: str) -> str:
    """Return the last traceback in a text, '' if it has none."""
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
            # The last line, which names the error.
            shown.append(line)
            break
        if not plain and not _ERROR.search(line):
            break
        shown.append(line)
    if len(shown) > log_errors.HEAD + log_errors.END:
        shown[log_errors.HEAD:-log_errors.END] = ['...']
    return '\n'.join(shown)
