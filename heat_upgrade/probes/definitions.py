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

"""What the probes ask, how often, and what is a good answer.

How often is a matter of CPU: the lab has two cores for everything. What an
answer costs all services together was measured on an idle lab with Heat
26.0.2, with five questions of that kind in flight; it stands beside each
rate. An answer that came through RPC takes half a second at least, because
oslo.messaging looks for a reply only twice a second
(amqpdriver.ReplyWaiters.get), so five are in flight at 10 Hz.
"""

import dataclasses
import typing

from heat_upgrade.probes import canary
from heat_upgrade.probes import http_client
from heat_upgrade.probes import probe

API_VERSIONS = 'api-versions'
STACK_LIST = 'stack-list'
STACK_SHOW = 'stack-show'
CFN_VERSIONS = 'cfn-versions'
CANARY = 'canary'
SIGNAL = 'signal'
KEYSTONE_USER = 'keystone-user'

# Reads through HAProxy; what changes something in Heat; and what stacks have
# made, which needs no Heat.
READS = (API_VERSIONS, CFN_VERSIONS, STACK_LIST, STACK_SHOW)
WRITES = (SIGNAL, CANARY)
DATA_PLANE = (KEYSTONE_USER,)
NAMES = READS + WRITES + DATA_PLANE

# 1.7 ms of CPU (API versions), 1.3 ms (CFN versions): 2 % of a core each.
# 24 ms (list), 21 ms (show without outputs; 31 with): 45 % of a core for
# both, which is much, and what the promise of 10 Hz costs.
READ_INTERVAL = probe.INTERVAL

# So they are asked at 10 Hz while something is done to a node, and twice a
# second while the tests run, which need the cores.
COSTLY = (STACK_LIST, STACK_SHOW)
SLOWER = 5

# Five in flight are what 10 Hz needs. Each that gets lost holds one of the
# API's threads (16 on a node) until Heat gives it up after 60 s; an engine
# that stops loses all that it has taken. The spare ones see when it is back.
READ_IN_FLIGHT = 6
READ_SPARE = 2

# 16 ms for a token, 4 ms to look at it: a token is asked for once a second
# and looked at the other times, 5 % of a core instead of 16.
DATA_INTERVAL = probe.INTERVAL
DATA_IN_FLIGHT = 4
LOOKS_PER_TOKEN = 10

# 75 ms: the URL's signature is judged by Keystone, the engine locks the
# resource. At 10 Hz it would take most of a core; once a second takes 8 %.
SIGNAL_INTERVAL = 1.0
SIGNAL_IN_FLIGHT = 4

# 750 ms (a user, a trust and their end in Keystone) and 4.2 s: one at a time,
# and a pause, take 8 % of a core.
CANARY_INTERVAL = 10.0

# Heat gives up an RPC call after 60 s and answers 500 or 504. Who hangs up
# before that leaves one of the API's threads waiting, and asks the next.
RPC_TIMEOUT = 65

# A list of versions needs no engine: it is answered at once, or by a machine
# in great trouble.
VERSIONS_TIMEOUT = 10

# The lab's Keystone answers one request after another, and on a busy machine
# late: that is slow, and not lost.
KEYSTONE_TIMEOUT = 60


@dataclasses.dataclass(frozen=True)
class Question:
    """One probe to be.

    :ivar name: one of NAMES
    :ivar meaning: what is asked and what is a good answer, one sentence
    :ivar ask: callable that returns :class:`samples.Reply`
    :ivar interval: seconds between the starts of two questions
    :ivar in_flight: how many may be under way at the same time
    :ivar spare: how many more may be, each in place of one that is late
    """

    name: str
    meaning: str
    ask: typing.Callable
    interval: float = READ_INTERVAL
    in_flight: int = READ_IN_FLIGHT
    spare: int = READ_SPARE


def of_cloud(cloud, api, standing, ended):
    """Return all questions to a cloud.

    :param cloud: :class:`heat_upgrade.lab.cloud.Cloud`
    :param api: :class:`heat_upgrade.lab.heat_client.Api` of its administrator
    :param standing: :class:`canary.Standing`
    :param ended: threading.Event that is set at the end of the probes
    :returns: tuple of :class:`Question`
    """
    stacks = f'{api.url}/{standing.project}/stacks'
    token = cloud.identity.session.get_token

    def read(path, good):
        return lambda: http_client.ask(
            'GET', f'{stacks}{path}', timeout=RPC_TIMEOUT,
            headers={'X-Auth-Token': token()}).reply((200,), good)
    return (
        Question(
            API_VERSIONS, "GET / of heat-api, for anybody; good: 300, and "
            'v1.0 is among the versions',
            _versions(api.url.rpartition('/')[0], 'v1.0')),
        Question(
            CFN_VERSIONS, "GET / of heat-api-cfn, for anybody; good: 300, "
            'and v1.0 is among the versions', _versions(cloud.cfn_url,
                                                        'v1.0')),
        Question(
            STACK_LIST, 'GET stacks with a token, the standing stack alone; '
            'good: 200, and it is there',
            read(f'?limit=1&name={canary.STANDING}',
                 lambda body: body['stacks'][0]['id'] == standing.id)),
        Question(
            STACK_SHOW, 'GET the standing stack with a token; good: 200, '
            'and it is CREATE_COMPLETE',
            read(f'/{canary.STANDING}/{standing.id}?resolve_outputs=False',
                 lambda body: (body['stack']['id'] == standing.id
                               and body['stack']['stack_status']
                               == 'CREATE_COMPLETE'))),
        Question(
            SIGNAL, 'PUT a signal to the pre-signed URL of a handle, through '
            'heat-api-cfn; good: 200', _signal(standing.url),
            SIGNAL_INTERVAL, SIGNAL_IN_FLIGHT),
        Question(
            CANARY, 'create a stack of one value and delete it; good: both '
            f'are complete within {canary.CANARY_TIMEOUT} s',
            canary.Cycle(api, ended), CANARY_INTERVAL, 1, 0),
        Question(
            KEYSTONE_USER, 'the data plane: the user that the standing stack '
            'made gets a token of Keystone (once a second) and looks at it; '
            'good: 201 and 200, for this user and project',
            User(cloud.identity.url, standing), DATA_INTERVAL,
            DATA_IN_FLIGHT),
    )


def _versions(url, wanted):
    return lambda: http_client.ask(
        'GET', f'{url}/', timeout=VERSIONS_TIMEOUT
    ).reply(
        (300,),
        lambda body: wanted in [version['id'] for version in body['versions']],
    )


def _signal(url):
    # The same id each time: the handle's metadata does not grow.
    return lambda: http_client.ask(
        'PUT', url, timeout=RPC_TIMEOUT,
        json={'Status': 'SUCCESS', 'Reason': 'a probe', 'UniqueId': 'probe',
              'Data': 'alive'}).reply((200,), lambda body: True)


class User:
    """A question: can a Keystone user do what it could?

    :param url: Keystone's, without a version
    :param standing: :class:`canary.Standing`, which made the user
    """

    def __init__(self, url, standing):
        self._url = f'{url}/v3/auth/tokens'
        self._standing = standing
        self._token = None
        self._asked = 0

    def __call__(self):
        # Two threads at the same time make a login too many; no harm.
        token = self._token
        self._asked += 1
        if token is None or self._asked % LOOKS_PER_TOKEN == 0:
            return self._log_in()
        return http_client.ask(
            'GET',
            self._url,
            timeout=KEYSTONE_TIMEOUT,
            headers={'X-Auth-Token': token, 'X-Subject-Token': token},
        ).reply((200,), self._is_mine)

    def _log_in(self):
        self._token = None
        answer = http_client.ask(
            'POST',
            self._url,
            timeout=KEYSTONE_TIMEOUT,
            json={
                'auth': {
                    'identity': {
                        'methods': ['password'],
                        'password': {
                            'user': {
                                'id': self._standing.user,
                                'password': self._standing.password,
                            }
                        },
                    },
                    'scope': {'project': {'id': self._standing.project}},
                }
            },
        )
        reply = answer.reply((201,), self._is_mine)
        if not reply.error:
            self._token = answer.headers['X-Subject-Token']
        return reply

    def _is_mine(self, body):
        return (body['token']['user']['id'] == self._standing.user
                and body['token']['project']['id'] == self._standing.project
                and bool(body['token']['roles']))
