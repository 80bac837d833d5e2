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

"""Runs this project's playbooks on this machine as Zuul's executor would.

With Zuul's own plugins (zuul_return, the command module that puts a command's
two streams into one, the writer of the build's log), the variables of a job in
the inventory, and the directories that an executor has; but without becoming
another user, and with a home of the test's own in place of the node's.
"""

import json
import os
import pathlib
import re
import subprocess
import sys

import fixtures
import testtools
from testtools import content
import yaml
from zuul.ansible import base as zuul_ansible
from zuul.ansible import logconfig

TOP = pathlib.Path(__file__).parents[3]
PLAYBOOKS = TOP / 'playbooks'
OURS = 'opendev.org/openstack/heat-upgrade-tests'
HEAT = 'opendev.org/openstack/heat'
SPECS = 'opendev.org/openstack/heat-specs'
REQUIREMENTS = 'opendev.org/openstack/requirements'

BIN = os.path.dirname(sys.executable)
PLUGINS = pathlib.Path(zuul_ansible.__file__).parent

# A lab with one scenario takes about a minute on two cores that have nothing
# else to do.
TIMEOUT = 600


# Of each line of a build's log: when, and on which node.
_LINE = re.compile(r'^\S+ \S+ \| (\w+ \| )?', re.MULTILINE)


class Node:
    """This machine, as a node of a job, and its executor.

    :ivar home: the directory of the node's user
    :ivar logs: the executor's log_root
    """

    def __init__(self, directory, *, host='node'):
        self.host = host
        self.job_dir = directory / 'job'
        self.logs = self.job_dir / 'work' / 'logs'
        self.logs.mkdir(parents=True)
        self.results = self.job_dir / 'work' / 'results.json'
        # The executor makes it before the first playbook.
        self.results.touch()
        self.home = directory / 'home'
        self.home.mkdir()
        self.work_dir = self.home / 'heat-upgrade'
        self.log = directory / 'job-output.txt'
        self.zuul = {
            'build': '0' * 32, 'branch': 'master', 'pipeline': 'check',
            'projects': {}, 'items': [],
            'executor': {'log_root': str(self.logs),
                         'work_root': str(self.job_dir / 'work'),
                         'src_root': str(self.job_dir / 'work' / 'src')}}
        self.add_project(OURS, TOP)
        # The executor gathers all before the first playbook; this is what the
        # roles ask for.
        self.facts = {'ansible_user_dir': str(self.home)}
        self.env = self._environment(directory)

    def _environment(self, directory):
        """Return the environment of Ansible, as the executor makes it."""
        config = directory / 'ansible.cfg'
        config.write_text(f'''\
[defaults]
local_tmp = {directory}/tmp
gathering = explicit
library = {PLUGINS}/library
module_utils = {PLUGINS}/library/module_utils
callback_plugins = {PLUGINS}/callback
stdout_callback = zuul_stream
callbacks_enabled = zuul_json
filter_plugins = {PLUGINS}/filter
action_plugins = {PLUGINS}/action
roles_path = {TOP}/roles
interpreter_python = {sys.executable}
''')
        logging = logconfig.JobLoggingConfig(
            test_log_output_text_file=str(self.log),
            test_log_output_json_file=str(directory / 'job-output.json'))
        logging.writeJson(str(directory / 'logging.json'))
        return dict(
            os.environ, ANSIBLE_CONFIG=str(config),
            ANSIBLE_HOME=str(directory / 'ansible'),
            PATH=os.pathsep.join([BIN, os.environ['PATH']]),
            ZUUL_ANSIBLE_SPLIT_STREAMS='False',
            ZUUL_JOBDIR=str(self.job_dir),
            ZUUL_JOB_LOG_CONFIG=str(directory / 'logging.json'),
            ZUUL_OUTPUT_MAX_BYTES=str(2**30))

    def add_project(self, name, directory):
        """Put the repositories where Zuul would have checked them out."""
        src_dir = pathlib.Path('src') / name
        place = self.home / src_dir
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(directory)
        self.zuul['projects'][name] = {
            'canonical_name': name, 'name': name.partition('/')[2],
            'src_dir': str(src_dir), 'checkout': 'master'}

    def change(self, project, number=1):
        """Say that the job is run for a change of a project."""
        self.zuul.update(
            change=str(number), patchset='1',
            change_url=f'https://review.opendev.org/{number}',
            project=self.zuul['projects'][project])
        self.zuul['items'] = [{
            'project': self.zuul['projects'][project], 'branch': 'master',
            'change': str(number), 'patchset': '1',
            'change_url': f'https://review.opendev.org/{number}'}]

    def play(self, playbook, variables, *, success=True, timeout=TIMEOUT):
        """Run a playbook; returns (exit status, the log that Zuul shows).

        :param playbook: path below playbooks/
        :param variables: of the job
        :param success: the value of zuul_success for a post playbook
        """
        inventory = self.job_dir / 'inventory.yaml'
        inventory.write_text(yaml.safe_dump({'all': {
            'hosts': {self.host: {'ansible_connection': 'local'}},
            'vars': {**variables, 'zuul': self.zuul,
                     'zuul_success': str(success),
                     # Nobody listens there.
                     'zuul_console_disabled': True}}}))
        start = self.log.stat().st_size if self.log.exists() else 0
        done = subprocess.run(
            [os.path.join(BIN, 'ansible-playbook'), '-i', inventory,
             '-e', json.dumps({'ansible_become': False, **self.facts}),
             PLAYBOOKS / playbook],
            env=self.env, cwd=self.job_dir, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=timeout)
        said = self.log.read_text()[start:] if self.log.exists() else ''
        # Where it comes to no play, its log says nothing.
        return done.returncode, _LINE.sub('', said) or done.stdout

    def returned(self):
        """Return the values given to zuul_return so far, {} for none."""
        text = self.results.read_text()
        return json.loads(text)['data']['zuul'] if text else {}

    def collected(self):
        """Return the paths of the files in the executor's logs."""
        return sorted(str(path.relative_to(self.logs))
                      for path in self.logs.rglob('*') if path.is_file())


class PlaybookCase(testtools.TestCase):
    """A test on a node of its own.

    :cvar host: the node's name in the inventory
    """

    host = 'node'

    def setUp(self):
        super().setUp()
        directory = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.node = Node(directory, host=self.host)
        self.addOnException(lambda exc_info: self.node.log.exists()
                            and content.attach_file(
                                self, self.node.log, 'ansible'))

    def passes(self, playbook, variables, **options):
        """Run a playbook that is to succeed; returns its output."""
        status, output = self.node.play(playbook, variables, **options)
        self.assertEqual(0, status, output[-3000:])
        return output

    def fails(self, playbook, variables, **options):
        """Run a playbook that is to fail a task; returns its output."""
        status, output = self.node.play(playbook, variables, **options)
        # ansible-playbook's word for a failed task.
        self.assertEqual(2, status, output[-3000:])
        return output
