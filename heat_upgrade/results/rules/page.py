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

"""Writes the documentation page about all rules.

``python -m heat_upgrade.results.rules.page`` writes
doc/source/reference/rules.rst again; a test compares the two.
"""

import pathlib
import re
import textwrap
import types

from heat_upgrade.results.rules import model
from heat_upgrade.results.rules import registry

PAGE = (pathlib.Path(__file__).parents[3] / 'doc' / 'source' / 'reference'
        / 'rules.rst')

_HEAD = '''\
.. Written by python -m heat_upgrade.results.rules.page; do not edit.

=====
Rules
=====

Each finding of a run, a check or a rehearsal breaks one rule. The rule and
the subject of a finding identify it: they are the same in each run that finds
it, and the known failures (``known-failures.yaml``) refer to them. The
wording of a title may change at any time.

An *error* makes the upgrade unsafe; a *warning* asks for attention. The class
is one of the classes of Heat's real upgrade failures.
'''


def text() -> str:
    """Return the page, as reStructuredText."""
    parts = [_HEAD]
    for module in registry.MODULES:
        parts += _module(module)
    return '\n'.join(parts)


def _module(module: types.ModuleType) -> list[str]:
    title = (module.__doc__ or '').partition('\n')[0].rstrip('.')
    parts = [_heading(title, '-')]
    for rule in module.RULES:
        parts += [_heading(rule.slug, '~'), *_rule(rule), '']
    return parts


def _heading(words: str, line: str) -> str:
    return f'{words}\n{line * len(words)}\n'


def _rule(rule: model.Rule) -> list[str]:
    fields = {'Impact': _plain(rule.impact),
              'Remedy': _plain(rule.remedy),
              'Example': f'``{rule.example}``'}
    if rule.plural:
        fields['Several together'] = f'``{rule.plural}``'
    fields |= {'Severity': str(rule.severity), 'Class': _class(rule)}
    if rule.docs:
        fields['More'] = f':doc:`/{rule.docs}`'
    return [_wrapped(_plain(rule.summary)), '',
            *(_wrapped(f':{name}: {words}')
              for name, words in fields.items())]


def _wrapped(words: str) -> str:
    indent = '  ' if words.startswith(':') else ''
    return textwrap.fill(words, 79, subsequent_indent=indent,
                         break_long_words=False, break_on_hyphens=False)


def _class(rule: model.Rule) -> str:
    if rule.origin != model.Origin.HEAT:
        return f"none: it is not Heat's failure ({rule.origin})"
    if rule.failure_class is None:
        return 'that of the step or test that fails'
    return f'{int(rule.failure_class)}, {rule.failure_class.description}'


def _plain(words: str) -> str:
    """Return words with all markup characters escaped."""
    return re.sub(r'([*`|\\]|_(?=\W|$))', r'\\\1', words)


if __name__ == '__main__':
    PAGE.write_text(text())
