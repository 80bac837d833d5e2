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

"""The joined report of several nodes."""

import sys

from testtools import matchers

from heat_upgrade.tests.zuul import playbook_case
from heat_upgrade.tests.zuul import runs

POST = 'heat-upgrade-seeds/post.yaml'

# Lists the files that it is given, and writes them as the joined report.
TOOL = '''
import pathlib, sys
assert sys.argv[1:3] == ["report", "merge"], sys.argv
*places, option, to = sys.argv[3:]
assert option == "--to"
files = sorted(str(path.relative_to(place)) for place in places
               for path in pathlib.Path(place).rglob("*") if path.is_file())
assert files, "there is no run"
pathlib.Path(to).mkdir()
pathlib.Path(to, "merged.html").write_text("\\n".join(files))
print("verdict: FAIL of", len(files), "files")
sys.exit(1)
'''


class MergeTest(playbook_case.PlaybookCase):

    def setUp(self):
        super().setUp()
        tool = self.node.work_dir / 'bin' / 'heat-upgrade'
        tool.parent.mkdir(parents=True)
        tool.write_text(f'#!{sys.executable}\n{TOOL}')
        tool.chmod(0o755)

    def test_only_the_records_of_the_runs_are_joined(self):
        runs.make(self.node.work_dir / 'results' / 'run-1')
        said = self.passes(POST, {})
        page = self.node.logs / 'heat-upgrade-merged' / 'merged.html'
        self.assertEqual(
            [f'run-1/{name}' for name in (
                'history.jsonl', 'journal.jsonl', 'plan.json',
                'probes/stack-list.jsonl')], page.read_text().split())
        self.assertIn('verdict: FAIL of 4 files', said)

    def test_the_joined_report_is_an_artifact(self):
        runs.make(self.node.work_dir / 'results' / 'run-1')
        self.passes(POST, {})
        artifact, = self.node.returned()['artifacts']
        self.assertThat(self.node.logs / artifact['url'],
                        matchers.FileExists())

    def test_a_node_without_a_run_is_reported_and_does_not_fail(self):
        said = self.passes(POST, {}, success=False)
        self.assertIn('there is no run', said)
        self.assertEqual([], self.node.collected())
        self.assertEqual({}, self.node.returned())
