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

"""Finds orphaned projects and users of Heat's stacks in Keystone.

Heat makes a project for each stack with signals in the stack domain, and
users in it (heat/engine/stack_user.py). It must delete them with the stack.
"""

from collections import abc
import typing

from heat_upgrade.lab import node as nodes
from heat_upgrade.lab.services import heat
from heat_upgrade.lab.services import identity as identities
from heat_upgrade.lab.services import mariadb as mariadbs

_PROJECTS = '''
SELECT DISTINCT stack_user_project_id FROM stack
WHERE deleted_at IS NULL AND stack_user_project_id IS NOT NULL
'''


def of_keystone(identity: identities.Identity, mariadb: mariadbs.MariaDB
                ) -> list[str]:
    """Return descriptions of the orphans in the stack domain."""
    # Query Keystone first, so that objects created during the query are not
    # reported.
    projects, users = identity.of_domain(heat.STACK_DOMAIN)
    known = {project for project, in mariadb.execute(
        _PROJECTS, database=nodes.DATABASE)}
    return differences(projects, users, known)


def differences(projects: abc.Iterable[dict[str, typing.Any]],
                users: abc.Iterable[dict[str, typing.Any]],
                known: abc.Container[str | None]) -> list[str]:
    """Return descriptions of the projects and users without a stack.

    :param projects: of the stack domain, as in Keystone's API
    :param users: of the stack domain, as in Keystone's API
    :param known: ids of the projects of existing stacks
    """
    return [f'project {project["name"]} ({project["id"]})'
            for project in projects if project['id'] not in known] + [
        f'user {user["name"]} ({user["id"]}) of project '
        f'{user.get("default_project_id")}' for user in users
        if user['name'] != heat.STACK_DOMAIN_ADMIN
        and user.get('default_project_id') not in known]
