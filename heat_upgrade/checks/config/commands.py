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
Heat 2025.2 removed heat-api and heat-api-cfn. No line of a configuration file
names them, so they are reported for every installation.
"""

from packaging import version as pkg_version

from heat_upgrade.checks import check_context
from heat_upgrade.checks.config import deprecations as histories
from heat_upgrade.checks.config import release_notes
from heat_upgrade.results import findings as results


# The WSGI application that replaces each command of an API.
WSGI = {'heat-api': ('heat.wsgi.api:application', 'heat_api'),
        'heat-api-cfn': ('heat.wsgi.cfn:application', 'heat_api_cfn')}

_SERVER = ('run {application} under uWSGI or mod_wsgi{when}. [{section}] '
           'bind_host and bind_port become http-socket of uWSGI or Listen of '
           'Apache; workers becomes processes; cert_file and key_file become '
           'the TLS settings of the web server or proxy')
_TEST_CLOUD = 'heat-all'
# The first major version with the modules heat.wsgi.
_FIRST_WSGI = 24
_ALL = ('run heat-engine by its own unit, and heat.wsgi.api:application and '
        'heat.wsgi.cfn:application under uWSGI or mod_wsgi')


def findings(base: dict[str, bool], target: dict[str, bool],
             history: histories.History, *,
             installed: bool = False) -> list[results.Finding]:
    """Return the findings of commands that the target lacks.

    A command that is removed without a deprecation is an error, and so is
    the command of an API in an existing installation. There heat-all is a
    warning: it ran all services of a test cloud in one process.

    :param base: {command: whether it warns that it is deprecated}
    :param target: the same for the target
    :param installed: whether the check is about an existing installation
    """
    return [_removed(name, warns, history, installed=installed)
            for name, warns in sorted(base.items()) if name not in target]


def replacement(name: str, history: histories.History) -> str:
    """Return the replacement of a service's command, '' for others."""
    if name == _TEST_CLOUD:
        return _ALL
    if name not in WSGI:
        return ''
    application, section = WSGI[name]
    major = pkg_version.Version(history.base_version).major
    return _SERVER.format(
        application=application, section=section,
        when=(f', before the upgrade: {history.base_version} has it too'
              if major >= _FIRST_WSGI else ''))


def _removed(name: str, warns: bool, history: histories.History, *,
             installed: bool) -> results.Finding:
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
    remedy = replacement(name, history)
    if installed and name in WSGI:
        return check_context.error(
            'config.service-command-removed', name,
            f'the command {name} is removed: its unit does not start',
            '\n'.join(lines), remedy=remedy)
    if announced or (installed and name == _TEST_CLOUD):
        return check_context.warning(
            'config.command-removed', name,
            f'the command {name} is removed'
            + (', as announced' if announced else ''), '\n'.join(lines),
            remedy=remedy)
    return check_context.error(
        'config.command-removed-unannounced', name,
        f'the command {name} is removed without a deprecation',
        '\n'.join(lines), remedy=remedy)
