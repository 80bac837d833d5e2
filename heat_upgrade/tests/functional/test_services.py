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


"""The services of --with: Heat makes a server in them, and none is left."""

import json
import os
import pathlib
import signal
import subprocess
import sys

import psutil

from heat_upgrade import process
from heat_upgrade.tests.functional import base
from heat_upgrade import waiting

# The base of a default run, whose environment is in the cache anyway.
UP = ('cloud', 'up', '--with', 'compute', '--release', '2026.1')

TEMPLATE = '''\
heat_template_version: rocky
resources:
  net: {type: OS::Neutron::Net}
  subnet:
    type: OS::Neutron::Subnet
    properties: {network: {get_resource: net}, cidr: 10.2.0.0/24}
  port:
    type: OS::Neutron::Port
    properties:
      network: {get_resource: net}
      fixed_ips: [{subnet: {get_resource: subnet}}]
  server:
    type: OS::Nova::Server
    properties:
      image: lab
      flavor: lab
      networks: [{port: {get_resource: port}}]
outputs:
  address: {value: {get_attr: [server, first_address]}}
'''


class ServicesTest(base.ToolTestCase):

    def openstack(self, *words):
        """Run the client on the cloud; returns its output."""
        done = subprocess.run(
            [pathlib.Path(sys.executable).with_name('openstack'),
             '--os-cloud', 'heat-upgrade', *words],
            env={**os.environ, 'OS_CLIENT_CONFIG_FILE': str(
                self.run_dir_of_cloud / 'clouds.yaml')},
            check=True, timeout=180, capture_output=True, text=True)
        return done.stdout

    def shown(self, *words):
        """Return the objects that the client shows."""
        return json.loads(self.openstack(*words, '-f', 'json'))

    def test_a_stack_with_a_server_is_made_in_real_services(self):
        self.run_dir_of_cloud = self.work_dir / 'cloud'
        status, output = self.run_tool(*UP, str(self.run_dir_of_cloud))
        self.assertEqual(0, status, output)
        self.addCleanup(self.run_tool, 'cloud', 'down',
                        str(self.run_dir_of_cloud))
        noted = json.loads(
            (self.run_dir_of_cloud / 'cloud.json').read_text())
        ports = self.ports(noted['marker'])
        template = self.work_dir / 'server.yaml'
        template.write_text(TEMPLATE)
        self.openstack('stack', 'create', '--wait', '-t', str(template),
                       'mine')
        address = self.shown('stack', 'output', 'show', 'mine',
                             'address')['output_value']
        port, = self.shown(
            'port', 'list', '--fixed-ip', f'ip-address={address}')
        self.assertEqual('ACTIVE', port['Status'])
        server, = self.shown('server', 'list')
        self.assertEqual('ACTIVE', server['Status'])
        log = self.run_dir_of_cloud / 'logs' / 'access-nova-api.jsonl'
        made = [request for request
                in map(json.loads, log.read_text().splitlines())
                if request['method'] == 'POST'
                and request['path'].endswith('/servers')]
        self.assertEqual([('admin', 202)], [
            (request['user'], request['status']) for request in made])

        status, output = self.run_tool('cloud', 'down',
                                       str(self.run_dir_of_cloud))
        self.assertEqual(0, status, output)
        self.assert_nothing_is_left(noted['marker'], ports)

    def interrupt(self, signum):
        """Interrupt the start once Nova's services run; return the marker."""
        run_dir = self.work_dir / 'cloud'
        tool = self.start(*UP, str(run_dir))
        log = run_dir / 'logs' / 'nova-services.log'
        waiting.wait_until(log.exists, timeout=base.RUN_TIMEOUT,
                           what='the start of nova-services')
        marker, = self.markers()
        os.killpg(tool.pid, signum)
        tool.wait(60)
        return marker

    def markers(self):
        """Return the markers of the runs in the directory of this test."""
        markers = set()
        for one in psutil.process_iter(['environ']):
            environ = one.info['environ'] or {}
            if environ.get('HOME', '').startswith(str(self.tmp)):
                markers.add(environ[process.RUN_MARKER])
        return markers

    def test_an_interrupted_start_leaves_nothing(self):
        self.assert_nothing_is_left(self.interrupt(signal.SIGINT))

    def test_a_killed_start_leaves_nothing(self):
        self.assert_nothing_is_left(self.interrupt(signal.SIGKILL))
