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

"""Loads these jobs with the real configuration of upstream repositories.

::

    python -m heat_upgrade.tests.zuul.live_run ~/src/grenade ~/src/devstack

A directory is a checkout, or a bare repository, of the project that its name
ends with (grenade, openstack+grenade/repo). Where none is given, the stand-in
is taken. Prints each job as it is frozen; exit status 1 if one is wrong.
Errors of upstream jobs that need other repositories are counted only.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import yaml

from heat_upgrade.tests.zuul import assertions
from heat_upgrade.tests.zuul import gate
from heat_upgrade.tests.zuul import tenant as tenants


class _Loader(yaml.SafeLoader):
    """YAML as Zuul's, of which secrets are not read."""


_Loader.add_multi_constructor('!encrypted/', lambda *_: None)


def project_of(directory):
    """Return the project that a directory has, by its name, or None."""
    words = directory.resolve().parts[::-1]
    for word in words[:2]:
        name = word.rpartition('+')[2].removesuffix('.git')
        for project in gate.UNTRUSTED:
            if project.rpartition('/')[2] == name:
                return project
    return None


def configuration(directory, scratch):
    """Return a directory with a repository's Zuul configuration.

    :param scratch: where that of a bare repository is put
    """
    if tenants.files(directory):
        return directory
    there = [name for name in _git(directory, 'ls-tree', '--name-only',
                                   'HEAD').splitlines()
             if name in tenants.PLACES]
    if not there:
        raise SystemExit(f'{directory}: has no Zuul configuration')
    scratch.mkdir(parents=True)
    archive = subprocess.run(
        ['git', '-C', directory, 'archive', 'HEAD', *there], check=True,
        stdout=subprocess.PIPE)
    subprocess.run(['tar', '-x', '-C', scratch], check=True,
                   input=archive.stdout)
    return scratch


def _git(directory, *words):
    return subprocess.run(['git', '-C', directory, *words], check=True,
                          stdout=subprocess.PIPE, text=True).stdout


def named(directories):
    """Return the projects that jobs in these directories name.

    Those whose checkouts they require, and those whose roles they use.
    """
    found = set()
    for directory in directories:
        for path in tenants.files(directory):
            text = pathlib.Path(directory, path).read_text()
            for item in yaml.load(text, _Loader) or []:
                job = item.get('job', {})
                for one in job.get('required-projects', []):
                    found.add(one if isinstance(one, str) else one['name'])
                for one in job.get('roles', []):
                    found.add(one['zuul'])
    return {name.removeprefix(f'{tenants.HOST}/') for name in found}


def described(job):
    """Return a frozen job as data: attributes, nodes and variables."""
    return {
        'job': job.name, 'voting': job.voting, 'timeout': job.timeout,
        'parents': gate.parents(job), 'nodes': tenants.nodes(job),
        'groups': tenants.groups(job),
        'required-projects': sorted(job.required_projects),
        'playbooks': gate.playbooks(job),
        'variables': {node: tenants.variables(job, node)
                      for node in tenants.nodes(job)}}


def main(arguments=None):
    """Load, look, print; returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument('directories', nargs='*', type=pathlib.Path,
                        metavar='DIR')
    parser.add_argument('--json', type=pathlib.Path, metavar='FILE',
                        help='write each job, as it is frozen, to this file')
    parsed = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        upstream = {}
        for directory in parsed.directories:
            project = project_of(directory)
            if project is None:
                parser.error(f'{directory}: none of '
                             + ', '.join(gate.UNTRUSTED))
            upstream[project] = configuration(directory, scratch / project)
        for project in gate.UNTRUSTED:
            origin = upstream.get(project, 'stand-in')
            print(f'{project}: {origin}')
        tenant = gate.build(scratch / 'adopters', upstream=upstream,
                            checkouts=named(upstream.values()))
        errors = tenant.load()
        wrong = assertions.of_loaded(tenant, errors, gate.TOP)
        theirs = sum(project not in ('', *gate.OUR_PROJECTS)
                     for project, _ in errors)
        jobs = gate.frozen(tenant) if not wrong else {}
    print(f"errors that are upstream's alone: {theirs}")
    for name, job in sorted(jobs.items()):
        print(f'{name}: {" -> ".join(gate.parents(job))}; '
              f'{", ".join(tenants.nodes(job).values())}; {job.timeout} s; '
              + ('voting' if job.voting else 'not voting'))
    if parsed.json:
        parsed.json.write_text(json.dumps(
            {name: described(job) for name, job in sorted(jobs.items())},
            indent=2))
    for problem in wrong:
        print(f'wrong: {problem}', file=sys.stderr)
    return int(bool(wrong))


if __name__ == '__main__':
    sys.exit(main())
