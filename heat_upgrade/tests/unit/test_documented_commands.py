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

"""The commands of README and documentation exist and take their arguments.

They are parsed, not executed: most of them start a cloud. ``.ci/run`` executes
the commands of the README, and the functional tests those of the user guide.
"""

import configparser
import importlib.util
import re
import shlex

import ddt
import testtools

from heat_upgrade.cli import main
from heat_upgrade.tests.unit.support import tree
from tools.bench import __main__ as bench

PAGES = (*sorted((tree.ROOT / 'doc' / 'source').rglob('*.rst')),
         *(tree.ROOT / f'{name}.rst'
           for name in ('README', 'CONTRIBUTING', 'HACKING')))

# Words that stand for others, such as RUN_DIR.
STAND_IN = re.compile(r'^[A-Z][A-Z_]+$')

# Names in examples, and names that exist in their place.
_EXAMPLES = {
    'test_value': 'test_random_string', 'my_stack': 'random_string',
    'plan.json': str(tree.ROOT / 'heat_upgrade/tests/unit/support/golden'
                     / 'rolling-plan.json'),
    'RUN_DIR/plan.json': str(
        tree.ROOT / 'heat_upgrade/tests/unit/support/golden'
        / 'rolling-plan.json'),
}

_COMMAND = re.compile(
    r'^\s+(?:\$ )?(?:[A-Z_]+=\S+ )*'
    r'((?:\S*/)?(?:heat-upgrade|tox|with-deps\.sh|python3?) .*)$')


def commands():
    """Yield (page, words) of each command in a literal block."""
    for page in PAGES:
        name = str(page.relative_to(tree.ROOT))
        text = page.read_text().replace('\\\n', ' ')
        for line in text.split('\n'):
            match = _COMMAND.match(line)
            if match and not line.lstrip().startswith('|'):
                words = shlex.split(match[1].split(' > ')[0], comments=True)
                yield name, words


def environments():
    """Return the names of tox environments."""
    config = configparser.ConfigParser(interpolation=None)
    config.read(tree.ROOT / 'tox.ini')
    return {'py3'} | {name.removeprefix('testenv:')
                      for name in config.sections() if ':' in name}


def run_of(words):
    """Return (tox environments, words of the program) that a command runs."""
    if words[0].endswith('with-deps.sh'):
        words = words[1:]
    if words[0] != 'tox':
        return [], words
    chosen = words[words.index('-e') + 1].split(',') if '-e' in words else []
    after = words[words.index('--') + 1:] if '--' in words else []
    prefix = {'upgrade': ['heat-upgrade', 'run'],
              'check': ['heat-upgrade', 'check'],
              'bench': ['python', '-m', 'tools.bench', 'run']}
    if chosen and chosen[0] in prefix:
        return chosen, [*prefix[chosen[0]], *after]
    return chosen, after if chosen == ['venv'] else []


@ddt.ddt
class DocumentedCommandsTest(testtools.TestCase):

    def parse(self, app, words):
        """Parse the arguments of a command as the program would."""
        factory, name, rest = app.command_manager.find_command(words)
        parser = factory(app, None, cmd_name=name).get_parser(name)
        parser.parse_args([
            _EXAMPLES.get(word, '1' if STAND_IN.match(word) else word)
            for word in rest if word != '...'])

    def test_tox_environments_exist(self):
        known = environments()
        self.assertEqual([], [
            (page, name) for page, words in commands()
            for name in run_of(words)[0] if name not in known])

    def test_arguments_are_accepted(self):
        refused = []
        for page, words in commands():
            run = run_of(words)[1]
            if '--help' in run or '--version' in run:
                continue
            try:
                if run and run[0].endswith('heat-upgrade'):
                    self.parse(main.App(), run[1:])
                elif run[1:3] == ['-m', 'tools.bench']:
                    self.parse(bench.Bench(), run[3:])
            except (SystemExit, ValueError) as exc:
                refused.append((page, ' '.join(run), str(exc)))
        self.assertEqual([], refused)

    def test_modules_exist(self):
        self.assertEqual([], [
            (page, words) for page, words in commands()
            if words[0].startswith('python') and words[1] == '-m'
            and words[2].startswith(('heat_', 'tools.'))
            and importlib.util.find_spec(words[2]) is None])

    def test_programs_exist(self):
        self.assertEqual([], [
            (page, words) for page, words in commands()
            if words[0].startswith('python') and words[1].endswith('.py')
            and not (tree.ROOT / words[1]).exists()])

    def test_the_pages_have_commands(self):
        self.assertGreater(len(list(commands())), 80)

    def test_the_readme_begins_with_its_two_commands(self):
        self.assertEqual(
            [['./tools/with-deps.sh', 'tox', '-e', 'upgrade'],
             ['./tools/with-deps.sh', 'tox']],
            [words for page, words in commands() if page == 'README.rst'][:2])
