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

"""The tempest of a DevStack: its environment, and the run's tempest.conf."""

from collections import abc
import configparser
import io
import pathlib
import subprocess
import sys

from heat_upgrade import filesystem
from heat_upgrade.grenade import cloud as clouds
from heat_upgrade.grenade import environment
from heat_upgrade.grenade import run_record

GROUP = 'heat_integrationtests'

# Paths below a clone of tempest.
PYTHON = '.tox/tempest/bin/python'
CONFIGURATION = 'etc/tempest.conf'

IMPORT_TIMEOUT = 60

# Seconds that one operation on a stack may take: DevStack's limit for a
# server. Each lane waits that long for a broken target.
BUILD_TIMEOUT = 196

_SERVICES = ('neutron', 'nova', 'glance', 'cinder', 'swift')


def python(tempest_dir: pathlib.Path | str) -> pathlib.Path:
    """Return the interpreter that runs the phases.

    It is that of tempest's environment. If a DevStack has no tempest, or these
    tests are not installed in it, our own is used, which has tempest too.
    """
    path = pathlib.Path(tempest_dir) / PYTHON
    if path.exists() and subprocess.run(
            [path, '-c', 'from heat_integrationtests import preflight; '
             'preflight.check()'], cwd='/', capture_output=True,
            timeout=IMPORT_TIMEOUT).returncode == 0:
        return path
    return pathlib.Path(sys.executable)


def write(record: run_record.Record, settings: environment.Settings,
          cloud: clouds.Cloud) -> pathlib.Path:
    """Write the tempest.conf of a run, with mode 0600; returns its path.

    It is DevStack's file with the paths of this run. Without a tempest, its
    content comes from the variables of openrc.
    """
    path = record.run_dir / 'tempest.conf'
    # DevStack writes options of several lines, and the same option twice.
    conf = configparser.ConfigParser(
        strict=False, interpolation=None, default_section='')
    original = settings.base_dir / 'tempest' / CONFIGURATION
    if original.exists():
        conf.read(original)
    else:
        conf.read_dict(_of_openrc(settings.environ, cloud))
    if not conf.has_section(GROUP):
        conf.add_section(GROUP)
    for name, value in (('build_timeout', str(BUILD_TIMEOUT)),
                        ('region', cloud.region or ''),
                        # DevStack makes no role heat_stack_owner.
                        ('account_roles', 'member')):
        if value and not conf.has_option(GROUP, name):
            conf.set(GROUP, name, value)
    for section, name, directory in (
            ('DEFAULT', 'log_dir', record.run_dir / 'logs'),
            ('DEFAULT', 'log_file', 'tempest.log'),
            ('oslo_concurrency', 'lock_path', record.run_dir / 'data/lock'),
            (GROUP, 'state_dir', record.run_dir / 'manifest')):
        if not conf.has_section(section):
            conf.add_section(section)
        conf.set(section, name, str(directory))
    text = io.StringIO()
    conf.write(text)
    filesystem.write_atomically(path, text.getvalue())
    return path


def _of_openrc(environ: abc.Mapping[str, str], cloud: clouds.Cloud
               ) -> dict[str, dict[str, str]]:
    catalog = cloud.service_types()
    services = {
        name: str(kind in catalog) for name, kind in zip(_SERVICES, (
            'network', 'compute', 'image', 'block-storage', 'object-store'))}
    return {
        'auth': {
            'use_dynamic_credentials': 'True',
            'admin_username': environ['OS_USERNAME'],
            'admin_password': environ['OS_PASSWORD'],
            'admin_project_name': environ['OS_PROJECT_NAME'],
            'admin_domain_name': 'Default',
            'tempest_roles': 'member'},
        'identity': {
            'uri_v3': cloud.auth_url, 'auth_version': 'v3',
            'region': cloud.region or 'RegionOne',
            **({'ca_certificates_file': cloud.cacert}
               if cloud.cacert else {})},
        'service_available': {**services, 'heat': 'True'},
        GROUP: {'cfn_api': str('cloudformation' in catalog)}}
