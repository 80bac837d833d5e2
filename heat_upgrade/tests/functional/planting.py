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

"""Changes planted into a copy of Heat, to prove that the checks see them.

``planted/<check>.yaml`` has two lists, ``wrong`` and ``harmless``, of

    name: the change, as a sentence
    file: heat/... ; below the packages of the environment
    find: text that is there exactly once; '' for a new file
    replace: its replacement
    finding: regular expression, looked for in the titles of the findings;
        not with a harmless one
"""

import dataclasses
import hashlib
import pathlib
import shutil

import yaml

from heat_upgrade.checks import check_context

LISTS = pathlib.Path(__file__).with_name('planted')
WRONG, HARMLESS = 'wrong', 'harmless'


@dataclasses.dataclass(frozen=True)
class Change:
    """One change; its fields are those of the file."""

    name: str
    file: str
    find: str
    replace: str
    finding: str = ''


def changes(check, kind):
    """Return the changes of a check's list, WRONG or HARMLESS."""
    listed = yaml.safe_load((LISTS / f'{check}.yaml').read_text())
    return [Change(**entry) for entry in listed[kind]]


def planted(subject, planted_changes, place):
    """Return a release with some changes made to a copy of its code.

    :param subject: :class:`heat_upgrade.checks.check_context.InstalledRelease`
    :param planted_changes: list of :class:`Change`
    :param place: directory for the copy, which is not there yet
    :returns: :class:`heat_upgrade.checks.check_context.InstalledRelease`
    :raises: ValueError if the text of a change is not there exactly once
    """
    place = pathlib.Path(place)
    packages, = subject.environment.path.glob('lib/python*/site-packages')
    shutil.copytree(packages / 'heat', place / 'heat')
    digest = hashlib.sha256()
    for change in planted_changes:
        after = apply(change, place)
        digest.update(f'{change.file}\0{after}\0'.encode())
    return check_context.InstalledRelease(
        subject.release, subject.environment, place, digest.hexdigest()
    )


def apply(change, place):
    """Make a change.

    :param change: :class:`Change`
    :param place: directory that has ``heat``, as a :class:`pathlib.Path`
    :returns: the file's new text
    :raises: ValueError if the text to change is not there exactly once
    """
    path = place / change.file
    if change.find:
        before = path.read_text()
        if before.count(change.find) != 1:
            raise ValueError(f'{change.name}: {change.find!r} is '
                             f'{before.count(change.find)} times in '
                             f'{change.file}')
        after = before.replace(change.find, change.replace)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        after = change.replace
    path.write_text(after)
    return after
