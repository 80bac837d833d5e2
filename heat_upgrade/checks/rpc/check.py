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

"""Check ``rpc``: do two releases understand each other's messages and rows.

``messages`` compares the messages with the servers that receive them,
``request_contexts`` the context of each message, ``objects`` the versioned
objects, and ``persisted_objects`` the rows of one release with the values
that the other reads.
"""

import typing

from heat_upgrade.checks import check_context
from heat_upgrade.checks import introspection
from heat_upgrade.checks.rpc import messages
from heat_upgrade.checks.rpc import objects
from heat_upgrade.checks.rpc import persisted_objects
from heat_upgrade.checks.rpc import request_contexts
from heat_upgrade.results import findings

READINGS = ('rpc', 'rows')
# The key of inspectors/rows_engine.py: it encrypts stand-ins only.
KEY = 'heat-upgrade-stand-in-key-012345'


def check(base: check_context.InstalledRelease,
          target: check_context.InstalledRelease,
          context: check_context.Context) -> list[findings.Finding]:
    """Return the messages and rows that the other release cannot use.

    The findings are of classes 5 (both releases run at once) and 2 (data from
    before the upgrade).

    :raises: ProgramsFailed if a release cannot be read
    """
    interfaces, rows = zip(*introspection.both(
        base, target, lambda subject: introspection.read_all(subject, [
            introspection.Request(program) for program in READINGS], context)))
    sent = [{'sent': interface['context']} for interface in interfaces]

    def cross(subject: check_context.InstalledRelease) -> list[typing.Any]:
        number = (base, target).index(subject)
        other = 1 - number
        # If a release fails to read data of the other one, the base is
        # given its own data, to compare.
        return introspection.read_all(subject, [
            introspection.Request('rows_load', _rows(rows[number])),
            introspection.Request('rows_load', _rows(
                rows[other], migrate=number == 1), own=_rows(rows[0])),
            introspection.Request('rpc_context', sent[number]),
            introspection.Request('rpc_context', sent[other], own=sent[0])],
            context)

    read = introspection.both(base, target, cross)
    names = base.name, target.name
    base_role, target_role = ('base', base.name), ('target', target.name)
    return [
        *messages.findings(*interfaces, names),
        *request_contexts.findings(
            interfaces[0]['context'], read[0][2], read[1][3],
            (base_role, target_role)),
        *request_contexts.findings(
            interfaces[1]['context'], read[1][2], read[0][3],
            (target_role, base_role)),
        *objects.findings(interfaces[0]['objects'], interfaces[1]['objects'],
                          names),
        *persisted_objects.findings(*(persisted_objects.Side(
            role, name, rows[number], *read[number][:2])
            for number, (role, name) in enumerate((base_role, target_role))))]


def _rows(rows: dict[str, typing.Any],
          migrate: bool = False) -> dict[str, typing.Any]:
    return {'database': rows['database'], 'key': KEY, 'migrate': migrate,
            'facts': True}
