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

"""A WSGI application under uWSGI, as DevStack runs Keystone and Heat."""

from collections import abc
import os

from heat_upgrade import http_client
from heat_upgrade.install import environments
from heat_upgrade import process

START_TIMEOUT = 90
ANSWER_TIMEOUT = 5


def wsgi_process(name: str, environment: environments.Environment,
                 application: str, *, port: int | None,
                 env: abc.Mapping[str, str], log: str | os.PathLike[str],
                 processes: int, threads: int, arguments: str | None = None,
                 lazy: bool = False) -> process.Process:
    """Return the process of a WSGI application, not started yet.

    :param environment: contains the application and uWSGI
    :param application: 'module:callable', or the path of a WSGI script
    :param port: port on loopback
    :param log: path of its log, also of the application's
    :param processes: worker processes, forked after the imports
    :param threads: threads of each worker process
    :param arguments: command line that the application finds in sys.argv
    :param lazy: load the application after the fork, for one that starts
        threads when it is loaded
    """
    source = (['--module', application] if ':' in application
              else ['--wsgi-file', application])
    return process.Process(
        name,
        [environment.bin('uwsgi'), '--http-socket', f'127.0.0.1:{port}',
         *source, '--virtualenv', environment.path,
         '--procname-prefix-spaced',
         name, '--master', '--need-app', '--die-on-term', '--no-orphans',
         '--enable-threads', '--processes', processes, '--threads', threads,
         '--buffer-size', '65535', '--log-master-bufsize', '65535',
         '--listen', '100', '--disable-logging',
         # Its own HTTP closes after each answer. Without this header, clients
         # with persistent connections see a reset now and then (as DevStack).
         '--add-header', 'Connection: close',
         # A stop does not wait 60 s for a request that it cuts off.
         '--worker-reload-mercy', '10',
         *(['--lazy-apps'] if lazy else []),
         *(['--pyargv', arguments] if arguments else [])],
        env=env, log=log)


def application(environment: environments.Environment, module: str,
                script: str) -> str:
    """Return the ``application`` argument of wsgi_process().

    :param module: 'module:callable', which newer releases have
    :param script: name of the pbr script that older releases have instead
    """
    path = module.partition(':')[0].replace('.', '/') + '.py'
    if any(environment.path.glob(f'lib/*/site-packages/{path}')):
        return module
    return str(environment.bin(script))


def answers(port: int, path: str, statuses: abc.Container[int]) -> bool:
    """Return True if a GET on loopback returns one of some HTTP statuses.

    :raises: OSError if the connection is refused or the answer is late
    """
    answer = http_client.ask('GET', f'http://127.0.0.1:{port}{path}',
                             timeout=ANSWER_TIMEOUT)
    return answer.status in statuses
