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

"""Runs an engine of a release in one process, on an SQLite file.

The engine has its worker and its listener; ``rows.py`` drives it. Messages
between them pass oslo.messaging's client and dispatcher, but are delivered on
request, so that an operation can be stopped half-way. The program replaces
Keystone (by Heat's own FakeKeystoneClient), the transport, and the pauses of
the scheduler, and nothing else of Heat.
"""

import collections
import json
import os

# Not a secret: it encrypts stand-ins only.
KEY = 'heat-upgrade-stand-in-key-012345'
# Limit of the scheduler's pauses without a message to deliver.
IDLE_PAUSES = 50

CONFIGURATION = """
[DEFAULT]
auth_encryption_key = {key}
keystone_backend = \
heat.engine.clients.os.keystone.fake_keystoneclient.FakeKeystoneClient
stack_domain_admin = an-admin
stack_domain_admin_password = a-password
stack_user_domain_id = a-domain
heat_metadata_server_url = http://192.0.2.1:8000
environment_dir = {directory}/none
template_dir = {directory}/none
plugin_dirs =
[database]
connection = sqlite:///{directory}/heat.sqlite
sqlite_synchronous = false
"""
CATALOG = [{'type': kind, 'id': kind, 'name': kind, 'endpoints': [
    {'id': kind, 'interface': 'public', 'region': 'RegionOne',
     'region_id': 'RegionOne', 'url': 'http://192.0.2.1/'}]}
    for kind in ('orchestration', 'cloudformation', 'identity')]
TOKEN = {'token': {
    'methods': ['password'], 'roles': [], 'catalog': CATALOG,
    'expires_at': '2099-01-01T00:00:00.000000Z',
    'issued_at': '2026-01-01T00:00:00.000000Z',
    'user': {'id': 'a-user-id', 'name': 'a-user',
             'domain': {'id': 'a-domain', 'name': 'A'}},
    'project': {'id': 'a-project-id', 'name': 'a-project',
                'domain': {'id': 'a-domain', 'name': 'A'}}}}


def configure(directory):
    """Give the process a configuration file, like that of a service."""
    from heat.common import config  # noqa: F401
    from oslo_config import cfg
    from oslo_db.sqlalchemy import engines

    # oslo.db sleeps after each transaction, for other threads.
    engines._thread_yield = lambda *args: None
    path = os.path.join(directory, 'heat.conf')
    with open(path, 'w') as out:
        out.write(CONFIGURATION.format(directory=directory, key=KEY))
    cfg.CONF([], project='heat', default_config_files=[path],
             default_config_dirs=[])


def no_network():
    """Block the network, and make trusts from the stand-in token."""
    from heat.common import context
    from heat.engine.clients.os.keystone import (
        fake_keystoneclient as keystone)
    from heat.engine.clients.os.keystone import keystone_constraints
    from keystoneauth1 import access
    from keystoneauth1.identity import access as plugin
    from keystoneauth1 import session

    def refuse(*args, **kwargs):
        raise RuntimeError('the network is blocked')

    def create_trust_context(self):
        # As Heat's own client for Keystone does. Heat passes the context by
        # position, so the stand-in has it as its username.
        source = self.context or self.username
        trusted = context.RequestContext.from_dict(source.to_dict())
        trusted.trust_id = 'a-trust'
        trusted.trustor_user_id = 'a-user-id'
        return trusted

    session.Session.request = refuse
    keystone_constraints.KeystoneProjectConstraint.validate_with_client = (
        lambda *args: None)
    keystone.FakeKeystoneClient.create_trust_context = create_trust_context
    context.RequestContext.trusts_auth_plugin = plugin.AccessInfoPlugin(
        auth_ref=access.create(body=TOKEN, auth_token='a-token'))


def context_of_user(**values):
    from heat.common import context

    return context.RequestContext.from_dict({
        **dict.fromkeys(('tenant', 'project_name'), 'a-project'),
        **dict.fromkeys(('tenant_id', 'project_id'), 'a-project-id'),
        'user_id': 'a-user-id', 'username': 'a-user', 'roles': ['member'],
        'is_admin': False, 'auth_token': 'a-token',
        'auth_url': 'http://192.0.2.1/v3', 'region_name': 'RegionOne',
        'user_domain_id': 'a-domain', 'project_domain_id': 'a-domain',
        'auth_token_info': TOKEN,
        **values})


class _Threads:
    """Stand-in for ThreadGroupManager; runs functions at once."""

    def __init__(self):
        self.groups = {}
        self.msg_queues = collections.defaultdict(list)

    def start(self, stack_id, function, *args, **kwargs):
        function(*args, **kwargs)
        return self

    def start_with_lock(self, context, stack, engine_id, function,
                        *args, **kwargs):
        from heat.engine import stack_lock

        lock = stack_lock.StackLock(context, stack.id, engine_id)
        with lock.thread_lock():
            return self.start_with_acquired_lock(stack, lock, function,
                                                 *args, **kwargs)

    def start_with_acquired_lock(self, stack, lock, function,
                                 *args, **kwargs):
        stack.thread_group_mgr = self
        function(*args, **kwargs)
        if stack.defer_state_persist():
            stack.persist_state_and_release_lock(lock.engine_id)
        else:
            lock.release()
        return self

    def _nothing(self, *args, **kwargs):
        return None

    link = add_timer = add_msg_queue = remove_msg_queue = _nothing
    stop = stop_timers = stopall = send = _nothing


class _Wire:
    """A transport: it answers calls at once, and queues casts."""

    def __init__(self):
        self.endpoints = {}
        self.waiting = collections.deque()
        self.left = None
        self.idle = 0

    def serve(self, target, endpoint):
        from heat.common import messaging
        import oslo_messaging
        from oslo_messaging.rpc import dispatcher

        self.endpoints[target.topic] = dispatcher.RPCDispatcher(
            [endpoint], messaging.RequestContextSerializer(
                oslo_messaging.JsonPayloadSerializer()),
            dispatcher.DefaultRPCAccessPolicy)
        return self

    def start(self):
        if len(self.endpoints) == 3:
            raise _Started

    def send(self, target, ctxt, message, wait_for_reply=None, **kwargs):
        # As with a broker: a copy of the message, as JSON.
        ctxt, message = json.loads(json.dumps([ctxt, message]))
        incoming = _Incoming(ctxt, message)
        if wait_for_reply:
            return self._dispatch(target.topic, incoming)
        self.waiting.append((target.topic, incoming))
        return None

    def _dispatch(self, topic, incoming):
        from oslo_messaging.rpc import dispatcher

        try:
            return self.endpoints[topic].dispatch(incoming)
        except dispatcher.ExpectedException as expected:
            raise expected.exc_info[1] from None

    def deliver(self, limit=None):
        """Deliver the queued messages and their successors, up to a limit."""
        self.left = limit
        while self._deliver_one():
            pass
        self.left = None

    def _deliver_one(self):
        if not self.waiting or self.left == 0:
            return False
        if self.left is not None:
            self.left -= 1
        self._dispatch(*self.waiting.popleft())
        return True

    def lose(self):
        self.waiting.clear()

    def pause(self, *args, **kwargs):
        """Deliver a message instead of the scheduler's sleep."""
        self.idle = 0 if self._deliver_one() else self.idle + 1
        if self.idle > IDLE_PAUSES:
            raise RuntimeError('Heat waits for a message that no queue has')


class _Started(BaseException):
    pass


class _Incoming:
    client_timeout = None

    def __init__(self, ctxt, message):
        self.ctxt, self.message = ctxt, message


def engine():
    """Return an engine with its worker and listener, and their wire."""
    from heat.common import messaging
    from heat.engine import scheduler
    from heat.engine import service
    from heat.rpc import api
    import oslo_messaging

    wire = _Wire()
    messaging.setup_transports('fake://', optional=True)
    messaging.TRANSPORT._send = wire.send
    messaging.NOTIFIER = oslo_messaging.Notifier(
        messaging.NOTIFICATIONS_TRANSPORT, driver='noop')
    messaging.get_rpc_server = wire.serve
    scheduler.TaskRunner._sleep = wire.pause
    scheduler.ENABLE_SLEEP = False
    engine = service.EngineService('a-host', api.ENGINE_TOPIC)
    engine.thread_group_mgr = _Threads()
    try:
        engine.start()
    except _Started:
        pass
    return engine, wire
