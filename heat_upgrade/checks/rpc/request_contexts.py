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

"""Compares how two releases read the context of a message."""

import typing

from heat_upgrade.checks import check_context
from heat_upgrade.results import findings as findings_


def findings(sent: dict[str, typing.Any], own: dict[str, typing.Any],
             other: dict[str, typing.Any],
             roles: tuple[tuple[str, str], tuple[str, str]]
             ) -> list[findings_.Finding]:
    """Return the attributes that the receiver reads differently.

    :param sent: the context as it was sent
    :param own: the sender's own reading of it (inspector ``rpc_context``)
    :param other: the receiver's reading of it
    :param roles: (role, version) of the sender and of the receiver
    """
    (sender, sender_name), (receiver, receiver_name) = roles
    if 'error' in other:
        if 'error' in own:
            return []
        return [check_context.error(
            'rpc.context-not-read', f'[context] of the {sender}',
            f'[context] that of the {sender} cannot be read by the '
            f'{receiver}',
            f'{receiver_name}: {other["error"]}\nEvery message from '
            f'{sender_name} fails there.', facts={'sender': sender})]
    found = []
    for name, value in sorted(own.get('read', {}).items()):
        read = other['read'].get(name)
        if read != value:
            found.append(check_context.error(
                'rpc.context-read-differently',
                f'[context] {name} of the {sender}',
                f'[context] {name} of the {sender} is read differently by the '
                f'{receiver}',
                f'{sender_name} (the sender): {value!r}\n'
                f'{receiver_name}: {read!r}\nIt was sent with the keys '
                f'{", ".join(sorted(sent))}.\nEvery message carries the '
                'context: requests fail, or run as another user.',
                facts={'sender': sender}))
    return found
