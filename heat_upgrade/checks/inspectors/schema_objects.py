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

"""Writes and reads rows through a release's objects, as its services do.

READERS has the way to read each class. A class that the release lacks is left
out. A failure is part of the answer; the check that compares the releases
judges it.
"""

import importlib

# Project of the stacks and snapshots, also of the rows that models write.
PROJECT = 'project'


def _simple(method, key='id'):
    return lambda cls, context, row: getattr(cls, method)(context, row[key])


def _snapshot(cls, context, row):
    # Until 2025.2 objects only read a snapshot by its stack.
    from heat.db import api
    return cls._from_db_object(context, cls(),
                               api.snapshot_get(context, row['id']))


# table: (module of heat.objects, class, function of class, context, key)
READERS = {
    'raw_template': ('raw_template', 'RawTemplate', _simple('get_by_id')),
    'stack': ('stack', 'Stack', lambda cls, context, row: cls.get_by_id(
        context, row['id'], show_deleted=True, eager_load=True)),
    'resource': ('resource', 'Resource', _simple('get_obj')),
    'resource_properties_data': (
        'resource_properties_data', 'ResourcePropertiesData',
        lambda cls, context, row: cls.get_by_id(context, row['id'])),
    'resource_snapshot': ('resource_snapshot', 'ResourceSnapshot',
                          _simple('get')),
    'service': ('service', 'Service', _simple('get_by_id')),
    'snapshot': ('snapshot', 'Snapshot', _snapshot),
    'software_config': ('software_config', 'SoftwareConfig',
                        _simple('get_by_id')),
    'software_deployment': ('software_deployment', 'SoftwareDeployment',
                            _simple('get_by_id')),
    'stack_lock': ('stack_lock', 'StackLock',
                   _simple('get_engine_id', 'stack_id')),
    'sync_point': ('sync_point', 'SyncPoint',
                   lambda cls, context, row: cls.get_by_key(
                       context, row['entity_id'], row['traversal_id'],
                       row['is_update'])),
    'user_creds': ('user_creds', 'UserCreds', _simple('get_by_id')),
}

# Values of each object. A name in angle brackets stands for the id of the row
# of that table, empty brackets for the side. Referenced tables come first.
MADE = (
    ('raw_template', {
        'template': {'heat_template_version': '2013-05-23', 'outputs': {}},
        'files': {'file:///a.yaml': 'a: \u20ac'},
        'environment': {'parameters': {}, 'encrypted_param_names': []}}),
    ('stack', {
        'name': '<>', 'raw_template_id': '<raw_template>',
        'tenant': PROJECT, 'disable_rollback': False, 'timeout': 60,
        'action': 'CREATE', 'status': 'COMPLETE', 'status_reason': 'done',
        'username': 'user', 'nested_depth': 0, 'backup': False,
        'convergence': True, 'current_deps': {'edges': [[1, None]]}}),
    ('resource', {
        'name': '<>', 'stack_id': '<stack>', 'action': 'CREATE',
        'status': 'COMPLETE', 'status_reason': '', 'atomic_key': 1,
        'rsrc_metadata': {'a': 1}, 'requires': [1], 'needed_by': [],
        'physical_resource_id': 'physical',
        'current_template_id': '<raw_template>'}),
    ('snapshot', {
        'name': '<>', 'stack_id': '<stack>', 'tenant': PROJECT,
        'status': 'COMPLETE', 'status_reason': 'done',
        'data': {'resources': {'a': {'resource_data': {}}}}}),
    ('sync_point', {
        'entity_id': '1', 'traversal_id': '<>', 'is_update': True,
        'atomic_key': 0, 'stack_id': '<stack>',
        'input_data': {'input_data': {}}}),
    ('software_config', {
        'name': '<>', 'group': 'script', 'tenant': PROJECT,
        'config': {'config': 'true', 'inputs': [], 'outputs': [],
                   'options': {}}}),
    ('service', {
        'host': 'host', 'hostname': 'hostname', 'binary': 'heat-engine',
        'engine_id': 'engine', 'topic': 'engine', 'report_interval': 60}),
)


class Objects:
    """The objects of a release.

    :param to_text: function from a value to its text
    :param failure: function from an exception to its text
    """

    def __init__(self, to_text, failure):
        from heat.common import context
        # Heat returns a snapshot to its own project only.
        self._context = context.RequestContext(is_admin=True,
                                               project_id=PROJECT)
        self._to_text = to_text
        self._failure = failure

    def read(self, known):
        """Read rows through the objects.

        :param known: {table: {kind: {column: value}}}
        :returns: {table: {kind: {'values': ...} or {'failed': ...}}}
        """
        answers = {}
        for table, (module, name, load) in READERS.items():
            cls = _class(module, name)
            if cls is None:
                continue
            for kind, key in known.get(table, {}).items():
                try:
                    values = self._values(load(cls, self._context, key))
                except Exception as exc:
                    answer = {'failed': self._failure(exc)}
                else:
                    answer = {'values': values}
                answers.setdefault(table, {})[kind] = answer
        return answers

    def make(self, side):
        """Make an object of each class of MADE.

        :returns: ({table: {kind: key}} of the new objects, {table: failure})
        """
        keys, failures = {}, {}
        for table, template in MADE:
            cls = _class(*READERS[table][:2])
            try:
                values = {name: self._filled(value, keys, side)
                          for name, value in template.items()}
                made = cls.create(self._context, values)
                key = {name: getattr(made, name) for name in (
                    ('entity_id', 'traversal_id', 'is_update')
                    if table == 'sync_point' else ('id',))}
            except Exception as exc:
                failures[table] = self._failure(exc)
            else:
                keys[table] = {f'{side}-made': key}
        return keys, failures

    def _filled(self, value, keys, side):
        if value == '<>':
            return side
        if isinstance(value, str) and value.startswith('<'):
            key, = keys[value.strip('<>')].values()
            return key['id']
        return value

    def _values(self, thing):
        fields = getattr(thing, 'fields', None)
        if not fields:
            return {'value': self._to_text(thing)}
        return {name: self._to_text(getattr(thing, name)) for name in fields
                if thing.obj_attr_is_set(name)
                and not hasattr(getattr(thing, name), 'fields')}


def _class(module, name):
    try:
        return getattr(importlib.import_module(f'heat.objects.{module}'),
                       name)
    except (ImportError, AttributeError):
        return None
