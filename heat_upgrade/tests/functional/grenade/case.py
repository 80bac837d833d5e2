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

"""The base class of tests of the plugin: a node, and its assertions."""

import hashlib
import json
import pathlib
import re
import runpy
import stat

import psutil
import testtools
from testtools import content

from heat_upgrade import process
from heat_upgrade import reaper
from heat_upgrade.tests.functional.grenade import node as nodes

KEYSTONE = nodes.KEYSTONE
UNITS = tuple(f'devstack@{name}.service'
              for name in ('h-eng', 'h-api', 'h-api-cfn'))

# What a job's role takes of a run directory, and what not.
RESULTS = runpy.run_path(str(
    nodes.REPOSITORY / 'roles' / 'heat-upgrade-collect' / 'library'
    / 'heat_upgrade_results.py'))

PHASES = ('pre-upgrade', 'during-upgrade', 'post-upgrade')

# Warnings about the target that no configuration avoids.
ALWAYS_TOLD = ('config.minimum-raised', 'config.upgrade-notes')

# One scenario, one smoke test and, both ways, one test that goes from one
# release to the other are enough where the plugin is tested.
ONE_OF_EACH = ("HEAT_UPGRADE_SCENARIOS='random_string|a_stack_lives_on|"
               "a_stack_is_created_shown_updated_and_deleted'")

# Two environments and a migration: once is enough.
NO_STATIC_CHECKS = 'HEAT_UPGRADE_STATIC_CHECKS=False'


class GrenadeTestCase(testtools.TestCase):
    """Runs grenade's order on a node of its own."""

    def make_node(self, *, localrc=(), static_checks=False, **how):
        """Return a node; see :class:`node.Node` for the parameters."""
        localrc = [ONE_OF_EACH, *localrc]
        if not static_checks:
            localrc.append(NO_STATIC_CHECKS)
        node = nodes.Node(localrc=localrc, **how)
        self.addOnException(lambda exc_info: self._attach(node))
        return self.useFixture(node)

    def _attach(self, node):
        for name, path in (
                ('output', node.root / 'output'),
                ('grenade', node.stack / 'logs' / 'grenade.sh.log'),
                ('engine', node.root / 'lab' / 'logs' / f'{UNITS[0]}.log')):
            self.addDetail(name, content.text_content(
                process.tail(path, 200)))

    def report(self, node):
        return json.loads((node.run_dir / 'report.json').read_text())

    def assert_passes(self, node, phases=PHASES):
        """Run it; assert that it is green, and all that goes with that."""
        old = digest(node.heat_conf)
        status = node.upgrade()
        report = self.report(node)
        self.assertEqual([], [finding for finding in report['findings']
                              if finding['rule'] not in ALWAYS_TOLD])
        self.assertEqual((0, 'pass'), (status, report['verdict']))
        for phase in phases:
            self.assertGreater(report['phases'][phase]['passed'], 0, phase)
        for name in ('journal.jsonl', 'manifest', 'tempest.conf', 'subunit',
                     'junit.xml', 'report.html'):
            self.assertTrue((node.run_dir / name).exists(), name)
        kept = node.run_dir / 'data' / 'etc.heat' / 'heat.conf'
        self.assertEqual(old, digest(kept))
        self.assert_heat_was_upgraded_once(node)
        self.assert_keystone_ran_for_the_during_phase(node)
        self.assert_nothing_is_left(node)
        self.assert_no_secret_is_told(node)

    def assert_fails(self, node, script, *, step, evidence, failure_class):
        """Run it; assert that it is red in a script, and says why."""
        self.assertNotEqual(0, node.upgrade())
        log = (node.stack / 'logs' / 'grenade.sh.log').read_text()
        # It names a shutdown.sh by its project.
        told = ('shutdown heat-upgrade-tests' if script == 'shutdown.sh'
                else f'/devstack/upgrade/{script}')
        self.assertTrue([line for line in log.splitlines()
                         if line.startswith('[ERROR]')
                         and line.endswith(told)], script)
        report = self.report(node)
        self.assertEqual('fail', report['verdict'])
        first = report['findings'][0]
        self.assertEqual((step, 'heat', failure_class), (
            first['step'], first['origin'], first['class']))
        self.assertIn(evidence, first['title'] + first['evidence'])
        self.assertIn('heat-upgrade run --from', first['reproduce'])
        self.assertTrue((node.run_dir / 'report.html').exists())
        self.assert_nothing_is_left(node)
        self.assert_no_secret_is_told(node)

    def assert_heat_was_upgraded_once(self, node):
        """Assert that it was stopped, installed and migrated once."""
        for unit in UNITS:
            self.assertEqual(
                ['start', 'stop', 'start'],
                [verb for verb, of in node.systemd.events if of == unit])
        self.assertEqual(
            ['old', 'new'], (node.root / 'installed').read_text().split())
        self.assertEqual('target', node.heat())
        self.assertEqual(1, sum('db_sync' in line for line in called(node)))

    def assert_keystone_ran_for_the_during_phase(self, node):
        """Assert that Keystone was started and stopped again."""
        self.assertEqual(
            ['stop', 'start', 'stop', 'start'],
            [verb for verb, of in node.systemd.events if of == KEYSTONE])

    def assert_nothing_is_left(self, node):
        """Assert that scripts have left no process and no temporary file."""
        known = {one.pid for one in (*node.lab.processes(),
                                     *node.systemd.processes) if one.running()}
        known |= {child.pid for pid in known for child
                  in psutil.Process(pid).children(recursive=True)}
        known.add(node.lab.rabbitmq._epmd.pid)
        marker = f'{process.RUN_MARKER}={node.workspace.marker}'
        self.assertEqual([], [
            pathlib.Path(f'/proc/{pid}/cmdline').read_text()
            for pid in reaper.marked(marker) if pid not in known])
        self.assertEqual([], [path.name for path in node.tmp.iterdir()])

    def assert_no_secret_is_told(self, node):
        """Assert that only our private file has a password.

        No published file and no log of grenade may have one. An exception is
        the output of Heat's own plugin, where it is enabled: it traces
        openrc and shows all variables.
        """
        kept = node.run_dir / 'data' / 'etc.heat'
        for path in telling(node, node.run_dir):
            self.assertTrue(path.name in ('tempest.conf', 'account.json')
                            or path.is_relative_to(kept), path)
            self.assertEqual(0o600, mode(path), path)
        self.assertEqual(0o700, mode(node.run_dir))
        if kept.exists():
            self.assertEqual(0o700, mode(kept))
        files, _ = RESULTS['publishable'](node.run_dir)
        self.assertIn(pathlib.Path('report.html'), files)
        self.assertEqual([], [
            path for path in telling(node, node.run_dir)
            if path.relative_to(node.run_dir) in files])
        if nodes.HEAT not in node.plugins:
            self.assertEqual([], [*telling(node, node.stack / 'logs'),
                                  *telling(node, node.root / 'output')])


def telling(node, place):
    """Yield the files, of a directory or just one, that have a password."""
    account = node.run_dir / 'manifest' / 'account.json'
    secrets = node.secrets | set(re.findall(
        '"password": "([^"]+)"',
        account.read_text() if account.exists() else ''))
    for path in [place] if place.is_file() else place.rglob('*'):
        if path.is_file():
            text = path.read_bytes().decode(errors='replace')
            if any(secret in text for secret in secrets):
                yield path


def digest(path):
    """Return the identity of a file, without its content."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def mode(path):
    """Return the permissions of a file."""
    return stat.S_IMODE(path.stat().st_mode)


def called(node):
    """Return the calls of Heat's programs, as lines."""
    return (node.root / 'called').read_text().splitlines()
