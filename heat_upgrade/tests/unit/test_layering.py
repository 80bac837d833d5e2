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

"""Imports go one way: down the table of architecture.rst."""

import ast
import re
import subprocess
import sys

import testtools

from heat_upgrade.tests.unit.support import tree

TOOL = tree.ROOT / 'heat_upgrade'
PAGE = tree.ROOT / 'doc' / 'source' / 'contributor' / 'architecture.rst'


def table():
    """Return the names of the table's modules, from top to ground."""
    return re.findall(r'^``([a-z_]+)/?``  ', PAGE.read_text(), re.MULTILINE)


def modules():
    """Return {name of a module or package of the tool: its source files}."""
    found = {}
    for path in sorted(TOOL.rglob('*.py')):
        first = path.relative_to(TOOL).parts[0].removesuffix('.py')
        if first not in ('tests', '__init__'):
            found.setdefault(first, []).append(path)
    return found


def imports(path):
    """Return the imports of a source file: full dotted names."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f'{node.module}.{alias.name}' for alias in node.names}
    return found


class LayeringTest(testtools.TestCase):

    def test_the_table_names_each_package_once(self):
        self.assertEqual(sorted(modules()), sorted(table()))

    def test_a_package_imports_only_packages_below_it(self):
        places = {name: place for place, name in enumerate(table())}
        wrong = [
            f'{path.relative_to(tree.ROOT)} imports {name}'
            for module, paths in modules().items() for path in paths
            for name in imports(path) if name.startswith('heat_upgrade.')
            and name.split('.')[1] != module
            and places[name.split('.')[1]] < places[module]]
        self.assertEqual([], wrong)

    def test_the_tempest_plugin_does_not_import_the_tool(self):
        files = (tree.ROOT / 'heat_integrationtests').rglob('*.py')
        self.assertEqual([], [
            str(path.relative_to(tree.ROOT)) for path in files
            if any(name.split('.')[0] == 'heat_upgrade'
                   for name in imports(path))])

    def test_the_product_does_not_import_the_tools_of_its_maintainers(self):
        self.assertEqual([], [
            str(path.relative_to(tree.ROOT))
            for paths in modules().values() for path in paths
            if any(name.split('.')[0] == 'tools' for name in imports(path))])

    def test_package_files_hold_no_logic(self):
        self.assertEqual([], [
            str(path.relative_to(tree.ROOT))
            for paths in modules().values() for path in paths
            if path.name == '__init__.py'
            and any(not isinstance(node, ast.Expr)
                    for node in ast.parse(path.read_text()).body)])

    def test_the_picture_shows_the_imports_of_today(self):
        drawn = subprocess.run(
            [sys.executable, tree.ROOT / 'tools' / 'draw_architecture.py'],
            check=True, capture_output=True, text=True).stdout
        self.assertEqual(
            drawn, PAGE.with_suffix('.svg').read_text(),
            'run: python tools/draw_architecture.py > '
            'doc/source/contributor/architecture.svg')
