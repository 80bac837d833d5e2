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

"""The requests that create and change the stack of a scenario."""

import typing

from heat_integrationtests import aliases
from heat_integrationtests import template_files


class OfScenario:
    """The fields of the requests, which a scenario sets."""

    # File in templates/, or the text of a template.
    template: str | None = None
    # Further fields of the request that creates the stack.
    parameters: aliases.Json = {}
    files: dict[str, str] = {}
    environment: aliases.Json = {}
    tags: tuple[str, ...] = ()
    # Fields that the update with a change sets in addition.
    changed_template: str | None = None
    changed_parameters: aliases.Json = {}
    changed_files: dict[str, str] = {}
    changed_tags: tuple[str, ...] = ()

    def request(self, **fields: typing.Any) -> aliases.Json:
        """Return the request that creates the stack.

        :param fields: in place of the class attributes
        """
        request = {
            'template': template_files.text_of(
                fields.pop('template', self.template)),
            'parameters': dict(self.parameters),
            'files': template_files.texts_of(self.files),
            'environment': dict(self.environment), 'disable_rollback': True}
        if self.tags:
            request['tags'] = ','.join(self.tags)
        request.update(fields)
        return request

    def changed_request(self, request: aliases.Json) -> aliases.Json:
        """Return the request of the update with a change.

        :param request: the recorded request
        """
        changed = dict(request)
        if self.changed_template:
            changed['template'] = template_files.text_of(self.changed_template)
        if self.changed_tags:
            changed['tags'] = ','.join(self.changed_tags)
        changed['files'] = {**request['files'],
                            **template_files.texts_of(self.changed_files)}
        changed['parameters'] = {**request['parameters'],
                                 **self.changed_parameters}
        return changed
