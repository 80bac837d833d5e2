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

"""Bugs in a cloud that the probes ask: for the budget of each of them.

Each function takes the cloud and a :class:`Watch` on the probes. It plants
what it plants, waits until the probes have met it, and mends it where that can
be done.
"""

import os
import signal
import time

from heat_upgrade.bug_seeding import corruption
from heat_upgrade.bug_seeding import model
from heat_upgrade.lab.services import heat
from heat_upgrade.probes import budgets
from heat_upgrade.probes import canary
from heat_upgrade.probes import definitions
from heat_upgrade.probes import probe
from heat_upgrade import waiting

# A question is asked within 10 s at the latest (the canary), and answered
# within a few on a busy machine.
MET_TIMEOUT = 60

# A little more than a read may miss.
HANG_SECONDS = budgets.ROLLING_READ_GAP + 1

TRIGGER = 'heat_upgrade_canary'
_FAIL_CANARIES = f'''
CREATE TRIGGER {TRIGGER} BEFORE UPDATE ON stack FOR EACH ROW
SET NEW.status = IF(NEW.name LIKE '{canary.PREFIX}canary-%%'
                    AND NEW.action = 'CREATE' AND NEW.status = 'COMPLETE',
                    'FAILED', NEW.status)
'''


class Watch:
    """What the probes have seen since a bug was planted.

    :param probes: {name: :class:`heat_upgrade.probes.probe.Probe`}
    """

    def __init__(self, probes):
        self._probes = probes

    def wait_until_whole(self, names):
        """Wait for a good answer of each, to a question of now."""
        for name in names:
            waiting.wait_until(
                lambda name=name: self._probes[name].wait_for_good(
                    probe.LATE),
                timeout=MET_TIMEOUT,
                what=f'a good answer to the probe {name}')

    def wait_until_bad(self, *names):
        """Wait for a bad answer of each, to a question of now."""
        start = time.monotonic()
        waiting.wait_until(
            lambda: all(any(
                not sample.good and sample.start >= start
                for sample in list(self._probes[name].samples))
                for name in names),
            timeout=MET_TIMEOUT,
            what=f'a bad answer to each of {", ".join(names)}')

    def wait_for_gap(self, seconds, *names):
        """Wait until none of them has had a good answer for a while."""
        def last_good(name):
            return max(sample.end for sample in
                       list(self._probes[name].samples) if sample.good)
        waiting.wait_until(
            lambda: time.monotonic() - max(map(last_good, names)) > seconds,
            timeout=seconds + MET_TIMEOUT,
            what=f'{seconds} s without a good answer to {", ".join(names)}')


def drain_all(cloud, watch):
    for node in cloud.nodes:
        cloud.haproxy.drain(node)
    watch.wait_until_bad(*definitions.READS, definitions.SIGNAL)
    for node in cloud.nodes:
        cloud.haproxy.ready(node)


def hang_engines(cloud, watch):
    engines = [node.process(heat.ENGINE) for node in cloud.nodes.values()]
    for engine in engines:
        os.killpg(engine.pid, signal.SIGSTOP)
    watch.wait_for_gap(HANG_SECONDS, definitions.STACK_LIST,
                       definitions.STACK_SHOW)
    for engine in engines:
        os.killpg(engine.pid, signal.SIGCONT)


def fail_canary(cloud, watch):
    corruption.sql(cloud, _FAIL_CANARIES)
    watch.wait_until_bad(definitions.CANARY)
    corruption.sql(cloud, f'DROP TRIGGER {TRIGGER}')


def _data_of(cloud, column, condition):
    (value,), = corruption.sql(
        cloud, f'SELECT {column} FROM resource r JOIN stack s '
        'ON s.id = r.stack_id LEFT JOIN resource_data d '
        "ON d.resource_id = r.id AND d.key = 'user_id' "
        f'WHERE s.deleted_at IS NULL AND s.name = %s AND {condition}',
        canary.STANDING)
    return value


def _delete_user(cloud, user):
    cloud.identity.session.delete(f'{cloud.identity.url}/v3/users/{user}')


def delete_signaller(cloud, watch):
    _delete_user(cloud, _data_of(cloud, 'd.value', "r.name = 'handle'"))
    watch.wait_until_bad(definitions.SIGNAL)


def delete_user(cloud, watch):
    _delete_user(cloud, _data_of(cloud, 'r.nova_instance',
                                 "r.name = 'user'"))
    watch.wait_until_bad(definitions.KEYSTONE_USER)


def _fault(name, sentence, plant, names, may=()):
    return model.Fault(name, sentence, model.PROBES, plant,
                       tuple(map(model.probe, names)),
                       may=tuple(map(model.probe, may)))


# What is never whole again after a bug that cannot be mended.
NEVER_WHOLE = {'signal-refused': (definitions.SIGNAL,),
               'user-deleted': (definitions.KEYSTONE_USER,)}

# Those that cannot be mended come last.
FAULTS = (
    _fault('nobody-serves', 'all nodes are out of the rotation at the same '
           'time', drain_all, (*definitions.READS, definitions.SIGNAL),
           may=(definitions.CANARY,)),
    _fault('engine-hangs', 'no engine answers for longer than a read may '
           'take, and nothing gets lost', hang_engines,
           (definitions.STACK_LIST, definitions.STACK_SHOW),
           may=(definitions.SIGNAL, definitions.CANARY)),
    _fault('canary-fails', 'a stack is created, and Heat calls it failed',
           fail_canary, (definitions.CANARY,)),
    _fault('signal-refused', 'the user of a wait condition is deleted while '
           'the stack stands', delete_signaller, (definitions.SIGNAL,)),
    _fault('user-deleted', 'a user that a stack has made is deleted while '
           'the stack stands', delete_user, (definitions.KEYSTONE_USER,)),
)
