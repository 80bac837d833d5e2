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

"""The templates in a job's variables: whether all that they name is there.

Ansible's own templar reads them, with the facts of a node at the begin of a
job. Zuul never reads them, and Ansible does when the variable is used.
"""

from ansible import errors
from ansible.parsing import dataloader
from ansible.template import Templar

from heat_upgrade.tests.zuul import gate
from heat_upgrade.tests.zuul import playbooks
from heat_upgrade.tests.zuul import tenant

_HOME = '/home/zuul'
_ADDRESS = '192.0.2.1'


def problems(top, job, said):
    """Return our templates that name undefined variables.

    :param job: as Zuul has frozen it
    :param said: its definition and those of its parents, as far as they are
        ours: those of upstream are not read
    """
    defaults = {name: value for role in playbooks.roles(top, job)
                for name, value in playbooks.defaults(top, role).items()}
    for node in tenant.nodes(job):
        # In the order in which Ansible lets one replace the other.
        context = {**facts(job, node), **defaults,
                   **tenant.variables(job, node)}
        used = [(name, value) for name, value in defaults.items()
                if context[name] == value]
        used += [pair for one in said for pair in _pairs(one)]
        templar = Templar(loader=dataloader.DataLoader(), variables=context)
        for name, value in used:
            try:
                templar.template(value)
            except errors.AnsibleError as exc:
                yield f'{name} on {node}: {exc}'


def _pairs(said):
    """Yield the settings of a job's definition, for all nodes."""
    yield from said.get('vars', {}).items()
    for kind in ('group-vars', 'host-vars'):
        for variables in said.get(kind, {}).values():
            yield from variables.items()


def facts(job, node, *, project=gate.HEAT):
    """Return the variables of a node at the begin of a job.

    :param project: whose change it is
    """
    projects = {name: _project(name) for name in
                {*job.required_projects, f'{tenant.HOST}/{project}'}}
    groups = {'all': list(tenant.nodes(job)), **tenant.groups(job)}
    return {
        'ansible_user_dir': _HOME, 'ansible_user': 'zuul',
        'inventory_hostname': node, 'groups': groups,
        'hostvars': {name: {'nodepool': {'private_ipv4': _ADDRESS,
                                         'public_ipv4': _ADDRESS}}
                     for name in tenant.nodes(job)},
        'zuul': {
            'branch': tenant.DEFAULT_BRANCH, 'build': '0' * 32,
            'change': '1', 'patchset': '1', 'pipeline': 'check',
            'job': job.name, 'projects': projects,
            'project': projects[f'{tenant.HOST}/{project}'],
            'executor': {'log_root': '/tmp/logs', 'src_root': '/tmp/src',
                         'work_root': '/tmp/work'}}}


def _project(name):
    return {'name': name.partition('/')[2], 'canonical_name': name,
            'short_name': name.rpartition('/')[2],
            'src_dir': f'src/{name}', 'checkout': tenant.DEFAULT_BRANCH,
            'required': True}
