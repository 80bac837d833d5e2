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

"""Finds the changes that concern every installation.

No line of an operator's file touches them: minimum versions, and upgrade
notes.
"""

from collections import abc
import email
import pathlib

from packaging import requirements
from packaging import specifiers
from packaging import version as pkg_version

from heat_upgrade.checks import check_context
from heat_upgrade.checks.config import deprecations
from heat_upgrade.checks.config import release_notes
from heat_upgrade.results import findings as results

PYTHON = 'Python'

# {Python or a library: its lowest version; None for any}
Minimums = dict[str, pkg_version.Version | None]


def findings(base: check_context.InstalledRelease,
             target: check_context.InstalledRelease,
             history: deprecations.History) -> list[results.Finding]:
    """Return the findings that concern every installation."""
    return [*raised(minimums(base.environment.path),
                    minimums(target.environment.path), history),
            *unread(history)]


def minimums(environment: pathlib.Path) -> Minimums:
    """Return the minimum versions that Heat in an environment declares."""
    path = next(environment.glob(
        'lib/python*/site-packages/openstack_heat-*.dist-info/METADATA'), None)
    if path is None:
        return {}
    metadata = email.message_from_string(path.read_text(errors='replace'))
    result = {PYTHON: lowest(specifiers.SpecifierSet(
        metadata.get('Requires-Python', '')))}
    for line in metadata.get_all('Requires-Dist', []):
        requirement = requirements.Requirement(line)
        if requirement.marker is None:
            result[requirement.name] = lowest(requirement.specifier)
    return result


def lowest(specifier: specifiers.SpecifierSet) -> pkg_version.Version | None:
    """Return the lower bound of a specifier, or None."""
    return max((pkg_version.Version(each.version) for each in specifier
                if each.operator in ('>=', '==', '~=')), default=None)


def raised(base: Minimums, target: Minimums,
           history: deprecations.History) -> abc.Iterator[results.Finding]:
    """Yield the finding of the minimum versions that are raised."""
    if not base or not target:
        return
    lines = {name: f'{name}: {_words(base[name])}, now {version}'
             if name in base else f'{name}: new, {version or "any version"}'
             for name, version in target.items() if _is_higher(
                 name, version, base)}
    if not lines:
        return
    libraries = len(lines) - (PYTHON in lines)
    parts = [*([f'Python {target[PYTHON]}'] if PYTHON in lines else []),
             *([f'{libraries} newer libraries'] if libraries else [])]
    yield check_context.warning(
        'config.minimum-raised', 'minimum versions',
        f'{history.target_version} needs {" and ".join(parts)}',
        '\n'.join(lines.values()), own_files=True)


def _is_higher(name: str, version: pkg_version.Version | None,
               base: Minimums) -> bool:
    if name not in base:
        return True
    before = base[name]
    return version is not None and (before is None or version > before)


def _words(version: pkg_version.Version | None) -> str:
    return 'any version' if version is None else f'at least {version}'


def unread(history: deprecations.History) -> abc.Iterator[results.Finding]:
    """Yield the finding of the upgrade notes that the base does not have."""
    known = set(history.base.notes)
    notes = [note for note in history.target.notes
             if note.section == release_notes.UPGRADE and note not in known]
    if not known or not notes:
        return
    yield check_context.warning(
        'config.upgrade-notes', 'upgrade notes',
        f'{len(notes)} upgrade notes since {history.base_version} to read',
        '\n'.join(deprecations.note_line(history.target, note)
                  for note in notes), own_files=True)
