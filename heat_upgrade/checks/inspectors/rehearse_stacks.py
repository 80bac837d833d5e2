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

"""Loads the stacks of a database by Heat's own objects and parsers.

Nothing is asked of any service: the one address that a socket may be
connected to is the database's, and its account may read and nothing else.
What is told of a failure is ids, the part, the class of the error, and the
place in the code: neither the error's text nor anything of a stack.
"""

import gc
import json
import logging
import os
import pathlib
import socket
import traceback

import heat
from heat.common import config
from heat.common import context as contexts
from heat.engine import clients
from heat.engine import environment
from heat.engine import stack as parser
from heat.engine import template
from heat.objects import resource as resource_objects
from heat.objects import snapshot as snapshot_objects
from heat.objects import stack as stack_objects
from oslo_config import cfg
from oslo_log import log
import sqlalchemy

# Stacks that are in memory at a time, with all that is loaded of them.
BATCH = 50

_ROOT = pathlib.Path(heat.__file__).parent


class BackendCall(Exception):
    """Heat tried to reach something that is not the database."""


def read(given):
    """Load a share of the stacks.

    :param given: {config: path of a heat.conf, port: the database's,
        share: [number, of how many], ids: those to load or None for all,
        key: whether the encryption key is known, out: path of a file that
        takes a line of JSON for each failure and each batch}
    :returns: {stacks, deleted, snapshots, resources, encrypted, failed}
    """
    gc.enable()
    _isolate(given['port'])
    log.register_options(cfg.CONF)
    cfg.CONF(['--config-file', given['config']], project='heat',
             default_config_files=[], default_config_dirs=[])
    # What it says has names of the operator's own in it, and takes time.
    logging.disable(logging.CRITICAL)
    config.startup_sanity_check()
    template._get_template_extension_manager()
    clients.initialise()
    engine = sqlalchemy.create_engine(cfg.CONF.database.connection)
    counts = dict.fromkeys(('stacks', 'deleted', 'snapshots', 'resources',
                            'encrypted', 'failed'), 0)
    with open(os.open(given['out'], os.O_WRONLY | os.O_CREAT | os.O_APPEND,
                      0o600), 'w') as out:
        def tell(**what):
            print(json.dumps(what), file=out, flush=True)
        for batch in _batches(engine, given):
            context = contexts.get_admin_context(show_deleted=True)
            for stack_id in batch:
                _load(context, stack_id, counts, given['key'], tell)
            tell(done=len(batch))
    return counts


def _isolate(port):
    """Let no socket of this process reach anything but the database."""
    def guarded(real):
        def connect(self, address):
            if self.family == socket.AF_UNIX or tuple(address[:2]) != (
                    '127.0.0.1', port):
                raise BackendCall()
            return real(self, address)
        return connect
    socket.socket.connect = guarded(socket.socket.connect)
    socket.socket.connect_ex = guarded(socket.socket.connect_ex)

    def resolve(host, *rest, **options):
        if host != '127.0.0.1':
            raise BackendCall()
        return found(host, *rest, **options)
    found, socket.getaddrinfo = socket.getaddrinfo, resolve


def _batches(engine, given):
    """Give lists of the ids of stacks, in their order."""
    if given['ids'] is not None:
        for start in range(0, len(given['ids']), BATCH):
            yield given['ids'][start:start + BATCH]
        return
    number, of = given['share']
    query = sqlalchemy.text(
        'SELECT id FROM stack WHERE id > :last AND MOD(CRC32(id), :of) = '
        ':number ORDER BY id LIMIT :batch')
    last = ''
    with engine.connect() as connection:
        while True:
            found = [row[0] for row in connection.execute(query, {
                'last': last, 'of': of, 'number': number, 'batch': BATCH})]
            # No transaction stays open while they are loaded.
            connection.rollback()
            if not found:
                return
            yield found
            last = found[-1]


def _load(context, stack_id, counts, key, tell):
    """Load one stack with all that belongs to it."""
    counts['stacks'] += 1
    failed = encrypted = False
    loaded = {}
    for part, load, needs in PARTS:
        if any(need not in loaded for need in needs):
            continue
        try:
            loaded[part] = load(context, stack_id, loaded, counts)
        except BackendCall:
            # What it would do with the answer is not known offline.
            continue
        except Exception as exc:
            if _is_backend_call(exc):
                continue
            what = told(exc)
            if not key and what.pop('encrypted'):
                encrypted = True
                continue
            what.pop('encrypted', None)
            failed = True
            tell(stack=stack_id, part=part, **what)
    counts['encrypted'] += encrypted
    counts['failed'] += failed


def _is_backend_call(exc):
    while exc is not None:
        if isinstance(exc, BackendCall):
            return True
        exc = exc.__cause__ or exc.__context__
    return False


def told(exc):
    """Return what may be told of an error."""
    frames = [(pathlib.Path(frame.filename), frame)
              for frame in traceback.extract_tb(exc.__traceback__)]
    ours = [f'{path.relative_to(_ROOT.parent)}:{frame.lineno}, in '
            f'{frame.name}' for path, frame in frames
            if path.is_relative_to(_ROOT)]
    return {
        'error': f'{type(exc).__module__}.{type(exc).__qualname__}',
        'where': ours[-1] if ours else '',
        'encrypted': any(path == _ROOT / 'common' / 'crypt.py'
                         for path, _ in frames)}


def _object(context, stack_id, loaded, counts):
    found = stack_objects.Stack.get_by_id(context, stack_id,
                                          show_deleted=True)
    counts['deleted'] += found.deleted_at is not None
    # Snapshots are found in one's own project only.
    context.project_id = found.tenant
    return found


def _stack(context, stack_id, loaded, counts):
    return parser.Stack.load(context, stack=loaded['object'])


def _parameters(context, stack_id, loaded, counts):
    # As "stack show" does.
    return loaded['stack'].parameters.map(str)


def _definitions(context, stack_id, loaded, counts):
    definition = loaded['stack'].defn
    return [definition.resource_definition(name)
            for name in definition.enabled_rsrc_names()]


def _rows(context, stack_id, loaded, counts):
    found = resource_objects.Resource.get_all_by_stack(context, stack_id)
    counts['resources'] += len(found or ())
    for row in (found or {}).values():
        row.properties_data
    return found or {}


def _resources(context, stack_id, loaded, counts):
    # The rows are there already, loaded by the same function.
    loaded['stack']._db_resources = loaded['resource rows'] or None
    found = list(loaded['stack'].resources.values())
    found += [one for one in loaded['stack'].iter_resources()
              if one not in found]
    for one in found:
        one.frozen_definition()
        one.data()
    loaded['stack']._explicit_dependencies()
    return True


def _outputs(context, stack_id, loaded, counts):
    return [one.required_resource_names()
            for one in loaded['stack'].outputs.values()]


def _dependencies(context, stack_id, loaded, counts):
    stack = loaded['stack']
    if stack.convergence and stack.current_deps:
        return list(stack.convergence_dependencies)
    return True


def _credentials(context, stack_id, loaded, counts):
    if loaded['object'].user_creds_id:
        return loaded['stack'].stored_context()
    return True


def _tags(context, stack_id, loaded, counts):
    return loaded['stack'].tags


def _snapshots(context, stack_id, loaded, counts):
    for one in snapshot_objects.Snapshot.get_all_by_stack(context, stack_id):
        counts['snapshots'] += 1
        if one.status != 'COMPLETE':
            continue
        # What a restoration does first: heat.engine.stack, restore_data.
        parsed = template.Template(
            one.data['template'], files=one.data.get('files'),
            env=environment.Environment(one.data['environment']))
        definition = loaded['stack'].defn.clone_with_new_template(
            parsed, loaded['stack'].identifier())
        for name in definition.enabled_rsrc_names():
            definition.resource_definition(name)
        if hasattr(snapshot_objects.Snapshot, 'load_rsrc_snapshots'):
            snapshot_objects.Snapshot.load_rsrc_snapshots(context, one.id)
    return True


# (what, how, what must have been loaded before)
PARTS = (
    ('object', _object, ()),
    ('stack', _stack, ('object',)),
    ('parameters', _parameters, ('stack',)),
    ('definitions', _definitions, ('stack',)),
    ('resource rows', _rows, ()),
    ('resources', _resources, ('definitions', 'resource rows')),
    ('outputs', _outputs, ('stack',)),
    ('dependencies', _dependencies, ('stack',)),
    ('credentials', _credentials, ('stack',)),
    ('tags', _tags, ('stack',)),
    ('snapshots', _snapshots, ('stack',)),
)
