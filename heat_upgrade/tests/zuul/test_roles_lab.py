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

"""The lab's jobs, run on this machine with the variables that Zuul froze."""

import http.server
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading

from testtools import matchers
import yaml

from heat_upgrade.tests.zuul import gate
from heat_upgrade.tests.zuul import playbook_case
from heat_upgrade.tests.zuul import tenant as tenants

INSTALL = ('heat-upgrade-lab/pre.yaml',)
# What stands for the upper constraints of the target's branch.
CONSTRAINTS = playbook_case.TOP / 'constraints' / '2026.2.txt'
SETTINGS = (playbook_case.TOP / 'roles' / 'heat-upgrade-install' / 'files'
            / 'uv_settings.py')
TIMEOUT = 600
CHECKOUT = '''
from heat_upgrade.tests.functional import heat_source
import sys
print(heat_source.checkout(sys.argv[1]))
'''
# A database that cannot be taken to the release in a checkout.
BREAK = '''
import pathlib, sys
from heat_upgrade.tests.functional import heat_source
heat_source.add_migration(
    pathlib.Path(sys.argv[1]),
    "raise RuntimeError('this migration is broken on purpose')\\n")
'''
SPEC_JOB = 'heat-upgrade-spec-impact'
SPEC_JOB_OF_SPECS = f'{SPEC_JOB} of heat-specs'
COMMIT_JOB = 'heat-upgrade-commit-impact'
OPTION = "cfg.IntOpt('max_resources_per_stack',"
SPEC = '''
=======
Quicker
=======

Problem description
===================

It is slow.
'''


def frozen(place):
    """Return {name: job} as Zuul froze them.

    :param place: a directory for the files that Zuul reads
    """
    tenant = gate.build(place)
    problems = tenant.load()
    if problems:
        raise AssertionError(problems)
    found = gate.frozen(tenant)
    # Another project's, with other variables.
    found[SPEC_JOB_OF_SPECS] = tenant.freeze(
        gate.SPECS, gate.PIPELINES[0], SPEC_JOB)
    found[COMMIT_JOB] = tenant.freeze(
        gate.HEAT, gate.PIPELINES[0], COMMIT_JOB)
    return found


class LabTest(playbook_case.PlaybookCase):
    """A node is installed once; each test has results of its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        place = pathlib.Path(tempfile.mkdtemp(prefix='heat-upgrade-zuul-'))
        cls.addClassCleanup(shutil.rmtree, place, ignore_errors=True)
        cls.jobs = frozen(place / 'tenant')
        (place / 'node').mkdir()
        node = playbook_case.Node(place / 'node')
        for playbook in INSTALL:
            status, said = node.play(playbook, cls.variables_of(
                node, 'heat-upgrade-lab-cold'))
            if status:
                raise AssertionError(said)
        cls.installed = node.work_dir
        cls.checkout = pathlib.Path(subprocess.run(
            [cls.installed / 'venv' / 'bin' / 'python', '-c', CHECKOUT,
             place / 'heat'], cwd=playbook_case.TOP, check=True, text=True,
            stdout=subprocess.PIPE, timeout=TIMEOUT).stdout.strip())
        cls.requirements = place / 'requirements'
        cls.requirements.mkdir()
        shutil.copy(CONSTRAINTS, cls.requirements / 'upper-constraints.txt')

    @classmethod
    def variables_of(cls, node, name):
        """Return the variables of a job, without those that Zuul adds."""
        found = tenants.variables(cls.jobs[name], node.host)
        # Zuul's are of a kind of their own, so that nobody changes them.
        return {key: value for key, value in json.loads(json.dumps(
            found, default=dict)).items() if key != 'zuul'}

    def setUp(self):
        super().setUp()
        self.node.work_dir.mkdir()
        (self.node.work_dir / 'bin').symlink_to(self.installed / 'bin')
        self.node.add_project(playbook_case.HEAT, self.checkout)
        self.node.add_project(playbook_case.REQUIREMENTS, self.requirements)
        self.node.change(playbook_case.HEAT, 912345)

    def play(self, name, **more):
        """Run a job's own playbooks; returns (status, log) of its run.

        The log of the post playbook is in ``collecting``.
        """
        variables = {**self.variables_of(self.node, name), **more}
        status, said = self.node.play(self.playbook(name, 'run'), variables)
        self.collecting = self.passes(
            self.playbook(name, 'post'), variables, success=status == 0)
        return status, said

    def playbook(self, name, kind):
        """Return the path of the one playbook that a job has of ours."""
        prefix = f'{gate.OURS}/playbooks/'
        one, = (path.removeprefix(prefix)
                for path in gate.playbooks(self.jobs[name])[kind]
                if path.startswith(prefix))
        return one

    def test_the_job_installs_by_the_playbook_that_was_run(self):
        self.assertEqual(INSTALL,
                         (self.playbook('heat-upgrade-lab-cold', 'pre'),))

    def test_a_cold_upgrade_of_the_checkout_gives_a_report(self):
        status, said = self.play(
            'heat-upgrade-lab-cold',
            heat_upgrade_options=['--scenarios', 'random_string'])
        self.assertEqual(0, status, said[-5000:])
        urls = {one['name']: one['url']
                for one in self.node.returned()['artifacts']}
        report = json.loads(
            (self.node.logs / urls['Heat upgrade report (JSON)']).read_text())
        self.assertEqual('pass', report['verdict'])
        self.assertEqual('checkout', report['target']['kind'])
        self.assertThat(report['phases'], matchers.ContainsAll(
            ['pre-upgrade', 'during-upgrade', 'post-upgrade']))
        self.assertIn('<html', (
            self.node.logs / urls['Heat upgrade report']).read_text())
        self.assertThat(self.node.collected(), matchers.AllMatch(
            matchers.StartsWith('heat-upgrade/')))
        self.assert_no_secret()

    def test_a_migration_that_breaks_fails_with_a_command_to_copy(self):
        heat = self.node.home / 'src' / playbook_case.HEAT
        heat.unlink()
        shutil.copytree(self.checkout, heat, symlinks=True)
        subprocess.run(
            [self.installed / 'venv' / 'bin' / 'python', '-c', BREAK, heat],
            cwd=playbook_case.TOP, check=True, timeout=TIMEOUT)
        status, said = self.play(
            'heat-upgrade-lab-cold',
            heat_upgrade_options=['--scenarios', 'random_string'])
        self.assertEqual(2, status, said[-5000:])
        self.assertIn('\nThis upgrade of Heat is NOT safe (status 1).\n'
                      'verdict: FAIL (1 new failure: db-sync: heat-manage '
                      'db_sync ended with status 1:)\n', said)
        self.assertIn('this migration is broken on purpose', said)
        # What the job prints last, after both playbooks.
        *_, change, again = self.collecting.partition(
            'PLAY RECAP')[0].rstrip().splitlines()
        self.assertIn('openstack/heat 912345,1 ', change)
        words = again.partition('heat-upgrade run ')[2].split()
        self.assertThat(words, matchers.ContainsAll(
            ['--from', '--to', '~/heat', '--constraints', '--strategy']))
        self.assertEqual([], [word for word in words
                              if str(self.node.home) in word])
        self.assertThat(self.node.returned()['warnings'][0],
                        matchers.StartsWith('fail: heat-upgrade run '))
        self.assertIn('this migration is broken on purpose', (
            self.node.logs / self.node.returned()['artifacts'][0]['url']
        ).read_text())
        self.assert_no_secret()

    def assert_no_secret(self):
        results = self.node.work_dir / 'results'
        clouds, = results.glob('*/clouds.yaml')
        cloud, = yaml.safe_load(clouds.read_text())['clouds'].values()
        secret = cloud['auth']['password'].encode()
        for path in self.node.logs.rglob('*'):
            if path.is_file():
                self.assertNotIn(secret, path.read_bytes(), path)

    def test_an_option_that_is_gone_fails_the_checks_by_its_name(self):
        broken = self.node.home / 'broken'
        shutil.copytree(self.checkout, broken, symlinks=True)
        config = broken / 'heat' / 'common' / 'config.py'
        text = config.read_text()
        self.assertIn(OPTION, text)
        config.write_text(text.replace(
            OPTION, "cfg.IntOpt('most_resources_per_stack',"))
        status, said = self.play(
            'heat-upgrade-checks', heat_upgrade_checks=['config'],
            heat_upgrade_target=str(broken))
        self.assertEqual(2, status, said[-5000:])
        self.assertIn('This upgrade of Heat is NOT safe (status 1):', said)
        self.assertIn('max_resources_per_stack', said)
        self.assertIn('Again: heat-upgrade check config --to ~/heat ', said)
        self.assertEqual(['heat-upgrade/checks/checks.txt',
                          'heat-upgrade/checks/config.json'],
                         self.node.collected())
        self.assertIn('max_resources_per_stack', (
            self.node.logs / 'heat-upgrade/checks/checks.txt').read_text())
        self.assertEqual(['Heat upgrade checks'], [
            one['name'] for one in self.node.returned()['artifacts']])

    def make_specs(self):
        """Make heat-specs: an old spec, and a change that adds a new one."""
        top = self.node.home / 'specs'
        for series, name in (('rocky', 'old.rst'), ('2027.1', 'new.rst')):
            (top / 'specs' / series).mkdir(parents=True)
            (top / 'specs' / series / name).write_text(SPEC)
            (top / 'specs' / series / 'index.rst').write_text('=\n')
            if series == 'rocky':
                self.git(top, 'init', '--quiet')
            self.git(top, 'add', '--all')
            self.git(top, '-c', 'user.name=test', '-c', 'user.email=t@t',
                     'commit', '--quiet', '--message', series)
        self.node.add_project(playbook_case.SPECS, top)
        self.node.change(playbook_case.SPECS, 7)
        return top

    def git(self, top, *words):
        subprocess.run(['git', '-C', str(top), *words], check=True)

    def test_a_spec_without_upgrade_impact_is_commented_on(self):
        self.make_specs()
        status, said = self.play(SPEC_JOB_OF_SPECS)
        self.assertEqual(2, status, said[-5000:])
        self.assertIn('does not answer the questions of its Upgrade', said)
        self.assertIn('Again: heat-upgrade spec check --since 2027.1 '
                      'specs/2027.1/new.rst', said)
        comments = self.node.returned()['file_comments']
        self.assertEqual(['specs/2027.1/new.rst'], list(comments))
        for comment in comments['specs/2027.1/new.rst']:
            self.assertThat(comment['line'], matchers.GreaterThan(0))
            self.assertNotEqual('', comment['message'])
        self.assertEqual(['heat-upgrade/specs/specs.txt'],
                         self.node.collected())

    def test_a_change_that_touches_no_new_spec_passes(self):
        top = self.make_specs()
        (top / 'specs' / 'rocky' / 'old.rst').write_text(SPEC + 'Very.\n')
        self.git(top, 'rm', '--quiet', 'specs/2027.1/new.rst')
        self.git(top, '-c', 'user.name=test', '-c', 'user.email=t@t',
                 'commit', '--quiet', '--all', '--message', 'words')
        status, said = self.play(SPEC_JOB_OF_SPECS)
        self.assertEqual(0, status, said[-5000:])
        self.assertIn('specs: 0 checked, 0 wrong, 1 exempt', said)
        self.assertNotIn('file_comments', self.node.returned())

    def make_heat(self, message):
        """Make Heat with a change that adds a migration, merged as by Zuul."""
        top = self.node.home / 'heat'
        path = top / 'heat/db/migrations/versions/01_add.py'
        path.parent.mkdir(parents=True)
        identity = ('-c', 'user.name=test', '-c', 'user.email=t@t')
        self.git(top, 'init', '--quiet', '--initial-branch', 'master')
        self.git(top, *identity, 'commit', '--quiet', '--allow-empty',
                 '--message', 'Base')
        self.git(top, 'switch', '--quiet', '--create', 'change')
        path.write_text('revision = 1\n')
        self.git(top, 'add', '--all')
        self.git(top, *identity, 'commit', '--quiet', '--message', message)
        self.git(top, 'switch', '--quiet', 'master')
        self.git(top, *identity, 'merge', '--quiet', '--no-ff', 'change')
        (self.node.home / 'src' / playbook_case.HEAT).unlink()
        self.node.add_project(playbook_case.HEAT, top)
        self.node.change(playbook_case.HEAT, 9)

    def test_change_without_announcement_is_commented_on(self):
        self.make_heat('Add a table')
        status, said = self.play(COMMIT_JOB)
        self.assertEqual(2, status, said[-5000:])
        self.assertIn('has effects on an upgrade that it does not announce',
                      said)
        self.assertIn('UpgradeImpact: none, REASON', said)
        self.assertIn('Again: heat-upgrade spec check --commit HEAD', said)
        self.assertEqual(['heat/db/migrations/versions/01_add.py'],
                         list(self.node.returned()['file_comments']))

    def test_announced_change_passes(self):
        self.make_heat('Add\n\nUpgradeImpact: none, the table is unused')
        status, said = self.play(COMMIT_JOB)
        self.assertEqual(0, status, said[-5000:])
        self.assertIn('commits: 1 checked, 0 wrong', said)
        self.assertNotIn('file_comments', self.node.returned())

    def test_a_project_without_specs_is_told_so(self):
        # As Heat is: its node has all that the job asks for but specs.
        self.node.change(playbook_case.HEAT, 8)
        status, said = self.play(SPEC_JOB_OF_SPECS)
        self.assertEqual(2, status, said[-5000:])
        self.assertIn('openstack/heat has no specs, so no spec was checked. '
                      "Set the job's heat_upgrade_spec_paths to the", said)
        self.assertNotIn('(status ', said)

    def test_without_a_change_to_specs_all_of_ours_are_checked(self):
        self.node.change(playbook_case.OURS)
        for name in ('change', 'patchset'):
            self.node.zuul.pop(name)
        status, said = self.play(SPEC_JOB)
        self.assertEqual(0, status, said[-5000:])
        self.assertThat(said, matchers.MatchesRegex(
            r'(?s).*specs: [1-9]\d* checked, 0 wrong'))

    def test_uv_asks_the_index_that_pip_is_configured_with(self):
        asked = []

        class Index(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                self.send_error(404)

            def log_message(self, *args):
                pass

        server = http.server.HTTPServer(('127.0.0.1', 0), Index)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        config = self.node.home / 'pip.conf'
        config.write_text('[global]\nindex-url = '
                          f'http://127.0.0.1:{server.server_port}/simple\n')
        env = {'HOME': str(self.node.home), 'PATH': os.environ['PATH'],
               'PIP_CONFIG_FILE': str(config)}
        made = self.node.home / 'environment.sh'
        subprocess.run(
            [self.installed / 'venv/bin/python', SETTINGS, '--output', made],
            env=env, check=True, timeout=TIMEOUT)
        done = subprocess.run(
            ['sh', '-c', '. "$1"; exec "$2" pip install --python "$3" '
             'of-no-index', 'sh', made, self.installed / 'venv/bin/uv',
             self.installed / 'venv'], env=env, timeout=TIMEOUT)
        self.assertNotEqual(0, done.returncode)
        self.assertEqual(['/simple/of-no-index/'], asked)
