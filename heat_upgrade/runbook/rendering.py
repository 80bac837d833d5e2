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

"""Markdown and HTML of a runbook."""

from collections import abc
import html
import re

import markdown_it

from heat_upgrade.runbook import model

# Readable on a phone and on paper, light and dark.
_PAGE = '''<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
body {{ font: 1rem/1.5 sans-serif; max-width: 50rem; margin: auto;
        padding: 1rem; }}
pre {{ overflow-x: auto; padding: .5rem; border: 1px solid; }}
</style>
</head>
<body>
{body}</body>
</html>
'''

# Characters that Markdown would interpret. An underscore inside a word has no
# meaning, and neither has a bracket without a link.
_SPECIAL = re.compile(
    r'([\\`*<&]|(?<!\w)_|_(?!\w)|\](?=[(\[:])|^[#>+~-]|#$)')
_NUMBER = re.compile(r'^(\d+)([.)])')


def markdown(runbook: model.Runbook) -> str:
    """Return a runbook as Markdown (CommonMark)."""
    return '\n'.join([f'# {_text(runbook.title)}', '',
                      *_list(runbook.notes),
                      *(line for section in runbook.sections
                        for line in _section(section))])


def page(runbook: model.Runbook) -> str:
    """Return a runbook as one HTML file without links to other files."""
    body = markdown_it.MarkdownIt('commonmark', {'html': False}).render(
        markdown(runbook))
    return _PAGE.format(title=html.escape(runbook.title), body=body)


def _section(section: model.Section) -> abc.Iterator[str]:
    yield from (f'## {section.title}', '', *_list(section.notes))
    for number, action in enumerate(section.actions, 1):
        yield from _action(number, action)


def _action(number: int, action: model.Action) -> abc.Iterator[str]:
    yield from (f'### {number}. {_text(action.title)}', '')
    if action.point_of_no_return:
        yield from ('**Point of no return.** '
                    + _text(action.point_of_no_return), '')
    if action.where:
        yield from (f'On {_text(action.where)}:', '')
    if action.commands:
        yield from ('```console', *action.commands, '```', '')
    yield from _list(action.notes)
    for text in action.literal:
        yield from ('~~~~~~text', text, '~~~~~~', '')
    if action.expected:
        yield from (f'Expected: {_text(action.expected)}', '')
    if action.seconds is not None:
        yield from (f'Measured: {_seconds(action.seconds)}.', '')


def _seconds(seconds: float) -> str:
    return f'{seconds:.1f} s' if seconds >= 0.05 else 'less than 0.1 s'


def _list(notes: tuple[str, ...]) -> abc.Iterator[str]:
    if notes:
        yield from (*(f'- {_text(note)}' for note in notes), '')


def _text(text: str) -> str:
    """Return text that Markdown shows as it is, in one line."""
    return _NUMBER.sub(r'\1\\\2', _SPECIAL.sub(
        r'\\\1', ' '.join(text.split())))
