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

"""Records the RPC messages, the RPC servers and the objects of a release.

The program runs the release instead of reading its sources. It calls each
method of a client with stand-in arguments, and oslo.messaging's own client
passes the message to a transport that records it. The endpoints and their
targets come from the release's own ``EngineService.start``.

``read(None)`` returns::

    clients: {engine|worker|listener: [{by, topic, namespace, version, kind,
              server, method, args, default}]}
              by: the method that was called; kind: call or cast; server:
              whether the message addresses one server; args: sorted names;
              default: whether only the required arguments were passed
    unheard: [client methods that sent no message]
    servers: {...: {topic, version, namespaces, methods: {name: {required,
              optional, any, positional}}}}
    objects: {name: {version, fields: {name: {type, nullable, read_only}}}}
    context: the context of a message, as JSON

The program forks a process of its own, because it replaces parts of Heat.
"""

import collections
import importlib
import inspect
import json
import pkgutil
import sys

import heat_upgrade_program

CONTEXT_NAMES = ('ctxt', 'cnxt', 'cntx', 'context', 'ctx')
STAND_INS: tuple[object, ...] = ('stand-in', 1, {}, [], None)
CLIENTS = (
    ('engine', 'heat.rpc.client', 'EngineClient', ()),
    ('worker', 'heat.rpc.worker_client', 'WorkerClient', ()),
    ('listener', 'heat.rpc.listener_client', 'EngineListenerClient',
     ('an-engine',)))
# Fields of a context, from to_dict() of oslo.context and of Heat.
CONTEXT = {
    'username': 'a-user', 'password': 'a-password', 'aws_creds': 'creds',
    'trust_id': 'a-trust', 'trustor_user_id': 'a-trustor',
    'auth_token_info': {'token': {}}, 'auth_url': 'http://192.0.2.1/v3',
    'region_name': 'a-region', 'auth_token': 'a-token', 'is_admin': False,
    'user_id': 'a-user-id', 'project_id': 'a-project-id',
    'project_name': 'a-project', 'roles': ['a-role'],
    'request_id': 'req-1', 'user_domain_id': 'a-domain',
    'project_domain_id': 'another-domain', 'show_deleted': False}


def read(given):
    importlib.import_module('heat.engine.service')
    importlib.import_module('heat.rpc.client')
    importlib.import_module('heat.rpc.listener_client')
    importlib.import_module('heat.rpc.worker_client')
    return heat_upgrade_program.apart('recording RPC messages', _read)


def _read(directory):
    from heat.common import config  # noqa: F401
    from oslo_config import cfg

    cfg.CONF([], project='heat', default_config_files=[],
             default_config_dirs=[])
    heard = _listen()
    clients, unheard = {}, []
    for name, module, cls, args in CLIENTS:
        clients[name], missed = _messages(
            getattr(importlib.import_module(module), cls), args, heard)
        unheard += [f'{cls}.{method}' for method in missed]
        if not clients[name]:
            raise RuntimeError(f'no method of {cls} sent a message')
    clients['listener'] += _remote_calls(heard)
    return {'clients': clients, 'unheard': unheard, 'servers': _servers(),
            'objects': _objects(), 'context': _context()}


def _listen():
    """Give Heat a transport that records messages; returns the record."""
    from heat.common import messaging
    from oslo_config import cfg
    import oslo_messaging

    heard = []

    def send(target, ctxt, message, wait_for_reply=None, **kwargs):
        heard.append({
            'topic': target.topic, 'server': bool(target.server),
            'namespace': message.get('namespace'),
            'version': message.get('version', '1.0'),
            'kind': 'call' if wait_for_reply else 'cast',
            'method': message['method'],
            'args': sorted(message.get('args', {}))})

    transport = oslo_messaging.get_rpc_transport(cfg.CONF, 'fake://')
    transport._send = send
    messaging.TRANSPORT = transport
    return heard


def _stand_in_context(**overrides):
    from heat.common import context

    return context.RequestContext.from_dict(dict(
        CONTEXT, tenant='a-project', tenant_id='a-project-id', **overrides))


def _messages(cls, args, heard):
    """Return the messages of a client, and the methods that sent none."""
    client = cls(*args)
    messages, missed = {}, []
    for name, function in inspect.getmembers(cls, inspect.isfunction):
        parameters = list(inspect.signature(
            function).parameters.values())[1:]
        if (name == '__init__' or not parameters
                or parameters[0].name not in CONTEXT_NAMES
                or any(parameter.name == 'msg' for parameter in parameters)):
            continue
        method = getattr(client, name)
        first = True
        for given in _variants(parameters[1:]):
            for message in _provoked(method, given, heard):
                message.update(by=f'{cls.__name__}.{name}', default=first)
                key = json.dumps(dict(message, default=None))
                messages.setdefault(key, message)
            first = False
        if not any(message['by'] == f'{cls.__name__}.{name}'
                   for message in messages.values()):
            missed.append(name)
    return list(messages.values()), missed


def _variants(parameters):
    """Yield (flags, names) for a call: without, with each, with all options.

    flags are optional booleans with the opposite of their default; names are
    the other arguments to pass.
    """
    named = [each for each in parameters
             if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)]
    required = [each.name for each in named if each.default is each.empty]
    optional = [each for each in named if each.default is not each.empty]
    for chosen in [[], *([each] for each in optional), optional]:
        fixed = {each.name: not each.default for each in chosen
                 if isinstance(each.default, bool)}
        open_names = required + [each.name for each in chosen
                                 if each.name not in fixed]
        yield fixed, open_names


def _provoked(method, given, heard):
    """Return the messages of a call, with the first stand-in that works."""
    fixed, open_names = given
    for stand_in in STAND_INS:
        heard.clear()
        try:
            method(_stand_in_context(), **fixed, **{
                name: 1 if 'timeout' in name else stand_in
                for name in open_names})
        except Exception:
            # The stand-in was wrong, or Heat could not use the answer.
            pass
        if heard:
            return [dict(message) for message in heard]
    return []


def _remote_calls(heard):
    """Return the messages of engines to each other's listeners.

    ``EngineService._remote_call`` takes the action's name; its callers pass
    the arguments that the listener of the same release requires.
    """
    from heat.engine import service
    from heat.rpc import api

    engine = object.__new__(service.EngineService)
    from heat.common import messaging
    engine._client = messaging.get_rpc_client(
        version=service.EngineService.RPC_API_VERSION)
    if not hasattr(service.EngineService, '_remote_call'):
        return []
    stand_ins = {service.EngineListener.STOP_STACK: {'stack_identity': {}},
                 service.EngineListener.SEND: {
                     'stack_identity': {},
                     'message': api.THREAD_CANCEL}}
    messages = []
    for action, given in stand_ins.items():
        heard.clear()
        try:
            engine._remote_call(_stand_in_context(), 'an-engine', 1, action,
                                **given)
        except Exception:
            pass
        messages += [
            dict(message, by='EngineService._remote_call', default=True)
            for message in heard]
    return messages


class _Enough(BaseException):
    pass


def _servers():
    """Return the endpoints that EngineService.start serves."""
    from heat.common import messaging
    from heat.engine import resources
    from heat.engine import service
    from heat.rpc import api
    from heat.rpc import worker_api

    names = {api.ENGINE_TOPIC: 'engine', worker_api.TOPIC: 'worker',
             api.LISTENER_TOPIC: 'listener'}
    servers = {}

    class Server:
        def start(self):
            if len(servers) == len(names):
                raise _Enough

    def get_rpc_server(target, endpoint):
        own = getattr(endpoint, 'target', None)
        servers[names.get(target.topic, target.topic)] = {
            'topic': target.topic,
            'version': (own.version if own else None) or '1.0',
            'namespaces': list(own.accepted_namespaces) if own else [None],
            'methods': _methods(endpoint)}
        return Server()

    resources.initialise = lambda: None
    messaging.get_rpc_server = get_rpc_server
    engine = service.EngineService('a-host', api.ENGINE_TOPIC)
    engine.thread_group_mgr = collections.defaultdict(str)
    try:
        engine.start()
    except _Enough:
        pass
    missing = set(names.values()) - set(servers)
    if missing:
        raise RuntimeError(f'EngineService.start does not serve {missing}')
    return servers


def _methods(endpoint):
    """Return the public methods, as the default access policy does."""
    methods = {}
    for name, function in inspect.getmembers(endpoint, callable):
        if name.startswith('_') or inspect.isclass(function):
            continue
        try:
            # signature() follows __wrapped__ through request_context etc.
            parameters = list(inspect.signature(
                function).parameters.values())
        except (TypeError, ValueError):
            continue
        # The first argument is the context, passed by position.
        named = [each for each in parameters[1:] if each.kind in (
            each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)]
        methods[name] = {
            'required': [each.name for each in named
                         if each.default is each.empty],
            'optional': [each.name for each in named
                         if each.default is not each.empty],
            'any': any(each.kind == each.VAR_KEYWORD for each in parameters)}
    return methods


def _objects():
    from heat import objects
    from oslo_versionedobjects import base

    classes = {}
    for module in pkgutil.iter_modules(objects.__path__, 'heat.objects.'):
        for _, cls in inspect.getmembers(
                importlib.import_module(module.name), inspect.isclass):
            if (issubclass(cls, base.VersionedObject)
                    and cls.__module__ == module.name and cls.fields):
                classes[cls.__name__] = {
                    'version': cls.VERSION,
                    'registered': (cls.__name__ in base.
                                   VersionedObjectRegistry.obj_classes()),
                    'fields': {name: _field(field)
                               for name, field in cls.fields.items()}}
    return classes


def _field(field):
    return {'type': _kind(field), 'nullable': field.nullable,
            'read_only': field.read_only}


def _kind(field):
    kind = type(field).__name__
    auto = field._type
    if hasattr(auto, '_element_type'):
        kind += f'({type(auto._element_type._type).__name__})'
    elif getattr(auto, '_obj_name', None):
        kind += f'({auto._obj_name})'
    elif getattr(auto, '_valid_values', None):
        kind += f'({", ".join(map(str, auto._valid_values))})'
    return kind


def _context():
    """Return the serialized form of a context with all fields set."""
    from heat.common import messaging

    return messaging.RequestContextSerializer.serialize_context(
        _stand_in_context())


if __name__ == '__main__':
    json.dump(read(None), sys.stdout)
