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

"""Writes rows with a release's own engine, one of each kind at least.

``rows_engine.py`` runs an engine of the release in one process and delivers
its messages on request. An operation can therefore be stopped half-way, which
leaves rows of a traversal in flight (sync points, edges of the graph).

``read(None)`` returns::

    {"database": the SQLite file, zlib and base64,
     "wrote": {step: its error, or null}}

The secrets in it are encrypted with a public key of this program.
"""

import base64
import gc
import importlib
import json
import os
import traceback
import zlib

import heat_upgrade_program

TEMPLATE = {
    'heat_template_version': '2021-04-16',
    'description': 'One of each kind',
    'parameter_groups': [
        {'label': 'all', 'parameters': ['text', 'secret']}],
    'parameters': {
        'text': {'type': 'string', 'default': 'a'},
        'secret': {'type': 'string', 'hidden': True, 'default': 's'},
        'number': {'type': 'number', 'default': 3},
        'flag': {'type': 'boolean', 'default': True},
        'names': {'type': 'comma_delimited_list', 'default': 'a,b'},
        'map': {'type': 'json', 'default': {'k': ['v']}},
        # Loading the stack must not call Keystone: LP 1314401.
        'project': {'type': 'string', 'default': 'gone', 'constraints': [
            {'custom_constraint': 'keystone.project'}]}},
    'conditions': {'on': {'equals': [{'get_param': 'flag'}, True]}},
    'resources': {
        'first': {'type': 'OS::Heat::RandomString',
                  'properties': {'length': 8, 'salt': 'x'}},
        'second': {'type': 'OS::Heat::TestResource',
                   'metadata': {'key': ['value', 1]},
                   'properties': {'value': {'get_param': 'secret'}}},
        'third': {'type': 'OS::Heat::TestResource', 'depends_on': ['second'],
                  'condition': 'on',
                  'properties': {'value': {'get_attr': ['first', 'value']}}},
        'value': {'type': 'OS::Heat::Value', 'properties': {
            'type': 'json', 'value': {'map': {'get_param': 'map'}}}},
        'config': {'type': 'OS::Heat::SoftwareConfig', 'properties': {
            'config': '#!/bin/sh\nexit 0\n', 'group': 'script',
            # An input without a default, too: LP 1697627.
            'inputs': [{'name': 'in', 'type': 'Number', 'default': 1},
                       {'name': 'bare', 'type': 'Json'}],
            'outputs': [{'name': 'out', 'type': 'String'}],
            'options': {'a': 'b'}}},
        'handle': {'type': 'OS::Heat::WaitConditionHandle',
                   'properties': {'signal_transport': 'TOKEN_SIGNAL'}},
        'group': {'type': 'OS::Heat::ResourceGroup', 'properties': {
            'count': 2, 'resource_def': {
                'type': 'OS::Heat::RandomString',
                'properties': {'length': 4}}}},
        'nested': {'type': 'My::Nested', 'properties': {'given': 'yes'}}},
    'outputs': {
        'third': {'value': {'get_attr': ['third', 'output']}},
        'config': {'value': {'get_resource': 'config'}},
        'group': {'value': {'get_attr': ['group', 'value']}},
        'nested': {'value': {'get_attr': ['nested', 'inner']}},
        'map': {'value': {'get_attr': ['value', 'value', 'map', 'k']}}}}
FILES = {'nested.yaml': json.dumps({
    'heat_template_version': '2016-10-14',
    'parameters': {'given': {'type': 'string'}},
    'resources': {'inner': {'type': 'OS::Heat::TestResource', 'properties': {
        'value': {'get_param': 'given'}}}},
    'outputs': {'inner': {'value': {'get_attr': ['inner', 'output']}}}})}
ENVIRONMENT = {
    'parameters': {'text': 'given', 'map': {'k': ['w']}},
    'parameter_defaults': {'number': 4},
    'encrypted_param_names': [],
    'event_sinks': [],
    'resource_registry': {
        'My::Nested': 'nested.yaml',
        'resources': {'second': {'hooks': []}}}}
# Two independent resources, and a resource that waits for both.
FORK = {
    'heat_template_version': '2021-04-16',
    'resources': {
        'left': {'type': 'OS::Heat::RandomString'},
        'right': {'type': 'OS::Heat::RandomString'},
        'last': {'type': 'OS::Heat::TestResource',
                 'depends_on': ['left', 'right'],
                 'properties': {'value': {'list_join': ['', [
                     {'get_attr': ['left', 'value']},
                     {'get_attr': ['right', 'value']}]]}}}}}


def read(given):
    importlib.import_module('heat.engine.service')
    # The imports of initialise(), here shared with other programs.
    from heat.engine import plugin_manager
    plugin_manager.PluginManager('heat.engine.resources')
    return heat_upgrade_program.apart(
        'writing rows', _write,
        heat_upgrade_program.load_sibling('rows_engine'))


def _write(directory, engines):
    # Exempt the imported modules from each garbage collection.
    gc.freeze()
    engines.configure(directory)
    engines.no_network()
    from heat.db import api as db_api
    from heat.db import migration

    engine = getattr(db_api, 'get_engine', lambda: None)()
    migration.db_sync(engine=engine)
    writer = _Writer(engines)
    wrote = {}
    for step in (writer.done, writer.failed, writer.configs,
                 writer.snapshotted, writer.halfway, writer.checking,
                 writer.deleting, writer.legacy, writer.by_password,
                 writer.encrypted):
        wrote[step.__name__] = None
        try:
            step()
        except Exception as failure:
            cause = getattr(failure, 'exc_info', (None, failure))[1]
            wrote[step.__name__] = f'{type(cause).__name__}: {cause}'
            traceback.print_exc()
        writer.reset()
    with open(os.path.join(directory, 'heat.sqlite'), 'rb') as database:
        packed = base64.b64encode(zlib.compress(database.read())).decode()
    return {'database': packed, 'wrote': wrote}


class _Writer:
    """Runs operations of an engine that leave a row of each kind."""

    def __init__(self, engines):
        self.engine, self.wire = engines.engine()
        self.new_context = engines.context_of_user
        self.context = self.new_context()

    def reset(self):
        """Drop the messages of a step, and the sessions that it left open."""
        self.wire.lose()
        self.context = self.new_context()
        # A session that was not closed holds the lock of the file.
        gc.collect()

    def create(self, name, template=FORK, context=None, **environment):
        return self.engine.create_stack(
            context or self.context, name, template, environment or {},
            FILES if template is TEMPLATE else {},
            {'timeout_mins': 60, 'tags': ['one', 'two']})

    def done(self):
        """A stack with all kinds of resources, created and updated."""
        stack = self.create('done', TEMPLATE, **ENVIRONMENT)
        self.wire.deliver()
        changed = json.loads(json.dumps(TEMPLATE))
        changed['resources']['second']['properties'] = {
            'value': 'other', 'update_replace': True}
        changed['resources']['group']['properties']['count'] = 1
        self.engine.update_stack(
            self.context, stack, changed, dict(ENVIRONMENT), FILES, {})
        self.wire.deliver()

    def failed(self):
        """A failed stack without a rollback."""
        self.create('failed', {**FORK, 'resources': {
            'bad': {'type': 'OS::Heat::TestResource',
                    'properties': {'fail': True}}}})
        self.wire.deliver()

    def configs(self):
        """A software config and a deployment, as by the API."""
        config = self.engine.create_software_config(
            self.context, 'script', 'a-config', '#!/bin/sh\n',
            [{'name': 'in', 'type': 'String', 'default': 'd'}],
            [{'name': 'out', 'type': 'String'}], {'option': 1})
        self.engine.create_software_deployment(
            self.context, 'a-server', config['id'], {'in': 'v'}, 'INIT',
            'COMPLETE', 'a reason', 'a-stack-project')

    def snapshotted(self):
        stack = self.create('snapshotted')
        self.wire.deliver()
        self.engine.stack_snapshot(self.context, stack, 'a-snapshot')
        self.wire.deliver()

    def halfway(self):
        """A create with one of three resources done."""
        self.create('halfway')
        self.wire.deliver(1)

    def checking(self):
        """A check with one of three resources failed."""
        from heat.engine.resources.openstack.heat import random_string

        stack = self.create('checking')
        self.wire.deliver()

        def fail(resource):
            raise RuntimeError('failed on purpose')

        random_string.RandomString.handle_check = fail
        try:
            self.engine.stack_check(self.context, stack)
            self.wire.deliver(1)
        finally:
            del random_string.RandomString.handle_check

    def deleting(self):
        """A delete of a stack with a snapshot, before its first resource."""
        stack = self.create('deleting')
        self.wire.deliver()
        self.engine.stack_snapshot(self.context, stack, 'another')
        self.wire.deliver()
        self.engine.delete_stack(self.context, stack)

    def legacy(self):
        """A stack without convergence."""
        from oslo_config import cfg

        cfg.CONF.set_override('convergence_engine', False)
        try:
            self.create('legacy')
        finally:
            cfg.CONF.clear_override('convergence_engine')

    def by_password(self):
        """A stack with the password of its owner stored."""
        from oslo_config import cfg

        cfg.CONF.set_override('deferred_auth_method', 'password')
        try:
            self.create('by-password', context=self.new_context(
                password='a-password'))
            self.wire.deliver()
        finally:
            cfg.CONF.clear_override('deferred_auth_method')

    def encrypted(self):
        from oslo_config import cfg

        cfg.CONF.set_override('encrypt_parameters_and_properties', True)
        self.create('encrypted', {**FORK, 'parameters': {
            'secret': {'type': 'string', 'hidden': True, 'default': 's'}}})
        self.wire.deliver()


if __name__ == '__main__':
    print(json.dumps(read(None)))
