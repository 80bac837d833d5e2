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

"""Reads a database of Heat with a release's own code.

The release's own objects and parsers load every stack, offline: its template,
parameters, resources with their properties, outputs (without their values),
dependency graph, sync points, snapshots, and stored context. The program
contacts no backend, and writes nothing.

``read(given)`` takes a dict of

    connection: URL of the database
    key: auth_encryption_key; without it, encrypted values are read as null
    progress: path of a file, rewritten with "DONE TOTAL" as stacks are read
    database: instead of a connection, the database from ``rows.py``
    migrate: with ``database``, migrate it to this release's schema first
    facts: also return the values; not for an operator's data

and returns::

    {"stacks": number, "failed": [{"stack": id or null, "what": "...",
     "error": "Class at module:function"}], "facts": {kind: {item: value}}}

Without ``facts`` the answer contains ids, and nothing else of the database.
The program sets the configuration of the process, and therefore forks.
"""

import base64
import contextlib
import gc
import importlib
import json
import logging
import os
import traceback
import zlib

import heat_upgrade_program

STEP = 50  # Stacks between two writes of the progress file.
# Messages of these errors contain names of the code only.
OF_CODE = (AttributeError, NameError, TypeError)
WORDS = 200


def read(given):
    importlib.import_module('heat.engine.service')
    from heat.engine import plugin_manager
    plugin_manager.PluginManager('heat.engine.resources')
    return heat_upgrade_program.apart('loading rows', _read, given)


def _read(directory, given):
    gc.enable()
    _configure(given, directory)
    from heat.db import api as db_api
    from heat.db import migration
    from heat.engine import resources

    if given.get('migrate'):
        migration.db_sync(engine=db_api.get_engine())
    resources.initialise()
    loader = _Loader(given.get('facts', False), bool(given.get('key')))
    ids = _stacks()
    for number, stack_id in enumerate(ids):
        if given.get('progress') and not number % STEP:
            _progress(given['progress'], number, len(ids))
        loader.stack(stack_id)
    loader.configs()
    if given.get('progress'):
        _progress(given['progress'], len(ids), len(ids))
    answer = {'stacks': len(ids), 'failed': loader.failed}
    if given.get('facts'):
        answer['facts'] = loader.facts
    return answer


def _configure(given, directory):
    """Configure the process; block the network and Keystone."""
    from heat.common import config  # noqa: F401
    from heat.common import context
    from heat.common import crypt
    from keystoneauth1 import session
    from oslo_config import cfg
    from oslo_db.sqlalchemy import engines

    if not given.get('facts'):
        # Heat's log messages of failures contain an operator's data.
        logging.disable()
    # oslo.db sleeps after each transaction, for other threads.
    engines._thread_yield = lambda *args: None
    cfg.CONF([], project='heat', default_config_files=[],
             default_config_dirs=[])
    connection = given.get('connection')
    if 'database' in given:
        path = os.path.join(directory, 'heat.sqlite')
        with open(path, 'wb') as out:
            out.write(zlib.decompress(base64.b64decode(given['database'])))
        connection = f'sqlite:///{path}'
    from heat.db import api  # noqa: F401
    cfg.CONF.set_override('connection', connection, group='database')
    cfg.CONF.set_override('environment_dir', directory + '/none')
    cfg.CONF.set_override('template_dir', directory + '/none')
    if given.get('key'):
        cfg.CONF.set_override('auth_encryption_key', given['key'])
    else:
        crypt.decrypt = lambda *args, **kwargs: 'null'

    def refuse(*args, **kwargs):
        raise RuntimeError('backends are blocked')

    session.Session.request = refuse
    # A stored context would call Keystone here.
    context.StoredContext._load_keystone_data = lambda self: None


def _progress(path: str, done: int, total: int) -> None:
    with open(path + '.new', 'w') as out:
        out.write(f'{done} {total}\n')
    os.replace(path + '.new', path)


def _context():
    from heat.common import context

    # A new context for each stack: a context caches objects.
    return context.RequestContext(is_admin=True, project_id='a-project-id',
                                  user_id='a-user-id', show_deleted=False,
                                  roles=['admin'], auth_token='a-token')


def _stacks():
    from heat.db import api as db_api
    import sqlalchemy

    with db_api.get_engine().connect() as connection:
        return [row[0] for row in connection.execute(sqlalchemy.text(
            'SELECT id FROM stack WHERE deleted_at IS NULL ORDER BY id'))]


class _Loader:
    """Loads stacks, and records failures.

    :ivar failed: the parts that could not be read
    :ivar facts: {kind: {stack, item: value}} of the other parts
    """

    def __init__(self, want_facts, decrypts):
        self.want_facts, self.decrypts = want_facts, decrypts
        self.failed, self.facts = [], {}
        self.stack_id = self.name = None

    @contextlib.contextmanager
    def _recording(self, part):
        try:
            yield
        except Exception as failure:
            self.failed.append({'stack': self.stack_id, 'what': part,
                                'name': self.name if self.want_facts else '',
                                'error': _said(failure, self.want_facts)})

    def _fact(self, part, aspect, value, item=''):
        if self.want_facts:
            self.facts.setdefault(f'{part}: {aspect}', {})[
                f'{self.name or "-"} {item}'.strip()] = value

    def stack(self, stack_id):
        """Read a stack with all its parts."""
        from heat.engine import stack as parser

        self.stack_id, self.name, stack = stack_id, None, None
        with self._recording('stack'):
            # An object has only a weak reference to its context.
            self.context = _context()
            stack = parser.Stack.load(self.context, stack_id=stack_id)
            self.name = stack.name
        if stack is None:
            return
        for part, function in (
                ('template', self._template), ('parameters', self._parameters),
                ('resources', self._resources), ('outputs', self._outputs),
                ('dependency graph', self._graph),
                ('sync points', self._sync_points),
                ('snapshots', self._snapshots),
                ('stored context', self._stored_context),
                ('events', self._events)):
            with self._recording(part):
                function(stack)
        self.name = None

    def _template(self, stack):
        from heat.engine import template

        self._fact('template', 'resources', sorted(
            stack.t[stack.t.RESOURCES]))
        self._fact('template', 'files', dict(stack.t.files))
        environment = stack.env.user_env_as_dict()
        for part in ('parameters', 'parameter_defaults', 'resource_registry'):
            self._fact('environment', part, environment.get(part))
        self._fact('template', 'tags', list(stack.tags or []))
        if stack.prev_raw_template_id is not None:
            template.Template.load(stack.context, stack.prev_raw_template_id)

    def _parameters(self, stack):
        for name, parameter in stack.parameters.items():
            if name not in ('OS::stack_id', 'AWS::StackId'):
                self._fact('parameters', 'value', parameter, name)

    def _resources(self, stack):
        for name, resource in stack.resources.items():
            with self._recording('resource'):
                self._resource(name, resource)

    def _resource(self, name, resource):
        properties = resource.frozen_definition().properties(
            resource.properties_schema, resource.context)
        for item, value in (
                ('state', [resource.action, resource.status]),
                ('physical id', resource.resource_id),
                ('metadata', resource.metadata_get()),
                ('requires', sorted(resource.requires)),
                ('replaces', resource.replaces),
                ('properties', resource._stored_properties_data),
                ('data', resource.data() if self.decrypts else None)):
            self._fact('resource', item, value, name)
        if self.want_facts:
            # For a nested stack, Heat calls an engine.
            self._fact('resource', 'reference', resource.FnGetRefId(), name)
        self._fact('resource', 'attributes', {
            str(key): value for key, value in dict(
                resource.attributes.cached_attrs or {}).items()}, name)
        sorted(properties)

    def _outputs(self, stack):
        for name, output in stack.outputs.items():
            output.description()
            list(output.required_resource_names())
            if self.want_facts and stack.status == stack.COMPLETE:
                self._fact('outputs', 'value', output.get_value(), name)

    def _graph(self, stack):
        if stack.convergence and stack.current_deps:
            self._fact('dependency graph', 'edges', sorted(
                f'{_node(requirer)} -> {_node(required)}'
                for requirer, required
                in stack.convergence_dependencies.graph().edges()))

    def _sync_points(self, stack):
        from heat.engine import node_data
        from heat.engine import sync_point

        if not (stack.convergence and stack.current_deps):
            return
        graph = stack.convergence_dependencies.graph()
        nodes = {(str(node.rsrc_id), node.is_update): node for node in graph}
        for entity, is_update in _points(stack):
            point = sync_point.get(stack.context, entity,
                                   stack.current_traversal, is_update)
            arrived = sync_point.deserialize_input_data(point.input_data)
            if entity == stack.id:
                predecessors = set(stack.convergence_dependencies.roots())
            elif (entity, is_update) in nodes:
                predecessors = set(graph[nodes[entity, is_update]])
            else:
                continue
            item = f'{"stack" if entity == stack.id else entity} {is_update}'
            # The nodes that sync() waits for, and those that it has seen.
            for aspect, nodes_of_aspect in (
                    ('nodes still waited for', predecessors - set(arrived)),
                    ('nodes that have come', arrived)):
                self._fact('sync points', aspect,
                           sorted(map(_node, nodes_of_aspect)), item)
            if is_update:
                for name, node in node_data.load_resources_data(
                        arrived).items():
                    self._node_data(item, name, node)
            extra = getattr(point, 'extra_data', None)
            if extra is not None:
                self._fact('sync points', 'extra data',
                           sync_point.deserialize_extra_data(extra), item)

    def _node_data(self, item, name, node):
        for aspect, value in (
                ('reference id', node.reference_id()),
                ('attributes', node.attributes()),
                ('state', [node.action, node.status]),
                ('ids', [node.primary_key, node.uuid])):
            self._fact('node data', aspect, value, f'{item} {name}')

    def _snapshots(self, stack):
        from heat.objects import snapshot

        objects = snapshot.Snapshot
        for saved in (objects.get_all(stack.context, stack.id,
                                      load_rsrc_snapshot=True)
                      if hasattr(objects, 'get_all') else
                      objects.get_all_by_stack(stack.context, stack.id)):
            if saved.status != 'COMPLETE':
                continue
            with self._recording('snapshot'):
                _, template = stack.restore_data(saved)
                self._fact('snapshots', 'template to restore', sorted(
                    template.t['resources'].items()), saved.name)
                self._fact('snapshots', 'data of resources',
                           saved.data['resources'], saved.name)

    def _stored_context(self, stack):
        if not stack.user_creds_id:
            return
        stored = stack.stored_context()
        for name in ('username', 'password', 'project_id', 'project_name',
                     'trust_id', 'trustor_user_id', 'auth_url',
                     'region_name', 'is_admin'):
            self._fact('stored context', name, getattr(stored, name))

    def _events(self, stack):
        from heat.objects import event as event_objects

        if not self.want_facts:
            return
        for event in event_objects.Event.get_all_by_stack(
                stack.context, stack.id):
            self._fact('events', 'properties', event.resource_properties,
                       event.uuid)

    def configs(self):
        """Read software configs and deployments, as the API shows them."""
        from heat.engine import api
        from heat.engine import software_config_io
        from heat.objects import software_config
        from heat.objects import software_deployment

        self.stack_id = self.name = None
        self.context = _context()
        for kind, objects, shown in (
                ('software config', software_config.SoftwareConfig,
                 api.format_software_config),
                ('deployment', software_deployment.SoftwareDeployment,
                 api.format_software_deployment)):
            with self._recording(kind):
                for row in objects.get_all(self.context):
                    with self._recording(kind):
                        whole = shown(row)
                        self._fact(kind, 'as shown', whole, row.id)
                        for given in whole.get('inputs', []):
                            software_config_io.InputConfig(**given).default()


def _points(stack):
    """Return the sync points of a stack's traversal."""
    from heat.db import api as db_api
    import sqlalchemy

    with db_api.get_engine().connect() as connection:
        return [(row[0], bool(row[1])) for row in connection.execute(
            sqlalchemy.text(
                'SELECT entity_id, is_update FROM sync_point '
                'WHERE stack_id = :stack AND traversal_id = :traversal'),
            {'stack': stack.id, 'traversal': stack.current_traversal})]


def _node(node):
    """Return a node of a graph, in a form common to all releases."""
    if node is None:
        return '-'
    return '/'.join(str(part) for part in tuple(node) if part != 'resource')


def _said(failure: Exception, whole: bool) -> str:
    """Return an error as text.

    :param whole: whether to include a message that may contain an operator's
        data
    """
    frames = [frame for frame in traceback.extract_tb(failure.__traceback__)
              if f'{os.sep}heat{os.sep}' in frame.filename]
    location = ''
    if frames:
        module = frames[-1].filename.rpartition(f'{os.sep}heat{os.sep}')[2]
        location = f' at heat/{module}: {frames[-1].name}'
    text = ''
    if whole or type(failure) in OF_CODE:
        text = f': {str(failure)[:WORDS]}'
    return f'{type(failure).__name__}{text}{location}'


if __name__ == '__main__':
    import sys
    json.dump(read(json.load(sys.stdin)), sys.stdout, indent=1)
