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

"""Messages that an engine lost while stopping, from its log.

A stopping engine deletes its fanout queue, and waits for the broker's answer.
Until then it acknowledges messages and puts them into a list that no thread
reads again (``RpcAMQPListener.__call__`` and
``Connection.close`` in oslo.messaging). The profile stock-messaging logs the
proof: these lines of one process, in this order:

1. ``amqpdriver``: "Listener is stopped"
2. ``amqpdriver``: "received message msg_id: ID reply to QUEUE" of a call, or
   "received message with unique_id: ID" of a cast
3. and never: ``rpc.server``: "Receive incoming message with id ID" of a call,
   or ``amqpdriver``: "Poll the incoming message with unique_id: ID" of a cast

The second line without the third proves that a message was acknowledged and
never passed to a thread. The log of a killed engine has no "Listener is
stopped" and proves nothing.
"""

from collections import abc
import dataclasses
import re

# A line of oslo.log: date, time, process, level, logger, [context], message.
_LINE = re.compile(r'^\S+ \S+ (?P<process>\d+) [A-Z]+ (?P<logger>\S+) '
                   r'\[[^]]*\] (?P<message>.*)$')

_CLOSING = re.compile(r'Listener is stopped')
_CALL = re.compile(r'received message msg_id: (\S+) reply to ')
_CAST = re.compile(r'received message with unique_id: (\S+)')
_CALL_TAKEN = re.compile(r'Receive incoming message with id (\S+) and ')
_CAST_TAKEN = re.compile(r'Poll the incoming message with unique_id: (\S+)')

_DRIVER = 'oslo_messaging._drivers.amqpdriver'
_SERVER = 'oslo_messaging.rpc.server'


@dataclasses.dataclass(frozen=True)
class Lost:
    """Messages that an engine received and never passed to a thread.

    :ivar calls: ids of messages whose sender waits for an answer, in order
    :ivar casts: ids of the other messages, in order
    """

    calls: tuple[str, ...]
    casts: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.calls) + len(self.casts)


@dataclasses.dataclass
class _Process:
    """The messages in the log of one engine process."""

    closing: bool = False
    calls: dict[str, None] = dataclasses.field(default_factory=dict)
    casts: dict[str, None] = dataclasses.field(default_factory=dict)

    def read(self, logger: str, message: str) -> None:
        """Update the messages by one line."""
        if logger == _DRIVER and _CLOSING.match(message):
            self.closing = True
        elif logger == _SERVER and (taken := _CALL_TAKEN.match(message)):
            self.calls.pop(taken[1], None)
        elif logger == _DRIVER and (taken := _CAST_TAKEN.match(message)):
            self.casts.pop(taken[1], None)
        elif logger == _DRIVER and self.closing:
            if call := _CALL.match(message):
                self.calls[call[1]] = None
            elif cast := _CAST.match(message):
                self.casts[cast[1]] = None


def of(text: str) -> Lost:
    """Return the lost messages of an engine.

    The standard profile does not log messages.

    :param text: the log of one heat-engine with all of its workers
    """
    processes: dict[str, _Process] = {}
    for process, logger, message in _lines(text):
        processes.setdefault(process, _Process()).read(logger, message)
    return Lost(
        tuple(call for process in processes.values()
              for call in process.calls),
        tuple(cast for process in processes.values()
              for cast in process.casts))


def _lines(text: str) -> abc.Iterator[tuple[str, str, str]]:
    """Yield the process, the logger and the message of each line."""
    for line in text.splitlines():
        if match := _LINE.match(line):
            yield match['process'], match['logger'], match['message']
