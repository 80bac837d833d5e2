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

"""Tests of the packages that a job installs, with bindep itself."""

import bindep.depends
import testtools

from heat_upgrade.tests.zuul import gate

DEBIAN = ['platform:dpkg', 'platform:debian', 'platform:debian-bookworm']
SERVERS = {'mariadb-server-core', 'mariadb-client', 'rabbitmq-server',
           'haproxy'}


def packages(*profiles):
    """Return the names of the packages of bindep.txt on Debian 12."""
    depends = bindep.depends.Depends(
        (gate.TOP / 'bindep.txt').read_text(), filename='bindep.txt')
    return {name for name, *_ in depends.active_rules(
        [*DEBIAN, *profiles])}


class PackagesTest(testtools.TestCase):

    def test_lab_has_its_servers(self):
        self.assertLessEqual(SERVERS, packages())

    def test_texts_need_no_server(self):
        self.assertEqual({'git', 'shellcheck'}, packages('text'))

    def test_profile_text_is_what_the_text_jobs_ask_for(self):
        jobs = {item['job']['name']: item['job']['vars']
                for item in gate.items(gate.TOP)
                if 'vars' in item.get('job', {})}
        for name, variable in (
                ('heat-upgrade-spec-impact', 'heat_upgrade_bindep_profiles'),
                ('heat-upgrade-tests-docs', 'bindep_profile'),
                ('heat-upgrade-tests-pep8', 'bindep_profile')):
            profiles = jobs[name][variable]
            if isinstance(profiles, str):
                profiles = profiles.split()
            self.assertEqual(set(), SERVERS & packages(*profiles), name)
