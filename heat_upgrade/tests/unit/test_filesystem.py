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

"""Unit tests of heat_upgrade.filesystem."""

import pathlib
import stat

import fixtures
import testtools

from heat_upgrade import errors
from heat_upgrade import filesystem


class FilesystemTest(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.directory = pathlib.Path(
            self.useFixture(fixtures.TempDir()).path)
        self.path = self.directory / 'file'

    def test_written_file_is_readable_by_its_owner_only(self):
        filesystem.write_atomically(self.path, 'text')
        self.assertEqual(('text', 0o600), (
            self.path.read_text(), self.path.stat().st_mode & 0o777))

    def test_failed_write_keeps_the_old_file_and_leaves_no_other(self):
        self.path.write_text('old')
        self.assertRaises(TypeError, filesystem.write_atomically, self.path, 7)
        self.assertEqual(('old', [self.path]), (
            self.path.read_text(), list(self.directory.iterdir())))

    def test_truncated_last_line_is_left_out(self):
        self.path.write_text('{"a": 1}\n[2]\n{"b')
        self.assertEqual([{'a': 1}, [2]],
                         list(filesystem.json_lines(self.path)))

    def test_damaged_line_is_named(self):
        self.path.write_text('{"a": 1}\n\n[2]\n')
        error = self.assertRaises(filesystem.DamagedLine, list,
                                  filesystem.json_lines(self.path))
        self.assertEqual((2, 'line 2 of file is damaged: JSON was expected'),
                         (error.number, str(error)))


class TestNewDirectory(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.parent = pathlib.Path(self.useFixture(fixtures.TempDir()).path)

    def test_directories_of_one_second_are_numbered(self):
        made = {filesystem.new_directory(self.parent / 'runs', 'fuzz')
                for _ in range(3)}
        self.assertEqual(3, len(made))
        for path in made:
            self.assertRegex(path.name, r'^\d{8}-\d{6}-fuzz(-\d)?$')
            self.assertEqual(0o700, stat.S_IMODE(path.stat().st_mode))

    def test_parent_that_is_a_file_is_a_usage_error(self):
        path = self.parent / 'runs'
        path.touch()
        exc = self.assertRaises(errors.UsageError, filesystem.new_directory,
                                path, 'fuzz')
        self.assertIn(str(path), str(exc))
