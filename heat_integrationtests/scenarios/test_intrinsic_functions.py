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

"""Every intrinsic function of HOT gives what it gave before."""

from concurrent import futures
import hashlib
import json
import re
import textwrap

from tempest.lib import decorators
from testtools import content as attachment

from heat_integrationtests import markers
from heat_integrationtests import scenario
from heat_integrationtests import stacks

VERSION = 'heat_template_version.2021-04-16'

# What the outputs of the template must be; from the specification of HOT
# (Heat's template guide), not from what some release of Heat gave.
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

# What changes when the text is no longer red.
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

# Two stacks whose outputs look something up in a table, as people write them
# in yaql: by a case for each line. Their lines differ by these factors.
TABLES = {'tens': 10, 'thousands': 1000}
# So long that to read it takes 20 ms, in which engines do other things too.
LINES = 400
LOOKED_UP = (3, 30, 300)
# Who shows each of the stacks at the same time, and how often.
VIEWERS = 4
TIMES = 2
# Seconds that the base may be shown so in the pre phase: on two cores all of
# the shows take two.
ON_BASE = 3

# The note of the pre phase that the base mixes values too.
MIXED_ON_BASE = 'mixed_on_base'
# The name of this defect in the lab (heat_upgrade.judgement.causes).
CAUSE = 'yaql-mixed-up'

# The errors of a lexer that two threads use at once, for templates that are
# right: see doc/source/findings/yaql-mixed-up.rst.
LEXER_ERROR = re.compile(
    r"Bad expression (Parse|Lexical) error|'Lexer' object has no attribute"
    r'|Unknown function "')


def lookups(factor):
    """Give a template whose outputs look a line up in a table.

    :param factor: what the value in a line is of its number
    """
    table = ', '.join(f'$.data = {line} => {line * factor}'
                      for line in range(LINES))
    return json.dumps({
        'heat_template_version': '2021-04-16',
        'outputs': {f'line_{line}': {'value': {'yaql': {
            'expression': f'switch({table})', 'data': line}}}
            for line in LOOKED_UP}}, indent=1)


def looked_up(factor):
    """Give the outputs of lookups(), as they must be."""
    return {f'line_{line}': line * factor for line in LOOKED_UP}


def wrong_outputs(shows):
    """Give the outputs that are not their stack's own.

    :param shows: list of (key of TABLES, outputs)
    :returns: list of (key, name of the output, value or error)
    """
    return [(key, name, value) for key, outputs in shows
            for name, value in sorted(outputs.items())
            if value != looked_up(TABLES[key])[name]]


def is_mixed_up(wrong):
    """Tell whether wrong outputs prove that two threads shared a lexer.

    One of them has a value of another expression that was evaluated at the
    same time, or an error of the lexer.

    :param wrong: the result of wrong_outputs()
    """
    values = {value for factor in TABLES.values()
              for value in looked_up(factor).values()}
    return any(value in values if isinstance(value, int)
               else bool(LEXER_ERROR.search(str(value)))
               for _, _, value in wrong)


class IntrinsicFunctionsScenario(scenario.Scenario):

    weight = 8
    template = 'intrinsic_functions.yaml'
    files = {'child.yaml': 'intrinsic_functions_child.yaml',
             'file.txt': 'a file\n'}
    changed_parameters = {'text': 'blue'}

    def check(self, record, outputs):
        self.assertEqual(GOLDEN, outputs)

    def check_changed(self, record, outputs):
        self.assertEqual(GOLDEN_BLUE, outputs)

    def known_functions(self):
        """Give the names of the functions that the version offers now."""
        return sorted(found.functions for found in
                      self.heat.template_versions.get(VERSION))

    def show(self, stack):
        """Give the outputs of a stack, or their errors."""
        shown = stacks.patiently(lambda: self.stacks.get(stack))
        return {output['output_key']: output.get('output_error')
                or output['output_value'] for output in shown.outputs}

    def show_at_once(self, timeout=None):
        """Show the stacks of TABLES by several viewers at the same time.

        :param timeout: seconds after which no more are waited for; with it,
            a show that Heat refuses is left out
        :returns: list of (key, outputs) of those that were shown
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

    @decorators.idempotent_id('317cd296-cce5-43db-b505-38eea0252f04')
    @markers.pre
    def test_a_stack_uses_every_function(self):
        functions = self.known_functions()
        self.assertLessEqual(
            {'get_attr', 'resource_facade', 'yaql'}, set(functions))
        self.record.note('functions', functions)
        self.create_and_record()
        for key, factor in TABLES.items():
            stack = self.create(key, template=lookups(factor), files={})
            self.assertEqual(looked_up(factor), self.show(stack))
        # An upgrade does not bring what the base does too.
        self.record.note(MIXED_ON_BASE, is_mixed_up(
            wrong_outputs(self.show_at_once(ON_BASE))))

    @decorators.idempotent_id('9b672fb8-beba-41d8-84fa-4f480b9de4fe')
    @markers.verify
    def test_the_outputs_are_as_recorded_and_no_function_is_lost(self):
        self.assert_unchanged()
        self.assertEqual(
            set(),
            set(self.record.noted('functions')) - set(self.known_functions()),
            'Stacks that use these functions can no longer be updated')

    @decorators.idempotent_id('1d2995f7-7add-443f-9504-bfaf940d628e')
    @markers.during
    def test_nothing_serves_the_stack_while_heat_is_down(self):
        self.assert_out_of_reach()

    @decorators.idempotent_id('f06bc14b-d400-436e-a9a0-9dffe58942d9')
    @markers.post
    def test_stacks_that_are_shown_at_once_give_their_own_outputs(self):
        # A test of its own, before the stacks are used up: what it finds says
        # nothing of any function. Not of kind verify, which looks at the base
        # too: one that fails at this can still be upgraded.
        shows = self.show_at_once()
        wrong = wrong_outputs(shows)
        if is_mixed_up(wrong):
            self.addDetail('cause', attachment.text_content(CAUSE))
            if self.record.content['notes'].get(MIXED_ON_BASE):
                self.addDetail('known-on-base',
                               attachment.text_content(CAUSE))
        # An error of yaql's has the whole table in it.
        self.assertEqual([], [
            f'{key}: {name} is {textwrap.shorten(str(value), 80)}'
            for key, name, value in wrong],
            f'{len(shows)} times shown, each with {len(LOOKED_UP)} outputs')

    @decorators.idempotent_id('d31cb90c-2895-4b1d-8015-9d4ea3e70849')
    @markers.post
    def test_the_functions_give_what_they_should_after_a_change(self):
        self.update_and_delete()
        for key in TABLES:
            self.delete(self.stack(key), key)
