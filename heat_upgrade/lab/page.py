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

"""The reference page of all profiles.

``python -m heat_upgrade.lab.page`` writes doc/source/reference/profiles.rst
again; a test compares the two.
"""

from collections import abc
import pathlib
import textwrap

from heat_upgrade.lab import profiles

PAGE = (pathlib.Path(__file__).parents[2] / 'doc' / 'source' / 'reference'
        / 'profiles.rst')

_HEAD = """\
.. Written by python -m heat_upgrade.lab.page; do not edit.

========
Profiles
========

A profile is a variant of Heat's configuration that operators have: options of
heat.conf, rules of the policy file, or a file that was kept from an older
release. ``heat-upgrade run --profile NAME[,NAME...]`` selects profiles, and
``heat-upgrade profile list`` lists them. The default is ``standard``, the
union of the profiles that are marked so. A profile without ``standard``
changes the lab's own configuration, which has a key of 32 characters,
encryption, and the queue manager (:doc:`messaging`).

Profiles that set one option or rule to different values cannot be combined;
the error names both and the setting. A ``-`` removes an option.

A profile may name expectations. The step ``profile-base`` checks them on the
base, whose failure is the lab's. The step ``profile-target`` checks them on
the target; an expectation that does not hold is a finding of the rule
``profile.not-kept`` (:doc:`rules`).

The numbers are those of the history of real failures. The data is in
``heat_upgrade/lab/profiles.yaml``.
"""


def text() -> str:
    """Return the page, as reStructuredText."""
    return _HEAD + ''.join(map(_entry, profiles.every()))


def _entry(profile: profiles.Profile) -> str:
    numbers = ', '.join(map(str, profile.failures))
    summary = profile.summary + (f' ({numbers})' if numbers else '')
    lines = [*_lines(profile.options),
             *(f'{line} after the upgrade'
               for line in _lines(profile.at_upgrade)),
             *(f'policy {rule}: {check}'
               for rule, check in profile.policy.items())]
    parts = [f'\n{profile.name}\n{"-" * len(profile.name)}\n',
             textwrap.fill(summary, 79)]
    if profile.standard:
        parts.append('Part of ``standard``.')
    parts.append('::\n\n' + textwrap.indent('\n'.join(
        textwrap.fill(line, 75, subsequent_indent='    ')
        for line in lines), '    '))
    parts += [f'Expected: {expectation.text}.'
              for expectation in profile.expectations]
    return '\n\n'.join(parts).replace('\n\n\n', '\n\n') + '\n'


def _lines(sections: profiles.Sections) -> abc.Iterator[str]:
    for section, options in sections.items():
        for option, value in options.items():
            yield (f'[{section}] {option} -' if value is None
                   else f'[{section}] {option} = {value}')


if __name__ == '__main__':
    PAGE.write_text(text())
