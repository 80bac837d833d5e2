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

import pathlib
import shutil
import subprocess
import sys

import fixtures
import testtools

from heat_upgrade.tests.unit.support import tree

LIBRARY = (tree.ROOT
           / 'devstack' / 'lib' / 'heat-upgrade-tests')

PREAMBLE = """
set -o errexit
function die { echo "died: $2"; exit 1; }
export REQUIREMENTS_DIR
# As DevStack's, which does not fail by its status.
function set_tempest_venv_constraints {
    (cd $REQUIREMENTS_DIR && cat upper-constraints.txt) > $1
    export UPPER_CONSTRAINTS_FILE=of-tempest
}
source "$LIBRARY"
"""

# Replaces pip: records its arguments, and copies the sources.
PIP = """#!/bin/bash
echo "pip $*" >>"$CALLS"
[[ -z "$PIP_BREAKS" ]] || exit 1
if [[ -z "$PIP_INSTALLS_NOTHING" ]]; then
    rm -rf "$SITE/heat_integrationtests"
    cp -r "${@: -1}/heat_integrationtests" "$SITE"
fi
"""


class TestTempestsEnvironment(testtools.TestCase):
    """The tests in tempest's environment are those of the sources."""

    def setUp(self):
        super().setUp()
        self.root = pathlib.Path(
            self.useFixture(fixtures.TempDir()).path).resolve()
        self.calls = self.root / 'calls'
        self.calls.touch()
        self.temporary = self.root / 'tmp'
        self.temporary.mkdir()
        self.sources = self.root / 'sources'
        (self.sources / 'devstack' / 'lib').mkdir(parents=True)
        shutil.copy(LIBRARY, self.sources / 'devstack' / 'lib')
        self.write_tests(self.sources, 'first')
        self.requirements = self.write_requirements('new')
        for words in (('init', '-q'), ('add', '.'),
                      ('commit', '-q', '-m', 'first')):
            self.git(*words)
        self.make_environment()

    def make_environment(self):
        self.venv = self.root / 'tempest' / '.tox' / 'tempest'
        (self.venv / 'bin').mkdir(parents=True)
        self.site = self.venv / 'site'
        self.site.mkdir()
        self.program('python', f"""#!/bin/bash
PYTHONPATH=${{EDITABLE:-{self.site}}} exec {sys.executable} -S -c "
import sys
sys.prefix = '{self.venv}'
$2"
""")
        self.program('pip', PIP)

    def write_requirements(self, side):
        place = self.root / side / 'requirements'
        place.mkdir(parents=True)
        (place / 'upper-constraints.txt').write_text('oslo.log===1\n')
        return place

    def program(self, name, text):
        path = self.venv / 'bin' / name
        path.write_text(text)
        path.chmod(0o755)

    def git(self, *words):
        subprocess.run(
            ['git', '-C', self.sources, '-c', 'user.name=x', '-c',
             'user.email=x@example.org', *words], check=True, timeout=30)

    def write_tests(self, place, text):
        package = place / 'heat_integrationtests'
        package.mkdir(exist_ok=True)
        (package / '__init__.py').write_text(f'WHICH = "{text}"\n')
        (package / 'preflight.py').write_text('def check():\n    pass\n')

    def install(self, **variables):
        """Run it; returns the process and the arguments of pip."""
        self.calls.write_text('')
        done = subprocess.run(
            ['bash', '-c', PREAMBLE + 'install_heat_upgrade_in_tempest '
             f'{self.root}/tempest'], capture_output=True, text=True,
            timeout=30, env={
                'PATH': '/usr/bin:/bin', 'TMPDIR': str(self.temporary),
                'LIBRARY': str(self.sources / 'devstack/lib'
                               / LIBRARY.name),
                'CALLS': str(self.calls), 'SITE': str(self.site),
                'REQUIREMENTS_DIR': str(self.requirements), **variables})
        self.assertEqual([], list(self.temporary.iterdir()))
        return done, self.calls.read_text().splitlines()

    def installed(self):
        return (self.site / 'heat_integrationtests'
                / '__init__.py').read_text()

    def test_tests_are_installed_once_under_tempests_constraints(self):
        done, calls = self.install()
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual(1, len(calls))
        self.assertRegex(calls[0], f' -c {self.temporary}/[^ ]+ '
                                   f'{self.sources}$')
        self.assertEqual([], self.install()[1])

    def test_tests_of_another_commit_replace_them(self):
        self.install()
        self.write_tests(self.sources, 'second')
        self.git('commit', '-q', '-a', '-m', 'second')
        self.assertEqual(1, len(self.install()[1]))
        self.assertIn('second', self.installed())

    def test_uncommitted_tests_replace_them(self):
        self.install()
        self.write_tests(self.sources, 'now')
        self.install()
        self.assertIn('now', self.installed())

    def test_a_copy_that_devstack_has_made_is_not_trusted(self):
        self.write_tests(self.site, 'of another day')
        self.install()
        self.assertIn('first', self.installed())

    def test_editable_installation_is_left_alone(self):
        _, calls = self.install(EDITABLE=str(self.sources))
        self.assertEqual([], calls)

    def test_requirements_of_the_base_are_the_fallback(self):
        # grenade clones them after create, where it starts DevStack itself.
        shutil.rmtree(self.requirements)
        base = self.write_requirements('old').parent
        done, calls = self.install(BASE_RELEASE_DIR=str(base))
        self.assertEqual((0, 1), (done.returncode, len(calls)), done.stderr)

    def test_missing_requirements_are_an_error(self):
        shutil.rmtree(self.requirements)
        done, calls = self.install(BASE_RELEASE_DIR='/absent')
        self.assertEqual((1, []), (done.returncode, calls))
        self.assertIn('died: The tests of heat-upgrade-tests cannot be '
                      'installed', done.stdout)
        self.assertIn('TEMPEST_VENV_UPPER_CONSTRAINTS', done.stdout)

    def test_without_tempest_there_is_nothing_to_do(self):
        (self.venv / 'bin' / 'python').unlink()
        done, calls = self.install()
        self.assertEqual((0, []), (done.returncode, calls))

    def test_a_pip_that_fails_ends_the_script(self):
        done, _ = self.install(PIP_BREAKS='1')
        self.assertEqual(1, done.returncode)
        self.assertIn('died: The tests of heat-upgrade-tests cannot be '
                      'installed', done.stdout)

    def test_pip_that_installs_nothing_ends_the_script(self):
        done, _ = self.install(PIP_INSTALLS_NOTHING='1')
        self.assertIn('died', done.stdout)
