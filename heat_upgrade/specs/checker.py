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

"""Checks that a spec answers the questions of its Upgrade Impact section.

It sees that an answer is missing; reviewers judge whether an answer is true.
"""

from collections import abc
import dataclasses
import difflib
import functools
import re

from heat_upgrade.specs import outline
from heat_upgrade.specs import questions
from heat_upgrade.specs import scenarios
from heat_upgrade.specs import template

# An answer that nothing changes, which needs a reason.
_NONE = re.compile(
    r'[\W_]*(none|no|not|nothing|nil|null|n\.?/?a\.?)(?!\w)',
    re.IGNORECASE)

# A placeholder for an answer.
_LATER = re.compile(
    r'[\W_]*($|(todo|tbd|tbc|tba|fixme|xxx|to be (agreed|clarified|confirmed'
    r'|decided|defined|determined|discussed|done|filled|written))(?!\w))',
    re.IGNORECASE)

# Words that give no reason, however many of them there are. One other word is
# enough: reviewers judge an answer such as "no schema change".
_EMPTY = frozenset('''
    a above all an and any applicable apply are as at be because below but by
    can change changed changes currently decided discussed do does doesn don
    effect effects expected for foreseen has have here i impact impacts in
    irrelevant is isn it know known later matter maybe moment n needed no none
    nope not nothing now obvious of ok okay on or pending perhaps point
    possibly probably really reason reasons relevant required s same see so
    sure t tbd than that the there this time to today todo unchanged unclear
    unknown unsure upgrade upgrades we whatsoever will with yes yet
    '''.split())

# A sentence of only such words is a None if it has one of these.
_NEGATIVE = frozenset(
    'irrelevant no none nope not nothing same unchanged'.split())

# A sentence of only such words is undecided if it has one of these.
_UNDECIDED = frozenset(
    'decided discussed know known later pending see tbd todo unclear unknown '
    'unsure'.split())

# The file that contains the section, as an error names it.
TEMPLATE = 'doc/source/specs/template.rst of heat-upgrade-tests'

# From this ratio of difflib (0 to 1) on, a title counts as misspelt.
_ALIKE = 0.75


@dataclasses.dataclass(frozen=True, order=True)
class Violation:
    """A defect of a spec's Upgrade Impact section.

    :ivar line: number of the line at fault
    :ivar text: the defect and its remedy, in one line
    """

    line: int
    text: str


def check(source: str) -> list[Violation]:
    """Return the violations of a spec, in the order of its lines.

    :param source: reStructuredText
    :raises: outline.Unreadable
    """
    sections = [section for top in outline.parse(source)
                for section in top.walk()]
    impacts = [section for section in sections
               if _same(section.title, questions.SECTION)]
    if not impacts:
        return [Violation(1, f'there is no section "{questions.SECTION}": '
                             f'copy it from {TEMPLATE}, or from the output of '
                             'heat-upgrade spec template'
                             + _instead(sections, questions.SECTION))]
    violations = [
        Violation(duplicate.line, f'a second section "{questions.SECTION}": '
                                  f'the first is in line {impacts[0].line}')
        for duplicate in impacts[1:]]
    for question in questions.load():
        violations += _question(question, impacts[0], sections, source)
    return sorted(violations)


def _question(question: questions.Question, impact: outline.Section,
              sections: list[outline.Section],
              source: str) -> list[Violation]:
    """Return the violations of a question.

    :param impact: the section Upgrade Impact
    :param sections: all sections of the spec
    """
    title = question.title
    answers = [section for section in impact.sections
               if _same(section.title, title)]
    if not answers:
        elsewhere = [section for section in sections
                     if _same(section.title, title)]
        if elsewhere:
            return [Violation(
                elsewhere[0].line, f'{title}: not directly below '
                f'"{questions.SECTION}" (line {impact.line}): its heading '
                'has the wrong level')]
        return [Violation(impact.line, f'{title}: missing: add a heading and '
                          'the answer' + _instead(impact.sections, title))]
    violations = [
        Violation(duplicate.line, f'{title}: answered twice, first in line '
                                  f'{answers[0].line}')
        for duplicate in answers[1:]]
    return violations + _answer(question, answers[0], source)


def _answer(question: questions.Question, section: outline.Section,
            source: str) -> list[Violation]:
    """Return the violations of an answer."""
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
    # A number may be a release.
    if not (none or _gives_a_reason(whole) or re.search(r'\d', whole)):
        return [Violation(texts[0].line, f'{title}: "{_short(whole)}" is too '
                          'short: name the change and its effect')]
    if not question.names_scenarios:
        return []
    return _scenarios(title, texts, source, may_be_none=bool(none))


def _scenarios(title: str, texts: list[outline.Text], source: str, *,
               may_be_none: bool) -> list[Violation]:
    """Return the violations of an answer that names scenarios."""
    named = [(text, name) for text in texts
             for name in scenarios.named(text.text, text.literals)]
    if not named and not may_be_none:
        return [Violation(texts[0].line, f'{title}: names no test; name the '
                          'file of a scenario, such as test_random_string, or '
                          'a module of unit tests')]
    violations: dict[str, Violation] = {}
    for text, name in named:
        if name.new or name.exists:
            continue
        like = scenarios.like(name.name)
        violations.setdefault(name.text, Violation(
            _line_of(name.text, text.line, source),
            f'{title}: there is no scenario or suite {name.text}'
            + (f'; is {like} meant?' if like else '.')
            + f' For a test to be added, write: new {name.text}'))
    return list(violations.values())


def _same(title: str, other: str) -> bool:
    return title.casefold() == other.casefold()


def _is_none(text: str) -> bool:
    words = _words(text)
    return words <= _EMPTY and bool(words & _NEGATIVE)


def _is_undecided(text: str) -> bool:
    words = _words(text)
    return (words <= _EMPTY and bool(words & _UNDECIDED)
            and not words & _NEGATIVE)


def _gives_a_reason(text: str) -> bool:
    return any(len(word) > 1 for word in _words(text) - _EMPTY)


def _words(text: str) -> set[str]:
    return set(re.findall(r'[^\W\d_]+', text.casefold()))


def _instead(sections: abc.Iterable[outline.Section], title: str) -> str:
    """Return a hint at a section whose title may be misspelt, or ''."""
    titles = {section.title.casefold(): section for section in sections
              if not any(_same(section.title, question.title)
                         for question in questions.load())}
    like = difflib.get_close_matches(title.casefold(), sorted(titles), 1,
                                     _ALIKE)
    if not like:
        return ''
    section = titles[like[0]]
    return f'; is "{section.title}" in line {section.line} meant?'


def _line_of(word: str, line: int, source: str) -> int:
    """Return the number of the first line, from line on, with a word."""
    lines = source.splitlines()
    return next((number for number in range(line, len(lines) + 1)
                 if word in lines[number - 1]), line)


def _short(text: str) -> str:
    return text if len(text) <= 40 else f'{text[:39]}…'


@functools.lru_cache
def _texts_of_the_template() -> frozenset[str]:
    return frozenset(text.text for section in outline.parse(template.section())
                     for text in section.texts)
