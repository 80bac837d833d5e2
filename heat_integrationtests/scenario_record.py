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

"""The manifest of one scenario, as the scenario sees it."""

from heat_integrationtests import manifest

# The name of the stack of a scenario that has only one.
MAIN = 'main'


class Record:
    """What a scenario has noted of its stacks; each change is saved.

    :param directory: the state directory
    :param name: of the scenario
    :param content: what is in the manifest
    """

    def __init__(self, directory, name, content):
        self._directory = directory
        self._name = name
        self.content = content

    @classmethod
    def begin(cls, directory, name):
        """Start the record of a scenario, in the pre phase.

        :raises manifest.Exists: there is one already
        """
        if manifest.exists(directory, name):
            raise manifest.Exists(
                f'{manifest.path(directory, name)} is there: the pre phase '
                'has run with this state directory. Run python -m '
                'heat_integrationtests.destroy to begin again, or use '
                'another directory')
        return cls(directory, name,
                   {'scenario': name, 'stacks': {}, 'notes': {}, 'owed': []})

    @classmethod
    def load(cls, directory, name):
        """Read the record of a scenario, in a later phase.

        :raises manifest.ManifestError: it is missing, damaged or too new
        """
        content = manifest.load(directory, name)
        if not {'stacks', 'notes', 'owed'} <= content.keys():
            raise manifest.Damaged(
                f'{manifest.path(directory, name)} is not the manifest of a '
                'scenario')
        return cls(directory, name, content)

    def save(self):
        """Write the manifest."""
        manifest.save(self._directory, self._name, self.content)

    def add_stack(self, key, name, *, as_operator, request):
        """Note that a stack is about to be asked for.

        :param key: what the scenario calls it
        :param name: what Heat will call it
        :param as_operator: whether the operator asks for it
        :param request: what Heat is asked with
        :returns: its part of the manifest; put its ``id`` there
        """
        entry = {'name': name, 'id': None, 'as_operator': as_operator,
                 'request': request, 'deleted': False}
        self.content['stacks'][key] = entry
        self.save()
        return entry

    def stack(self, key=MAIN):
        """Give the part that is about one stack.

        :raises manifest.Damaged: there is none, or Heat never gave its id
        """
        entry = self.content['stacks'].get(key)
        if entry is None or entry['id'] is None:
            raise self._incomplete(f'stack {key}')
        return entry

    def facts(self, key=MAIN):
        """Give the facts of a stack as they were recorded.

        :raises manifest.Damaged: there are none
        """
        try:
            return self.stack(key)['facts']
        except KeyError:
            raise self._incomplete(f'facts of the stack {key}') from None

    def note(self, key, value):
        """Keep something of the scenario's own."""
        self.content['notes'][key] = value
        self.save()

    def noted(self, key):
        """Give what was kept by note.

        :raises manifest.Damaged: nothing was
        """
        try:
            return self.content['notes'][key]
        except KeyError:
            raise self._incomplete(f'note {key}') from None

    def owe(self, kind, entity_id):
        """Note what a stack leaves in Keystone on purpose, for destroy.

        :param kind: of Keystone's API: projects, users …
        """
        self.content['owed'].append([kind, entity_id])
        self.save()

    def _incomplete(self, what):
        return manifest.Damaged(
            f'{manifest.path(self._directory, self._name)} has no {what}: '
            'the pre phase failed before it was recorded')
