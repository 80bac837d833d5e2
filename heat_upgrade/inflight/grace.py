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

"""Engines that exceeded their grace period while stopping, from their logs.

A stopping engine first stops consuming messages, and then waits for its
operations (``EngineService.stop`` in heat/engine/service.py). A resource that
is a nested stack waits in a thread until that stack is complete, and the next
step of that stack is a message. If no other engine consumes it, or the
stopping engine has received it, that engine waits until oslo.service ends it
after graceful_shutdown_timeout. No engine takes over such a resource.
"""

import re

from heat_upgrade.inflight import evidence

# heat/engine/worker.py, of each worker when it starts.
_STARTED = re.compile(r'^\S+ \S+ (\d+) INFO heat\.engine\.worker \[[^]]*\] '
                      r'Starting \S+ \([^)]*\) in engine ([0-9a-f-]{36})')
# heat/engine/service.py, of each worker without a thread.
_ENDED = re.compile(r'^\S+ \S+ (\d+) INFO heat\.engine\.service \[[^]]*\] '
                    r'All threads were gone, terminating engine')
# cotyledon, which oslo.service uses since 2025.2: of one worker.
_EXCEEDED = re.compile(
    r'^\S+ \S+ (\d+) INFO cotyledon\._service_worker \[[^]]*\] '
    r'Graceful shutdown timeout \(\d+\) exceeded, exiting ')
# oslo.service with eventlet, before 2025.2: of the parent of all workers.
_ALL_EXCEEDED = re.compile(r'^\S+ \S+ \d+ INFO oslo_service\S* \[[^]]*\] '
                           r'Graceful shutdown timeout exceeded, ')


def exceeded(text: str) -> frozenset[str]:
    """Return the ids of the engines that exceeded their grace period.

    :param text: the log of one heat-engine with all of its workers
    """
    engines: dict[str, str] = {}
    late_engines = set()
    for line in text.splitlines():
        if started := _STARTED.match(line):
            engines[started[1]] = started[2]
        elif ended := _ENDED.match(line):
            engines.pop(ended[1], None)
        elif (late := _EXCEEDED.match(line)) and late[1] in engines:
            late_engines.add(engines.pop(late[1]))
        elif _ALL_EXCEEDED.match(line):
            late_engines |= set(engines.values())
            engines.clear()
    return frozenset(late_engines)


# Exceptions of a heat-api client when the load balancer has no server left:
# OS::Heat::Stack reads the state of its stack with such a client.
_API_WAS_DOWN = re.compile(r'\bHTTP(BadGateway|ServiceUnavailable): ')


def api_was_down(reason: str) -> bool:
    """Return True if a stack failed because the API had been stopped.

    :param reason: its status_reason, in Heat's own words
    """
    return bool(_API_WAS_DOWN.search(reason))


def cut_off(rows: evidence.Rows, engines: frozenset[str]) -> tuple[str, ...]:
    """Return the names of the nested stacks' resources that engines held.

    :param rows: the rows of the stack that did not end
    :param engines: the result of exceeded()
    """
    inside = {row[0] for row in rows.stacks}
    return tuple(name for _, _, name, _, status, physical, engine
                 in rows.resources if status == 'IN_PROGRESS'
                 and physical in inside and engine in engines)
