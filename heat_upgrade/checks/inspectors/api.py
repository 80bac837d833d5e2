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

"""Reads the APIs of a release: routes, query parameters, keys of bodies.

The routes come from the routers' mappers. To find the parameters of a call,
the program makes the call with a replaced client of the engine, and records
every key that the code looks up in the request. It forks a process of its
own, because it replaces parts of Heat.
"""

import contextlib
import inspect
import re
from unittest import mock

import heat_upgrade_program

PROJECT = 'a' * 32
ARN = f'arn:openstack:heat::{PROJECT}:stacks/name/id/resources/resource'
TEMPLATE = {'heat_template_version': '2018-08-31'}

# Values that let a call get far enough to look up all its keys.
QUERY: dict[str, object] = {
    'StackName': 'name', 'TemplateBody': 'Resources: {}',
    'LogicalResourceId': 'resource'}
BODY: dict[str, object] = {'stack_name': 'name', 'template': TEMPLATE}
# Without values a call takes its shortest path, with them the longest. One
# call rejects unknown keys.
ATTEMPTS: tuple[tuple[dict[str, object], dict[str, object]], ...] = (
    ({}, BODY), (QUERY, BODY), ({}, {'mark_unhealthy': True}))

# Ways to read a mapping.
ONE, MANY, ALL = 'one', 'many', 'all'


class _RecordingDict(dict):
    """A mapping that records the keys that are looked up in it."""

    def __init__(self, values):
        super().__init__(values)
        self.keys_read = {}

    def _record(self, key, how):
        if self.keys_read.get(key) != MANY:
            self.keys_read[key] = how

    def get(self, key, default=None):
        self._record(key, ONE)
        return super().get(key, default)

    def __getitem__(self, key):
        self._record(key, ONE)
        return super().__getitem__(key)

    def __contains__(self, key):
        self._record(key, ONE)
        return super().__contains__(key)

    def getall(self, key):
        self._record(key, MANY)
        value = super().get(key)
        return [] if value is None else [value]

    def pop(self, key, *default):
        self._record(key, ONE)
        return super().pop(key, *default)

    def items(self):
        self._record('*', ALL)
        return super().items()


class _Engine:
    """Stand-in for the client of the engine."""

    def __init__(self, *args, **kwargs):
        pass

    def __getattr__(self, name):
        return lambda *args, **kwargs: {}


def read(given):
    """Return the routes, their parameters, and the engine's keys."""
    # Imported before the fork, once for all programs of this process.
    import heat.api.cfn.v1  # noqa: F401
    import heat.api.openstack.v1  # noqa: F401
    import heat.engine.api  # noqa: F401

    return heat_upgrade_program.apart(
        'reading the API', _read)


def _read(directory):
    from oslo_config import cfg

    from heat.api.cfn import v1 as cfn
    from heat.api.openstack import v1 as openstack
    from heat.common import config
    from heat.rpc import client

    cfg.CONF([], project='heat', default_config_files=[],
             default_config_dirs=[])
    config.set_config_defaults()
    cfg.CONF.find_file = lambda name: None
    with mock.patch.object(client, 'EngineClient', _Engine):
        answer = {'routes': {}, 'actions': {}}
        for name, api in (('', openstack.API({})), ('cfn ', cfn.API({}))):
            for route in api.map.matchlist:
                _add(answer, name, api, route)
    answer['stack_arguments'] = _stack_arguments()
    answer['keys'] = _keys()
    return answer


def _add(answer, prefix, api, route):
    """Add the parameters of a route: {id: {'shown', 'query', 'body'}}.

    The id of a route lacks the names of its placeholders: they do not change
    the URLs that users call.
    """
    controller = getattr(route.defaults.get('controller'), 'controller', None)
    action = route.defaults.get('action')
    if not hasattr(controller, action or '') or action in (
            'reject', 'options'):
        return
    if '.:(format)' in route.routepath:
        # The library adds it to the route without a format.
        return
    methods = (route.conditions or {}).get('method') or ['ANY']
    methods = methods.split(',') if isinstance(methods, str) else [
        method for names in methods for method in names.split(',')]
    query, body = _parameters(controller, action,
                              dict.fromkeys(route.minkeys, 'x'))
    suffix = ''
    if route.routepath == '/':
        # The query names the action of CloudFormation.
        suffix = f'?Action={api._actions.get(action, "")}'
    for path in _alternatives(route.routepath):
        for method in methods:
            shown = re.sub(r'([{][^{}:]*):[^{}]*', r'\1', path)
            answer['routes'].setdefault(
                f'{prefix}{method} {re.sub("[{][^{}]*", "{", path)}{suffix}',
                {'shown': f'{prefix}{method} '
                          f'{shown.replace("/{tenant_id}", "")}{suffix}',
                 'query': query, 'body': body})
    if hasattr(controller, 'ACTIONS'):
        answer['actions'][controller.REQUEST_SCOPE] = sorted(
            controller.ACTIONS)


def _alternatives(path: str) -> list[str]:
    """Return a path for each word that its placeholder allows."""
    match = re.search(r'[{]\w+:([\w|]+)[}]', path)
    if not match:
        return [path]
    return [path.replace(match[0], word) for word in match[1].split('|')]


def _parameters(controller, action, values):
    """Return the keys that a call looks up in its query and its body."""
    from heat.common import context
    from heat.common import wsgi

    handler = getattr(controller, action)
    while hasattr(handler, '__wrapped__'):
        handler = handler.__wrapped__
    if not inspect.ismethod(handler):
        handler = handler.__get__(controller)
    known = inspect.signature(handler).parameters
    query, body = {}, {}
    for given_query, given_body in ATTEMPTS:
        params = _RecordingDict(given_query)
        content = _RecordingDict(given_body)
        values = {**{key: 'x' for key in known if key != 'req'}, **values,
                  'body': content, 'arn': ARN, 'with_description': False,
                  'identity': {}, 'tenant_id': PROJECT}
        request = wsgi.Request.blank('/')
        request.context = context.RequestContext(
            user_id='c' * 32, project_id=PROJECT, roles=['admin'],
            is_admin=True)
        request.context.policy = mock.MagicMock()
        # The controllers of CloudFormation call the policy themselves.
        controller.policy = mock.MagicMock()
        with (mock.patch.object(wsgi.Request, 'params', params),
              contextlib.suppress(Exception)):
            handler(request, **{key: value for key, value in values.items()
                                if key in known})
        query.update(params.keys_read)
        body.update(content.keys_read)
    return query, body


def _stack_arguments():
    """Return the other keys of a stack's request that the engine reads."""
    from heat.engine import api

    arguments = _RecordingDict({})
    api.extract_args(arguments)
    return sorted(key for key in arguments.keys_read if key != '*')


def _keys():
    """Return {name: values} of the tuples of keys of the engine's API."""
    from heat.rpc import api

    return {name: sorted(value) for name, value in vars(api).items()
            if name.endswith('_KEYS') and isinstance(value, tuple)}
