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

"""Finds every scenario: here, in entry points, and in given directories.

The modules of Python scenarios are parsed, not imported: importing tempest
takes two seconds, and a selection must be validated at once.
"""

import ast
from collections import abc
import dataclasses
from importlib import metadata
from importlib import util
import os
import pathlib
import re
import typing

from heat_integrationtests import definition

# The tiers of runs, from the quickest; a scenario names those that include it.
QUICK, STANDARD, THOROUGH = 'quick', 'standard', 'thorough'
TIERS = (QUICK, STANDARD, THOROUGH)

# The entry points of this group name packages with scenarios of a project.
GROUP = 'heat_upgrade_tests.scenarios'

# Directories with scenarios by data, separated like those of PATH. It takes
# precedence over the option scenario_path of [heat_integrationtests].
PATH_VARIABLE = 'HEAT_UPGRADE_SCENARIO_PATH'

OWN = pathlib.Path(__file__).with_name('scenarios')
PACKAGE = 'heat_integrationtests.scenarios'
# The module in which the classes of scenarios by data, and those of other
# projects, are made.
GENERATED = f'{PACKAGE}.test_data'
OWN_SOURCE = 'heat-upgrade-tests'

# The base class of scenarios, and the tests that it gives them.
BASE = 'scenario.Scenario'
INHERITED = ('test_the_stack_is_created_and_recorded',
             'test_the_stack_is_as_recorded',
             'test_nothing_serves_the_stack_while_heat_is_down',
             'test_the_stack_is_updated_and_deleted')

# A type in a template, in YAML or JSON.
_TYPE = re.compile(r"""\b[Tt]ype["']?:\s*["']?((?:OS|AWS)::[\w:]+\w)""")


@dataclasses.dataclass(frozen=True)
class Entry:
    """A scenario, as its source describes it.

    :ivar source: the project or the directory that it comes from
    :ivar test_class: name of its test class, with the module
    :ivar path: its directory, or its module
    :ivar definition: a scenario by data; None for one in Python
    :ivar weight: approximate duration of its post test, in seconds
    :ivar covers: numbers of real failures of Heat
    :ivar own_tests: names of further tests
    """

    name: str
    source: str
    test_class: str
    path: pathlib.Path
    definition: definition.Definition | None
    tiers: tuple[str, ...]
    weight: int
    covers: tuple[int, ...]
    states: tuple[str, ...] = ()
    own_tests: tuple[str, ...] = ()

    @property
    def tests(self) -> list[str]:
        """The IDs of its tests, without tags."""
        return [f'{self.test_class}.{test}'
                for test in (*INHERITED, *self.own_tests)]

    @property
    def resource_types(self) -> set[str]:
        """The types of the resources in its templates."""
        if self.definition:
            texts = [path.read_text('utf-8') for path in
                     self.path.rglob('*') if path.is_file()]
        else:
            source = self.path.read_text('utf-8')
            texts = [source, *(
                path.read_text('utf-8') for path in sorted(
                    self.path.parents[1].glob('templates/*'))
                if f"'{path.name}'" in source)]
        return {match for text in texts for match in _TYPE.findall(text)}


def tag(tier: str) -> str:
    """Return the tag of the tests of a tier."""
    return f'tier-{tier}'


def paths(option: abc.Iterable[str] = (),
          environ: abc.Mapping[str, str] = os.environ
          ) -> tuple[pathlib.Path, ...]:
    """Return the directories of further scenarios.

    :param option: value of the option scenario_path
    """
    words = [word for word in environ.get(PATH_VARIABLE, '').split(os.pathsep)
             if word] or option
    return tuple(pathlib.Path(word).expanduser().absolute() for word in words)


def entries(further: abc.Iterable[pathlib.Path] = ()) -> list[Entry]:
    """Return all scenarios, sorted by name.

    :param further: directories with scenarios by data
    :raises definition.Invalid: a scenario is invalid, or two have one name
    """
    found = _in_python(OWN, OWN_SOURCE, PACKAGE)
    found += _by_data(OWN / 'data', OWN_SOURCE)
    for project, directory in sorted(packages().items()):
        found += _in_python(directory, project, '')
        found += _by_data(directory, project)
    for directory in further:
        found += _by_data(directory, str(directory))
    names: dict[str, Entry] = {}
    for entry in found:
        other = names.setdefault(entry.name, entry)
        if other is not entry:
            raise definition.Invalid(
                f'Two scenarios have the name {entry.name}: {other.path} and '
                f'{entry.path}. Rename one of them.')
    return sorted(found, key=lambda entry: entry.name)


def tests(further: abc.Iterable[pathlib.Path] = ()) -> list[str]:
    """Return the IDs, without tags, of the tests of all scenarios."""
    return [test for entry in entries(further) for test in entry.tests]


def smoke_tests() -> list[str]:
    """Return the IDs, without tags, of all smoke tests."""
    found = []
    for path in sorted(OWN.with_name('smoke').glob('test_*.py')):
        for node in ast.parse(path.read_text('utf-8')).body:
            if isinstance(node, ast.ClassDef):
                found += [f'heat_integrationtests.smoke.{path.stem}.'
                          f'{node.name}.{test}' for test in _tests(node)]
    return found


def packages() -> dict[str, pathlib.Path]:
    """Return the packages of the entry points: {project: directory}.

    :raises definition.Invalid: an entry point names no package
    """
    found = {}
    for point in metadata.entry_points(group=GROUP):
        try:
            spec = util.find_spec(point.value)
        except ImportError:
            spec = None
        if spec is None or not spec.submodule_search_locations:
            raise definition.Invalid(
                f'The entry point {point.name} = {point.value} of the group '
                f'{GROUP} does not name a package that can be imported.')
        found[point.name] = pathlib.Path(spec.submodule_search_locations[0])
    return found


def _by_data(parent: pathlib.Path, source: str) -> list[Entry]:
    found = []
    for directory in definition.directories(parent):
        loaded = definition.load(directory)
        expect = loaded.expect
        found.append(Entry(
            name=loaded.name, source=source, path=directory,
            test_class=f'{GENERATED}.{loaded.name}', definition=loaded,
            tiers=tuple(expect['tiers']), weight=expect['weight'],
            covers=tuple(expect['covers']), states=tuple(expect['states'])))
    return found


def _in_python(directory: pathlib.Path, source: str, package: str
               ) -> list[Entry]:
    """Return the scenarios in the modules of a directory.

    :param package: name of the package; '' if their classes are generated
    """
    found = []
    for path in sorted(directory.glob('test_*.py')):
        name = path.stem.removeprefix('test_')
        for node in ast.parse(path.read_text('utf-8')).body:
            if not (isinstance(node, ast.ClassDef)
                    and any(ast.unparse(base) == BASE
                            for base in node.bases)):
                continue
            values = _values(node)
            found.append(Entry(
                name=name, source=source, path=path, definition=None,
                test_class=(f'{package}.{path.stem}.{node.name}'
                            if package else f'{GENERATED}.{name}'),
                tiers=values.get('tiers', TIERS),
                weight=values.get('weight', 6),
                covers=values.get('covers', ()),
                own_tests=tuple(_tests(node))))
    return found


def _tests(node: ast.ClassDef) -> list[str]:
    return [part.name for part in node.body
            if isinstance(part, ast.FunctionDef)
            and part.name.startswith('test_')]


def _values(node: ast.ClassDef) -> dict[str, typing.Any]:
    """Return the attributes of a class that describe a scenario."""
    values = {}
    for part in node.body:
        if isinstance(part, ast.Assign) and len(part.targets) == 1:
            target = ast.unparse(part.targets[0])
            if target in ('tiers', 'weight', 'covers'):
                values[target] = ast.literal_eval(part.value)
    return values
