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

"""Finds the messages of one release that the services of the other refuse.

The rules are those of oslo.messaging's dispatcher (``rpc/dispatcher.py``).
An endpoint accepts a message if it has the message's namespace, the same
major version, at least the same minor version, and a public method of that
name. The method must accept the arguments by their names.
"""

import dataclasses
import typing

from heat_upgrade.checks import check_context
from heat_upgrade.results import findings as findings_

# A message, a server, a server's method or a reading of the inspector `rpc`.
_Json = dict[str, typing.Any]
# (role, version)
_Side = tuple[str, str]


@dataclasses.dataclass(frozen=True)
class Refusal:
    """The reason why a server refuses a message.

    :ivar text: the error of oslo.messaging or Python
    :ivar more: further errors, hidden by the first
    """

    text: str
    more: tuple[str, ...] = ()


def compatible(implemented: str, requested: str) -> bool:
    """Return True if a server's version covers that of a message.

    As ``oslo_messaging._utils.version_is_compatible``.
    """
    server, message = _parts(implemented), _parts(requested)
    return server[0] == message[0] and server[1:] >= message[1:]


def _parts(version: str) -> list[int]:
    numbers = [int(part) for part in version.split('.')]
    return (numbers + [0, 0, 0])[:3]


def refusal(message: _Json, server: _Json | None) -> Refusal | None:
    """Return why a server refuses a message; None if it accepts it.

    :param message: an entry of ``clients`` of the inspector ``rpc``
    :param server: an entry of its ``servers``
    """
    if server is None or message['topic'] != server['topic']:
        return Refusal(f'no server listens to topic {message["topic"]}')
    method = message['method']
    arguments = _wrong_arguments(message, server['methods'].get(method))
    if (message['namespace'] not in server['namespaces']
            or not compatible(server['version'], message['version'])):
        where = (f' in namespace {message["namespace"]}'
                 if message['namespace'] not in server['namespaces'] else '')
        return Refusal(f'UnsupportedVersion: Endpoint does not support RPC '
                       f'version {message["version"]}. Attempted method: '
                       f'{method}{where}', tuple(arguments))
    if method.startswith('_') or method not in server['methods']:
        return Refusal(f'NoSuchMethod: Endpoint does not support RPC method '
                       f'{method}')
    if arguments:
        return Refusal(f'TypeError: {method}() {arguments[0]}',
                       tuple(arguments[1:]))
    return None


def _wrong_arguments(message: _Json, method: _Json | None) -> list[str]:
    if method is None:
        return []
    known = {*method['required'], *method['optional']}
    unknown = ([] if method['any'] else
               [f'got an unexpected keyword argument {name!r}'
                for name in message['args'] if name not in known])
    missing = [f'missing 1 required positional argument: {name!r}'
               for name in method['required'] if name not in message['args']]
    return unknown + missing


def findings(base: _Json, target: _Json,
             names: tuple[str, str]) -> list[findings_.Finding]:
    """Return the messages that each side refuses from the other.

    :param base: the inspector ``rpc``'s reading of the base
    :param target: its reading of the target
    :param names: versions of the two
    """
    sides = {'base': (base, names[0]), 'target': (target, names[1])}
    found = []
    for sender, receiver in (('base', 'target'), ('target', 'base')):
        for service in sorted(sides[sender][0]['clients']):
            found += _of_service(service, sender, receiver, sides)
    return found + _casts(base, target, names) + _unheard(base, target, names)


def _of_service(service: str, sender: str, receiver: str,
                sides: dict[str, tuple[_Json, str]]
                ) -> list[findings_.Finding]:
    sending, sender_name = sides[sender]
    receiving, receiver_name = sides[receiver]
    server = receiving['servers'].get(service)
    refused: dict[str, list[tuple[_Json, Refusal]]] = {}
    accepted = 0
    for message in sending['clients'][service]:
        # A message that the sender's own servers refuse is not a regression.
        if refusal(message, sending['servers'].get(service)):
            continue
        reason = refusal(message, server)
        if reason:
            refused.setdefault(message['method'], []).append(
                (message, reason))
        else:
            accepted += 1
    if len(refused) > 2 and not accepted:
        # All messages of a client: one change, such as that of a topic.
        return [_all_refused(service, refused, (sender, sender_name),
                             (receiver, receiver_name), server)]
    known = {message['method'] for message in receiving['clients'].get(
        service, [])}
    return [_refused(service, method, cases, (sender, sender_name),
                     (receiver, receiver_name), server, method in known)
            for method, cases in sorted(refused.items())]


def _refused(service: str, method: str, cases: list[tuple[_Json, Refusal]],
             sender: _Side, receiver: _Side, server: _Json | None,
             known: bool) -> findings_.Finding:
    message, reason = cases[0]
    own = server['methods'].get(method) if server else None
    lines = [
        f'{_sent(case)}\n    by {case["by"]} of {sender[1]} ({sender[0]})'
        for case, _ in cases]
    lines += [f'{receiver[1]} ({receiver[0]}) answers: {reason.text}']
    lines += [f'    and, were it not for that: {more}'
              for more in reason.more]
    lines += [
        f'its {service} has version {server["version"]} on topic '
        f'{server["topic"]}, and ' + (
            f'{method}({_signature(own)})' if own else f'no {method}')
        if server else f'it has no {service}']
    if message['kind'] == 'cast':
        lines += ['A cast has no answer: the sender never learns that its '
                  'operation was not started.']
    subject = f'[{service}] {method} of the {sender[0]}'
    title = f'{subject} is refused by the {receiver[0]}'
    if not known and service == 'engine' and sender[0] == 'target':
        # A call that only the target has: no feature of the base is lost.
        lines += [f'{receiver[1]} does not have this call: features that use '
                  f'it fail until all engines run {sender[1]}.']
        return check_context.warning('rpc.new-call-refused', subject, title,
                                     '\n'.join(lines))
    return check_context.error('rpc.message-refused', subject, title,
                               '\n'.join(lines), facts={'sender': sender[0]})


def _all_refused(service: str,
                 refused: dict[str, list[tuple[_Json, Refusal]]],
                 sender: _Side, receiver: _Side,
                 server: _Json | None) -> findings_.Finding:
    cases = [case for method in refused.values() for case in method]
    lines = [f'{_sent(message)}\n    {reason.text}'
             for message, reason in cases]
    has = (f'version {server["version"]} on topic {server["topic"]}'
           if server else f'no {service}')
    return check_context.error(
        'rpc.service-refused', f'[{service}] of the {sender[0]}',
        f'[{service}] every message of the {sender[0]} is refused by the '
        f'{receiver[0]}',
        '\n'.join([f'{sender[1]} sends; {receiver[1]} has {has}:', *lines]),
        facts={'sender': sender[0]})


def _sent(message: _Json) -> str:
    return (f'{message["kind"]} {message["method"]}('
            f'{", ".join(message["args"])}) version {message["version"]} '
            f'to topic {message["topic"]}')


def _signature(method: _Json) -> str:
    parts = [*method['required'],
             *(f'{name}=…' for name in method['optional']),
             *(['**'] if method['any'] else [])]
    return ', '.join(parts)


def _casts(base: _Json, target: _Json,
           names: tuple[str, str]) -> list[findings_.Finding]:
    """Return the calls that became casts: their errors go unseen."""
    found = []
    before, after = _kinds(base), _kinds(target)
    for key in sorted(before.keys() & after.keys()):
        if before[key] == {'call'} and after[key] == {'cast'}:
            service, by = key
            found.append(check_context.warning(
                'rpc.call-is-cast', f'[{service}] {by}',
                f'[{service}] {by} is cast and no longer called',
                f'{by} waits for an answer in {names[0]} and does not in '
                f'{names[1]}:\nits errors are only in the log of the engine '
                '(LP 1499669).'))
    return found


def _kinds(reading: _Json) -> dict[tuple[str, str], set[str]]:
    kinds: dict[tuple[str, str], set[str]] = {}
    for service, messages in reading['clients'].items():
        for message in messages:
            if message['default']:
                kinds.setdefault((service, message['by']), set()).add(
                    message['kind'])
    return kinds


def _unheard(base: _Json, target: _Json,
             names: tuple[str, str]) -> list[findings_.Finding]:
    """Return the client methods that newly send no message."""
    found = []
    for name in sorted(set(target['unheard']) - set(base['unheard'])):
        found.append(check_context.warning(
            'rpc.method-not-heard', f'[{name}]',
            f'[{name}] sends nothing that was heard',
            f'It was called with stand-in arguments in {names[1]}, and sent '
            'no message:\nthe check cannot compare its messages with the '
            'other release.'))
    return found
