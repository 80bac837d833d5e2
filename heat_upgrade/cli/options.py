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
from heat_upgrade.checks import check_context
from heat_upgrade.checks import external_database
from heat_upgrade.install import releases
from heat_upgrade.judgement import known_failures
from heat_upgrade.lab import profiles
from heat_upgrade.plan import planner


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


def add_runs(parser):
    """Add what every run of a plan takes, whatever its plan is."""
    add_constraints(parser, what='the target')
    parser.add_argument(
        '--base-constraints', metavar='FILE',
        help="the same for the base (default: its series' lock file)")
    parser.add_argument(
        '--known-failures', type=pathlib.Path, default=known_failures.FILE,
        metavar='FILE', help='failures that are shown and do not count')


def words_of_runs(parsed_args):
    """Return the words that stand for what :func:`add_runs` has added."""
    words = []
    for option in ('constraints', 'base_constraints'):
        if getattr(parsed_args, option):
            words += [f'--{option.replace("_", "-")}',
                      str(getattr(parsed_args, option))]
    if parsed_args.known_failures != known_failures.FILE:
        words += ['--known-failures', str(parsed_args.known_failures)]
    return words


def add_releases(parser):
    """Add the two releases of an upgrade."""
    parser.add_argument(
        '--from', dest='base', metavar='REL',
        help='the base: a series (2026.1), a release (26.0.2), a git '
             'checkout, an sdist or a wheel (default: the newest series '
             'before the target)')
    parser.add_argument(
        '--to', dest='target', metavar='REL',
        help='the target, likewise (default: the newest series)')


def add_selectors(parser):
    """Add what says which upgrade is meant."""
    add_releases(parser)
    parser.add_argument(
        '--strategy', choices=planner.STRATEGIES, default=planner.COLD,
        help='cold: all down, migrate, all up (default); rolling: node by '
             'node, two releases side by side meanwhile; partial: the same, '
             'with the last tests half way, in the mixed state')
    parser.add_argument(
        '--seed', type=int, default=0, metavar='N',
        help='what random choices are made from; 0 is the procedure of '
             "Heat's guide without faults (default: 0)")
    parser.add_argument(
        '--nodes', type=int, metavar='N',
        help='how many nodes Heat runs on, up to '
             f'{planner.MOST_NODES} (default: 1; for a rolling upgrade 2)')
    parser.add_argument(
        '--vhost', choices=planner.VHOSTS, default=planner.PER_RELEASE,
        help='in a rolling upgrade, a virtual host of RabbitMQ for each '
             'release, as the guide tells to (default), or one for both')
    parser.add_argument(
        '--profile', choices=profiles.PROFILES, default=profiles.STANDARD,
        help="configuration of Heat's messaging: standard loses no message "
             'when an engine stops gracefully (default); stock-messaging '
             "runs with Heat's own defaults, and shows which are lost")
    parser.add_argument(
        '--in-flight', choices=planner.IN_FLIGHT,
        help='how much work is in flight while engines stop (default: '
             'sample; with --scenarios: none)')
    parser.add_argument(
        '--stop', choices=planner.STOPS,
        help='how a cold upgrade stops the engine of one node: gracefully, or '
             'by SIGKILL (default: the seed decides; seed 0 gracefully)')
    parser.add_argument(
        '--quick', action='store_true',
        help='leave out the smoke tests and the cross-version tests')
    parser.add_argument(
        '--checks-only', action='store_true',
        help='stop after the static checks (heat-upgrade check)')
    parser.add_argument(
        '--rollback',
        metavar='NODE',
        nargs='?',
        const=planner.RANDOM,
        help='in a rolling upgrade, go back to the base after this node, '
        'and forward again (without a name: after one that the seed '
        f'chooses; {planner.NEVER}: not at all; default: the seed decides)',
    )
    parser.add_argument(
        '--budget', type=float, metavar='SECONDS',
        help='leave out what does not fit into this predicted time')
    parser.add_argument(
        '--scenarios', type=pattern, default='', metavar='REGEX',
        help='run only the scenarios whose test id matches, and no smoke '
             'tests')


def add_operator_files(parser):
    """Add what of an operator's own a check may be about."""
    parser.add_argument(
        '--config-file', action='append', default=[], metavar='FILE',
        type=pathlib.Path, help='a configuration file of Heat: report only '
        'what touches it; may be given again')
    parser.add_argument(
        '--config-dir', action='append', default=[], metavar='DIR',
        type=pathlib.Path, help='a directory of such files')
    parser.add_argument(
        '--template', action='append', default=[], metavar='FILE',
        type=pathlib.Path, help='a template: report only what it uses; may '
        'be given again')
    parser.add_argument(
        '--stacks-from', metavar='DUMP', type=pathlib.Path,
        help='a database dump: report only what its stacks use')
    parser.add_argument(
        '--postgresql', action='store_true',
        help='check the schema on PostgreSQL too')
    parser.add_argument(
        '--database-of', metavar='FILE', type=pathlib.Path,
        help='a configuration file of Heat: check the schema on the server '
             'of its [database] connection, in databases that are made for '
             'that and dropped, instead of a private MariaDB')


def asked(parsed_args):
    """Return what :func:`add_operator_files` has added, for the checks."""
    return check_context.OperatorInputs(
        config_files=tuple(parsed_args.config_file),
        config_dirs=tuple(parsed_args.config_dir),
        templates=tuple(parsed_args.template),
        stacks_from=parsed_args.stacks_from,
        postgresql=parsed_args.postgresql,
        server=(external_database.url_of(parsed_args.database_of)
                if parsed_args.database_of else ''))


def plan_of(parsed_args, base, target, *, seed=None):
    """Return the plan that the selectors of a command line ask for.

    :param base: :class:`heat_upgrade.install.releases.Release`
    :param target: likewise
    :param seed: in place of the one that was given
    """
    return planner.make(
        parsed_args.strategy, base=base.name, target=target.name,
        seed=parsed_args.seed if seed is None else seed,
        scenarios=parsed_args.scenarios, nodes=parsed_args.nodes,
        vhost=parsed_args.vhost, in_flight=parsed_args.in_flight,
        rollback=parsed_args.rollback, budget=parsed_args.budget,
        quick=parsed_args.quick, checks_only=parsed_args.checks_only,
        profile=parsed_args.profile, stop=parsed_args.stop)


def base_and_target(base, target):
    """Return the two releases that were asked for, or the default ones.

    :raises: :class:`heat_upgrade.errors.UsageError` that lists what is
        accepted
    """
    target = (releases.newest_two()[1] if target is None
              else releases.parse(target))
    base = releases.before(target) if base is None else releases.parse(base)
    releases.check_order(base, target)
    return base, target
