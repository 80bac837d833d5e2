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

"""OpenStack's tenant around this project's jobs, with stand-ins for upstream.

The stand-ins, in upstream/, have the names, parents, nodes and variables that
our jobs build on; real.py puts real repositories in their place.
"""

import functools
import pathlib
import tempfile

import yaml

from heat_upgrade.tests.zuul import tenant as tenants

TOP = pathlib.Path(__file__).parents[3]
UPSTREAM = pathlib.Path(__file__).parent / 'upstream'
# What Zuul calls us, and the projects that take our jobs.
OURS = 'openstack/heat-upgrade-tests'
HEAT = 'openstack/heat'
SPECS = 'openstack/heat-specs'

TRUSTED = ('opendev/base-jobs', 'openstack/project-config')
# Zuul looks names up in this order.
UNTRUSTED = ('opendev/zuul-providers', 'zuul/zuul-jobs',
             'openstack/openstack-zuul-jobs', 'openstack/devstack',
             'openstack/grenade', 'openstack/tempest')
# Projects of which jobs want no more than the checkout.
CHECKOUTS = (
    'openstack/cinder', 'openstack/glance', 'openstack/keystone',
    'openstack/neutron', 'openstack/neutron-tempest-plugin',
    'openstack/nova', 'openstack/os-test-images', 'openstack/placement',
    'openstack/python-heatclient', 'openstack/requirements',
    'openstack/swift')
# What Heat's repository has to take, in its own words.
ADOPTION = """\
- project:
    queue: heat
    templates:
      - heat-upgrade-commits
      - heat-upgrade-jobs
"""
SPECS_ADOPTION = """\
- project:
    templates:
      - heat-upgrade-specs
"""
STABLE = ('stable/2026.1', 'stable/2026.2', 'unmaintained/2024.1')
# What these say to Zuul is ours.
OUR_PROJECTS = (OURS, HEAT, SPECS)
PIPELINES = ('check', 'gate')
# The pipeline that starts jobs by the clock.
PERIODIC = 'periodic'
# Jobs that comment on a change and do not vote, so that check alone has them.
ADVISORY = ('heat-upgrade-commit-impact',)


def build(scratch, *, top=TOP, upstream=None, checkouts=(), heat=ADOPTION):
    """Return the tenant, not loaded yet.

    :param scratch: a directory for the files of Heat and heat-specs
    :param top: the tree of this project
    :param upstream: {project: directory} in place of the stand-ins
    :param checkouts: further projects that have no configuration
    :param heat: the configuration of Heat, on all branches; or {branch:
        directory}
    """
    upstream = upstream or {}
    tenant = tenants.Tenant()
    for name in TRUSTED:
        tenant.add(name, UPSTREAM / name, trusted=True)
    for name in UNTRUSTED:
        tenant.add(name, upstream.get(name, UPSTREAM / name))
    for name, text in ((HEAT, heat), (SPECS, SPECS_ADOPTION)):
        if isinstance(text, dict):
            tenant.add(name, text)
            continue
        directory = pathlib.Path(scratch, name)
        directory.mkdir(parents=True)
        (directory / '.zuul.yaml').write_text(text)
        branches = (tenants.DEFAULT_BRANCH,
                    *(STABLE if name == HEAT else ()))
        tenant.add(name, directory, branches=branches)
    tenant.add(OURS, top)
    configured = {*TRUSTED, *UNTRUSTED, *OUR_PROJECTS}
    for name in sorted({*CHECKOUTS, *checkouts} - configured):
        tenant.add(name, upstream.get(name))
    return tenant


def frozen(tenant):
    """Return {name of a job: it, frozen by Zuul}, of all that run.

    As heat-upgrade-tests runs it, in check or by the clock; or else as Heat
    runs it.

    :raises: Zuul's error for a job that cannot be frozen
    """
    return {name: tenant.freeze(project, pipeline, name)
            for project, pipeline in ((HEAT, PIPELINES[0]),
                                      (OURS, PIPELINES[0]), (OURS, PERIODIC))
            for name in tenant.jobs(project, pipeline)}


def parents(job):
    """Return the names of a frozen job and its parents, from the root on.

    A job that has several variants stands there once.
    """
    # <Job NAME explicit: ...
    names = [said.split()[1] for said in job.inheritance_path]
    return list(dict.fromkeys(names))


def playbooks(job):
    """Return a frozen job's playbooks: {'pre', 'run', 'post': [its paths]}.

    In the order in which it does, each path with its project before it:
    openstack/grenade/playbooks/pre.yaml.
    """
    return {kind: [f'{one["project"]}/{one["path"]}' for one in books]
            for kind, books in (('pre', job.pre_run), ('run', job.run),
                                ('post', job.post_run))}


def items(top):
    """Return a tree's Zuul configuration, as data, in order."""
    return [item for path in tenants.files(top)
            for item in yaml.safe_load(pathlib.Path(top, path).read_text())]


@functools.cache
def loaded():
    """Return the tenant of this tree, loaded without an error."""
    with tempfile.TemporaryDirectory() as scratch:
        tenant = build(scratch)
        errors = tenant.load()
    if errors:
        raise ValueError('\n'.join(f'{project}: {message}'
                                   for project, message in errors))
    return tenant
