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

"""The section Upgrade Impact of the template, made from the questions.

``heat-upgrade spec template`` prints it: for doc/source/specs/template.rst,
for a template of heat-specs, and for a spec without the section.
"""

from heat_upgrade.specs import questions

INTRO = """\
The effects of this change on a cloud that is upgraded to it. Replace the text
below each heading with your answer. Where nothing changes, write *None* and
the reason: "None: this touches no table." If an answer cannot be known yet,
state this, and name the person who will find it out, and the date.
``heat-upgrade spec check FILE`` reports missing answers."""


def section() -> str:
    """Return the section as reStructuredText, its heading included."""
    parts = [_heading(questions.SECTION, '='), INTRO]
    for question in questions.load():
        parts += [_heading(question.title, '-'), question.asks,
                  question.guidance, question.example]
    return '\n\n'.join(parts) + '\n'


def _heading(text: str, line: str) -> str:
    return f'{text}\n{line * len(text)}'
