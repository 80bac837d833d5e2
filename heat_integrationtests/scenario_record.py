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

"""The record of one scenario, stored in its manifest."""

import typing

from heat_integrationtests import aliases
from heat_integrationtests import manifest

# The key of the only stack of a scenario.
MAIN = 'main'


class Record:
    """The record of a scenario's stacks; each change is saved.

    :param directory: the state directory
    :param name: name of the scenario
    :param content: content of the manifest
    """

    def __init__(self, directory: str, name: str,
                 content: aliases.Json) -> None:
        self._directory = directory
        self._name = name
        self.content = content

    @classmethod
    def begin(cls, directory: str, name: str) -> 'Record':
        """Create the record of a scenario, in the pre phase.

        :raises manifest.Exists: a manifest exists already
        """
        if manifest.exists(directory, name):
            raise manifest.Exists(
                f'The manifest {manifest.path(directory, name)} exists: the '
                'pre phase has already used this state directory. Run '
                'python -m heat_integrationtests.destroy to start again, or '
                'use another directory.')
        return cls(directory, name,
                   {'scenario': name, 'stacks': {}, 'notes': {}, 'owed': []})

    @classmethod
    def load(cls, directory: str, name: str) -> 'Record':
        """Read the record of a scenario, in a later phase.

        :raises manifest.ManifestError: it is missing, damaged or too new
        """
        content = manifest.load(directory, name)
        if not {'stacks', 'notes', 'owed'} <= content.keys():
            raise manifest.Damaged(
                f'The file {manifest.path(directory, name)} is not the '
                'manifest of a scenario.')
        return cls(directory, name, content)

    def save(self) -> None:
        """Write the manifest."""
        manifest.save(self._directory, self._name, self.content)

    def add_stack(self, key: str, name: str, *, as_operator: bool,
                  request: aliases.Json) -> aliases.Json:
        """Record a stack before its creation is requested.

        :param key: the scenario's name for the stack
        :param name: the name of the stack in Heat
        :param as_operator: whether the operator creates it
        :param request: the request to Heat
        :returns: the stack's entry; the caller adds its ``id``
        """
        entry = {'name': name, 'id': None, 'as_operator': as_operator,
                 'request': request, 'deleted': False}
        self.content['stacks'][key] = entry
        self.save()
        return entry

    def stack(self, key: str = MAIN) -> aliases.Json:
        """Return the entry of a stack.

        :raises manifest.Damaged: there is no entry, or it has no ID
        """
        entry: aliases.Json | None = self.content['stacks'].get(key)
        if entry is None or entry['id'] is None:
            raise self._incomplete(f'stack {key}')
        return entry

    def facts(self, key: str = MAIN) -> aliases.Json:
        """Return the recorded facts of a stack.

        :raises manifest.Damaged: no facts were recorded
        """
        entry = self.stack(key)
        if 'facts' not in entry:
            raise self._incomplete(f'facts of the stack {key}')
        facts: aliases.Json = entry['facts']
        return facts

    def note(self, key: str, value: object) -> None:
        """Record a value of the scenario's own; see noted()."""
        self.content['notes'][key] = value
        self.save()

    def noted(self, key: str) -> typing.Any:
        """Return a value that note() recorded.

        :raises manifest.Damaged: it was not recorded
        """
        try:
            return self.content['notes'][key]
        except KeyError:
            raise self._incomplete(f'note {key}') from None

    def owe(self, kind: str, entity_id: str) -> None:
        """Record an entity that a stack leaves in Keystone on purpose.

        destroy removes it.

        :param kind: collection of Keystone's API: projects, users …
        """
        self.content['owed'].append([kind, entity_id])
        self.save()

    def _incomplete(self, missing: str) -> manifest.Damaged:
        return manifest.Damaged(
            f'The manifest {manifest.path(self._directory, self._name)} has '
            f'no {missing}: the pre phase failed before recording it.')
