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

"""What is done behind Heat's back: in its database, and to what exists."""

import http.client
import json
import pathlib
import urllib.parse
import uuid

from heat_upgrade import errors
from heat_upgrade.ledger import client

DATABASE = 'heat'


def sql(cloud, statement, *values):
    """Execute a statement on Heat's database; returns the rows."""
    return cloud.mariadb.execute(statement, values, database=DATABASE)


def operate(cloud, operation, **asked):
    """Ask the ledger's backend for an operation, as Heat's plugin would.

    :param cloud: :class:`heat_upgrade.lab.cloud.Cloud`
    :param operation: one of
        :data:`heat_upgrade.ledger.event_log.OPERATIONS`
    :param asked: what the backend is told: item, label, value, stack,
        resource, row
    :returns: dict that the backend answers, with the id of the item
    :raises: :class:`errors.LabError` if it refuses
    """
    access = json.loads(pathlib.Path(cloud.ledger.path).read_text())
    connection = http.client.HTTPConnection(
        urllib.parse.urlsplit(access['url']).netloc,
        timeout=client.ANSWER_TIMEOUT)
    try:
        connection.request(
            'POST', '/operations',
            body=json.dumps({**asked, 'operation': operation,
                             'key': uuid.uuid4().hex}),
            headers={client.TOKEN_HEADER: access['token']})
        answer = connection.getresponse()
        content = answer.read().decode()
    finally:
        connection.close()
    if answer.status != 200:
        raise errors.LabError(
            f'the ledger answers {answer.status} to {operation} of {asked}: '
            f'{content[:500]}')
    return json.loads(content)


def forget_sync_points(cloud, stack):
    """Delete what tells an engine which resource is next.

    :param stack: id
    :raises: :class:`errors.LabError` if there is nothing of the kind
    """
    (there,), = sql(cloud, 'SELECT COUNT(*) FROM sync_point '
                    'WHERE stack_id = %s', stack)
    if not there:
        raise errors.LabError(f'the stack {stack} has no sync points')
    sql(cloud, 'DELETE FROM sync_point WHERE stack_id = %s', stack)


def tables(cloud):
    """Return the names of Heat's tables."""
    return {name for name, in sql(
        cloud, 'SELECT table_name FROM information_schema.tables '
        'WHERE table_schema = %s', DATABASE)}
