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

"""Options that several commands share."""

import argparse
import os
import pathlib
import re

from heat_integrationtests import phases
from heat_upgrade import plan
from heat_upgrade import releases


def work_dir(environ=os.environ):
    """Return where run directories are, unless another place is given."""
    state = (environ.get('XDG_STATE_HOME')
             or os.path.expanduser('~/.local/state'))
    return pathlib.Path(state) / 'heat-upgrade'


def pattern(text):
    """Return a regular expression that was given, if scenarios match it."""
    try:
        # As phases.py puts it into a larger one.
        wanted = re.compile(f'(?=.*(?:{text})).')
    except re.error as exc:
        raise argparse.ArgumentTypeError(
            f'{text!r} is not a regular expression: {exc}') from exc
    tests = phases.scenario_tests()
    if not any(wanted.search(test) for test in tests):
        names = sorted({test.split('.')[2].removeprefix('test_')
                        for test in tests})
        raise argparse.ArgumentTypeError(
            f'{text!r} matches no scenario; there are: {", ".join(names)}')
    return text


def add_work_dir(parser):
    parser.add_argument(
        '--work-dir', type=pathlib.Path, default=work_dir(), metavar='DIR',
        help='where run directories are made (default: %(default)s)')


def add_constraints(parser, *, what):
    """Add what replaces the lock file of a series.

    The variable is OpenStack's name for "use these constraints", known to its
    tox.ini files and its jobs. It means one branch of OpenStack, so it does
    not reach a base, which is of another.
    """
    parser.add_argument(
        '--constraints', metavar='FILE',
        default=os.environ.get('TOX_CONSTRAINTS_FILE') or None,
        help=f'constraints file or URL for {what}, in place of its '
             "series' lock file (default: $TOX_CONSTRAINTS_FILE)")


def add_selectors(parser):
    """Add what says which upgrade is meant."""
    parser.add_argument(
        '--from', dest='base', metavar='REL',
        help='the base: a series (2026.1), a release (26.0.2), a git '
             'checkout, an sdist or a wheel (default: the newest series but '
             'one)')
    parser.add_argument(
        '--to', dest='target', metavar='REL',
        help='the target, likewise (default: the newest series)')
    parser.add_argument(
        '--strategy', choices=plan.STRATEGIES, default=plan.COLD,
        help='cold: all down, migrate, all up (default)')
    parser.add_argument(
        '--seed', type=int, default=0, metavar='N',
        help='what random choices are made from (default: 0)')
    parser.add_argument(
        '--scenarios', type=pattern, default='', metavar='REGEX',
        help='run only the scenarios whose test id matches, and no smoke '
             'tests')


def base_and_target(base, target):
    """Return the two releases that were asked for, or the default ones.

    :raises: :class:`heat_upgrade.errors.UsageError` that lists what is
        accepted
    """
    defaults = (releases.newest_two() if base is None or target is None
                else (None, None))
    base, target = (
        default if name is None else releases.parse(name)
        for name, default in zip((base, target), defaults))
    releases.check_order(base, target)
    return base, target
