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

"""Bugs in a cloud under observation: for the budget of each probe.

Each function takes the cloud and a watch on the probes. It plants the bug,
waits until the probes detect it, and repairs the cloud, if possible.
"""

from collections import abc
import functools
import os
import signal
import time

from heat_upgrade.lab import cloud as clouds
from heat_upgrade.lab.services import heat
from heat_upgrade.probes import budgets
from heat_upgrade.probes import canary
from heat_upgrade.probes import definitions
from heat_upgrade.probes import probe
from heat_upgrade.self_test import corruption
from heat_upgrade.self_test import model
from heat_upgrade import waiting

# Seconds. The next question begins within 10 s (the canary), and is answered
# within a few seconds on a busy machine.
MET_TIMEOUT = 60

# A little longer than the budget of a read.
HANG_SECONDS = budgets.ROLLING_READ_GAP + 1

TRIGGER = 'heat_upgrade_canary'
_FAIL_CANARIES = f'''
CREATE TRIGGER {TRIGGER} BEFORE UPDATE ON stack FOR EACH ROW
SET NEW.status = IF(NEW.name LIKE '{canary.PREFIX}canary-%%'
                    AND NEW.action = 'CREATE' AND NEW.status = 'COMPLETE',
                    'FAILED', NEW.status)
'''


class Watch:
    """Waits for reactions of the probes to a bug.

    :param probes: {name: probe}
    """

    def __init__(self, probes: abc.Mapping[str, probe.Probe]) -> None:
        self._probes = probes

    def wait_until_whole(self, names: abc.Iterable[str]) -> None:
        """Wait for a good answer of each probe to a new question."""
        for name in names:
            waiting.wait_until(
                functools.partial(self._probes[name].wait_for_good,
                                  probe.LATE),
                timeout=MET_TIMEOUT,
                what=f'a good answer to the probe {name}')

    def wait_until_bad(self, *names: str) -> None:
        """Wait for a bad answer of each probe to a new question."""
        start = time.monotonic()
        waiting.wait_until(
            lambda: all(any(
                not sample.good and sample.start >= start
                for sample in list(self._probes[name].samples))
                for name in names),
            timeout=MET_TIMEOUT,
            what=f'a bad answer to each of {", ".join(names)}')

    def wait_for_gap(self, seconds: float, *names: str) -> None:
        """Wait until all probes have had no good answer for some seconds."""
        def last_good(name: str) -> float:
            return max(sample.end for sample in
                       list(self._probes[name].samples) if sample.good)
        waiting.wait_until(
            lambda: time.monotonic() - max(map(last_good, names)) > seconds,
            timeout=seconds + MET_TIMEOUT,
            what=f'{seconds} s without a good answer to {", ".join(names)}')


def drain_all(cloud: clouds.Cloud, watch: Watch) -> None:
    for node in cloud.nodes:
        cloud.haproxy.drain(node)
    watch.wait_until_bad(*definitions.READS, definitions.SIGNAL)
    for node in cloud.nodes:
        cloud.haproxy.ready(node)


def hang_engines(cloud: clouds.Cloud, watch: Watch) -> None:
    engines = [node.process(heat.ENGINE) for node in cloud.nodes.values()]
    groups = [engine.pid for engine in engines if engine.pid is not None]
    for group in groups:
        os.killpg(group, signal.SIGSTOP)
    watch.wait_for_gap(HANG_SECONDS, definitions.STACK_LIST,
                       definitions.STACK_SHOW)
    for group in groups:
        os.killpg(group, signal.SIGCONT)


def fail_canary(cloud: clouds.Cloud, watch: Watch) -> None:
    corruption.sql(cloud, _FAIL_CANARIES)
    watch.wait_until_bad(definitions.CANARY)
    corruption.sql(cloud, f'DROP TRIGGER {TRIGGER}')


def _data_of(cloud: clouds.Cloud, column: str, condition: str) -> str:
    value: str
    (value,), = corruption.sql(
        cloud, f'SELECT {column} FROM resource r JOIN stack s '
        'ON s.id = r.stack_id LEFT JOIN resource_data d '
        "ON d.resource_id = r.id AND d.key = 'user_id' "
        f'WHERE s.deleted_at IS NULL AND s.name = %s AND {condition}',
        canary.STANDING)
    return value


def _delete_user(cloud: clouds.Cloud, user: str) -> None:
    cloud.identity.session.delete(f'{cloud.identity.url}/v3/users/{user}')


def delete_signaller(cloud: clouds.Cloud, watch: Watch) -> None:
    _delete_user(cloud, _data_of(cloud, 'd.value', "r.name = 'handle'"))
    watch.wait_until_bad(definitions.SIGNAL)


def delete_user(cloud: clouds.Cloud, watch: Watch) -> None:
    _delete_user(cloud, _data_of(cloud, 'r.nova_instance',
                                 "r.name = 'user'"))
    watch.wait_until_bad(definitions.KEYSTONE_USER)


def _bug(name: str, sentence: str,
         plant: abc.Callable[[clouds.Cloud, Watch], None],
         names: tuple[str, ...],
         may: tuple[str, ...] = ()) -> model.PlantedBug:
    return model.PlantedBug(name, sentence, model.PROBES, plant,
                            tuple(map(model.probe, names)),
                            may=tuple(map(model.probe, may)))


# {bug that cannot be repaired: probes without good answers after it}
NEVER_WHOLE = {'signal-refused': (definitions.SIGNAL,),
               'user-deleted': (definitions.KEYSTONE_USER,)}

# Bugs that cannot be repaired come last.
BUGS = (
    _bug('nobody-serves', 'all nodes leave the rotation at the same time',
         drain_all, (*definitions.READS, definitions.SIGNAL),
         may=(definitions.CANARY,)),
    _bug('engine-hangs', 'no engine answers for longer than the budget of a '
         'read, and no message is lost', hang_engines,
         (definitions.STACK_LIST, definitions.STACK_SHOW),
         may=(definitions.SIGNAL, definitions.CANARY)),
    _bug('canary-fails', 'a stack is created, and Heat marks it FAILED',
         fail_canary, (definitions.CANARY,)),
    _bug('signal-refused', 'the user of a wait condition is deleted while '
         'its stack exists', delete_signaller, (definitions.SIGNAL,)),
    _bug('user-deleted', 'the user of a stack is deleted while the stack '
         'exists', delete_user, (definitions.KEYSTONE_USER,)),
)
