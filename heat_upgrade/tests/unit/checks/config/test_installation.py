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

import ddt
import fixtures
from packaging import specifiers
from packaging import version as pkg_version
import testtools

from heat_upgrade.checks.config import deprecations
from heat_upgrade.checks.config import installation
from heat_upgrade.checks.config import release_notes

METADATA = """\
Name: openstack-heat
Requires-Python: >=3.11
Requires-Dist: PyYAML>=6.0
Requires-Dist: yaql!=2.0.0,>=1.1.3
Requires-Dist: requests
Requires-Dist: hacking>=6.0; extra == "test"

Text
"""


def minimums(**versions):
    return {name: version and pkg_version.Version(version)
            for name, version in versions.items()}


@ddt.ddt
class TestMinimums(testtools.TestCase):

    def found(self, base, target):
        return [(finding.severity, finding.title, finding.evidence)
                for finding in installation.raised(
                    base, target, deprecations.History('26.0.2', '27.0.1'))]

    def test_minimums_are_those_of_the_metadata(self):
        place = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.assertEqual({}, installation.minimums(place))
        info = (place / 'lib' / 'python3.11' / 'site-packages'
                / 'openstack_heat-27.0.1.dist-info')
        info.mkdir(parents=True)
        (info / 'METADATA').write_text(METADATA)
        self.assertEqual(
            minimums(Python='3.11', PyYAML='6.0', yaql='1.1.3',
                     requests=None), installation.minimums(place))

    @ddt.data(('>=2.0', '2.0'), ('!=1.0,>=0.9,<2', '0.9'), ('==3', '3'),
              ('<4', None), ('', None))
    @ddt.unpack
    def test_lowest_version_of_a_specifier(self, text, version):
        self.assertEqual(version and pkg_version.Version(version),
                         installation.lowest(specifiers.SpecifierSet(text)))

    def test_raised_and_new_ones_are_one_finding(self):
        self.assertEqual(
            [('warning', '27.0.1 needs Python 3.11 and 2 newer libraries',
              'Python: at least 3.10, now 3.11\nyaql: any version, now 2.0\n'
              'bcrypt: new, any version')],
            self.found(minimums(Python='3.10', yaql=None, lxml='5', old='1'),
                       minimums(Python='3.11', yaql='2.0', lxml='5',
                                bcrypt=None)))

    @ddt.data((minimums(Python='3.10', a='2'), minimums(Python='3.10', a='1')),
              (minimums(Python='3.10'), minimums(Python='3.10')),
              ({}, minimums(Python='3.11')), (minimums(a='1'), {}))
    @ddt.unpack
    def test_lower_or_unknown_ones_are_no_finding(self, base, target):
        self.assertEqual([], self.found(base, target))


class TestNotes(testtools.TestCase):

    def test_upgrade_notes_since_the_base_are_one_finding(self):
        history = deprecations.History(
            '26.0.2', '27.0.1', release_notes.recorded('26.0.2'),
            release_notes.recorded('27.0.1'))
        finding, = installation.unread(history)
        self.assertEqual('6 upgrade notes since 26.0.2 to read',
                         finding.title)
        self.assertIn('(upgrade, 27.0.1): Support for Python 3.10 has been '
                      'removed.', finding.evidence)

    def test_no_notes_are_no_finding(self):
        some = release_notes.recorded('27.0.1')
        none = release_notes.Sources()
        for base, target in ((some, some), (none, some), (some, none)):
            self.assertEqual([], list(installation.unread(
                deprecations.History('27.0.1', '27.0.1', base, target))))
