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
"""Tests of the patches in adoption/.

Each patch is applied to files made from its own context; and, where the
variable HEAT_UPGRADE_CLONES names a directory with clones (openstack/heat),
to the newest commit of those.
"""

import os
import pathlib
import re
import subprocess

import ddt
import fixtures
import testtools
import yaml

from heat_upgrade.tests.unit.support import tree

ADOPTION = tree.ROOT / 'adoption'
CLONES = 'HEAT_UPGRADE_CLONES'
OURS = 'openstack/heat-upgrade-tests'
HEAT = [f'heat-{stage}.patch' for stage in
        ('1-experimental', '2-nonvoting', '3-voting')]
PATCHES = [['project-config.patch'], ['governance.patch'],
           ['requirements.patch'], ['grenade.patch'], ['heat-specs.patch'],
           HEAT]
HUNK = re.compile(r'@@ -(\d+)(?:,\d+)? \+\d+')


def before(patch):
    """Return {path: text} of the files that a patch changes.

    The lines between its hunks are empty.
    """
    files = {}
    lines = None
    for line in patch.splitlines():
        if line.startswith('--- '):
            lines = files.setdefault(line[6:], []) if 'null' not in line else (
                None)
        elif match := HUNK.match(line):
            if lines is not None:
                lines += [''] * (int(match[1]) - 1 - len(lines))
        elif lines is not None and line[:1] in (' ', '-'):
            lines.append(line[1:])
    return {path: '\n'.join(lines) + '\n' for path, lines in files.items()}


def project(names):
    """Return the repository of a series of patches."""
    return 'openstack/' + re.sub(r'-1-.*', '', names[0].partition('.')[0])


@ddt.ddt
class AdoptionTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.top = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def git(self, *words):
        return subprocess.run(
            ['git', '-c', 'user.name=a', '-c', 'user.email=a@b', *words],
            cwd=self.top, check=True, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, 'GIT_CONFIG_GLOBAL': os.devnull}).stdout

    def apply(self, names):
        for name in names:
            self.git('am', '-q', ADOPTION / name)

    def clone(self, names):
        """Check out the newest commit of a repository, or skip the test."""
        source = pathlib.Path(os.environ.get(CLONES, '/nonexistent'),
                              project(names))
        if not source.is_dir():
            self.skipTest(f'{CLONES} has no clone {project(names)}')
        self.git('clone', '-q', '--shared', source, '.')
        self.git('checkout', '-q', 'origin/HEAD')

    def read(self, path):
        return yaml.safe_load((self.top / path).read_text())

    def test_all_patches_are_tested_and_documented(self):
        names = sorted(path.name for path in ADOPTION.glob('*.patch'))
        self.assertEqual(sorted(sum(PATCHES, [])), names)
        text = (ADOPTION / 'README.rst').read_text()
        self.assertEqual([], [name for name in names if name not in text])

    @ddt.data(*map(tuple, PATCHES))
    def test_patches_apply_to_their_context(self, names):
        self.git('init', '-q')
        for path, text in before((ADOPTION / names[0]).read_text()).items():
            (self.top / path).parent.mkdir(parents=True, exist_ok=True)
            (self.top / path).write_text(text)
        self.git('add', '-A')
        self.git('commit', '-q', '--allow-empty', '-m', 'Base')
        self.apply(names)
        self.assertEqual(1 + len(names),
                         len(self.git('log', '--oneline').splitlines()))

    def test_stages_of_heat_differ_in_the_templates_alone(self):
        known = [item['project-template']['name'] for item in yaml.safe_load(
            (tree.ROOT / 'zuul.d/project-templates.yaml').read_text())]
        added = [re.findall(r'^\+      - (\S+)$',
                            (ADOPTION / name).read_text(), re.MULTILINE)
                 for name in HEAT]
        self.assertEqual(
            [['heat-upgrade-jobs-experimental'],
             ['heat-upgrade-commits', 'heat-upgrade-jobs-nonvoting'],
             ['heat-upgrade-jobs']], added)
        self.assertLessEqual(set(sum(added, [])), set(known))

    def test_specs_get_the_template_of_the_documentation(self):
        added = [line[1:] for line in
                 (ADOPTION / 'heat-specs.patch').read_text().partition(
                     '+++ b/specs/templates/')[2].splitlines()
                 if line.startswith('+')]
        self.assertEqual(
            (tree.ROOT / 'doc/source/specs/template.rst').read_text()
            .splitlines(), added)

    def test_project_config_lists_the_project(self):
        self.clone(['project-config.patch'])
        self.apply(['project-config.patch'])
        entries = [entry['project'] for entry
                   in self.read('gerrit/projects.yaml')]
        place = entries.index(OURS)
        self.assertEqual(sorted(entries[place - 1:place + 2]),
                         entries[place - 1:place + 2])
        entry, = [entry for entry in self.read('gerrit/projects.yaml')
                  if entry['project'] == OURS]
        self.assertTrue((self.top / 'gerrit' / 'acls' / pathlib.Path(
            entry['acl-config']).relative_to('/home/gerrit2/acls')).is_file())
        self.assertIn(f'- {OURS}\n',
                      (self.top / 'zuul/main.yaml').read_text())
        ours, = [item['project'] for item in self.read('zuul.d/projects.yaml')
                 if item.get('project', {}).get('name') == OURS]
        self.assertEqual('heat', ours['queue'])
        self.assertIn(OURS, self.read('gerritbot/channels.yaml')['heat'][
            'projects'])

    def test_governance_gives_the_project_to_heat(self):
        self.clone(['governance.patch'])
        self.apply(['governance.patch'])
        deliverables = self.read('reference/projects.yaml')['heat'][
            'deliverables']
        self.assertEqual({'repos': [OURS]},
                         deliverables['heat-upgrade-tests'])
        self.assertEqual(sorted(deliverables)[:8], list(deliverables)[:8])

    def test_requirements_check_the_project(self):
        self.clone(['requirements.patch'])
        self.apply(['requirements.patch'])
        self.assertIn(f'{OURS}\n', (self.top / 'projects.txt').read_text())

    def test_grenade_runs_the_jobs_without_votes(self):
        self.clone(['grenade.patch'])
        self.apply(['grenade.patch'])
        ours = [job for item in self.read('.zuul.yaml')
                for job in item.get('project', {}).get('check', {}).get(
                    'jobs', []) if 'heat-upgrade' in str(job)]
        self.assertEqual(
            [{'heat-upgrade-grenade': {'voting': False}},
             {'heat-upgrade-grenade-multinode': {'voting': False}}], ours)

    def test_heat_takes_each_stage(self):
        self.clone(HEAT)
        for name, template in zip(HEAT, (
                'heat-upgrade-jobs-experimental',
                'heat-upgrade-jobs-nonvoting', 'heat-upgrade-jobs')):
            self.apply([name])
            ours, = [item['project'] for item in self.read('.zuul.yaml')
                     if 'project' in item]
            self.assertEqual(
                [template], [each for each in ours['templates']
                             if each.startswith('heat-upgrade-jobs')])

    def test_specs_of_2027_1_have_a_template(self):
        self.clone(['heat-specs.patch'])
        self.apply(['heat-specs.patch'])
        link = self.top / 'specs/2027.1/2027.1-template.rst'
        self.assertIn('Upgrade Impact', link.read_text())
        self.assertIn('specs/2027.1/*',
                      (self.top / 'doc/source/index.rst').read_text())
