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

"""Which engines were ended because their grace was over, from their logs.

An engine that is asked to stop first stops to take messages, and then waits
for what it has in hand (``EngineService.stop`` in heat/engine/service.py). A
resource that is a stack of its own waits in a thread until that stack is
complete, and that stack's next step is a message. If no other engine takes
it, or it lies in the hand of the one that stops, that one waits until
graceful_shutdown_timeout is over and is ended by oslo.service. Nothing takes
up such a resource after that.
"""

from __future__ import annotations

import re

from heat_upgrade.inflight import evidence

# heat/engine/worker.py, of each worker when it starts.
_STARTED = re.compile(r'^\S+ \S+ (\d+) INFO heat\.engine\.worker \[[^]]*\] '
                      r'Starting \S+ \([^)]*\) in engine ([0-9a-f-]{36})')
# heat/engine/service.py, of each worker that has nothing in hand any more.
_ENDED = re.compile(r'^\S+ \S+ (\d+) INFO heat\.engine\.service \[[^]]*\] '
                    r'All threads were gone, terminating engine')
# cotyledon, which oslo.service uses since 2025.2: of one worker.
_EXCEEDED = re.compile(
    r'^\S+ \S+ (\d+) INFO cotyledon\._service_worker \[[^]]*\] '
    r'Graceful shutdown timeout \(\d+\) exceeded, exiting ')
# oslo.service with eventlet, before: of the parent, with which all end.
_ALL_EXCEEDED = re.compile(r'^\S+ \S+ \d+ INFO oslo_service\S* \[[^]]*\] '
                           r'Graceful shutdown timeout exceeded, ')


def exceeded(text: str) -> frozenset[str]:
    """Return the ids of the engines that were ended at the end of their grace.

    :param text: of the log of one heat-engine with all of its workers
    """
    engines: dict[str, str] = {}
    found = set()
    for line in text.splitlines():
        if started := _STARTED.match(line):
            engines[started[1]] = started[2]
        elif ended := _ENDED.match(line):
            engines.pop(ended[1], None)
        elif (late := _EXCEEDED.match(line)) and late[1] in engines:
            found.add(engines.pop(late[1]))
        elif _ALL_EXCEEDED.match(line):
            found |= set(engines.values())
            engines.clear()
    return frozenset(found)


# Exceptions of a client of heat-api when the load balancer has no server left:
# OS::Heat::Stack asks for the state of its stack by such a client.
_API_WAS_DOWN = re.compile(r'\bHTTP(BadGateway|ServiceUnavailable): ')


def api_was_down(reason: str) -> bool:
    """Return True if a stack failed because the API had been stopped.

    :param reason: its status_reason, in Heat's own words
    """
    return bool(_API_WAS_DOWN.search(reason))


def cut_off(rows: evidence.Rows, engines: frozenset[str]) -> tuple[str, ...]:
    """Return the resources with a stack inside that such engines had in hand.

    :param rows: of the stack that did not end
    :param engines: see :func:`exceeded`
    :returns: their names
    """
    inside = {row[0] for row in rows.stacks}
    return tuple(name for _, _, name, _, status, physical, engine
                 in rows.resources if status == 'IN_PROGRESS'
                 and physical in inside and engine in engines)
