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

"""Upstream repositories that can replace the stand-ins."""

import contextlib
import io
import json
import os
import pathlib
import shutil
import subprocess

import fixtures
import testtools

from heat_upgrade.tests.zuul import gate
from heat_upgrade.tests.zuul import live_run

GRENADE = 'openstack/grenade'


class RealTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.directory = pathlib.Path(
            self.useFixture(fixtures.TempDir()).path)
        self.out, self.err = io.StringIO(), io.StringIO()

    def main(self, *words):
        """Call the program; returns its exit status."""
        with (contextlib.redirect_stdout(self.out),
              contextlib.redirect_stderr(self.err)):
            return live_run.main([str(word) for word in words])

    def checkout(self, name='grenade'):
        """Return a checkout of grenade, as far as the stand-in has it."""
        path = self.directory / name
        shutil.copytree(gate.UPSTREAM / GRENADE, path)
        return path

    def test_a_checkout_is_loaded_in_the_place_of_the_stand_in(self):
        path = self.checkout()
        self.assertEqual(0, self.main(path))
        self.assertIn(f'{GRENADE}: {path}\n', self.out.getvalue())
        self.assertIn('openstack/devstack: stand-in\n', self.out.getvalue())

    def test_a_job_is_written_with_what_it_has_on_each_node(self):
        file = self.directory / 'jobs.json'
        self.main(self.checkout(), '--json', file)
        job = json.loads(file.read_text())['heat-upgrade-grenade-multinode']
        self.assertEqual({'controller', 'compute1'}, set(job['variables']))
        self.assertIn('h-eng', job['variables']['compute1'][
            'devstack_services'])

    def test_a_bare_repository_is_loaded_too(self):
        path = self.checkout('work')
        git = ['git', '-C', path, '-c', 'user.name=a', '-c',
               'user.email=a@example.org']
        bare = self.directory / 'openstack+grenade' / 'repo'
        for words in ([*git, 'init', '-q'], [*git, 'add', '.'],
                      [*git, 'commit', '-q', '-m', 'one'],
                      ['git', 'clone', '-q', '--bare', path, bare]):
            subprocess.run(words, check=True, env={
                **os.environ, 'GIT_CONFIG_GLOBAL': os.devnull})
        self.assertEqual(0, self.main(bare))
        self.assertNotIn(f'{GRENADE}: stand-in', self.out.getvalue())

    def test_file_that_upstream_removed_is_wrong(self):
        path = self.checkout()
        jobs = path / 'zuul.yaml'
        jobs.write_text(jobs.read_text().replace(
            'name: grenade-multinode', 'name: grenade-many-nodes'))
        self.assertEqual(1, self.main(path))
        self.assertIn('Job grenade-multinode not defined',
                      self.err.getvalue())

    def test_upstreams_own_files_are_counted(self):
        path = self.checkout()
        with open(path / 'zuul.yaml', 'a') as jobs:
            jobs.write('\n- job:\n    name: mine\n    parent: not-there\n')
        self.assertEqual(0, self.main(path))
        self.assertIn("upstream's alone: 1\n", self.out.getvalue())

    def test_a_directory_that_is_no_such_project_is_refused(self):
        error = self.assertRaises(SystemExit, self.main,
                                  self.checkout('nova'))
        self.assertEqual(2, error.code)
        self.assertIn('none of', self.err.getvalue())
