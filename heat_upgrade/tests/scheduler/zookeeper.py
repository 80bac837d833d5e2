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

"""A private ZooKeeper with TLS, from Debian's packages.

bindep's profile zuul-scheduler has them: libzookeeper-java and a Java runtime.
Nothing of the system's service is used, nor started.
"""

import glob
import socket
import ssl

from heat_upgrade import errors
from heat_upgrade import process

JARS = '/usr/share/java'
# ZooKeeper's own list has neither Netty, which its TLS needs, nor what writes
# its log.
CLASS_PATH = ('zookeeper.jar', 'zookeeper-jute.jar', 'netty-*.jar',
              'slf4j-api.jar', 'slf4j-simple.jar', 'snappy-java.jar',
              'metrics-core.jar', 'commons-cli.jar', 'commons-io.jar',
              'jackson-*.jar')
START_TIMEOUT = 60


def start(workspace, port, certificates):
    """Start it; returns its process, once it answers.

    :param workspace: :class:`heat_upgrade.lab.workspace.Workspace`
    :param port: of the workspace
    :param certificates: :class:`certificates.Certificates`
    """
    config = workspace.secret_file('zoo.cfg', f'''\
dataDir={workspace.directory('zookeeper')}
secureClientPort={port}
secureClientPortAddress=127.0.0.1
serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory
ssl.keyStore.location={certificates.server}
ssl.keyStore.type=PEM
ssl.trustStore.location={certificates.ca}
ssl.trustStore.type=PEM
ssl.hostnameVerification=false
authProvider.x509=org.apache.zookeeper.server.auth.X509AuthenticationProvider
admin.enableServer=false
maxClientCnxns=0
''')
    server = process.Process(
        'zookeeper', ['java', '-Xmx256m', '-cp', _class_path(),
                      'org.apache.zookeeper.server.ZooKeeperServerMain',
                      config],
        log=workspace.log('zookeeper'), env=workspace.environment(),
        cwd=workspace.data)
    server.start()
    server.wait_ready(lambda: _greets(port, certificates),
                      timeout=START_TIMEOUT, what='a handshake of TLS')
    return server


def _class_path():
    found = [path for pattern in CLASS_PATH
             for path in sorted(glob.glob(f'{JARS}/{pattern}'))]
    if not any(path.endswith('/zookeeper.jar') for path in found):
        raise errors.UsageError(
            f'{JARS} has no zookeeper.jar; BINDEP_PROFILES=zuul-scheduler '
            './tools/with-deps.sh tox -e zuul-scheduler installs it')
    return ':'.join(found)


def _greets(port, certificates):
    context = ssl.create_default_context(cafile=certificates.ca)
    context.load_cert_chain(certificates.cert, certificates.key)
    with socket.create_connection(('127.0.0.1', port), timeout=5) as plain, \
            context.wrap_socket(plain, server_hostname='127.0.0.1'):
        return True
