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

"""The data flow of the house: one way, down the table of house.rst."""

import ast
import pathlib
import re

import testtools

ROOT = pathlib.Path(__file__).parents[3]
TOOL = ROOT / 'heat_upgrade'
HOUSE = ROOT / 'doc' / 'source' / 'contributor' / 'house.rst'


def table():
    """Return the names of the table's modules, from top to ground."""
    return re.findall(r'^``([a-z_]+)/?``  ', HOUSE.read_text(), re.MULTILINE)


def modules():
    """Return {name of a module or package of the tool: its source files}."""
    found = {}
    for path in sorted(TOOL.rglob('*.py')):
        first = path.relative_to(TOOL).parts[0].removesuffix('.py')
        if first not in ('tests', '__init__'):
            found.setdefault(first, []).append(path)
    return found


def imports(path):
    """Return what a source file imports: full dotted names."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f'{node.module}.{alias.name}' for alias in node.names}
    return found


class TestHouse(testtools.TestCase):

    def test_every_module_has_one_place(self):
        self.assertEqual(sorted(modules()), sorted(table()))

    def test_a_module_imports_only_what_stands_below_it(self):
        places = {name: place for place, name in enumerate(table())}
        wrong = [
            f'{path.relative_to(ROOT)} imports {name}'
            for module, paths in modules().items() for path in paths
            for name in imports(path) if name.startswith('heat_upgrade.')
            and name.split('.')[1] != module
            and places[name.split('.')[1]] < places[module]]
        self.assertEqual([], wrong)

    def test_the_tests_of_a_cloud_know_no_lab(self):
        files = (ROOT / 'heat_integrationtests').rglob('*.py')
        self.assertEqual([], [
            str(path.relative_to(ROOT)) for path in files
            if any(name.split('.')[0] == 'heat_upgrade'
                   for name in imports(path))])
