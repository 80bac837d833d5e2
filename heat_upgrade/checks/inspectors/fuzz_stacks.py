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

"""Creates and loads stacks with a release's own code, in memory.

A process of its own, not run by the driver:

    fuzz_stacks.py SOCKET

It connects to a Unix socket. Each line from it is JSON, a list of stacks; each
line to it is the list of their answers.

A stack is a dict of

    template: text of the template
    environment: text of the environment, as a user gives it
    environment_files: names of files, merged in this order
    files: {name: text}
    parameters: {name: value}
    rows: the rows that the other release stored, or null

Its answer is a dict of

    created: {aspect: value} of the stack when this release creates it, or
        {"refused": error}
    loaded: {aspect: value} of the stack when this release loads the rows:
        the given ones, or its own
    rows: this release's own rows, if none were given

The resources are completed without any backend. The program contacts
nothing: Keystone, RPC and the network are replaced.
"""

import datetime
import gc
import itertools
import json
import logging
import os
import signal
import socket
import sys
import time
import traceback
import uuid

import fuzz_stacks_nodes
import fuzz_stacks_replacements
import heat_upgrade_program

SECONDS_OF_A_STACK = 5
WORDS = 300
KEYSTONE = ('heat.engine.clients.os.keystone.fake_keystoneclient.'
            'FakeKeystoneClient')
# Types whose own code creates them; the others only get an ID.
CREATED = ('OS::Heat::Value', 'OS::Heat::TestResource', 'OS::Heat::None',
           'OS::Heat::RandomString')


class TakesTooLong(BaseException):
    """A stack that is not read in time."""


def main(path: str) -> None:
    """Answer each line that comes from a Unix socket."""
    logging.disable()
    database = heat_upgrade_program.load_sibling('fuzz_database').Database
    heat = _Heat(database)
    signal.signal(signal.SIGALRM, _end)
    # Exempt the imported modules from each garbage collection.
    gc.collect()
    gc.freeze()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        with connection.makefile('rw') as lines:
            for line in lines:
                lines.write(json.dumps(
                    [heat.answer(given) for given in json.loads(line)],
                    default=str) + '\n')
                lines.flush()


def _end(*args):
    raise TakesTooLong


class _Heat:
    """Heat's engine without its services."""

    def __init__(self, database):
        from heat.common import config  # noqa: F401
        from heat.engine.clients.os.keystone import (  # noqa: F401
            heat_keystoneclient)
        from heat.engine import constraints
        from heat.engine import resource
        from heat.engine import resources
        from heat.engine.resources import stack_resource
        import heat.engine.service  # noqa: F401
        from keystoneauth1 import session
        from oslo_config import cfg

        cfg.CONF([], project='heat', default_config_files=[],
                 default_config_dirs=[])
        for name in ('environment_dir', 'template_dir'):
            cfg.CONF.set_override(name, '/nonexistent')
        cfg.CONF.set_override('plugin_dirs', [])
        cfg.CONF.set_override('keystone_backend', KEYSTONE)
        cfg.CONF.set_override('stack_user_domain_id', 'a-domain')
        cfg.CONF.set_override('heat_metadata_server_url', 'http://192.0.2.1')
        resources.initialise()
        self.database = database()
        self.database.install()

        def refuse(*args, **kwargs):
            self.blocked = True
            raise RuntimeError('backends are blocked')

        self._not_random()
        session.Session.request = refuse
        # They ask the backend whether a thing exists.
        constraints.CustomConstraint._is_valid = lambda *args: True
        resource.Resource.is_service_available = classmethod(
            lambda cls, context: (True, None))
        resource.Resource._add_event = lambda *args: None
        client = fuzz_stacks_replacements.Client(self)
        stack_resource.StackResource.rpc_client = lambda rsrc: client
        self.nested = stack_resource.StackResource
        fuzz_stacks_replacements.replace_attributes(resource.Resource,
                                                    self.nested)

    def _not_random(self):
        """Make time, IDs and passwords the same in each process."""
        from heat.common import password_gen
        from heat.common import short_id
        from heat.engine.resources.openstack.heat import random_string
        from oslo_utils import timeutils

        time.sleep = lambda seconds: None
        timeutils.set_time_override(datetime.datetime(2026, 1, 1))
        uuid.uuid4 = lambda: uuid.UUID(int=1, version=4)
        # Members of a scaling group need different names.
        short_id.generate_id = lambda: f'id{next(self._ids)}'
        password_gen.generate_password = lambda *args: 'a-password'
        password_gen.generate_openstack_password = lambda: 'a-password'
        random_string.RandomString._generate_random_string = (
            lambda self, sequence, *args: 'random')

    def answer(self, given):
        """Return the answer for one stack."""
        signal.alarm(SECONDS_OF_A_STACK)
        answer = {}
        try:
            self.database.clear()
            self._ids, self.nodes = itertools.count(1), {}
            try:
                answer['created'] = self._create(given)
            except _caught() as failure:
                answer['created'] = {'refused': _described(failure)}
            rows = given.get('rows')
            if rows is None and 'refused' not in answer['created']:
                rows = answer['rows'] = {
                    **self.database.dump(), 'nodes': self.nodes}
                self.nodes = {}
            if rows is not None:
                try:
                    self.database.restore(rows)
                    answer['loaded'] = self._load(rows)
                except _caught() as failure:
                    answer['loaded'] = {'not loaded': _described(failure)}
        finally:
            signal.alarm(0)
        return answer

    @staticmethod
    def _context():
        from heat.common import context

        return context.RequestContext(
            is_admin=False, project_id='a-project', user_id='a-user',
            roles=['member'], auth_token='a-token', username='a-name',
            auth_url='http://192.0.2.1/v3')

    def _create(self, given):
        """Create a stack as the engine does; returns its facts."""
        from heat.common import environment_format
        from heat.common import environment_util
        from heat.common import template_format
        from heat.engine import environment
        from heat.engine import stack as parser
        from heat.engine import template

        parsed = template.Template(template_format.parse(given['template']),
                                   files=dict(given['files']))
        params = environment_format.parse(given['environment'])
        environment_format.default_for_missing(params)
        params['parameters'].update(given['parameters'])
        environment_util.merge_environments(
            given['environment_files'] or None, dict(given['files']), params,
            parsed.all_param_schemata(dict(given['files'])))
        parsed.env = environment.Environment(params)
        context = self._context()
        stack = parser.Stack(context, 'a-stack', parsed, convergence=True,
                             user_creds_id='1', tags=['a-tag'])
        self.validate(stack)
        self.complete(stack)
        return self._facts(stack, dict(self.nodes))

    def validate(self, stack):
        """Validate a stack, except for questions to a backend."""
        from heat.common import exception

        self.blocked = False
        try:
            stack.validate()
        except (exception.StackValidationFailed, RuntimeError):
            if not self.blocked:
                raise

    def complete(self, stack):
        """Store a stack, and give each resource the state of a created one.

        Resources are created in the order of their dependencies.
        """
        stack.action, stack.status = 'CREATE', 'COMPLETE'
        stack.status_reason = 'done'
        stack.store()
        stack.current_deps = {'edges': sorted(
            [[required.name for required in edge if required]
             for edge in stack.dependencies.graph().edges()])}
        for resource in stack.dependencies:
            resource.current_template_id = stack.t.id
            resource.reparse()
            resource._update_stored_properties()
            resource.action, resource.status = 'CREATE', 'IN_PROGRESS'
            resource.store(set_metadata=True)
            if (isinstance(resource, self.nested)
                    or resource.type() in CREATED):
                handle = getattr(resource, 'handle_create', None)
                if handle:
                    handle()
            if resource.resource_id is None:
                resource.resource_id_set(resource.physical_resource_name())
            resource.status = 'COMPLETE'
            resource.status_reason = 'done'
            resource.store()
            self._update_definition(stack, resource)

    def _update_definition(self, stack, resource):
        """Pass the data of a resource to those that need it.

        :returns: the node data as read
        """
        from heat.engine import stk_defn

        stored = fuzz_stacks_nodes.stored(resource.node_data(for_outputs=True))
        self.nodes.setdefault(f'{stack.name}.{resource.name}', stored)
        read = fuzz_stacks_nodes.read(stored)
        stk_defn.update_resource_data(stack.defn, resource.name, read)
        return fuzz_stacks_nodes.facts(read)

    def _load(self, rows):
        from heat.engine import stack as parser

        root, = (row['id'] for row in rows['stack'] if not row['owner_id'])
        return self._facts(
            parser.Stack.load(self._context(), stack_id=root), rows['nodes'])

    def _facts(self, stack, stored_nodes):
        """Return {aspect: value} of a stack, as JSON data.

        :param stored_nodes: {node: its data, as stored for a traversal}
        """
        nodes = {resource.name: self._update_definition(stack, resource)
                 for resource in stack.dependencies}
        facts = {
            'parameters': _attempt(lambda: dict(stack.parameters.items())),
            'parameters as shown': _attempt(
                lambda: stack.parameters.map(str)),
            'environment': _attempt(lambda: stack.env.user_env_as_dict()),
            'conditions': _attempt(lambda: _conditions(stack)),
            'dependencies': _attempt(lambda: sorted(
                [node.name if node else '' for node in edge]
                for edge in stack.dependencies.graph().edges())),
            'tags': list(stack.tags or ()),
            'stored node data': {
                name: _attempt(lambda column: fuzz_stacks_nodes.facts(
                    fuzz_stacks_nodes.read(column)), stored)
                for name, stored in stored_nodes.items()},
            'outputs': {name: _attempt(output.get_value)
                        for name, output in stack.outputs.items()},
            'descriptions of outputs': {
                name: _attempt(output.description)
                for name, output in stack.outputs.items()}}
        for name, resource in stack.resources.items():
            parts = self._resource(resource)
            parts['node data'] = nodes[name]
            for aspect, value in parts.items():
                facts.setdefault(f'resources: {aspect}', {})[name] = value
        return facts

    def _resource(self, resource):
        definition = _attempt(resource.frozen_definition)
        facts = {
            'type': resource.type(),
            'state': [resource.action, resource.status],
            'physical ID': resource.resource_id,
            'reference ID': _attempt(resource.FnGetRefId),
            'requires': sorted(resource.requires),
            'metadata': _attempt(resource.metadata_get),
            'metadata in the template': _attempt(resource.t.metadata),
            'deletion policy': _attempt(resource.t.deletion_policy),
            'stored properties': resource._stored_properties_data,
            'properties': _attempt(lambda: dict(
                resource.properties.items())),
            'data': _attempt(resource.data)}
        if isinstance(definition, dict):
            facts['stored definition'] = definition
        else:
            facts['update without change'] = _attempt(
                lambda: self._effect(resource, definition))
            facts['stored properties as read'] = _attempt(lambda: dict(
                definition.properties(resource.properties_schema,
                                      resource.context).items()))
        for name in sorted(resource.attributes_schema):
            if name != 'show':
                facts[f'attribute {name}'] = _attempt(
                    resource.FnGetAtt, name)
        if isinstance(resource, self.nested):
            nested = _attempt(resource.nested)
            facts['nested stack'] = (
                self._facts(nested, {}) if hasattr(nested, 'resources')
                else nested)
        return facts

    @staticmethod
    def _effect(resource, before):
        """Return the effect of an update without a change."""
        from heat.engine import resource as resources

        after = resource.t
        try:
            needs = resource._needs_update(
                after, before,
                *resource._prepare_update_props(after, before), None)
        except resources.UpdateReplace:
            return 'replaced'
        return 'updated' if needs else 'unchanged'


def _conditions(stack):
    conditions = stack.t.conditions(stack)
    return {name: _attempt(conditions.is_enabled, name)
            for name in conditions._conditions}


def _caught():
    return Exception, TakesTooLong


def _attempt(function, *args):
    """Return the result of a function, or its error."""
    try:
        return function(*args)
    except _caught() as failure:
        return _described(failure)


def _described(failure):
    """Return the class of an error, its location in Heat, and its text."""
    frames = [frame for frame in traceback.extract_tb(failure.__traceback__)
              if f'{os.sep}heat{os.sep}' in frame.filename]
    location = ''
    if frames:
        module = frames[-1].filename.rpartition(f'{os.sep}heat{os.sep}')[2]
        location = f' in heat/{module}: {frames[-1].name}'
    return {'error': f'{type(failure).__name__}{location}',
            'text': str(failure)[:WORDS]}


if __name__ == '__main__':
    main(sys.argv[1])
