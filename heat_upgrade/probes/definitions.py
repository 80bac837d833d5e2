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

"""The questions of the probes, their rates, and their good answers.

CPU limits the rates: the lab has two cores for everything. The CPU time of an
answer in all services was measured on an idle lab with Heat 26.0.2 and five
concurrent questions of that kind; the comment on each rate has it. An answer
through RPC takes at least half a second, because oslo.messaging polls for a
reply only twice a second (amqpdriver.ReplyWaiters.get), so five questions are
concurrent at 10 Hz.
"""

from collections import abc
import dataclasses
import threading
import typing

from heat_upgrade import http_client
from heat_upgrade.lab import cloud as clouds
from heat_upgrade.lab import heat_client
from heat_upgrade.probes import canary
from heat_upgrade.probes import error_classes
from heat_upgrade.probes import probe
from heat_upgrade.probes import samples

API_VERSIONS = 'api-versions'
STACK_LIST = 'stack-list'
STACK_SHOW = 'stack-show'
CFN_VERSIONS = 'cfn-versions'
CANARY = 'canary'
SIGNAL = 'signal'
KEYSTONE_USER = 'keystone-user'

# Reads through HAProxy; changes in Heat; and resources of stacks, which do not
# need Heat.
READS = (API_VERSIONS, CFN_VERSIONS, STACK_LIST, STACK_SHOW)
WRITES = (SIGNAL, CANARY)
DATA_PLANE = (KEYSTONE_USER,)
NAMES = READS + WRITES + DATA_PLANE

# 1.7 ms of CPU (API versions), 1.3 ms (CFN versions): 2 % of a core each.
# 24 ms (list), 21 ms (show without outputs; 31 with): 45 % of a core for
# both, the price of 10 Hz.
READ_INTERVAL = probe.INTERVAL

# These are asked at 10 Hz while a step changes a node, and twice a second
# while the tests run, which need the cores.
COSTLY = (STACK_LIST, STACK_SHOW)
SLOWER = 5

# 10 Hz needs five concurrent questions. A lost question holds one of the API's
# threads (16 on a node) until Heat's timeout of 60 s; a stopping engine loses
# all messages that it has consumed. The spare questions notice the recovery.
READ_IN_FLIGHT = 6
READ_SPARE = 2

# 16 ms for a token, 4 ms for its validation: a new token once a second and a
# validation otherwise take 5 % of a core instead of 16.
DATA_INTERVAL = probe.INTERVAL
DATA_IN_FLIGHT = 4
LOOKS_PER_TOKEN = 10

# 75 ms: Keystone checks the signature of the URL, the engine locks the
# resource. At 10 Hz it would take most of a core; once a second takes 8 %.
SIGNAL_INTERVAL = 1.0
SIGNAL_IN_FLIGHT = 4

# 750 ms (a user, a trust and their deletion in Keystone) in 4.2 s: one canary
# at a time, with a pause, takes 8 % of a core.
CANARY_INTERVAL = 10.0

# An RPC call of Heat times out after 60 s with 500 or 504. A client that hangs
# up before that leaves one of the API's threads waiting, and blocks the next.
RPC_TIMEOUT = 65

# A list of versions needs no engine: only an overloaded machine is slow.
VERSIONS_TIMEOUT = 10

# The lab's Keystone answers one request at a time, late on a busy machine:
# this is slow, not lost.
KEYSTONE_TIMEOUT = 60


@dataclasses.dataclass(frozen=True)
class Question:
    """The definition of a probe.

    :ivar name: one of NAMES
    :ivar meaning: the request and its good answer, one sentence
    :ivar interval: seconds between the starts of two questions
    :ivar in_flight: maximum number of concurrent questions
    :ivar spare: number of additional questions, each to replace a late one
    """

    name: str
    meaning: str
    ask: abc.Callable[[], samples.Reply]
    interval: float = READ_INTERVAL
    in_flight: int = READ_IN_FLIGHT
    spare: int = READ_SPARE


def reply(answer: http_client.Answer, status: int,
          good: abc.Callable[[typing.Any], object] = lambda body: True
          ) -> samples.Reply:
    """Return the judgement of an answer.

    :param status: HTTP status of a good answer
    :param good: returns True if the JSON of such an answer is right; JSON of
        an unexpected structure is wrong
    """
    error = ''
    if answer.status != status:
        error = str(answer.status)
    else:
        try:
            right = good(answer.json())
        except (AttributeError, IndexError, KeyError, TypeError):
            right = False
        error = '' if right else error_classes.WRONG
    return samples.Reply(
        error, answer.headers.get(heat_client.NODE_HEADER, ''),
        answer.content.decode(errors='replace') if error else '')


def of_cloud(cloud: clouds.Cloud, api: heat_client.Api,
             standing: canary.Standing,
             ended: threading.Event) -> tuple[Question, ...]:
    """Return all questions to a cloud.

    :param api: the API as the administrator
    :param ended: set at the end of the probes
    """
    stacks = f'{api.url}/{standing.project}/stacks'
    token = cloud.identity.session.get_token

    def read(path: str, good: abc.Callable[[typing.Any], object]
             ) -> abc.Callable[[], samples.Reply]:
        return lambda: reply(http_client.ask(
            'GET', f'{stacks}{path}', timeout=RPC_TIMEOUT,
            headers={'X-Auth-Token': token() or ''}), 200, good)
    return (
        Question(
            API_VERSIONS, 'GET / of heat-api without a token; good: 300 and '
            'v1.0 among the versions',
            _versions(api.url.rpartition('/')[0], 'v1.0')),
        Question(
            CFN_VERSIONS, 'GET / of heat-api-cfn without a token; good: 300 '
            'and v1.0 among the versions',
            _versions(cloud.cfn_url, 'v1.0')),
        Question(
            STACK_LIST, 'GET stacks with a token, filtered for the standing '
            'stack; good: 200 with that stack',
            read(f'?limit=1&name={canary.STANDING}',
                 lambda body: body['stacks'][0]['id'] == standing.id)),
        Question(
            STACK_SHOW, 'GET the standing stack with a token; good: 200 with '
            'CREATE_COMPLETE',
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
            f'complete within {canary.CANARY_TIMEOUT} s',
            canary.Cycle(api, ended), CANARY_INTERVAL, 1, 0),
        Question(
            KEYSTONE_USER, 'the data plane: the user of the standing stack '
            'gets a token of Keystone (once a second) and validates it; '
            'good: 201 and 200, for this user and project',
            User(cloud.identity.url, standing), DATA_INTERVAL,
            DATA_IN_FLIGHT),
    )


def _versions(url: str, wanted: str) -> abc.Callable[[], samples.Reply]:
    return lambda: reply(
        http_client.ask('GET', f'{url}/', timeout=VERSIONS_TIMEOUT), 300,
        lambda body: wanted in [version['id'] for version in body['versions']])


def _signal(url: str) -> abc.Callable[[], samples.Reply]:
    # With a constant id the metadata of the handle does not grow.
    return lambda: reply(http_client.ask(
        'PUT', url, timeout=RPC_TIMEOUT,
        json={'Status': 'SUCCESS', 'Reason': 'a probe', 'UniqueId': 'probe',
              'Data': 'alive'}), 200)


class User:
    """A question: can a Keystone user still authenticate?

    :param url: URL of Keystone, without a version
    :param standing: the stack with the user
    """

    def __init__(self, url: str, standing: canary.Standing) -> None:
        self._url = f'{url}/v3/auth/tokens'
        self._standing = standing
        self._token: str | None = None
        self._asked = 0

    def __call__(self) -> samples.Reply:
        # Two concurrent threads may log in twice, which does no harm.
        token = self._token
        self._asked += 1
        if token is None or self._asked % LOOKS_PER_TOKEN == 0:
            return self._log_in()
        return reply(http_client.ask(
            'GET', self._url, timeout=KEYSTONE_TIMEOUT,
            headers={'X-Auth-Token': token, 'X-Subject-Token': token}),
            200, self._is_mine)

    def _log_in(self) -> samples.Reply:
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
        judged = reply(answer, 201, self._is_mine)
        if not judged.error:
            self._token = answer.headers['X-Subject-Token']
        return judged

    def _is_mine(self, body: typing.Any) -> bool:
        return (body['token']['user']['id'] == self._standing.user
                and body['token']['project']['id'] == self._standing.project
                and bool(body['token']['roles']))
