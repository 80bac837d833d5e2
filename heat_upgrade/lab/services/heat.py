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

from collections import abc
import dataclasses
import pathlib
import shutil

import yaml

from heat_upgrade.install import environments
from heat_upgrade.lab import profiles
from heat_upgrade.lab.services import messaging
from heat_upgrade.lab.services import uwsgi
from heat_upgrade.lab import workspace as workspaces
from heat_upgrade import process

# Workers of heat-engine, and processes of heat-api.
WORKERS = 2
# Threads of each worker of heat-engine. An operation that the ledger parks
# holds a thread: Heat's own 64 are too few for all in-flight operations.
ENGINE_THREADS = 512
# Seconds.
MANAGE_TIMEOUT = 300

# Exit statuses of heat-status (oslo.upgradecheck): success, and a warning.
# Any other status forbids an upgrade.
CHECK_SUCCESS, CHECK_WARNING = 0, 1
# The title of its table.
CHECK_RESULTS = 'Upgrade Check Results'

ENGINE, API, CFN = 'engine', 'api', 'cfn'
SERVICES = (ENGINE, API, CFN)

# Heat's names: its own user, the domain of the users that stacks make, and
# that domain's administrator.
SERVICE_USER = 'heat'
SERVICE_PROJECT = 'service'
STACK_DOMAIN = 'heat'
STACK_DOMAIN_ADMIN = 'heat_domain_admin'

# The operator's policy file, below the directory of heat.conf.
POLICY = 'policy.yaml'

NAMES = {ENGINE: 'heat-engine', API: 'heat-api', CFN: 'heat-api-cfn'}
_SCRIPTS = {API: 'heat-wsgi-api', CFN: 'heat-wsgi-api-cfn'}

# Threads of an API process. A lost call holds one for the 60 s of
# rpc_response_timeout; two probes at 10 Hz lose about a dozen calls.
THREADS = 16


@dataclasses.dataclass(frozen=True)
class Configuration:
    """The content of /etc/heat, which an upgrade does not change.

    :param directory: heat.conf, api-paste.ini, environment.d and templates
    :param api_port: port of heat-api for users
    :param cfn_port: port of heat-api-cfn for users
    :param workers: workers of heat-engine, and processes of heat-api
    :param profile: the combined profiles
    :param encryption_key: Heat's auth_encryption_key
    """

    directory: pathlib.Path
    api_port: int
    cfn_port: int
    workers: int
    profile: profiles.Profile
    encryption_key: str = dataclasses.field(default='', repr=False)

    @property
    def heat_conf(self) -> pathlib.Path:
        return self.directory / 'heat.conf'


def configure(workspace: workspaces.Workspace,
              environment: environments.Environment, *, transport_url: str,
              database_url: str, keystone_url: str, region: str,
              service_password: str, domain_password: str,
              encryption_key: str, plugin_dir: str | pathlib.Path = '',
              workers: int = WORKERS, profile: str = profiles.STANDARD,
              domain_id: str = '') -> Configuration:
    """Write a configuration as the installation guide of a release describes.

    :param environment: the release whose own files (api-paste.ini, global
        environment) are copied
    :param transport_url: RabbitMQ, for oslo.messaging
    :param database_url: for SQLAlchemy
    :param keystone_url: without a version
    :param service_password: of SERVICE_USER
    :param domain_password: of STACK_DOMAIN_ADMIN
    :param encryption_key: 32 characters
    :param plugin_dir: directory of the operator's own resource types
    :param workers: workers of heat-engine, and processes of heat-api
    :param profile: names of profiles, with commas
    :param domain_id: ID of STACK_DOMAIN
    """
    home = workspace.directory('heat')
    own = environment.path / 'etc' / 'heat'
    shutil.copytree(own, home, dirs_exist_ok=True)
    api_port, cfn_port = workspace.port(), workspace.port()

    chosen = profiles.parse(profile)
    account: dict[str, str | None] = {
        'auth_type': 'password', 'auth_url': keystone_url,
        'username': SERVICE_USER, 'password': service_password,
        'user_domain_id': 'default'}
    service_account = {**account, 'project_name': SERVICE_PROJECT,
                       'project_domain_id': 'default', 'region_name': region}
    values = {'key16': encryption_key[:16], 'key24': encryption_key[:24],
              'key32': encryption_key, 'home': str(home), 'domain': domain_id}
    sections = profiles.merged({
        'DEFAULT': {
            'transport_url': transport_url,
            'auth_encryption_key': encryption_key,
            'encrypt_parameters_and_properties': 'true',
            'num_engine_workers': str(workers),
            'executor_thread_pool_size': str(ENGINE_THREADS),
            'deferred_auth_method': 'trusts',
            'enable_stack_abandon': 'true',
            'enable_stack_adopt': 'true',
            'region_name_for_services': region,
            'heat_metadata_server_url': f'http://127.0.0.1:{cfn_port}',
            'heat_waitcondition_server_url':
                f'http://127.0.0.1:{cfn_port}/v1/waitcondition',
            'stack_domain_admin': STACK_DOMAIN_ADMIN,
            'stack_domain_admin_password': domain_password,
            'stack_user_domain_name': STACK_DOMAIN,
            'environment_dir': f'{home}/environment.d',
            'template_dir': f'{home}/templates',
            'plugin_dirs': str(plugin_dir)},
        'database': {'connection': database_url},
        'keystone_authtoken': {**service_account,
                               'www_authenticate_uri': keystone_url,
                               'service_token_roles_required': 'true'},
        'ec2authtoken': {**service_account},
        'trustee': {**account},
        'clients_keystone': {'auth_uri': keystone_url},
        'paste_deploy': {'api_paste_config': f'{home}/api-paste.ini'},
        'oslo_messaging_notifications': {'driver': 'noop'},
        'oslo_concurrency': {
            'lock_path': str(workspace.directory('heat/lock'))},
        'cache': {'enabled': 'true', 'backend': 'dogpile.cache.memory'},
        'oslo_policy': {'policy_file': f'{home}/{POLICY}'},
    }, messaging.of_all(chosen), profiles.filled(chosen.options, values))
    workspace.secret_file('heat/heat.conf', profiles.as_ini(sections))
    (home / POLICY).write_text(yaml.safe_dump(chosen.policy))
    return Configuration(
        home, api_port, cfn_port, workers, chosen,
        sections['DEFAULT']['auth_encryption_key'] or '')


def service(which: str, workspace: workspaces.Workspace,
            environment: environments.Environment, *, name: str, side: str,
            configs: abc.Iterable[pathlib.Path], port: int | None = None,
            workers: int = WORKERS,
            extra: abc.Mapping[str, str] | None = None) -> process.Process:
    """Return the process of one service, not started yet.

    :param which: one of SERVICES
    :param environment: the virtual environment of the release
    :param name: name of its node, in the names of logs
    :param side: 'base' or 'target', in the names of logs
    :param configs: its configuration files; a later one takes precedence
    :param port: port of heat-api or heat-api-cfn, on loopback
    :param workers: processes of heat-api
    :param extra: further environment variables
    """
    env = workspace.environment(**(extra or {}))
    program = NAMES[which]
    log = workspace.log(f'{name}-{side}-{program}')
    words = [word for config in configs
             for word in ('--config-file', str(config))]
    words += nothing_else(workspace)
    if which == ENGINE:
        return process.Process(
            f'{program} on {name}',
            [_program(workspace, environment, program, name, side), *words],
            log=log, env=env)
    # heat.wsgi came with 24 (2025.1)
    application = uwsgi.application(
        environment, f'heat.wsgi.{which}:application', _SCRIPTS[which])
    return uwsgi.wsgi_process(
        f'{program} on {name}', environment, application, port=port, env=env,
        log=log, processes=workers if which == API else 1, threads=THREADS,
        arguments=' '.join(words))


def _program(workspace: workspaces.Workspace,
             environment: environments.Environment, program: str, name: str,
             side: str) -> pathlib.Path:
    """Return a link to a program of a release, named after its node.

    The master process of heat-engine since 2025.2 has the name of its
    program: 'heat-engine: master process'. oslo.messaging's QManager reads
    the start time of that process from /proc/PID/stat as the 22nd word, which
    the space in this name shifts. A value read before the process had this
    name differs: QManager numbers the queues from 1 again, and two workers
    may share one reply queue. The kernel keeps 15 characters of a name, and
    those of a longer name contain no space.
    """
    link = workspace.directory(f'heat/bin/{side}') / f'{program}-{name}'
    link.unlink(missing_ok=True)
    link.symlink_to(environment.bin(program))
    return link


def nothing_else(workspace: workspaces.Workspace) -> list[str]:
    """Return the options that hide the machine's own settings.

    With --config-file alone, oslo.config also reads /etc/heat/heat.conf.d: on
    a machine with Heat, the program would use that database.
    """
    return ['--config-dir', str(workspace.directory('no-more-settings'))]


def may_upgrade(status: int, output: str) -> bool:
    """Return True if `heat-status upgrade check` allows an upgrade.

    A program that crashes also ends with 1, but only a warning has a table.

    :param status: its exit status
    """
    return status == CHECK_SUCCESS or (status == CHECK_WARNING
                                       and CHECK_RESULTS in output)


def manage(workspace: workspaces.Workspace,
           environment: environments.Environment,
           configs: abc.Iterable[pathlib.Path], *words: str, side: str,
           check: bool = True) -> tuple[int, str]:
    """Run heat-manage or heat-status with a configuration.

    :param configs: its configuration files; a later one takes precedence
    :param words: the program and its arguments
    :param side: 'base' or 'target', the release of the program
    :param check: raise if it fails
    :returns: (exit status, output)
    """
    program, *rest = words
    return process.run(
        ' '.join(words),
        [environment.bin(program),
         *(word for config in configs
           for word in ('--config-file', str(config))),
         *nothing_else(workspace), *rest],
        log=workspace.log(f'{side}-{program}'),
        env=workspace.environment(), timeout=MANAGE_TIMEOUT, check=check)
