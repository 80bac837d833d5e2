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

"""The mistakes in the jobs: those that Zuul reports, and all others.

Zuul finds unknown names and bad types when it loads, some more when it freezes
a job, and the rest when the job runs, which is too late: a playbook or role
that is missing or no YAML, a group that is not there, a pipeline that does not
exist, a variable without a value. This module finds that rest.
"""

import re
import tempfile

from heat_upgrade.tests.zuul import gate
from heat_upgrade.tests.zuul import playbooks
from heat_upgrade.tests.zuul import templating
from heat_upgrade.tests.zuul import tenant as tenants

# OpenDev's limit for a job, in seconds.
LONGEST = 10800
# Names of jobs that upgrade something begin so, and files for which none runs.
UPGRADES = ('heat-upgrade-grenade', 'heat-upgrade-lab')
DOCUMENTS = ('README.rst', 'api-ref/source/index.rst', 'doc/source/conf.py',
             'doc/source/user/index.rst', 'heat/locale/de/heat.po',
             'releasenotes/notes/note-1.yaml',
             'releasenotes/source/index.rst')
# Keys of a project or template that are no pipelines.
_WORDS = {'name', 'description', 'branches', 'vars', 'templates',
          'merge-mode', 'default-branch', 'queue'}


def problems(top):
    """Return the mistakes of the configuration in a tree, as sentences."""
    with tempfile.TemporaryDirectory() as scratch:
        tenant = gate.build(scratch, top=top)
        return of_loaded(tenant, tenant.load(), top)


def of_loaded(tenant, errors, top):
    """Return the mistakes of a loaded tenant, as sentences.

    :param errors: from :meth:`tenants.Tenant.load`
    :param top: the tree of this project
    """
    found = [f'Zuul, loading: {message}' for project, message in errors
             if project in ('', *gate.OUR_PROJECTS)]
    if found:
        return found
    found = list(_unfrozen(tenant))
    if found:
        return found
    jobs = gate.frozen(tenant)
    ours = {item['job']['name']: item['job']
            for item in gate.items(top) if 'job' in item}
    found += _pipelines(tenant, top)
    found += _unused(ours, jobs)
    found += _roles(tenant, ours)
    found += _halves(tenant)
    found += _documentation(tenant)
    for name, job in jobs.items():
        missing = list(playbooks.problems(top, job))
        found += [f'{name}: {text}' for text in (
            *_limits(job), *_groups(ours[name], job), *_replaced(tenant, job),
            *missing, *(() if missing else templating.problems(
                top, job, _said(ours, job))))]
    found += _undocumented(ours, jobs)
    found += _unread(top, ours, jobs)
    return found


def _unfrozen(tenant):
    """Say which projects have jobs that Zuul would refuse to freeze."""
    for project in gate.OUR_PROJECTS:
        for pipeline in (*gate.PIPELINES, gate.PERIODIC):
            try:
                tenant.jobs(project, pipeline)
            except Exception as exc:
                yield f'Zuul, freezing: {project}, {pipeline}: {exc}'


def _pipelines(tenant, top):
    known = set(tenant.layout.pipeline_managers)
    for item in gate.items(top):
        for kind in set(item) & {'project', 'project-template'}:
            for word in sorted(set(item[kind]) - _WORDS - known):
                yield (f'{kind} {item[kind].get("name", gate.OURS)}: there '
                       f'is no pipeline {word}')


def _unused(ours, jobs):
    parents = {job.get('parent') for job in ours.values()}
    for name in sorted(set(ours) - set(jobs) - parents):
        yield f'{name}: no project runs it, and no job builds on it'


def _roles(tenant, ours):
    """Say which repositories of roles Zuul would leave out without a word."""
    for name, said in ours.items():
        for one in said.get('roles', []):
            if not tenant.has(one['zuul']):
                yield (f'{name}: its roles are of {one["zuul"]}, which the '
                       'tenant does not have')


def _halves(tenant):
    """Say which jobs could be red in the gate without check's knowing."""
    for project in gate.OUR_PROJECTS:
        check, gated = (tenant.jobs(project, pipeline)
                        for pipeline in gate.PIPELINES)
        for name in sorted(({*check} ^ {*gated}) - {*gate.ADVISORY}):
            yield f'{name}: {project} runs it in one of check and gate only'


def _documentation(tenant):
    """Say which upgrades a change of documentation would run."""
    for project in (gate.HEAT, gate.OURS):
        for path in DOCUMENTS:
            for name in tenant.jobs(project, 'check', changed=[path]):
                if name.startswith(UPGRADES):
                    yield f'{name}: in {project} it runs for {path}'


def _limits(job):
    if not job.timeout or job.timeout > LONGEST:
        yield f'its timeout is {job.timeout}; at most {LONGEST} s is allowed'
    if not tenants.nodes(job):
        yield 'it has no node'
    if job.voting == (job.name in gate.ADVISORY):
        yield 'it votes' if job.voting else 'it does not vote'


def _groups(said, job):
    """Say which groups and nodes are named, but are not in the nodeset."""
    for kind, there in (('group-vars', tenants.groups(job)),
                        ('host-vars', tenants.nodes(job))):
        for name in sorted(set(said.get(kind, {})) - set(there)):
            yield (f'{kind} name {name}; there are only '
                   f'{", ".join(sorted(there)) or "none"}')


def _replaced(tenant, job):
    """Return the keys that a group lacks because its variable replaces one.

    A dictionary of the group must keep all keys that the node has from a
    parent job; the parent's own group decides whether they are for the
    subnode.
    """
    inherited = tenant.inherited(gate.parents(job)[:-1])
    for group, nodes in tenants.groups(job).items():
        for name, value in sorted(job.group_variables.get(group, {}).items()):
            before = inherited.group_variables.get(group, {}).get(
                name, inherited.variables.get(name))
            if not (isinstance(value, dict) and isinstance(before, dict)):
                continue
            lost = sorted(set(before) - set(value))
            if lost:
                yield (f'on {", ".join(nodes)}, {name} of the group {group} '
                       f"replaces that of the job whole, and lacks "
                       f'{", ".join(lost)}')


def _said(ours, job):
    """Return the definitions of a frozen job that are ours, root first."""
    return [ours[name] for name in gate.parents(job) if name in ours]


def _undocumented(ours, jobs):
    """Say which of our variables no description explains."""
    for name, job in jobs.items():
        told = '\n'.join(said.get('description', '')
                         for said in _said(ours, job))
        for variable in sorted(job.variables):
            if (variable.startswith('heat_upgrade_')
                    and f'zuul:jobvar:: {variable}\n' not in told):
                yield f'{name}: {variable} is not documented (zuul:jobvar)'
        if not ours[name].get('description', '').strip():
            yield f'{name}: has no description'


def _unread(top, ours, jobs):
    """Say which variables are explained that no role of the job reads."""
    for name, job in jobs.items():
        if any(playbooks.problems(top, job)):
            continue
        read = {variable for role in playbooks.roles(top, job)
                for variable in playbooks.defaults(top, role)}
        for said in _said(ours, job):
            told = re.findall(r'zuul:jobvar:: (heat_upgrade_\w+)',
                              said.get('description', ''))
            for variable in sorted(set(told) - read):
                yield (f'{name}: no role of it reads {variable}, which '
                       f'{said["name"]} explains')
