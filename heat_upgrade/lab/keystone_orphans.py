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

"""What Keystone holds for Heat's stacks, compared with what Heat knows.

Heat makes a project for each stack with signals in the stack domain, and
users in it (heat/engine/stack_user.py); they are to go with the stack.
"""

from heat_upgrade.lab.services import heat

DATABASE = 'heat'

_PROJECTS = '''
SELECT DISTINCT stack_user_project_id FROM stack
WHERE deleted_at IS NULL AND stack_user_project_id IS NOT NULL
'''


def of_keystone(identity, mariadb):
    """Return what is in the stack domain though no living stack has it.

    :param identity: :class:`heat_upgrade.lab.services.identity.Identity`
    :param mariadb: :class:`heat_upgrade.lab.services.mariadb.MariaDB`
    :returns: list of texts, one for each project or user
    """
    # Keystone first: what a stack makes meanwhile is then not looked at.
    projects, users = identity.of_domain(heat.STACK_DOMAIN)
    known = {project for project, in mariadb.execute(
        _PROJECTS, database=DATABASE)}
    return differences(projects, users, known)


def differences(projects, users, known):
    """Return what nobody knows.

    :param projects: of the stack domain, as Keystone's API has them
    :param users: likewise
    :param known: ids of the projects of living stacks
    """
    return [f'project {one["name"]} ({one["id"]})' for one in projects
            if one['id'] not in known] + [
        f'user {one["name"]} ({one["id"]}) of project '
        f'{one.get("default_project_id")}' for one in users
        if one['name'] != heat.STACK_DOMAIN_ADMIN
        and one.get('default_project_id') not in known]
