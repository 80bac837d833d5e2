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

"""The git repositories of a tenant, and the tenant's configuration."""

import pathlib
import shutil
import subprocess

import yaml

from heat_upgrade.tests.zuul import gate
from heat_upgrade.tests.zuul import tenant

TENANT = 'openstack'
# Of our checkout, what Zuul reads or looks for.
OURS = ('zuul.d', 'playbooks', 'roles')


def make(directory):
    """Make a repository for each project of the tenant.

    :param directory: where to; a project's repository is there by its name
    :returns: path of the tenants' configuration
    """
    for name in (*gate.TRUSTED, *gate.UNTRUSTED, *gate.CHECKOUTS):
        place = _init(directory / name)
        if (gate.UPSTREAM / name).is_dir():
            shutil.copytree(gate.UPSTREAM / name, place, dirs_exist_ok=True)
        commit(place, 'a stand-in')
    for name, text in ((gate.HEAT, gate.ADOPTION),
                       (gate.SPECS, gate.SPECS_ADOPTION)):
        place = _init(directory / name)
        (place / '.zuul.yaml').write_text(text)
        commit(place, 'what it takes of our jobs')
    for branch in gate.STABLE:
        _git(directory / gate.HEAT, 'branch', branch)
    place = _init(directory / gate.OURS)
    for name in OURS:
        shutil.copytree(gate.TOP / name, place / name)
    commit(place, 'our checkout')
    return _configuration(directory.parent / 'main.yaml')


def commit(place, message):
    """Commit all that is in a repository, also if that is nothing."""
    _git(place, 'add', '--all')
    _git(place, '-c', 'user.name=test', '-c', 'user.email=test@localhost',
         'commit', '--quiet', '--allow-empty', '--message', message)


def _init(place):
    place.mkdir(parents=True)
    _git(place, 'init', '--quiet', '--initial-branch',
         tenant.DEFAULT_BRANCH)
    return place


def _git(place, *words):
    subprocess.run(['git', '-C', str(place), *words], check=True, timeout=60)


def _configuration(path):
    checkouts = [{name: {'include': []}} for name in sorted(
        {*gate.CHECKOUTS} - {*gate.UNTRUSTED, *gate.OUR_PROJECTS})]
    pathlib.Path(path).write_text(yaml.safe_dump([{'tenant': {
        'name': TENANT,
        'source': {tenant.HOST: {
            'config-projects': list(gate.TRUSTED),
            'untrusted-projects': [*gate.UNTRUSTED, *gate.OUR_PROJECTS,
                                   *checkouts]}}}}], sort_keys=False))
    return path
