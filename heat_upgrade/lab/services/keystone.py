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

"""A private Keystone."""

import base64
from collections import abc
import os
import pathlib

from heat_upgrade.install import environments
from heat_upgrade.lab.services import mariadb
from heat_upgrade.lab.services import uwsgi
from heat_upgrade.lab import workspace as workspaces
from heat_upgrade import process

MANAGE_TIMEOUT = 180
REGION = 'RegionOne'
ADMIN = 'admin'


class Keystone:
    """Keystone under uWSGI, with fernet keys of its own.

    :param database_url: for SQLAlchemy
    """

    def __init__(self, workspace: workspaces.Workspace,
                 environment: environments.Environment, *,
                 database_url: str) -> None:
        self.workspace = workspace
        self.environment = environment
        self.port = workspace.port()
        self.url = f'http://127.0.0.1:{self.port}'
        home = workspace.directory('keystone')
        for repository in ('fernet', 'credential'):
            make_keys(home / repository)
        self.config = workspace.secret_file('keystone/keystone.conf', f'''\
[DEFAULT]
public_endpoint = {self.url}
[database]
connection = {database_url}
[token]
provider = fernet
expiration = 86400
[fernet_tokens]
key_repository = {home}/fernet
[fernet_receipts]
key_repository = {home}/fernet
[credential]
key_repository = {home}/credential
[identity]
# A lab's passwords are random and live for minutes; expensive hashes protect
# passwords that people choose.
password_hash_rounds = 4
[cache]
# Pickled, because Keystone changes objects that it takes out of the cache
# (Manager._decrypt_credential).
backend = dogpile.cache.memory_pickle
[oslo_messaging_notifications]
driver = noop
''')
        self.process = uwsgi.wsgi_process(
            'keystone', environment,
            # keystone.wsgi came with 26.1 (2024.2)
            uwsgi.application(environment, 'keystone.wsgi.api:application',
                              'keystone-wsgi-public'),
            port=self.port, log=workspace.log('keystone'),
            env=workspace.environment(
                OS_KEYSTONE_CONFIG_FILES=str(self.config),
                OS_KEYSTONE_CONFIG_DIR=str(home)),
            # One thread: Keystone keeps the token of a request in its only
            # AuthContextMiddleware, so two threads could mix up tokens. One
            # process: each process has a cache of its own, so a second
            # process would not see the first one's writes.
            processes=1, threads=1)

    def start(self) -> None:
        self.process.start()

    def wait_ready(self) -> None:
        self.process.wait_ready(
            lambda: uwsgi.answers(self.port, '/v3', (200,)),
            timeout=uwsgi.START_TIMEOUT, what=f'an answer from {self.url}/v3')

    def stop(self) -> tuple[float, bool]:
        return self.process.stop()

    def manage(self, *words: str,
               extra_env: abc.Mapping[str, str] | None = None
               ) -> tuple[int, str]:
        """Run keystone-manage; return (exit status, output)."""
        return process.run(
            f'keystone-manage {words[0]}',
            # Without a directory of its own it would also read
            # /etc/keystone/keystone.conf.d.
            [self.environment.bin('keystone-manage'), '--config-file',
             self.config, '--config-dir',
             self.workspace.directory('no-more-settings'), *words],
            log=self.workspace.log('keystone-manage'),
            env=self.workspace.environment(**extra_env or {}),
            timeout=MANAGE_TIMEOUT)

    def bootstrap(self, password: str) -> None:
        """Fill an empty database: schema, the administrator, roles."""
        self.manage('db_sync')
        self.manage('bootstrap', '--bootstrap-region-id', REGION,
                    extra_env={'OS_BOOTSTRAP_PASSWORD': password,
                               'OS_BOOTSTRAP_USERNAME': ADMIN})


def make_keys(repository: str | os.PathLike[str]) -> None:
    """Make a key repository as keystone-manage fernet_setup does.

    File 0 is the staged key and 1 the primary one (Keystone's administrator
    guide, "Fernet tokens"); a key is 32 random bytes in URL-safe base64
    (the Fernet specification). keystone-manage takes 4 s to do this.
    """
    repository = pathlib.Path(repository)
    repository.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in ('0', '1'):
        descriptor = os.open(repository / name,
                             os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, 'wb') as key:
            key.write(base64.urlsafe_b64encode(os.urandom(32)))


def domain_id(server: mariadb.MariaDB, name: str) -> str:
    """Return the ID of a domain from Keystone's database.

    Keystone may still be starting; its database is ready.
    """
    (domain,), = server.execute(
        'SELECT id FROM project WHERE is_domain AND name = %s', (name,),
        database='keystone')
    return str(domain)
