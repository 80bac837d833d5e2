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

"""Runs the set-up code of a release's services with operators' files.

Each step calls the code that a service or a request calls. Keystone is
simulated at the HTTP adapter of requests, and any other connection fails, so
that nothing leaves the machine. The texts of errors may hold secrets: the
caller must redact them.
"""

import configparser
import logging
import logging.config
import os
import socket
import sys

import heat_upgrade_program

_LONGEST = 300

_SIGNED = ('/v1/waitcondition/x?AWSAccessKeyId=a&Signature=s'
           '&SignatureMethod=HmacSHA256&SignatureVersion=2'
           '&Timestamp=2030-01-01T00:00:00Z')


def read(given):
    """Run each step of the set-up.

    :param given: {files: [paths], regions: [names of regions in them],
        paste: path of api-paste.ini, or null for the release's own; policy:
        path of the policy file, or null; policy_dirs: [paths]; logging: path
        of log_config_append, or null; code: [directories of own packages]}
    :returns: {step: {error: class and text of the exception, or null;
        kind: class of the exception, or null; missing: the module that is
        not installed, or null; facts: data of the step}}
    """
    return heat_upgrade_program.apart('the set-up of the services', _steps,
                                      given)


def _steps(directory, given):
    """Run the steps, in the order in which services run them."""
    logging.disable(logging.CRITICAL)
    heat_upgrade_program.use_code(given['code'])
    keystone = heat_upgrade_program.load_sibling(
        'config_keystone').Keystone(given['regions'])
    _isolate(keystone)
    _use_threads()
    conf = _configured(directory, given)
    steps = {
        'logging': lambda: _logging(given['logging']),
        'database': lambda: _database(conf),
        'policy': lambda: _policy(conf, given),
        'encryption': lambda: _encryption(conf),
        'messaging': _messaging,
        'queues': lambda: _queues(conf, directory),
        'cache': lambda: _cache(conf),
        'clients': _clients,
        'ec2authtoken': lambda: _signed_request(conf, keystone),
        'trustee': _trust,
        'token_cache': _token_cache,
        'keystone_authtoken': _middleware,
        'stack_domain_admin': lambda: _domain_admin(conf),
        'heat-api': lambda: _application('heat-api'),
        'heat-api-cfn': lambda: _application('heat-api-cfn'),
    }
    return {name: _outcome(step) for name, step in steps.items()}


def _outcome(step):
    try:
        facts = step()
    except (Exception, SystemExit) as exc:
        # oslo.config cannot print the RequiredOptError of oslo.concurrency.
        text = (f'{exc.opt_name} must be set'
                if type(exc).__name__ == 'RequiredOptError'
                else ' '.join(str(exc).split()))
        return {'error': f'{type(exc).__name__}: {text}'[:_LONGEST],
                'kind': type(exc).__name__, 'missing': _missing_module(exc),
                'facts': {}}
    return {'error': None, 'kind': None, 'missing': None,
            'facts': facts or {}}


def _missing_module(exc):
    """Return the module that an error, or its cause, could not import.

    A dot in its name says that its package is installed.
    """
    while exc is not None:
        if isinstance(exc, ModuleNotFoundError):
            top = (exc.name or '').partition('.')[0]
            # A namespace package has no file: each part is installed apart.
            return (exc.name if getattr(sys.modules.get(top), '__file__', None)
                    else top)
        exc = exc.__cause__ or exc.__context__
    return None


def _isolate(keystone):
    """Let requests talk to a simulated Keystone, and nothing else connect."""
    from requests import adapters

    def refuse(*args, **kwargs):
        raise ConnectionRefusedError('the check makes no connections')

    socket.socket.connect = socket.socket.connect_ex = refuse
    socket.create_connection = refuse
    adapters.HTTPAdapter.send = (
        lambda self, request, **kwargs: keystone.answer(request))


def _use_threads():
    """Choose oslo.service's threads, as the services of Heat 25 and later."""
    try:
        from oslo_service import backend
        backend.init_backend(backend.BackendType.THREADING)
    except (ImportError, AttributeError, ValueError):
        # This release has eventlet alone.
        return


def _configured(directory, given):
    """Return Heat's configuration, read from the files."""
    from heat.common import config
    from oslo_config import cfg
    from oslo_log import log
    from oslo_policy import opts
    conf = cfg.CONF
    log.register_options(conf)
    opts._register(conf)
    arguments = [f'--config-file={path}' for path in given['files']]
    conf(arguments, project='heat', prog='heat-api', default_config_files=[],
         default_config_dirs=[])
    config.set_config_defaults()
    # Other inspectors import an operator's own plug-ins.
    conf.set_override('plugin_dirs', [])
    # The step policy reads it; a broken file must not fail the other steps.
    empty = os.path.join(directory, 'policy.yaml')
    with open(empty, 'w'):
        conf.set_override('policy_file', empty, 'oslo_policy')
        conf.set_override('policy_dirs', [], 'oslo_policy')
    _without_memcached(conf)
    paste = given['paste'] or os.path.join(sys.prefix, 'etc', 'heat',
                                           'api-paste.ini')
    conf.set_override('api_paste_config', paste, group='paste_deploy')
    return conf


def _without_memcached(conf):
    """Let keystonemiddleware keep no tokens: it connects to no memcached."""
    import keystonemiddleware.auth_token  # noqa: F401 (registers options)
    for name, value in (('memcached_servers', None),
                        ('memcache_tls_enabled', False)):
        if name in conf.keystone_authtoken:
            conf.set_override(name, value, group='keystone_authtoken')


def _logging(path):
    """Evaluate a logging configuration as fileConfig does; open no handler."""
    if path is None:
        return
    parser = configparser.RawConfigParser()
    parser.read(path, encoding='utf-8')
    names = {}
    for kind in ('formatters', 'handlers', 'loggers'):
        names[kind] = _names(parser[kind]['keys'])
        for name in names[kind]:
            section = parser[f'{kind[:-1]}_{name}']
            if 'class' in section:
                try:
                    eval(section['class'], vars(logging))
                except (AttributeError, NameError):
                    logging.config._resolve(section['class'])
            eval(section.get('args', '()'), vars(logging))
            logging._checkLevel(section.get('level', 'NOTSET'))
            for handler in _names(section.get('handlers', '')):
                if handler not in names['handlers']:
                    raise KeyError(f'[handlers] keys: {handler}')


def _names(text):
    return [name.strip() for name in text.split(',') if name.strip()]


def _database(conf):
    """Load the driver of the database, without a connection."""
    from oslo_db import options
    from sqlalchemy.engine import url
    options.set_defaults(conf)
    if conf.database.connection:
        url.make_url(conf.database.connection).get_dialect().import_dbapi()


def _policy(conf, given):
    """Load the policy file, and resolve the references of its rules."""
    from heat.common import policy
    if given['policy'] is None and not given['policy_dirs']:
        return
    conf.set_override('policy_dirs', given['policy_dirs'], 'oslo_policy')
    try:
        enforcer = policy.Enforcer(
            policy_file=given['policy']).enforcer
        enforcer.load_rules(True)
        enforcer.check_rules(raise_on_violation=True)
    finally:
        conf.set_override('policy_dirs', [], 'oslo_policy')


def _encryption(conf):
    from heat.common import config
    from heat.common import crypt
    config.startup_sanity_check()
    method, value = crypt.encrypt('value')
    if crypt.decrypt(method, value) != 'value':
        raise ValueError('auth_encryption_key decrypts to another value')


def _messaging():
    from heat.common import messaging
    messaging.setup()


def _queues(conf, directory):
    """Make the queues of the RabbitMQ driver, without a connection."""
    from heat.common import messaging
    from oslo_messaging._drivers import common
    from oslo_messaging._drivers import impl_rabbit
    driver = messaging.TRANSPORT and messaging.TRANSPORT._driver
    if not isinstance(driver, impl_rabbit.RabbitDriver):
        return
    impl_rabbit.Connection.ensure_connection = lambda self: None
    impl_rabbit.Connection.declare_consumer = lambda self, consumer: None
    rabbit = impl_rabbit.Connection(driver.conf, driver._url,
                                    common.PURPOSE_LISTEN)
    if rabbit.use_queue_manager:
        rabbit._q_manager.file_name = os.path.join(directory, 'counter')
        if conf.oslo_concurrency.lock_path:
            conf.set_override('lock_path', directory, 'oslo_concurrency')
    rabbit.declare_topic_consumer('heat', 'engine')
    rabbit.declare_fanout_consumer('engine', None)
    rabbit.declare_direct_consumer('reply', None)


def _cache(conf):
    from heat.common import cache
    from oslo_cache import core
    cache.register_cache_configurations(conf)
    try:
        core.configure_cache_region(conf, core.create_region())
    finally:
        # The logins must not fail on a backend that is not installed here.
        conf.set_override('enabled', False, group='cache')


def _clients():
    """Load the plug-ins of all clients, and make each of them."""
    from heat.engine import clients
    clients.initialise()
    context = _context()
    for name in clients._mgr.names():
        context.clients.client_plugin(name)


def _context(**more):
    from heat.common import context
    return context.RequestContext(
        auth_token='token', auth_url='http://keystone.invalid:5000/v3',
        project_id='project', user_id='user', **more)


def _signed_request(conf, keystone):
    """Authorize a signed request, as heat-api-cfn does for a signal."""
    from heat.api.aws import ec2token
    from heat.common import wsgi
    import webob
    middleware = ec2token.EC2Token(webob.Response(), {})
    request = wsgi.Request.blank(_SIGNED, method='PUT', body=b'{}')
    keystone.signed = []
    response = request.get_response(middleware)
    if response.status_code >= 400:
        raise RuntimeError(f'heat-api-cfn answers {response.status}')
    # The request above ends at the first cloud that knows its signature.
    for cloud in conf.ec2authtoken.clouds if conf.ec2authtoken.multi_cloud \
            else ():
        try:
            middleware._authorize(request, cloud)
        except Exception as exc:
            raise RuntimeError(f'[ec2authtoken.{cloud}]: '
                               f'{type(exc).__name__}: {exc}') from exc
    return {'authenticated': all(keystone.signed)}


def _trust():
    """Log in with a trust, as the engine does for a deferred operation."""
    from keystoneauth1 import session
    plugin = _context(trust_id='trust').trusts_auth_plugin
    plugin.get_access(session.Session())


def _token_cache():
    """Make the cache of tokens, as each API does when it starts."""
    from keystonemiddleware import auth_token

    class WithoutIdentity(auth_token.AuthProtocol):
        """The login has a step of its own."""

        def _create_auth_plugin(self):
            return None

        def _create_identity_server(self):
            return None

    WithoutIdentity(None, {})


def _middleware():
    """Log in as keystonemiddleware does to validate a token."""
    from keystonemiddleware import auth_token
    middleware = auth_token.AuthProtocol(None, {})
    middleware._identity_server.verify_token('token')


def _domain_admin(conf):
    """Log in as the administrator of the stacks' domain."""
    if not conf.stack_domain_admin:
        return
    from heat.engine.clients.os.keystone import heat_keystoneclient
    client = heat_keystoneclient.KsClientWrapper(_context(), 'RegionOne')
    # The property logs in.
    client.domain_admin_auth.get_token(client.session)


def _application(name):
    """Build an application from api-paste.ini."""
    from heat.common import config
    config.load_paste_app(name)
