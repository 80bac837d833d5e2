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

"""Commands of Heat that the target lacks.

Units, cron jobs and people call commands, so these are configuration too:
Heat 2025.2 removed heat-api and heat-api-cfn.
"""

from heat_upgrade.checks import check_context
from heat_upgrade.checks.config import deprecations as histories
from heat_upgrade.checks.config import release_notes
from heat_upgrade.results import findings as results


def findings(base: dict[str, bool], target: dict[str, bool],
             history: histories.History) -> list[results.Finding]:
    """Return the findings of commands that the target lacks.

    A command that is removed without a deprecation is an error.

    :param base: {command: whether it warns that it is deprecated}
    :param target: the same for the target
    """
    return [_removed(name, warns, history)
            for name, warns in sorted(base.items()) if name not in target]


def _removed(name: str, warns: bool,
             history: histories.History) -> results.Finding:
    def deprecations(sources: release_notes.Sources
                     ) -> list[release_notes.Note]:
        return release_notes.mentioning(
            sources, name, release_notes.DEPRECATIONS
        )

    announced = [f'Announced: yes, in {history.base_version} it warns that '
                 'it is deprecated'] if warns else []
    announced += [f'Announced: yes, by {note.path} (deprecations), {since}'
                  for note, since in histories.old_enough(history,
                                                          deprecations)]
    sources = history.target if history.target.origin else history.base
    lines = [
        f'{history.base_version}: has the command',
        f'{history.target_version}: does not have the command',
        *(
            announced
            or [
                f'Announced: no, in {history.base_version} it does not warn'
            ]
        ),
        *(
            f'Notes: {note.path} ({note.section}): '
            f'{" ".join(note.text.split())}'
            for note in release_notes.mentioning(sources, name)
            if note.section
            in (release_notes.UPGRADE, release_notes.DEPRECATIONS)
        ),
    ]
    if announced:
        return check_context.warning(
            'config.command-removed', name,
            f'the command {name} is removed, as announced', '\n'.join(lines))
    return check_context.error(
        'config.command-removed-unannounced', name,
        f'the command {name} is removed without a deprecation',
        '\n'.join(lines))
