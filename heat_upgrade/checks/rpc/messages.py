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

"""Which messages of one release the services of another refuse.

The rules are those of oslo.messaging's dispatcher (``rpc/dispatcher.py``):
an endpoint takes a message when it has its namespace, when the major
versions are the same and the endpoint's minor is not less, and when it has a
public method of the name, which takes the arguments by their names.
"""

import dataclasses

from heat_upgrade.checks import check_context


@dataclasses.dataclass(frozen=True)
class Refusal:
    """A message that is refused.

    :ivar text: what oslo.messaging or Python says then
    :ivar more: what else the server would not take
    """

    text: str
    more: tuple[str, ...] = ()


def compatible(implemented, asked):
    """Return whether a server's version covers that of a message.

    As ``oslo_messaging._utils.version_is_compatible``.
    """
    mine, theirs = _parts(implemented), _parts(asked)
    return mine[0] == theirs[0] and mine[1:] >= theirs[1:]


def _parts(version):
    numbers = [int(part) for part in version.split('.')]
    return (numbers + [0, 0, 0])[:3]


def refusal(message, server):
    """Return why a server refuses a message.

    :param message: an entry of ``clients`` of the program ``rpc``
    :param server: an entry of its ``servers``, or None
    :returns: :class:`Refusal`; None if it is taken
    """
    if server is None or message['topic'] != server['topic']:
        return Refusal(f'nobody listens to topic {message["topic"]}')
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


def _wrong_arguments(message, method):
    if method is None:
        return []
    known = {*method['required'], *method['optional']}
    unknown = ([] if method['any'] else
               [f'got an unexpected keyword argument {name!r}'
                for name in message['args'] if name not in known])
    missing = [f'missing 1 required positional argument: {name!r}'
               for name in method['required'] if name not in message['args']]
    return unknown + missing


def findings(base, target, names):
    """Return what each side would refuse of the other's messages.

    :param base: what the program ``rpc`` read of the base
    :param target: likewise
    :param names: versions of the two
    :returns: list of :class:`heat_upgrade.results.findings.Finding`
    """
    sides = {'base': (base, names[0]), 'target': (target, names[1])}
    found = []
    for sender, receiver in (('base', 'target'), ('target', 'base')):
        for service in sorted(sides[sender][0]['clients']):
            found += _of_service(service, sender, receiver, sides)
    return found + _casts(base, target, names) + _unheard(base, target, names)


def _of_service(service, sender, receiver, sides):
    said, sender_name = sides[sender]
    heard, receiver_name = sides[receiver]
    server = heard['servers'].get(service)
    refused, taken = {}, 0
    for message in said['clients'][service]:
        # What its own servers refuse is no matter of an upgrade.
        if refusal(message, said['servers'].get(service)):
            continue
        why = refusal(message, server)
        if why:
            refused.setdefault(message['method'], []).append((message, why))
        else:
            taken += 1
    if len(refused) > 2 and not taken:
        # The whole of a client: one change, such as that of a topic.
        return [_all_refused(service, refused, (sender, sender_name),
                             (receiver, receiver_name), server)]
    known = {message['method'] for message in heard['clients'].get(
        service, [])}
    return [_refused(service, method, cases, (sender, sender_name),
                     (receiver, receiver_name), server, method in known)
            for method, cases in sorted(refused.items())]


def _refused(service, method, cases, sender, receiver, server, known):
    message, why = cases[0]
    own = server['methods'].get(method) if server else None
    lines = [
        f'{_sent(one)}\n    by {one["by"]} of {sender[1]} ({sender[0]})'
        for one, _ in cases]
    lines += [f'{receiver[1]} ({receiver[0]}) answers: {why.text}']
    lines += [f'    and, were it not for that: {more}' for more in why.more]
    lines += [
        f'its {service} has version {server["version"]} on topic '
        f'{server["topic"]}, and ' + (
            f'{method}({_signature(own)})' if own else f'no {method}')
        if server else f'it has no {service}']
    if message['kind'] == 'cast':
        lines += ['A cast has no answer: the sender never learns of it, and '
                  'what it was to start never does.']
    subject = f'[{service}] {method} of the {sender[0]}'
    title = f'{subject} is refused by the {receiver[0]}'
    if not known and service == 'engine':
        # It is for what only one release can do; nothing of before is lost.
        lines += [f'{receiver[1]} does not have this call at all: what needs '
                  f'it fails until all engines are of {sender[1]}.']
        return check_context.warning('rpc.new-call-refused', subject, title,
                                     '\n'.join(lines))
    return check_context.error('rpc.message-refused', subject, title,
                               '\n'.join(lines), facts={'sender': sender[0]})


def _all_refused(service, refused, sender, receiver, server):
    cases = [case for method in refused.values() for case in method]
    lines = [f'{_sent(message)}\n    {why.text}' for message, why in cases]
    has = (f'version {server["version"]} on topic {server["topic"]}'
           if server else f'no {service}')
    return check_context.error(
        'rpc.service-refused', f'[{service}] of the {sender[0]}',
        f'[{service}] every message of the {sender[0]} is refused by the '
        f'{receiver[0]}',
        '\n'.join([f'{sender[1]} sends; {receiver[1]} has {has}:', *lines]),
        facts={'sender': sender[0]})


def _sent(message):
    return (f'{message["kind"]} {message["method"]}('
            f'{", ".join(message["args"])}) version {message["version"]} '
            f'to topic {message["topic"]}')


def _signature(method):
    parts = [*method['required'],
             *(f'{name}=…' for name in method['optional']),
             *(['**'] if method['any'] else [])]
    return ', '.join(parts)


def _casts(base, target, names):
    """Return what was waited for and no longer is: errors go unseen."""
    found = []
    before, after = _kinds(base), _kinds(target)
    for key in sorted(before.keys() & after.keys()):
        if before[key] == {'call'} and after[key] == {'cast'}:
            service, by = key
            found.append(check_context.warning(
                'rpc.call-is-cast', f'[{service}] {by}',
                f'[{service}] {by} is cast and no longer called',
                f'{by} waits for an answer in {names[0]} and does not in '
                f'{names[1]}:\nwhat goes wrong is in the log of the engine '
                'alone (LP 1499669).'))
    return found


def _kinds(said):
    kinds = {}
    for service, messages in said['clients'].items():
        for message in messages:
            if message['default']:
                kinds.setdefault((service, message['by']), set()).add(
                    message['kind'])
    return kinds


def _unheard(base, target, names):
    """Return methods of clients that nothing could be got out of."""
    found = []
    for name in sorted(set(target['unheard']) - set(base['unheard'])):
        found.append(check_context.warning(
            'rpc.method-not-heard', f'[{name}]',
            f'[{name}] sends nothing that was heard',
            f'It was called with stand-in arguments in {names[1]}, and no '
            'message left: whether the other\nrelease takes what it sends is '
            'not known.'))
    return found
