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

"""heat-api, heat-api-cfn and heat-engine: configuration and processes."""

import dataclasses
import pathlib
import shutil

from heat_upgrade.lab import profiles
from heat_upgrade.lab.services import messaging
from heat_upgrade.lab.services import uwsgi
from heat_upgrade import process

# Of heat-engine, and processes of heat-api.
WORKERS = 2
# Of a worker of heat-engine, for work that it has accepted. What is parked
# holds one each: Heat's own 64 are too few for all the work in flight at once.
ENGINE_THREADS = 512
MANAGE_TIMEOUT = 300

# Of heat-status (oslo.upgradecheck): all is well; there is something to know.
# Anything else forbids an upgrade.
CHECK_SUCCESS, CHECK_WARNING = 0, 1
# What it prints above its table.
CHECK_RESULTS = 'Upgrade Check Results'

ENGINE, API, CFN = 'engine', 'api', 'cfn'
SERVICES = (ENGINE, API, CFN)

# Heat's names: the user that it authenticates as, the domain of the users
# that stacks make, and that domain's administrator.
SERVICE_USER = 'heat'
SERVICE_PROJECT = 'service'
STACK_DOMAIN = 'heat'
STACK_DOMAIN_ADMIN = 'heat_domain_admin'

NAMES = {ENGINE: 'heat-engine', API: 'heat-api', CFN: 'heat-api-cfn'}
_SCRIPTS = {API: 'heat-wsgi-api', CFN: 'heat-wsgi-api-cfn'}

# A call that gets lost holds a thread for the 60 s of rpc_response_timeout,
# and those of two probes at 10 Hz are a dozen.
THREADS = 16


@dataclasses.dataclass(frozen=True)
class Configuration:
    """What an operator has in /etc/heat: it outlives an upgrade unchanged.

    :param directory: heat.conf, api-paste.ini, environment.d and templates
    :param api_port: port at which users find heat-api
    :param cfn_port: port at which users find heat-api-cfn
    :param workers: of heat-engine, and processes of heat-api
    :param profile: one of :data:`heat_upgrade.lab.profiles.PROFILES`
    """

    directory: pathlib.Path
    api_port: int
    cfn_port: int
    workers: int
    profile: str = profiles.STANDARD

    @property
    def heat_conf(self):
        return self.directory / 'heat.conf'


def configure(workspace, environment, *, transport_url, database_url,
              keystone_url, region, service_password, domain_password,
              encryption_key, plugin_dir='', workers=WORKERS,
              profile=profiles.STANDARD):
    """Write a configuration as the guide of a release tells an operator to.

    :param environment: the release whose own files (api-paste.ini, global
        environment) it takes over
    :param transport_url: RabbitMQ, for oslo.messaging
    :param database_url: for SQLAlchemy
    :param keystone_url: without a version
    :param service_password: of SERVICE_USER
    :param domain_password: of STACK_DOMAIN_ADMIN
    :param encryption_key: 32 characters
    :param plugin_dir: where Heat finds resource types of the operator's own
    :param workers: of heat-engine, and processes of heat-api
    :param profile: one of :data:`heat_upgrade.lab.profiles.PROFILES`
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
num_engine_workers = {workers}
executor_thread_pool_size = {ENGINE_THREADS}
deferred_auth_method = trusts
region_name_for_services = {region}
heat_metadata_server_url = http://127.0.0.1:{cfn_port}
heat_waitcondition_server_url = http://127.0.0.1:{cfn_port}/v1/waitcondition
stack_domain_admin = {STACK_DOMAIN_ADMIN}
stack_domain_admin_password = {domain_password}
stack_user_domain_name = {STACK_DOMAIN}
environment_dir = {home}/environment.d
template_dir = {home}/templates
plugin_dirs = {plugin_dir}
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
{messaging.of_all(profile)}''')
    return Configuration(home, api_port, cfn_port, workers, profile)


def service(which, workspace, environment, *, name, side, configs, port=None,
            workers=WORKERS, extra=None):
    """Return the process of one service, not started yet.

    :param which: one of SERVICES
    :param workspace: the run's :class:`heat_upgrade.lab.workspace.Workspace`
    :param environment: the virtual environment of the release
    :param name: of the node that it is on; in the names of logs
    :param side: 'base' or 'target'; likewise
    :param configs: its configuration files; a later one takes precedence
    :param port: of heat-api and heat-api-cfn, on loopback
    :param workers: processes of heat-api
    :param extra: further environment variables
    :returns: :class:`heat_upgrade.process.Process`
    """
    env = workspace.environment(**(extra or {}))
    called = NAMES[which]
    log = workspace.log(f'{name}-{side}-{called}')
    words = [word for config in configs
             for word in ('--config-file', str(config))]
    words += nothing_else(workspace)
    if which == ENGINE:
        return process.Process(
            f'{called} on {name}',
            [_program(workspace, environment, called, name, side), *words],
            log=log, env=env)
    # heat.wsgi came with 24 (2025.1)
    application = uwsgi.application(
        environment, f'heat.wsgi.{which}:application', _SCRIPTS[which])
    return uwsgi.wsgi_process(
        f'{called} on {name}', environment, application, port=port, env=env,
        log=log, processes=workers if which == API else 1, threads=THREADS,
        arguments=' '.join(words))


def _program(workspace, environment, called, name, side):
    """Return a program of a release under a name of its node.

    The master process of heat-engine since 2025.2 is called after its
    program: 'heat-engine: master process'. oslo.messaging's QManager reads
    the start of that process from /proc/PID/stat as the 22nd word, which the
    space in this name shifts. A value read before the process had this name
    differs, QManager numbers the queues from 1 again, and two workers may come
    to share one queue of replies. The kernel keeps 15 characters of a name:
    a longer one has no space in them.
    """
    link = workspace.directory(f'heat/bin/{side}') / f'{called}-{name}'
    link.unlink(missing_ok=True)
    link.symlink_to(environment.bin(called))
    return link


def nothing_else(workspace):
    """Return the words that keep a program from the machine's own settings.

    With --config-file alone oslo.config reads /etc/heat/heat.conf.d as well:
    where Heat is installed, the database in there would be used.
    """
    return ['--config-dir', str(workspace.directory('no-more-settings'))]


def may_upgrade(status, output):
    """Tell whether `heat-status upgrade check` lets an upgrade go on.

    A program that crashes ends with 1 as well: a warning has a table.

    :param status: its exit status
    :param output: what it printed
    """
    return status == CHECK_SUCCESS or (status == CHECK_WARNING
                                       and CHECK_RESULTS in output)


def manage(workspace, environment, configuration, *words, side, check=True):
    """Run heat-manage or heat-status with a configuration.

    :param words: the program and its arguments
    :param side: 'base' or 'target': whose code it is
    :param check: raise if it fails
    :returns: (exit status, output)
    """
    program, *rest = words
    return process.run(
        ' '.join(words),
        [environment.bin(program), '--config-file', configuration.heat_conf,
         *nothing_else(workspace), *rest],
        log=workspace.log(f'{side}-{program}'),
        env=workspace.environment(), timeout=MANAGE_TIMEOUT, check=check)
