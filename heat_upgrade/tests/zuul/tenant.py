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

"""Zuul's own configuration loader, in this process.

No ZooKeeper, no merger, no git, no daemon. The interfaces of Zuul that are
used here are its inner ones: the version is pinned in requirements.txt.
"""

import configparser
import functools
import logging
import os
import types

from zuul import configloader
from zuul.driver import git
from zuul.driver import zuul as own
from zuul.lib import ansible
from zuul.lib import connections
from zuul.lib import tracing
from zuul import model
from zuul import model_api
from zuul.zk import components
from zuul.zk import zkobject

HOST = 'opendev.org'
DEFAULT_BRANCH = 'master'
# Zuul reads the first of these that exists.
PLACES = ('zuul.yaml', 'zuul.d', '.zuul.yaml', '.zuul.d')

_LOG = logging.getLogger(__name__)


@functools.cache
def _tracing():
    """Return the tracer that Zuul's items ask for; a process has one."""
    return tracing.Tracing(configparser.ConfigParser())


class _Connections(connections.ConnectionRegistry):
    """The drivers that loading needs; of the others, one wants bwrap."""

    def __init__(self):
        self.connections = {}
        self.drivers = {}
        self.registerDriver(own.ZuulDriver())
        self.registerDriver(git.GitDriver())


class Tenant:
    """A tenant whose projects are directories.

    :ivar layout: the loaded configuration, after :meth:`load`
    """

    def __init__(self):
        components.COMPONENT_REGISTRY.registry = types.SimpleNamespace(
            model_api=model_api.MODEL_API)
        settings = configparser.ConfigParser()
        settings.read_dict({f'connection {HOST}': {
            'driver': 'git', 'baseurl': 'file:///nonexistent',
            'canonical_hostname': HOST}})
        self._tracing = _tracing()
        self._connections = _Connections()
        self._connections.configure(settings, sources=True, triggers=True,
                                    reporters=True)
        self._source = self._connections.getSource(HOST)
        # What would ask git or ZooKeeper.
        self._source.getProjectDefaultMergeMode = (
            lambda project, valid_modes=None: 'merge')
        self._source.getProjectDefaultBranch = (
            lambda project, tenant, min_ltime=-1: DEFAULT_BRANCH)
        self._ansible = ansible.AnsibleManager()
        self._globals = model.SystemAttributes.fromConfig(settings)
        abide = model.Abide()
        self._tenant = tenant = model.Tenant('openstack')
        tenant.default_base_job = 'base'
        tenant.default_ansible_version = self._ansible.default_version
        tenant.allowed_labels = tenant.disallowed_labels = None
        tenant.role_mappings = {}
        tenant.global_semaphores = set()
        tenant.semaphore_handler = types.SimpleNamespace(
            abide=abide, tenant_name=tenant.name)
        self._parser = configloader.TenantParser(
            self._connections, None, None, None, None, self._globals, None,
            None)
        self._content = []

    def add(self, name, directory=None, *, trusted=False,
            branches=(DEFAULT_BRANCH,)):
        """Add a project; without a directory, one without configuration.

        :param directory: or {branch: directory}, which has all branches
        :param branches: which it has; each with the same configuration
        """
        directories = (directory if isinstance(directory, dict) else
                       dict.fromkeys(branches, directory))
        project = self._source.getProject(name)
        entry = model.TenantProjectConfig(project)
        entry.trusted = trusted
        entry.load_classes = (set(self._parser.job_classes) if directory
                              else set())
        entry.branches = list(directories)
        self._tenant.addTPC(entry)
        if directory:
            self._content += [(entry, branch, os.fspath(place))
                              for branch, place in directories.items()]

    def load(self):
        """Load it all.

        :return: [(project, message)] of Zuul's errors and warnings; the
            project is '' where Zuul names none
        """
        context = configloader.ParseContext(
            self._connections, self._globals,
            types.SimpleNamespace(system_id='tests'), self._ansible)
        parsed = model.ParsedConfig()
        # Pipelines, which the trusted ones define, come first.
        for entry, branch, directory in sorted(
                self._content, key=lambda one: not one[0].trusted):
            self._parser.addProjectBranchConfig(
                context, parsed, self._tenant, entry,
                self._read(context, entry, branch, directory),
                trusted=entry.trusted)
        self._tenant.layout = self.layout = self._parser._parseLayout(
            self._tenant, parsed, context)
        for manager in self.layout.pipeline_managers.values():
            manager.current_context = zkobject.LocalZKContext(_LOG)
            manager.state = model.PipelineState()
            manager.state._set(manager=manager)
        return [(one.key.context.project_name if one.key.context else '',
                 one.error) for one in self.layout.loading_errors.errors]

    def _read(self, context, entry, branch, directory):
        found = model.ParsedConfig()
        for path in files(directory):
            source = model.SourceContext(
                entry.project.canonical_name, entry.project.name, HOST,
                branch, path)
            with (open(os.path.join(directory, path)) as stream,
                  context.errorContext(source_context=source)):
                found.extend(self._parser.loadProjectYAML(
                    stream.read(), source, context))
        return found

    def has(self, name):
        """Tell whether a project is in the tenant."""
        return self._tenant.getProject(name)[1] is not None

    def inherited(self, names):
        """Return the variables that jobs have one on the other, root first.

        :return: an object with variables and group_variables
        """
        found = types.SimpleNamespace(variables={}, group_variables={})
        for name in names:
            for variant in self.layout.getJobs(name):
                for kind in ('variables', 'group_variables'):
                    setattr(found, kind, model.Job._deepUpdate(
                        getattr(found, kind), getattr(variant, kind)))
        return found

    def _item(self, project, pipeline, branch, changed):
        _, project = self._tenant.getProject(project)
        change = model.Branch(project)
        change.branch = branch
        change.files = changed
        change.cache_stat = types.SimpleNamespace(
            key=types.SimpleNamespace(reference=f'{project}/{branch}'))
        with zkobject.LocalZKContext(_LOG) as context:
            queue = model.ChangeQueue.new(
                context, manager=self.layout.pipeline_managers[pipeline])
            item = model.QueueItem.new(context, queue=queue,
                                       changes=[change])
            item.freezeJobGraph(self.layout, context, None,
                                skip_file_matcher=changed is None,
                                redact_secrets_and_keys=True)
        return item, change

    def jobs(self, project, pipeline, *, branch=DEFAULT_BRANCH, changed=None):
        """Return the names of the jobs that run for a change, sorted.

        :param changed: paths of the files of the change; without, all jobs
            are returned, also those for certain files
        :raises: Zuul's error for a job that cannot be frozen
        """
        item, _ = self._item(project, pipeline, branch, changed)
        return sorted(job.name for job
                      in item.current_build_set.job_graph.getJobs())

    def freeze(self, project, pipeline, name, *, branch=DEFAULT_BRANCH):
        """Return Zuul's frozen job, as an executor would get it.

        :raises: KeyError if the project does not run it in that pipeline,
            or Zuul's error for it
        """
        item, change = self._item(project, pipeline, branch, None)
        job = item.current_build_set.job_graph.getJob(name, change.cache_key)
        if job is None:
            raise KeyError(f'{project} does not run {name} in {pipeline}')
        return job


def files(directory):
    """Return the paths of a project's configuration files, as Zuul does."""
    for place in PLACES:
        path = os.path.join(directory, place)
        if os.path.isfile(path):
            return [place]
        if os.path.isdir(path):
            return sorted(
                os.path.relpath(os.path.join(root, name), directory)
                for root, _, names in os.walk(path) for name in names
                if name.endswith(('.yaml', '.yml')))
    return []


def variables(job, node):
    """Return the variables that a frozen job has on one of its nodes.

    As Ansible merges an inventory: the job's; in their place those of the
    node's groups, by the groups' names; in their place those of the node.
    """
    found = dict(job.variables)
    for group in sorted(groups(job)):
        if node in groups(job)[group]:
            found.update(job.group_variables.get(group, {}))
    found.update(job.host_variables.get(node, {}))
    found.update(job.extra_variables)
    return found


def nodes(job):
    """Return {name of a node: its label}."""
    return {node['name']: node['label']
            for node in job.nodeset.toDict()['nodes']}


def groups(job):
    """Return {group of the nodeset: [names of its nodes]}."""
    return {group['name']: group['nodes']
            for group in job.nodeset.toDict()['groups']}
