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

"""The playbooks and roles of a job: whether they are there, and are any.

ansible-lint and test_playbooks check their content.
"""

import pathlib

import yaml

from heat_upgrade.tests.zuul import gate

_INCLUDING = ('include_role', 'import_role', 'ansible.builtin.include_role',
              'ansible.builtin.import_role')


def problems(top, job):
    """Return the missing playbooks and roles of a frozen job."""
    for path in own(job):
        try:
            plays = _plays(top / path)
        except (OSError, yaml.YAMLError, ValueError) as exc:
            yield f'{path}: {_because(exc)}'
            continue
        for role in sorted(set(_named(plays))):
            try:
                _tasks(top, role)
            except (OSError, yaml.YAMLError, ValueError) as exc:
                yield f'{path}: role {role}: {_because(exc)}'


def own(job):
    """Return the paths of a frozen job's playbooks that are ours, in order."""
    return [path.removeprefix(f'{gate.OURS}/')
            for paths in gate.playbooks(job).values() for path in paths
            if path.startswith(f'{gate.OURS}/')]


def roles(top, job):
    """Return the names of all roles that its own playbooks use, sorted."""
    return sorted({role for path in own(job)
                   for named in _named(_plays(top / path))
                   for role in (named, *dependencies(top, named))})


def dependencies(top, role):
    """Return the names of the roles that a role depends on."""
    path = top / 'roles' / role / 'meta' / 'main.yaml'
    said = yaml.safe_load(path.read_text()) if path.exists() else {}
    return said.get('dependencies', [])


def defaults(top, role):
    """Return the variables that a role has by default."""
    path = top / 'roles' / role / 'defaults' / 'main.yaml'
    return yaml.safe_load(path.read_text()) or {} if path.exists() else {}


def _plays(path):
    plays = yaml.safe_load(path.read_text())
    if not (isinstance(plays, list) and plays and all(
            isinstance(play, dict) and 'hosts' in play for play in plays)):
        raise ValueError('is no list of plays, each with hosts')
    return plays


def _named(plays):
    """Give the names of the roles that plays name."""
    for play in plays:
        for role in play.get('roles') or []:
            yield role if isinstance(role, str) else role.get(
                'role', role.get('name'))
        for kind in ('pre_tasks', 'tasks', 'post_tasks', 'handlers'):
            yield from _included(play.get(kind) or [])


def _included(tasks):
    for task in tasks:
        for word in _INCLUDING:
            if word in task:
                yield task[word]['name']
        for part in ('block', 'rescue', 'always'):
            yield from _included(task.get(part) or [])


def _tasks(top, role):
    """Read a role's tasks, and those of the roles that they include.

    A role that it depends on may have variables alone.
    """
    for other in dependencies(top, role):
        pathlib.Path(top, 'roles', other, 'defaults', 'main.yaml').read_text()
    path = pathlib.Path(top, 'roles', role, 'tasks', 'main.yaml')
    tasks = yaml.safe_load(path.read_text())
    if not isinstance(tasks, list):
        raise ValueError('its tasks are no list')
    for other in _included(tasks):
        _tasks(top, other)


def _because(exc):
    if isinstance(exc, FileNotFoundError):
        return f'does not exist ({exc.filename})'
    if isinstance(exc, yaml.YAMLError):
        return f'is no YAML: {exc}'
    return str(exc)
