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

"""Every intrinsic function of HOT returns the same value as before."""

from collections import abc
from concurrent import futures
import hashlib
import json
import re
import textwrap
import typing

from tempest.lib import decorators
from testtools import content as attachment

from heat_integrationtests import aliases
from heat_integrationtests import markers
from heat_integrationtests import scenario
from heat_integrationtests import stacks

VERSION = 'heat_template_version.2021-04-16'

# The expected outputs of the template. They come from the specification of
# HOT (Heat's template guide), not from the behaviour of a release.
GOLDEN = {
    'get_attr': 'n1',
    'get_file': 'a file\n',
    'get_param': 'y',
    'get_resource': True,
    'list_join': 'a-b-c-d',
    'digest': hashlib.sha512(b'red').hexdigest(),
    'repeat': ['a1', 'a2', 'b1', 'b2', 'c1', 'c2'],
    'repeat_pairwise': [{'a': '1'}, {'b': '2'}, {'c': '3'}],
    'resource_facade': {'rank': 7, 'of': ['x', 'y']},
    'str_replace': 'a red is {"k": [1, null]}',
    'str_replace_strict': 'a red',
    'str_replace_vstrict': 'b red',
    'str_split': 'y',
    'str_split_all': ['x', 'y', 'z'],
    'map_merge': {'a': 1, 'b': 3},
    'map_replace': {'A': 'b', 'c': 'D'},
    'yaql': ['aa', 'cc'],
    'if': 'yes_it_is',
    'if_null': ['kept'],
    'equals': True,
    'not': False,
    'and': True,
    'or': True,
    'contains': True,
    'contains_value': False,
    'yaql_condition': True,
    'condition_of_resource': 'here',
    'filter': ['a', 'c'],
    'make_url': 'https://user:p%40ss@[2001:db8::1]:8004/a%20b?key=v%26w#end',
    'list_concat': ['a', 'b', 'c', 'c', 'd'],
    'list_concat_unique': ['a', 'b', 'c', 'd'],
}

# The expected outputs if the text is blue.
GOLDEN_BLUE = {
    **GOLDEN,
    'digest': hashlib.sha512(b'blue').hexdigest(),
    'str_replace': 'a blue is {"k": [1, null]}',
    'str_replace_strict': 'a blue',
    'str_replace_vstrict': 'b blue',
    'if': 'no_it_is_not',
    'if_null': ['dropped'],
    'equals': False,
    'not': True,
    'and': False,
    'yaql_condition': False,
    'condition_of_resource': None,
}

# Two stacks whose outputs look up lines of a table, which is a yaql
# expression with a case for each line. Their values differ by these factors.
TABLES = {'tens': 10, 'thousands': 1000}
# Parsing so many lines takes 20 ms, during which other threads run.
LINES = 400
LOOKED_UP = (3, 30, 300)
# Threads that show each stack at the same time, and requests of each.
VIEWERS = 4
TIMES = 2
# Limit for these requests in the pre phase, in seconds; on two cores they
# take two.
ON_BASE = 3

# The note of the pre phase that the base has this defect, too.
MIXED_ON_BASE = 'mixed_on_base'
# The name of this defect in the lab (heat_upgrade.judgement.causes).
CAUSE = 'yaql-mixed-up'

# Errors for valid templates if two threads share a lexer; see
# doc/source/findings/yaql-mixed-up.rst.
LEXER_ERROR = re.compile(
    r"Bad expression (Parse|Lexical) error|'Lexer' object has no attribute"
    r'|Unknown function "')


# The key of a stack in TABLES, and its outputs.
Show: typing.TypeAlias = tuple[str, aliases.Json]
# The key of a stack, the name of an output, and its value or error.
WrongOutput: typing.TypeAlias = tuple[str, str, object]


def lookups(factor: int) -> str:
    """Return a template whose outputs look up lines of a table.

    :param factor: the value of a line divided by its number
    """
    table = ', '.join(f'$.data = {line} => {line * factor}'
                      for line in range(LINES))
    return json.dumps({
        'heat_template_version': '2021-04-16',
        'outputs': {f'line_{line}': {'value': {'yaql': {
            'expression': f'switch({table})', 'data': line}}}
            for line in LOOKED_UP}}, indent=1)


def looked_up(factor: int) -> dict[str, int]:
    """Return the expected outputs of lookups()."""
    return {f'line_{line}': line * factor for line in LOOKED_UP}


def wrong_outputs(shows: abc.Iterable[Show]) -> list[WrongOutput]:
    """Return the outputs that differ from the expected ones."""
    return [(key, name, value) for key, outputs in shows
            for name, value in sorted(outputs.items())
            if value != looked_up(TABLES[key])[name]]


def is_mixed_up(wrong: abc.Iterable[WrongOutput]) -> bool:
    """Return True if wrong outputs prove that two threads shared a lexer.

    The proof is the value of another expression that was evaluated at the
    same time, or an error of the lexer.
    """
    values = {value for factor in TABLES.values()
              for value in looked_up(factor).values()}
    return any(value in values if isinstance(value, int)
               else bool(LEXER_ERROR.search(str(value)))
               for _, _, value in wrong)


class IntrinsicFunctionsScenario(scenario.Scenario):

    covers = (78,)
    tiers = ('standard', 'thorough')
    weight = 13
    template = 'intrinsic_functions.yaml'
    files = {'child.yaml': 'intrinsic_functions_child.yaml',
             'file.txt': 'a file\n'}
    changed_parameters = {'text': 'blue'}

    def check(self, record: aliases.Json, outputs: aliases.Json) -> None:
        self.assertEqual(GOLDEN, outputs)

    def check_changed(self, record: aliases.Json,
                      outputs: aliases.Json) -> None:
        self.assertEqual(GOLDEN_BLUE, outputs)

    def known_functions(self) -> list[str]:
        """Return the names of the functions in the template version now."""
        return sorted(shown.functions for shown in
                      self.heat.template_versions.get(VERSION))

    def show(self, stack: stacks.Stack) -> aliases.Json:
        """Return the outputs of a stack, or their errors."""
        shown = stacks.retry_bad_request(lambda: self.stacks.get(stack))
        return {output['output_key']: output.get('output_error')
                or output['output_value'] for output in shown.outputs}

    def show_at_once(self, timeout: float | None = None) -> list[Show]:
        """Show the stacks of TABLES several times in parallel.

        :param timeout: maximum duration in seconds; with a timeout, failed
            requests are omitted
        """
        pool = futures.ThreadPoolExecutor(VIEWERS * len(TABLES))
        try:
            shows = {pool.submit(self.show, self.stack(key)): key
                     for key in [*TABLES] * VIEWERS * TIMES}
            done, _ = futures.wait(shows, timeout)
            return [(shows[show], show.result())
                    for show in shows if show in done
                    and (timeout is None or show.exception() is None)]
        finally:
            pool.shutdown(wait=timeout is None, cancel_futures=True)

    def pre(self) -> None:
        functions = self.known_functions()
        self.assertLessEqual(
            {'get_attr', 'resource_facade', 'yaql'}, set(functions))
        self.record.note('functions', functions)
        super().pre()
        for key, factor in TABLES.items():
            stack = self.create(key, template=lookups(factor), files={})
            self.assertEqual(looked_up(factor), self.show(stack))
        # A defect of the base is not a regression.
        self.record.note(MIXED_ON_BASE, is_mixed_up(
            wrong_outputs(self.show_at_once(ON_BASE))))

    def verify(self) -> None:
        super().verify()
        self.assertEqual(
            set(),
            set(self.record.noted('functions')) - set(self.known_functions()),
            'Stacks that use these functions can no longer be updated')

    @decorators.idempotent_id('f06bc14b-d400-436e-a9a0-9dffe58942d9')
    @markers.post
    def test_stacks_that_are_shown_at_once_give_their_own_outputs(
            self) -> None:
        # A separate test, because its failure concerns no single function.
        # It is not of the kind verify, which also tests the base: a base with
        # this defect can still be upgraded.
        shows = self.show_at_once()
        wrong = wrong_outputs(shows)
        if is_mixed_up(wrong):
            self.addDetail('cause', attachment.text_content(CAUSE))
            if self.record.content['notes'].get(MIXED_ON_BASE):
                self.addDetail('known-on-base',
                               attachment.text_content(CAUSE))
        # Shortened, because an error of yaql contains the whole table.
        self.assertEqual([], [
            f'{key}: {name} is {textwrap.shorten(str(value), 80)}'
            for key, name, value in wrong],
            f'Shown {len(shows)} times, each with {len(LOOKED_UP)} outputs')

    def post(self) -> None:
        super().post()
        for key in TABLES:
            self.delete(self.stack(key), key)
