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

"""The list of resource types is that of the release that it names."""

import json

from heat_upgrade import process
from heat_upgrade.results import resource_types
from heat_upgrade.tests.functional import check_case

PROGRAM = '''\
import json
from heat.engine import resources
resources.initialise()
print(json.dumps(sorted(resources.global_env().get_types())))
'''


class ResourceTypesTest(check_case.CheckCase):

    def test_types_are_those_that_the_release_shows(self):
        content = resource_types.content()
        installed = self.subject(content['release'])
        _, output = process.run(
            'types', [installed.environment.bin('python'), '-c', PROGRAM],
            log=self.workspace.log('types'), timeout=60,
            env=self.workspace.environment())
        self.assertEqual(json.loads(output.splitlines()[-1]),
                         content['types'])
