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

import http.client

from heat_upgrade import process

START_TIMEOUT = 90
ANSWER_TIMEOUT = 5


def wsgi_process(name, environment, application, *, port, env, log,
                 processes, threads, arguments=None):
    """Return the process of a WSGI application that is not started yet.

    :param name: name of the process
    :param environment: :class:`heat_upgrade.install.environments.Environment`
        with the application and uWSGI in it
    :param application: 'module:callable', or the path of a WSGI script
    :param port: port on loopback
    :param env: environment variables of the process
    :param log: path of its log, also the application's
    :param processes: worker processes, forked when all is imported
    :param threads: threads of each
    :param arguments: command line that the application finds in sys.argv
    """
    where = (['--module', application] if ':' in application
             else ['--wsgi-file', application])
    return process.Process(
        name,
        [environment.bin('uwsgi'), '--http-socket', f'127.0.0.1:{port}',
         *where, '--virtualenv', environment.path, '--procname-prefix-spaced',
         name, '--master', '--need-app', '--die-on-term', '--no-orphans',
         '--enable-threads', '--processes', processes, '--threads', threads,
         '--buffer-size', '65535', '--log-master-bufsize', '65535',
         '--listen', '100', '--disable-logging',
         # Its own HTTP closes after each answer and must say so, or clients
         # that keep connections meet a reset now and then (as DevStack).
         '--add-header', 'Connection: close',
         # A request that was cut off at a stop is not worth 60 s.
         '--worker-reload-mercy', '10',
         *(['--pyargv', arguments] if arguments else [])],
        env=env, log=log)


def application(environment, module, script):
    """Return what :func:`wsgi_process` takes for an application.

    :param module: 'module:callable', which newer releases have
    :param script: name of the script of pbr that older ones have instead
    """
    path = module.partition(':')[0].replace('.', '/') + '.py'
    if any(environment.path.glob(f'lib/*/site-packages/{path}')):
        return module
    return str(environment.bin(script))


def answers(port, path, statuses):
    """Tell whether a port on loopback answers a GET with one of statuses.

    :raises: OSError if nobody listens, or the answer takes too long
    """
    connection = http.client.HTTPConnection('127.0.0.1', port,
                                            timeout=ANSWER_TIMEOUT)
    try:
        connection.request('GET', path)
        return connection.getresponse().status in statuses
    except http.client.HTTPException as exc:
        raise OSError(f'no HTTP answer from port {port}: {exc!r}') from exc
    finally:
        connection.close()
