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

``messages`` has what is sent against what is answered, ``contexts`` the
context that comes with each message, ``objects`` the versioned objects, and
``stored`` what each writes to the database against what the other reads.
"""

from heat_upgrade.checks import introspection
from heat_upgrade.checks.rpc import messages
from heat_upgrade.checks.rpc import objects
from heat_upgrade.checks.rpc import persisted_objects
from heat_upgrade.checks.rpc import request_contexts

READINGS = ('rpc', 'rows')
# That of programs/rows.py: it encrypts stand-ins alone.
KEY = 'heat-upgrade-stand-in-key-012345'


def check(base, target, context):
    """Return what the two releases would not understand of each other.

    :param base: :class:`heat_upgrade.checks.check_context.InstalledRelease`
    :param target: likewise
    :param context: :class:`heat_upgrade.checks.check_context.Context`
    :returns: list of :class:`heat_upgrade.results.findings.Finding`, of
        classes 5 (both run at once) and 2 (what was there before)
    :raises: :class:`heat_upgrade.checks.introspection.ProgramsFailed` if a
        release cannot be read
    """
    said, wrote = zip(*introspection.both(
        base, target, lambda subject: introspection.read_all(subject, [
            introspection.Request(program) for program in READINGS], context)))
    sent = [{'sent': one['context']} for one in said]

    def cross(subject):
        number = (base, target).index(subject)
        other = 1 - number
        # A failure at data of the other release is compared with what the
        # base makes of its own data.
        return introspection.read_all(subject, [
            introspection.Request('rows_load', _rows(wrote[number])),
            introspection.Request('rows_load', _rows(
                wrote[other], migrate=number == 1), own=_rows(wrote[0])),
            introspection.Request('rpc_context', sent[number]),
            introspection.Request('rpc_context', sent[other], own=sent[0])],
            context)

    read = introspection.both(base, target, cross)
    names = base.name, target.name
    roles = ('base', base.name), ('target', target.name)
    return [
        *messages.findings(*said, names),
        *request_contexts.findings(said[0]['context'], read[0][2], read[1][3],
                                   roles),
        *request_contexts.findings(said[1]['context'], read[1][2], read[0][3],
                                   roles[::-1]),
        *objects.findings(said[0]['objects'], said[1]['objects'], names),
        *persisted_objects.findings(*(persisted_objects.Side(
            role, name, wrote[number], *read[number][:2])
            for number, (role, name) in enumerate(roles)))]


def _rows(wrote, migrate=False):
    return {'database': wrote['database'], 'key': KEY, 'migrate': migrate,
            'facts': True}
