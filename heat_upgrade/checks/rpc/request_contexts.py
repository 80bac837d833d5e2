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

"""What one release makes of the context of another's messages."""

from heat_upgrade.checks import check_context


def findings(sent, own, other, roles):
    """Return what a receiver reads otherwise than the sender would.

    :param sent: the context as it was sent
    :param own: what ``rpc_context`` of the sender's release read of it
    :param other: likewise, the receiver's
    :param roles: (role, version) of the sender and of the receiver
    :returns: list of :class:`heat_upgrade.results.findings.Finding`
    """
    (sender, sender_name), (receiver, receiver_name) = roles
    if 'error' in other:
        if 'error' in own:
            return []
        return [check_context.error(
            'rpc.context-not-read', f'[context] of the {sender}',
            f'[context] that of the {sender} cannot be read by the '
            f'{receiver}',
            f'{receiver_name}: {other["error"]}\nEvery message of '
            f'{sender_name} fails there.', facts={'sender': sender})]
    found = []
    for name, value in sorted(own.get('read', {}).items()):
        read = other['read'].get(name)
        if read != value:
            found.append(check_context.error(
                'rpc.context-read-differently',
                f'[context] {name} of the {sender}',
                f'[context] {name} of the {sender} is read otherwise by the '
                f'{receiver}',
                f'{sender_name} (which sent it): {value!r}\n'
                f'{receiver_name}: {read!r}\nIt was sent with the keys '
                f'{", ".join(sorted(sent))}.\nEvery message carries it: '
                'requests fail or are taken for somebody else\'s.',
                facts={'sender': sender}))
    return found
