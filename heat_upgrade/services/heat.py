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

"""heat-api, heat-api-cfn and heat-engine of one release."""

import dataclasses
import pathlib
import shutil

from heat_upgrade import process
from heat_upgrade.services import uwsgi

ENGINE_WORKERS = 2
MANAGE_TIMEOUT = 300

# Heat's names: the user that it authenticates as, the domain of the users
# that stacks make, and that domain's administrator.
SERVICE_USER = 'heat'
SERVICE_PROJECT = 'service'
STACK_DOMAIN = 'heat'
STACK_DOMAIN_ADMIN = 'heat_domain_admin'


@dataclasses.dataclass(frozen=True)
class Configuration:
    """What an operator has in /etc/heat: it outlives an upgrade unchanged.

    :param directory: heat.conf, api-paste.ini, environment.d and templates
    :param api_port: port of heat-api
    :param cfn_port: port of heat-api-cfn
    """

    directory: pathlib.Path
    api_port: int
    cfn_port: int

    @property
    def heat_conf(self):
        return self.directory / 'heat.conf'


def configure(workspace, environment, *, transport_url, database_url,
              keystone_url, region, service_password, domain_password,
              encryption_key):
    """Write a configuration as the guide of a release tells an operator to.

    :param environment: the release whose own files (api-paste.ini, global
        environment) it takes over
    :param transport_url: RabbitMQ, for oslo.messaging
    :param database_url: for SQLAlchemy
    :param keystone_url: without a version
    :param service_password: of SERVICE_USER
    :param domain_password: of STACK_DOMAIN_ADMIN
    :param encryption_key: 32 characters
    :returns: :class:`Configuration`
    """
    home = workspace.directory('heat')
    own = environment.path / 'etc' / 'heat'
    shutil.copytree(own, home, dirs_exist_ok=True)
    api_port, cfn_port = workspace.port(), workspace.port()

    def account(section):
        return f'''\
[{section}]
auth_type = password
auth_url = {keystone_url}
username = {SERVICE_USER}
password = {service_password}
user_domain_id = default
'''

    def service_account(section):
        return (account(section) + f'''\
project_name = {SERVICE_PROJECT}
project_domain_id = default
region_name = {region}
''')

    workspace.secret_file('heat/heat.conf', f'''\
[DEFAULT]
transport_url = {transport_url}
auth_encryption_key = {encryption_key}
encrypt_parameters_and_properties = true
num_engine_workers = {ENGINE_WORKERS}
deferred_auth_method = trusts
region_name_for_services = {region}
heat_metadata_server_url = http://127.0.0.1:{cfn_port}
heat_waitcondition_server_url = http://127.0.0.1:{cfn_port}/v1/waitcondition
stack_domain_admin = {STACK_DOMAIN_ADMIN}
stack_domain_admin_password = {domain_password}
stack_user_domain_name = {STACK_DOMAIN}
environment_dir = {home}/environment.d
template_dir = {home}/templates
plugin_dirs =
[database]
connection = {database_url}
{service_account('keystone_authtoken')}www_authenticate_uri = {keystone_url}
service_token_roles_required = true
{service_account('ec2authtoken')}{account('trustee')}[clients_keystone]
auth_uri = {keystone_url}
[paste_deploy]
api_paste_config = {home}/api-paste.ini
[oslo_messaging_notifications]
driver = noop
[oslo_concurrency]
lock_path = {workspace.directory('heat/lock')}
[cache]
enabled = true
backend = dogpile.cache.memory
''')
    return Configuration(home, api_port, cfn_port)


class Heat:
    """The three services of one release on one configuration.

    :param workspace: the run's :class:`heat_upgrade.workspace.Workspace`
    :param environment: the virtual environment of the release
    :param configuration: see :func:`configure`
    :param side: 'base' or 'target'; in the names of the logs
    """

    def __init__(self, workspace, environment, configuration, *, side):
        self.workspace = workspace
        self.environment = environment
        self.configuration = configuration
        self.side = side
        env = workspace.environment()
        self.api = self._wsgi('api', configuration.api_port, env)
        self.cfn = self._wsgi('cfn', configuration.cfn_port, env)
        self.engine = process.Process(
            'heat-engine',
            [environment.bin('heat-engine'), '--config-file',
             configuration.heat_conf],
            log=workspace.log(f'{side}-heat-engine'), env=env)

    def _wsgi(self, which, port, env):
        name = {'api': 'heat-api', 'cfn': 'heat-api-cfn'}[which]
        script = {'api': 'heat-wsgi-api', 'cfn': 'heat-wsgi-api-cfn'}[which]
        # heat.wsgi came with 24 (2025.1)
        application = uwsgi.application(
            self.environment, f'heat.wsgi.{which}:application', script)
        return uwsgi.wsgi_process(
            name, self.environment, application, port=port, env=env,
            log=self.workspace.log(f'{self.side}-{name}'),
            processes={'api': 2, 'cfn': 1}[which], threads=8,
            arguments=f'--config-file {self.configuration.heat_conf}')

    @property
    def processes(self):
        return [self.engine, self.api, self.cfn]

    def manage(self, program, *words, check=True):
        """Run heat-manage or heat-status with this configuration.

        :returns: (exit status, output)
        """
        return process.run(
            f'{program} {" ".join(words)}',
            [self.environment.bin(program), '--config-file',
             self.configuration.heat_conf, *words],
            log=self.workspace.log(f'{self.side}-{program}'),
            env=self.workspace.environment(), timeout=MANAGE_TIMEOUT,
            check=check)

    def db_sync(self):
        return self.manage('heat-manage', 'db_sync')
