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

"""Loads the stacks of a database with Heat's own objects and parsers.

It contacts no service: a socket may connect to the address of the database
only, and the database account may only read. A failure is reported with ids,
the part, the class of the error, and the location in the code, without the
message of the error or content of a stack.
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
from heat.common import crypt
from heat.engine import environment
from heat.engine import resources
from heat.engine import stack as parser
from heat.engine import template
from heat.objects import resource as resource_objects
from heat.objects import snapshot as snapshot_objects
from heat.objects import stack as stack_objects
from oslo_config import cfg
from oslo_log import log
import sqlalchemy

# Stacks that are in memory at a time, with all loaded parts.
BATCH = 50

_ROOT = pathlib.Path(heat.__file__).parent


class BackendCall(Exception):
    """Heat tried to reach a service other than the database."""


def read(given):
    """Load a share of the stacks.

    :param given: {config: path of a heat.conf, port: the database's,
        share: [number, number of shares], ids: ids to load, None for all,
        key: whether the encryption key is known, out: path of a file that
        takes a line of JSON for each failure and each batch}
    :returns: {not_started: see ``_start``, counts: {stacks, deleted,
        snapshots, resources, encrypted, failed, decrypted, undecrypted}}; the
        last two count encrypted values
    """
    gc.enable()
    _isolate(given['port'])
    log.register_options(cfg.CONF)
    cfg.CONF(['--config-file', given['config']], project='heat',
             default_config_files=[], default_config_dirs=[])
    # Heat's log messages contain names of the operator's, and take time.
    logging.disable(logging.CRITICAL)
    config.startup_sanity_check()
    counts = dict.fromkeys(('stacks', 'deleted', 'snapshots', 'resources',
                            'encrypted', 'failed', 'decrypted',
                            'undecrypted'), 0)
    failure = _start()
    if failure:
        return {'not_started': failure, 'counts': counts}
    _count_decryption(counts)
    engine = sqlalchemy.create_engine(cfg.CONF.database.connection)
    with open(os.open(given['out'], os.O_WRONLY | os.O_CREAT | os.O_APPEND,
                      0o600), 'w') as out:
        def emit(**fields):
            print(json.dumps(fields), file=out, flush=True)
        for batch in _batches(engine, given):
            context = contexts.get_admin_context(show_deleted=True)
            for stack_id in batch:
                _load(context, stack_id, counts, given['key'], emit)
            emit(done=len(batch))
    return {'not_started': None, 'counts': counts}


def _start():
    """Load all plug-ins, as an engine does when it starts.

    :returns: None, or {error: class of the error, where: place in Heat's
        code, plugin: path of the operator's plug-in or '', text: message of
        an error in that plug-in or ''}
    """
    try:
        template._get_template_extension_manager()
        resources.initialise()
    except Exception as exc:
        failure = description(exc)
        failure.pop('encrypted')
        places = [frame.filename for frame
                  in traceback.extract_tb(exc.__traceback__)]
        if isinstance(exc, SyntaxError) and exc.filename:
            places.append(exc.filename)
        plugin = next((place for place in reversed(places) if any(
            pathlib.Path(place).is_relative_to(directory)
            for directory in cfg.CONF.plugin_dirs)), '')
        # The plug-in was read before any row: its error quotes no data.
        text = (traceback.format_exception_only(exc)[-1].strip()
                if plugin else '')
        return {**failure, 'plugin': plugin, 'text': text}
    return None


def _count_decryption(counts):
    """Count the encrypted values that Heat can and cannot decrypt."""
    decrypt = crypt.decrypt

    def counted(method, data, encryption_key=None):
        try:
            value = decrypt(method, data, encryption_key)
        except Exception:
            counts['undecrypted'] += 1
            raise
        counts['decrypted'] += value is not None
        return value
    crypt.decrypt = counted


def _isolate(port):
    """Restrict the sockets of this process to the database."""
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
        return getaddrinfo(host, *rest, **options)
    getaddrinfo, socket.getaddrinfo = socket.getaddrinfo, resolve


def _batches(engine, given):
    """Yield lists of the ids of stacks, in their order."""
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
            ids = [row[0] for row in connection.execute(query, {
                'last': last, 'of': of, 'number': number, 'batch': BATCH})]
            # Keep no transaction open while the stacks are loaded.
            connection.rollback()
            if not ids:
                return
            yield ids
            last = ids[-1]


def _load(context, stack_id, counts, key, emit):
    """Load a stack with all its parts."""
    counts['stacks'] += 1
    failed = encrypted = False
    loaded = {}
    for part, load, needs in PARTS:
        if any(need not in loaded for need in needs):
            continue
        try:
            loaded[part] = load(context, stack_id, loaded, counts)
        except BackendCall:
            # The use of the answer cannot be tested offline.
            continue
        except Exception as exc:
            if _is_backend_call(exc):
                continue
            failure = description(exc)
            if not key and failure['encrypted']:
                encrypted = True
                continue
            failed = True
            emit(stack=stack_id, part=part, **failure)
    counts['encrypted'] += encrypted
    counts['failed'] += failed


def _is_backend_call(exc):
    while exc is not None:
        if isinstance(exc, BackendCall):
            return True
        exc = exc.__cause__ or exc.__context__
    return False


def description(exc: Exception) -> dict[str, object]:
    """Return an error without data: its class and location."""
    frames = [(pathlib.Path(frame.filename), frame)
              for frame in traceback.extract_tb(exc.__traceback__)]
    lines = [f'{path.relative_to(_ROOT.parent)}:{frame.lineno}, in '
             f'{frame.name}' for path, frame in frames
             if path.is_relative_to(_ROOT)]
    return {
        'error': f'{type(exc).__module__}.{type(exc).__qualname__}',
        'where': lines[-1] if lines else '',
        'encrypted': any(path == _ROOT / 'common' / 'crypt.py'
                         for path, _ in frames)}


def _object(context, stack_id, loaded, counts):
    stack = stack_objects.Stack.get_by_id(context, stack_id,
                                          show_deleted=True)
    counts['deleted'] += stack.deleted_at is not None
    # Heat returns the snapshots of the context's project only.
    context.project_id = stack.tenant
    return stack


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
    rows = resource_objects.Resource.get_all_by_stack(context, stack_id) or {}
    counts['resources'] += len(rows)
    for row in rows.values():
        _ = row.properties_data
    return rows


def _resources(context, stack_id, loaded, counts):
    # Heat would load the same rows with the same function.
    loaded['stack']._db_resources = loaded['resource rows'] or None
    resources = list(loaded['stack'].resources.values())
    resources += [resource for resource in loaded['stack'].iter_resources()
                  if resource not in resources]
    for resource in resources:
        resource.frozen_definition()
        resource.data()
    loaded['stack']._explicit_dependencies()
    return True


def _outputs(context, stack_id, loaded, counts):
    return [output.required_resource_names()
            for output in loaded['stack'].outputs.values()]


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
    for snapshot in snapshot_objects.Snapshot.get_all_by_stack(
            context, stack_id):
        counts['snapshots'] += 1
        if snapshot.status != 'COMPLETE':
            continue
        # The first part of a restore: heat.engine.stack, restore_data.
        parsed = template.Template(
            snapshot.data['template'], files=snapshot.data.get('files'),
            env=environment.Environment(snapshot.data['environment']))
        definition = loaded['stack'].defn.clone_with_new_template(
            parsed, loaded['stack'].identifier())
        for name in definition.enabled_rsrc_names():
            definition.resource_definition(name)
        if hasattr(snapshot_objects.Snapshot, 'load_rsrc_snapshots'):
            snapshot_objects.Snapshot.load_rsrc_snapshots(
                context, snapshot.id)
    return True


# (part, function, parts that must be loaded before)
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
