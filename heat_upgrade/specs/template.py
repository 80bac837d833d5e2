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

"""The section Upgrade Impact of the template, made of the questions.

``python -m heat_upgrade.specs.template`` prints it: for
doc/source/specs/template.rst, and for a template of heat-specs.
"""

from heat_upgrade.specs import questions

INTRO = """\
What this change means for a cloud that is upgraded to it. Answer each question
below its heading, in place of the text here. Where nothing changes, write
*None*, and why: "None: this touches no table." What cannot be known yet is
said so, with who finds it out and when. ``heat-upgrade spec check FILE`` looks
whether an answer is missing."""


def section():
    """Return the section as reStructuredText, its heading included."""
    parts = [_heading(questions.SECTION, '='), INTRO]
    for question in questions.load():
        parts += [_heading(question.title, '-'), question.asks,
                  question.guidance, question.example]
    return '\n\n'.join(parts) + '\n'


def _heading(text, line):
    return f'{text}\n{line * len(text)}'


if __name__ == '__main__':
    print(section(), end='')
