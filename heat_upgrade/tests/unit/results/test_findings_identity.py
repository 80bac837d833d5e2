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

"""No code looks a finding up by its title: titles are for people."""

import ast
import datetime
import itertools
import textwrap

import ddt
import fixtures
import testtools

from heat_upgrade.checks import check_context
from heat_upgrade.checks.resources import model
from heat_upgrade.checks.resources import types
from heat_upgrade.checks.schema import check
from heat_upgrade.checks.schema import compatibility
from heat_upgrade.checks.schema import ddl
from heat_upgrade.checks.schema import drift
from heat_upgrade.judgement import judge
from heat_upgrade.judgement import known_failures
from heat_upgrade.results import findings
from heat_upgrade.results import grouping
from heat_upgrade.tests.unit.checks.resources import test_check
from heat_upgrade.tests.unit.checks.schema import test_check as schema_case
from heat_upgrade.tests.unit.support import resources_readings
from heat_upgrade.tests.unit.support import tree

TOOL = tree.ROOT / 'heat_upgrade'

# Titles that may be looked at, and why.
MAY = {
    'specs/checker.py': 'of the sections of a spec',
    'specs/outline.py': 'of the sections of a spec',
    'cli/self_test.py': 'shows each finding of the oracles once',
    'cli/plan_shrink.py': "matches the user's own pattern",
    'report/summary.py': 'omits a step that the title names already',
    'specs/questions.py': 'reads the questions of a spec from YAML',
}

# Calls that look for something in a text, or something up by it.
_LOOKING = {
    'add', 'Counter', 'count', 'endswith', 'find', 'findall', 'finditer',
    'fnmatch', 'fnmatchcase', 'fromkeys', 'fullmatch', 'get', 'groupby',
    'index', 'match', 'pop', 'remove', 'search', 'setdefault', 'split',
    'startswith', 'sub'}


def lookups(source):
    """Return the lines of a source in which a title decides something."""
    tree = ast.parse(source)
    parents = {child: node for node in ast.walk(tree)
               for child in ast.iter_child_nodes(node)}
    return sorted({node.lineno for node in ast.walk(tree)
                   if _is_title(node, parents) and _decides(node, parents)})


def _is_title(node, parents):
    """Return True for thing.title, thing['title'] or get('title')."""
    if isinstance(node, ast.Attribute) and node.attr == 'title':
        call = parents.get(node)
        # str.title() is a method, and modules have functions of that name.
        return not (isinstance(call, ast.Call) and call.func is node)
    if isinstance(node, ast.Subscript):
        return (isinstance(node.slice, ast.Constant)
                and node.slice.value == 'title')
    return (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            and node.func.attr == 'get' and bool(node.args)
            and isinstance(node.args[0], ast.Constant)
            and node.args[0].value == 'title')


def _decides(node, parents):
    """Return True if a value is compared, searched, split, or a key."""
    child, parent = node, parents.get(node)
    while parent is not None and not isinstance(parent, ast.stmt):
        if isinstance(parent, (ast.JoinedStr, ast.FormattedValue)):
            return False
        if isinstance(parent, (ast.Dict, ast.DictComp)) and child is not (
                getattr(parent, 'key', None)) and child not in (
                getattr(parent, 'keys', ())):
            # It is the value of a map.
            return False
        if _is_lookup(child, parent):
            return True
        child, parent = parent, parents.get(parent)
    return isinstance(parent, (ast.If, ast.While)) and child is parent.test


def _is_lookup(child, parent):
    if isinstance(parent, (ast.Compare, ast.Set, ast.SetComp)):
        return True
    if isinstance(parent, ast.Dict):
        return child in parent.keys
    if isinstance(parent, ast.DictComp):
        return child is parent.key
    if isinstance(parent, ast.Subscript):
        # A slice of it, or something that has it as its key.
        return True
    if isinstance(parent, ast.Attribute):
        # A method of the text.
        return True
    if isinstance(parent, ast.keyword):
        return parent.arg == 'key'
    if isinstance(parent, ast.Call) and child is not parent.func:
        name = getattr(parent.func, 'attr', getattr(parent.func, 'id', ''))
        return name in _LOOKING or name in ('set', 'frozenset', 'sorted')
    return False


@ddt.ddt
class TestSources(testtools.TestCase):

    def test_no_code_looks_anything_up_by_a_title(self):
        wrong = [
            f'{path.relative_to(TOOL)}:{line}'
            for path in sorted(TOOL.rglob('*.py'))
            if path.relative_to(TOOL).parts[0] != 'tests'
            and str(path.relative_to(TOOL)) not in MAY
            for line in lookups(path.read_text())]
        self.assertEqual([], wrong)

    @ddt.data(
        "if 'otherwise' in finding.title: pass",
        "known = {one.title for one in found}",
        "first = finding.title.split()[0]",
        "re.search(entry.match, finding.title)",
        "found.sort(key=lambda one: one.title)",
        "by[finding['title']] = finding",
        "same = one.title == other.title",
        "count = collections.Counter(one.title for one in found)",
        "names = dict.fromkeys(one.get('title') for one in found)",
        "by = {one.title: one for one in found}",
        "if finding.title: pass",
        "head = finding.title[:3]")
    def test_lookup_by_title_is_detected(self, source):
        self.assertEqual([1], lookups(source))

    @ddt.data(
        "print(f'{finding.title}: {finding.evidence}')",
        "lines.append(finding.title)",
        "rows = [(one.severity, one.title) for one in found]",
        "name = section.title()",
        "new = dataclasses.replace(one, title=f'PostgreSQL: {one.title}')",
        "steps = {one['id']: one['title'] for one in plan}",
        "text = '; '.join(one['title'] for one in found)")
    def test_displayed_title_is_not_a_lookup(self, source):
        self.assertEqual([], lookups(textwrap.dedent(source)))


class TestTitles(testtools.TestCase):
    """Other titles change only the display."""

    def both(self, function):
        """Return the results of a function, with each title and another."""
        with_titles = function()
        make = findings.make
        numbers = itertools.count()
        with fixtures.MonkeyPatch(
                'heat_upgrade.results.findings.make',
                lambda rule, subject, title, *args, **more: make(
                    rule, subject, f'{next(numbers)} x', *args, **more)):
            found = function()
        self.assertTrue(all(one.title.endswith(' x') for one in found))
        return with_titles, found

    def assert_same(self, function, number):
        """Check that a function finds as many, of the same identity."""
        told = [[(one.identity, one.severity, one.failure_class, one.counts,
                  one.own_files) for one in found]
                for found in self.both(function)]
        self.assertEqual(*told)
        self.assertEqual(number, len(told[0]))

    def test_rows_that_read_differently_are_reported_once(self):
        def function():
            base, target = schema_case.sides()
            for side in (base['after'], target['before']):
                side['models']['stack']['before-full'][
                    'values']['name'] = '"other"'
            return compatibility.findings(base, target)
        self.assert_same(function, 1)

    def test_alembic_difference_is_reported_with_its_table(self):
        def function():
            base, target = schema_case.sides()
            target['model_shape'] = schema_case.shape(
                stack=schema_case.with_columns(
                    'stack', kind=schema_case.column()))
            target['drift'] = [('add_column', 'stack', 'kind'),
                               ('add_index', 'event', 'ix')]
            return drift.findings(base, target)
        self.assert_same(function, 2)

    def test_table_changed_twice_is_reported_once(self):
        def function():
            base, target = schema_case.sides()
            target['seen'] = 2 * [schema_case.statement(
                'UPDATE stack SET name = 1', count=3)]
            target['algorithms'] = [None, None]
            return ddl.findings(base, target)
        self.assert_same(function, 1)

    def test_finding_of_mariadb_is_not_repeated_for_postgresql(self):
        def seen(*heads):
            base, target = schema_case.sides()
            target['heads'] = list(heads)
            if 'again' in heads:
                target['again'] = ['UPDATE']
            return check.findings({'base': base, 'target': target})

        def function():
            found = seen('aaa', 'bbb')
            return [*found, *check._new(found, seen('aaa', 'again'))]
        with_titles, found = self.both(function)
        self.assertEqual(['schema.many-heads',
                          'schema.second-db-sync-changes'],
                         [one.rule for one in found])
        self.assertEqual([one.identity for one in with_titles],
                         [one.identity for one in found])

    def test_new_titles_affect_the_same_templates(self):
        def function():
            pair = resources_readings.pair(test_check.BASE,
                                           test_check.TARGET)
            return [model.finding(one) for one in sorted(
                types.differences(pair), key=lambda one: one.subject)]
        self.assert_same(function, 4)

    def test_known_failures_excuse_new_titles(self):
        entry = known_failures.Entry(
            'gone', ('schema.renamed',), ('a',), '>=26', '>=26', 'compared',
            known_failures.Ceiling(1), 'm', 'because', 'LP 1',
            datetime.date(2999, 1, 1))

        def function():
            return judge.of_checks(
                [
                    check_context.error(
                        'schema.renamed', subject, 'a is renamed', ''
                    )
                    for subject in 'ab'
                ],
                [entry],
                base='26.0.2',
                reference='27.0.1',
                released=True,
            )
        self.assert_same(function, 2)
        self.assertEqual(['gone', ''], [one.known for one in function()])

    def test_new_titles_are_grouped_alike(self):
        def function():
            return [group.first for group in grouping.groups(
                [findings.make('config.option-removed', subject, subject)
                 for subject in ('[a] b', '[a] c', '[b] c')])]
        self.assert_same(function, 2)
