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

"""The config check on an operator's own code, and far from its node."""

from heat_upgrade.checks import check_context
from heat_upgrade.checks.config import check
from heat_upgrade.tests.functional import check_case

# An alarm of an operator's own, built on a client that 27.0.1 lacks.
ALARM = """\
from heat.engine.clients.os import monasca
from heat.engine import resource


class MyAlarm(resource.Resource):
    def handle_create(self):
        self.client('monasca')


def resource_mapping():
    return {'My::Alarm': MyAlarm}
"""
FINE = """\
from heat.engine import properties
from heat.engine import resource


class Fine(resource.Resource):
    properties_schema = {'a': properties.Schema(properties.Schema.STRING)}


def resource_mapping():
    return {'My::Fine': Fine}
"""

# A type of an operator's own, whose base class is a placeholder now.
NOTIFICATION = """\
from heat.engine.resources.openstack.monasca import notification


class MyNotification(notification.MonascaNotification):
    pass


def resource_mapping():
    return {'My::Notification': MyNotification}
"""

# A filter that names a class of the eventlet server, if it is there.
SERVER = """\
from heat.common import wsgi


def __getattr__(name):
    return getattr(wsgi, name.title())
"""
CLIENT = """\
from heat.engine.clients import client_plugin


class New(client_plugin.ClientPlugin):
    pass


def __getattr__(name):
    from heat.engine.clients.os import monasca
    return monasca
"""

FILES = {
    'heat.conf': '[DEFAULT]\nplugin_dirs = /opt/heat/plugins\n'
                 '[paste_deploy]\napi_paste_config = /etc/heat/own.ini\n'
                 '[oslo_policy]\npolicy_file = /etc/heat/policy.yaml\n',
    'own.ini': '[filter:gone]\npaste.filter_factory = '
               'heat.api.openstack:sslmiddleware_filter_gone\n'
               '[composite:heat-api]\n'
               'paste.composite_factory = heat.api:pipeline_factory\n'
               'default = own fine\n'
               '[filter:own]\npaste.filter_factory = own_filters:server\n'
               '[filter:fine]\npaste.filter_factory = own_filters.fine:make\n',
    # Packages of the operator's own, next to heat.conf.
    'own_filters/__init__.py': SERVER,
    'own_filters/fine.py': 'def make(conf):\n    pass\n',
    'sources/setup.cfg': '[entry_points]\nheat.clients =\n'
                         '    old = own_client:Old\n    new = own_client:New\n'
                         'other.group =\n    a = nowhere:A\n',
    'sources/own_client.py': CLIENT,
    'acme-1.dist-info/METADATA': 'Name: acme\nVersion: 1\n',
    'acme-1.dist-info/entry_points.txt':
        '[heat.event_sinks]\nacme = acme_sink:Sink\n',
    'acme_sink.py': 'from heat.engine.clients.os import monasca as Sink\n',
    'policy.yaml': '"stacks:creat": "role:member"\n',
    'plugins/my_alarm.py': ALARM,
    'plugins/fine.py': FINE,
    'plugins/notification.py': NOTIFICATION,
    'plugins/acme.py': 'import acme_cloud_sdk\n',
    'plugins/network.py': 'import socket\n'
                          "socket.create_connection(('192.0.2.1', 80))\n",
}


class TestOperatorCode(check_case.CheckCase):

    def setUp(self):
        super().setUp()
        for name, text in FILES.items():
            path = self.place / 'etc' / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def found(self):
        context = check_context.Context(
            self.workspace, check_context.OperatorInputs(
                config_files=(self.place / 'etc' / 'heat.conf',)))
        return {
            (finding.severity, finding.rule.partition('.')[2],
             finding.subject)
            for finding in check.check(
                self.subject('2024.2'), self.subject('2026.2'), context)}

    def test_files_of_another_node_and_plug_ins_are_checked(self):
        found = self.found()
        self.assertLessEqual({
            ('warning', 'paste-not-loaded',
             'heat.api.openstack:sslmiddleware_filter_gone'),
            ('warning', 'policy-rule-unknown', 'stacks:creat'),
            ('error', 'plugin-not-loaded', 'my_alarm.py'),
            ('error', 'plugin-type-changed', 'My::Notification'),
            ('error', 'paste-not-loaded', 'own_filters:server'),
            ('error', 'entry-point-not-loaded', 'heat.clients old'),
            ('error', 'entry-point-not-loaded', 'heat.event_sinks acme'),
            ('warning', 'plugin-not-checked', 'acme.py'),
            ('warning', 'plugin-never-loaded', 'network.py')}, found)
        self.assertEqual([], [subject for _, rule, subject in found
                              if subject in ('fine.py', 'heat.clients new',
                                             'own_filters.fine:make')
                              or rule == 'file-not-here'])
        # No bytecode is written into the operator's directory.
        self.assertEqual(
            sorted(FILES),
            sorted(str(path.relative_to(self.place / 'etc'))
                   for path in (self.place / 'etc').rglob('*')
                   if path.is_file()))
