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

"""Rows that a release's own engine writes, one of each kind at least.

What does it is ``rows_engine.py``: an engine of the release in one process,
whose messages are delivered by hand, so that an operation can be stopped
half-way. This is how rows of a traversal in flight (sync points, edges of the
graph) come to be.

``read(None)`` returns::

    {"database": the SQLite file, zlib and base64,
     "wrote": {step: what it failed with, or null}}

The secrets in it are encrypted with a key that is public.
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
        # That nobody asks Keystone when the stack is loaded: LP 1314401.
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
            # One without a default too: LP 1697627.
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
# Two that do not wait for each other, and one that waits for both.
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
    # What initialise() imports; here it is shared with other programs.
    from heat.engine import plugin_manager
    plugin_manager.PluginManager('heat.engine.resources')
    return heat_upgrade_program.apart(
        'writing rows', _write, heat_upgrade_program.beside('rows_engine'))


def _write(place, engines):
    # What is imported is not looked at again by each collection.
    gc.freeze()
    engines.configure(place)
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
        writer.start_anew()
    with open(os.path.join(place, 'heat.sqlite'), 'rb') as database:
        packed = base64.b64encode(zlib.compress(database.read())).decode()
    return {'database': packed, 'wrote': wrote}


class _Writer:
    """Does with an engine what leaves a row of each kind."""

    def __init__(self, engines):
        self.engine, self.wire = engines.engine()
        self.given_by = engines.context_of_user
        self.context = self.given_by()

    def start_anew(self):
        """Forget the messages of a step, and what it has left open."""
        self.wire.lose()
        self.context = self.given_by()
        # A session that nobody has closed holds the lock of the file.
        gc.collect()

    def create(self, name, template=FORK, context=None, **environment):
        return self.engine.create_stack(
            context or self.context, name, template, environment or {},
            FILES if template is TEMPLATE else {},
            {'timeout_mins': 60, 'tags': ['one', 'two']})

    def done(self):
        """A stack with all in it, created and updated."""
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
        """A stack that failed and is not rolled back."""
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
        """A creation of which one resource of three is done."""
        self.create('halfway')
        self.wire.deliver(1)

    def checking(self):
        """A check in which one resource has failed, of three."""
        from heat.engine.resources.openstack.heat import random_string

        stack = self.create('checking')
        self.wire.deliver()

        def fail(resource):
            raise RuntimeError('not what it was')

        random_string.RandomString.handle_check = fail
        try:
            self.engine.stack_check(self.context, stack)
            self.wire.deliver(1)
        finally:
            del random_string.RandomString.handle_check

    def deleting(self):
        """A deletion of a stack with a snapshot, with nothing done yet."""
        stack = self.create('deleting')
        self.wire.deliver()
        self.engine.stack_snapshot(self.context, stack, 'another')
        self.wire.deliver()
        self.engine.delete_stack(self.context, stack)

    def legacy(self):
        """A stack of before convergence."""
        from oslo_config import cfg

        cfg.CONF.set_override('convergence_engine', False)
        try:
            self.create('legacy')
        finally:
            cfg.CONF.clear_override('convergence_engine')

    def by_password(self):
        """A stack whose owner's password is stored."""
        from oslo_config import cfg

        cfg.CONF.set_override('deferred_auth_method', 'password')
        try:
            self.create('by-password', context=self.given_by(
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
