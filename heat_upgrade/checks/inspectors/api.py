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

"""What the APIs of a release take: routes, parameters, keys of bodies.

The routes stand in the routers' mappers. What a call takes is seen by
calling it, with the client of the engine replaced, and noting every key that
the code looks for in the request. It works in a process of its own, for it
replaces parts of Heat.
"""

import contextlib
import inspect
import re
from unittest import mock

import heat_upgrade_program

PROJECT = 'a' * 32
ARN = f'arn:openstack:heat::{PROJECT}:stacks/name/id/resources/resource'
TEMPLATE = {'heat_template_version': '2018-08-31'}

# What is needed to get far enough in a call to see all that it looks for.
QUERY = {'StackName': 'name', 'TemplateBody': 'Resources: {}',
         'LogicalResourceId': 'resource'}
BODY = {'stack_name': 'name', 'template': TEMPLATE}
# Without values a call takes its shortest way, with them the longest; and
# one call refuses keys that it does not know.
ATTEMPTS = (({}, BODY), (QUERY, BODY), ({}, {'mark_unhealthy': True}))

# Ways to know what is in a mapping.
ONE, MANY, ALL = 'one', 'many', 'all'


class _Noting(dict):
    """A mapping that notes what it is asked for."""

    def __init__(self, values):
        super().__init__(values)
        self.noted = {}

    def _note(self, key, how):
        if self.noted.get(key) != MANY:
            self.noted[key] = how

    def get(self, key, default=None):
        self._note(key, ONE)
        return super().get(key, default)

    def __getitem__(self, key):
        self._note(key, ONE)
        return super().__getitem__(key)

    def __contains__(self, key):
        self._note(key, ONE)
        return super().__contains__(key)

    def getall(self, key):
        self._note(key, MANY)
        value = super().get(key)
        return [] if value is None else [value]

    def pop(self, key, *default):
        self._note(key, ONE)
        return super().pop(key, *default)

    def items(self):
        self._note('*', ALL)
        return super().items()


class _Engine:
    """In place of the client of the engine."""

    def __init__(self, *args, **kwargs):
        pass

    def __getattr__(self, name):
        return lambda *args, **kwargs: {}


def read(given):
    """Return the routes, what they take, and the keys of the engine's API."""
    # Here, that the programs of this process import it once for all.
    import heat.api.cfn.v1  # noqa: F401
    import heat.api.openstack.v1  # noqa: F401
    import heat.engine.api  # noqa: F401

    return heat_upgrade_program.apart(
        'reading the API', _read)


def _read(place):
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
    """Add what a route takes: {id: {'shown', 'query', 'body'}}.

    The id of a route does not have the names of its placeholders: they do
    not change what users call.
    """
    controller = getattr(route.defaults.get('controller'), 'controller', None)
    action = route.defaults.get('action')
    if not hasattr(controller, action or '') or action in (
            'reject', 'options'):
        return
    if '.:(format)' in route.routepath:
        # The library makes it beside the one without.
        return
    methods = (route.conditions or {}).get('method') or ['ANY']
    methods = methods.split(',') if isinstance(methods, str) else [
        one for several in methods for one in several.split(',')]
    query, body = _taken(controller, action,
                         {key: 'x' for key in route.minkeys})
    suffix = ''
    if route.routepath == '/':
        # The query tells which of CloudFormation's actions it is.
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


def _alternatives(path):
    """Return the paths that a placeholder for one of some words stands for."""
    found = re.search(r'[{]\w+:([\w|]+)[}]', path)
    if not found:
        return [path]
    return [path.replace(found[0], word) for word in found[1].split('|')]


def _taken(controller, action, values):
    """Return what a call looks for in its query and its body."""
    from heat.common import context
    from heat.common import wsgi

    handler = getattr(controller, action)
    while hasattr(handler, '__wrapped__'):
        handler = handler.__wrapped__
    if not inspect.ismethod(handler):
        handler = handler.__get__(controller)
    known = inspect.signature(handler).parameters
    query, body = {}, {}
    for asked, said in ATTEMPTS:
        params, content = _Noting(asked), _Noting(said)
        values = {**{key: 'x' for key in known if key != 'req'}, **values,
                  'body': content, 'arn': ARN, 'with_description': False,
                  'identity': {}, 'tenant_id': PROJECT}
        request = wsgi.Request.blank('/')
        request.context = context.RequestContext(
            user_id='c' * 32, project_id=PROJECT, roles=['admin'],
            is_admin=True)
        request.context.policy = mock.MagicMock()
        # CloudFormation's asks for itself.
        controller.policy = mock.MagicMock()
        with (mock.patch.object(wsgi.Request, 'params', params),
              contextlib.suppress(Exception)):
            handler(request, **{key: value for key, value in values.items()
                                if key in known})
        query.update(params.noted)
        body.update(content.noted)
    return query, body


def _stack_arguments():
    """Return what the engine takes of the rest of a stack's request."""
    from heat.engine import api

    arguments = _Noting({})
    api.extract_args(arguments)
    return sorted(key for key in arguments.noted if key != '*')


def _keys():
    """Return {name: values} of the tuples of keys of the engine's API."""
    from heat.rpc import api

    return {name: sorted(value) for name, value in vars(api).items()
            if name.endswith('_KEYS') and isinstance(value, tuple)}
