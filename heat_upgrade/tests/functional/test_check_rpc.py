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

"""The rpc check on real releases, and its loader as a plain program."""

import base64
import zlib

import ddt

from heat_upgrade.checks import introspection
from heat_upgrade.checks.rpc import check
from heat_upgrade.checks.rpc import shapes
from heat_upgrade.tests.functional import check_case

# Findings of 2026.1; see doc/source/reference/checks/rpc.rst.
_CONVERGENCE = [
    '[SyncPoint] the object has changed and its version has not',
    '[Snapshot] the object has changed and its version has not',
    '[context] project_domain_id of the target is read differently by the '
    'base',
    '[context] user_domain_id of the target is read differently by the base',
    '[context] user_id of the target is read differently by the base',
    '[dependency graph] data that the target writes cannot be read by the '
    'base',
    '[snapshots: data of resources] data that the target writes is read '
    'differently by the base',
    '[sync points: extra data] data that the target writes is read '
    'differently by the base',
    '[sync points: nodes still waited for] data that the base writes is read '
    'differently by the target',
    '[sync points: nodes still waited for] data that the target writes is '
    'read differently by the base',
    '[worker] check_resource of the target is refused by the base',
    '[worker] check_resource_delete_snapshot of the target is refused by the '
    'base']


@ddt.ddt
class TestReleases(check_case.CheckCase):

    @ddt.data(('24.1.2', '25.0.2', []), ('26.0.2', '27.0.1', []),
              ('25.0.2', '26.0.2', _CONVERGENCE),
              ('24.1.2', '26.0.2', _CONVERGENCE))
    @ddt.unpack
    def test_findings_are_those_that_were_reviewed(
            self, base, target, expected):
        found = check.check(self.subject(base), self.subject(target),
                            self.context)
        self.assertEqual(sorted(expected),
                         sorted(finding.title for finding in found))

    def test_each_release_writes_a_row_of_each_kind(self):
        wrote = introspection.read(
            self.subject('26.0.2'), 'rows', self.context
        )
        self.assertEqual({None}, set(wrote['wrote'].values()))
        self.assertLessEqual(
            {'sync_point.extra_data', 'snapshot.data',
             'resource_snapshot.data', 'user_creds.trust_id',
             'user_creds.password', 'resource_properties_data.encrypted',
             'software_config.config', 'software_deployment.input_values',
             'stack.current_deps', 'raw_template_files.files',
             'stack_tag.tag', 'event.rsrc_prop_data_id'},
            {path for path, types in
             shapes.of(wrote['database']).items() if types})

    @ddt.data((None, set()), (check.KEY, set()),
              ('another-key-of-32-characters-here',
               {'resources', 'stored context'}))
    @ddt.unpack
    def test_the_loader_reads_a_database_of_which_it_has_only_the_url(
            self, key, failing):
        subject = self.subject('27.0.1')
        wrote = introspection.read(subject, 'rows', self.context)
        path, progress = self.place / 'heat.sqlite', self.place / 'progress'
        path.write_bytes(zlib.decompress(base64.b64decode(
            wrote['database'])))
        reading = introspection.read(
            subject,
            'rows_load',
            self.context,
            kept=False,
            argument={
                'connection': f'sqlite:///{path}',
                'key': key,
                'progress': str(progress),
            },
        )
        self.assertGreaterEqual(reading['stacks'], 10)
        self.assertEqual(f'{reading["stacks"]} {reading["stacks"]}\n',
                         progress.read_text())
        self.assertEqual(failing, {failure['what']
                                   for failure in reading['failed']})
        self.assertNotIn('facts', reading)
