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

"""Replaces the parts of Heat that would contact a service."""


class Client:
    """The engine's RPC client, answered in the same process."""

    def __init__(self, heat):
        self.heat = heat

    def _create_stack(self, context, stack_name, template_id, owner_id=None,
                      nested_depth=0, stack_user_project_id=None,
                      parent_resource_name=None, **others):
        from heat.engine import stack as parser
        from heat.engine import template

        stack = parser.Stack(
            context, stack_name, template.Template.load(context, template_id),
            owner_id=owner_id, nested_depth=nested_depth, convergence=True,
            user_creds_id='1', parent_resource=parent_resource_name)
        self.heat.validate(stack)
        self.heat.complete(stack)
        return {'stack_id': stack.id}

    def show_stack(self, context, identity, resolve_outputs=True):
        from heat.engine import api

        stack = self._load(context, identity)
        stack._update_all_resource_data(False, True)
        return [api.format_stack(stack, resolve_outputs=True)]

    def get_template(self, context, identity):
        return self._load(context, identity).t.t

    def list_stack_resources(self, context, identity, **filters):
        from heat.engine import api

        return [api.format_stack_resource(resource, detail=False)
                for resource
                in self._load(context, identity).resources.values()]

    @staticmethod
    def _load(context, identity):
        from heat.engine import stack as parser

        return parser.Stack.load(context, stack_id=identity['stack_id'])


def replace_attributes(kind, nested):
    """Replace the attributes of all types that ask a backend for them.

    :param kind: class of the resources, with subclasses
    :param nested: class of nested stacks, which ask no backend
    """
    for subclass in kind.__subclasses__():
        if issubclass(subclass, nested):
            continue
        if ('_resolve_attribute' in vars(subclass)
                and '.openstack.heat.' not in subclass.__module__):
            subclass._resolve_attribute = lambda self, name: (
                f'{name} of {self.name}')
        replace_attributes(subclass, nested)
