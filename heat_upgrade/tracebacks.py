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

# A record that oslo.log wrote with another level than an error's: each line
# of a traceback is a record of its own there.
_OTHER_RECORD = re.compile(
    r'^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ \d+ (?!ERROR|CRITICAL)')

# A master's word for a worker that ended by itself, which it then replaces:
# uWSGI's, oslo.service's and cotyledon's.
_DEATH = re.compile(
    r'^.*(DAMN ! worker \d+|Child \d+ (killed by signal|exited with status)'
    r'|Child \d+ died).*$', re.MULTILINE)


def first(text):
    """Return the first traceback in a log, '' if there is none."""
    return _shown(text, text.find(SIGN))


def last(text):
    """Return the last traceback in a log, '' if there is none."""
    return _shown(text, text.rfind(SIGN))


def _shown(text, where):
    if where < 0:
        return ''
    lines = text[text.rfind('\n', 0, where) + 1:].splitlines()
    for number, line in enumerate(lines):
        if not line.strip() or _OTHER_RECORD.match(line):
            lines = lines[:number]
            break
    if len(lines) > HEAD + END:
        lines[HEAD:-END] = ['...']
    return '\n'.join(lines)


def sizes(processes):
    """Return the present size of each process's log: {process: bytes}."""
    return {one: one.log.stat().st_size for one in processes
            if one.log.exists()}


def last_since(before):
    """Return what processes have logged of errors since :func:`sizes`.

    :returns: text: the last traceback of each process that had one, with
        the name of the process; '' if none had
    """
    found = []
    for one, size in before.items():
        with open(one.log, 'rb') as log:
            log.seek(size)
            shown = last(log.read().decode(errors='replace'))
        if shown:
            found.append(f'{one.name} logged meanwhile:\n{shown}')
    return '\n\n'.join(found)


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
