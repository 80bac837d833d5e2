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

"""Whether a spec answers what its Upgrade Impact asks.

It sees what is missing; whether an answer is true is for the reviewers.
"""

import dataclasses
import difflib
import functools
import re

from heat_upgrade.specs import outline
from heat_upgrade.specs import questions
from heat_upgrade.specs import scenarios
from heat_upgrade.specs import template

# What says that nothing changes, and needs a reason.
_NONE = re.compile(
    r'[\W_]*(none|no|not|nothing|nil|null|n\.?/?a\.?)(?!\w)',
    re.IGNORECASE)

# What stands where an answer is still to come.
_LATER = re.compile(
    r'[\W_]*($|(todo|tbd|tbc|tba|fixme|xxx|to be (decided|defined|determined'
    r'|done|filled|written))(?!\w))', re.IGNORECASE)

# Words that give no reason, however many of them there are. One that is not
# among them will do: "no schema change" is for reviewers to believe or not.
_EMPTY = frozenset('''
    a above all an and any applicable apply are as at be because below but by
    can change changed changes currently decided do does effect effects
    expected for foreseen has have here i impact impacts in irrelevant is it
    know known later matter n needed no none nope not nothing now obvious of
    on or pending really reason reasons relevant required same see so tbd than
    that the there this time to today todo unchanged unclear unknown upgrade
    upgrades we whatsoever will with yes yet
    '''.split())

# One of these makes a sentence of only such words a None.
_NEGATIVE = frozenset(
    'irrelevant no none nope not nothing same unchanged'.split())

# And one of these makes it no answer.
_UNDECIDED = frozenset(
    'decided known later pending see tbd todo unclear unknown'.split())

# From here on a title is taken for a misspelt one, of difflib's 0 to 1.
_ALIKE = 0.75


@dataclasses.dataclass(frozen=True, order=True)
class Violation:
    """Something that a spec lacks.

    :ivar line: number of the line that it is about
    :ivar text: what is wrong and what to do, in one line
    """

    line: int
    text: str


def check(source):
    """Return what the text of a spec lacks, in the order of its lines.

    :param source: reStructuredText
    :returns: list of :class:`Violation`
    :raises: :class:`heat_upgrade.specs.outline.Unreadable`
    """
    sections = [found for top in outline.parse(source)
                for found in top.walk()]
    impacts = [section for section in sections
               if _same(section.title, questions.SECTION)]
    if not impacts:
        return [Violation(1, f'there is no section "{questions.SECTION}": '
                             'copy it from the template'
                             + _instead(sections, questions.SECTION))]
    found = [Violation(again.line, f'a second section "{questions.SECTION}": '
                                   f'the first is in line {impacts[0].line}')
             for again in impacts[1:]]
    for question in questions.load():
        found += _question(question, impacts[0], sections, source)
    return sorted(found)


def _question(question, impact, sections, source):
    """Give the violations of one question."""
    title = question.title
    answers = [section for section in impact.sections
               if _same(section.title, title)]
    if not answers:
        elsewhere = [section for section in sections
                     if _same(section.title, title)]
        if elsewhere:
            return [Violation(
                elsewhere[0].line, f'{title}: not directly below '
                f'"{questions.SECTION}" (line {impact.line}): its heading is '
                'of the wrong level')]
        return [Violation(impact.line, f'{title}: not there: add a heading '
                          'and the answer' + _instead(impact.sections, title))]
    found = [Violation(again.line, f'{title}: answered twice, first in line '
                                   f'{answers[0].line}')
             for again in answers[1:]]
    return found + _answer(question, answers[0], source)


def _answer(question, section, source):
    """Give the violations of one answer."""
    title = question.title
    texts = [text for text in section.texts
             if text.text and text.text not in _texts_of_the_template()]
    if not texts:
        left = ', there is only the text of the template'
        return [Violation(section.line, f'{title}: not answered'
                          + left * bool(section.texts))]
    whole = ' '.join(text.text for text in texts)
    if _LATER.match(whole) or _is_undecided(whole):
        return [Violation(texts[0].line,
                          f'{title}: not answered yet: "{_short(whole)}"')]
    none = _NONE.match(whole)
    if (_is_none(whole)
            or none and not _gives_a_reason(whole[none.end():])):
        return [Violation(texts[0].line, f'{title}: "{_short(whole)}" needs a '
                          'reason: say why nothing changes')]
    if not question.names_scenarios:
        return []
    return _scenarios(title, texts, source, may_be_none=bool(none))


def _scenarios(title, texts, source, *, may_be_none):
    """Give the violations of an answer that names scenarios."""
    named = [(text, name) for text in texts
             for name in scenarios.named(text.text)]
    if not named and not may_be_none:
        return [Violation(texts[0].line, f'{title}: names no scenario; one is '
                          'named by its file, as test_random_string')]
    found = {}
    for text, name in named:
        if name.new or name.name in scenarios.known():
            continue
        like = scenarios.like(name.name)
        found.setdefault(name.text, Violation(
            _line_of(name.text, text.line, source),
            f'{title}: there is no scenario {name.text}'
            + (f'; is {like} meant?' if like else '.')
            + ' One to be added is written as: new ' + name.text))
    return list(found.values())


def _same(title, other):
    return title.casefold() == other.casefold()


def _is_none(text):
    words = _words(text)
    return words <= _EMPTY and bool(words & _NEGATIVE)


def _is_undecided(text):
    words = _words(text)
    return (words <= _EMPTY and bool(words & _UNDECIDED)
            and not words & _NEGATIVE)


def _gives_a_reason(text):
    return bool(_words(text) - _EMPTY)


def _words(text):
    return set(re.findall(r'[^\W\d_]+', text.casefold()))


def _instead(sections, title):
    """Return a hint at a title that may have been meant as this one."""
    titles = {section.title.casefold(): section for section in sections
              if not any(_same(section.title, question.title)
                         for question in questions.load())}
    like = difflib.get_close_matches(title.casefold(), sorted(titles), 1,
                                     _ALIKE)
    if not like:
        return ''
    section = titles[like[0]]
    return f'; is "{section.title}" in line {section.line} meant?'


def _line_of(word, line, source):
    """Return the first line, from a line on, that a word stands in."""
    lines = source.splitlines()
    return next((number for number in range(line, len(lines) + 1)
                 if word in lines[number - 1]), line)


def _short(text):
    return text if len(text) <= 40 else f'{text[:39]}…'


@functools.lru_cache
def _texts_of_the_template():
    return frozenset(text.text for section in outline.parse(template.section())
                     for text in section.texts)
