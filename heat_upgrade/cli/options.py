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
from collections import abc
import os
import pathlib
import re

from heat_integrationtests import catalogue
from heat_integrationtests import definition
from heat_upgrade.checks import check_context
from heat_upgrade.checks import external_database
from heat_upgrade.cli import operator_files
from heat_upgrade.cli import services_option
from heat_upgrade import errors
from heat_upgrade.install import releases
from heat_upgrade.judgement import known_failures
from heat_upgrade.lab import profiles
from heat_upgrade.plan import planner
from heat_upgrade import sharding


def positive(text: str) -> int:
    """Return a number of at least 1; the type of an argument.

    :raises: ValueError for any other text
    """
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def work_dir(environ: abc.Mapping[str, str] = os.environ) -> pathlib.Path:
    """Return the default parent directory of run directories."""
    state = (environ.get('XDG_STATE_HOME')
             or os.path.expanduser('~/.local/state'))
    return pathlib.Path(state) / 'heat-upgrade'


def pattern(text: str) -> str:
    """Return a regular expression unchanged.

    :raises: argparse.ArgumentTypeError if it is invalid
    """
    try:
        # phases.py embeds it into a larger expression in the same way.
        re.compile(f'(?=.*(?:{text})).')
    except re.error as exc:
        raise argparse.ArgumentTypeError(
            f'{text!r} is not a regular expression: {exc}') from exc
    return text


def scenarios_of(further: abc.Iterable[pathlib.Path]
                 ) -> list[catalogue.Entry]:
    """Return all scenarios, with those in further directories.

    :raises: :class:`errors.UsageError` if one of them is invalid
    """
    try:
        return catalogue.entries(further)
    except definition.Invalid as exc:
        raise errors.UsageError(str(exc)) from exc


def _scenario_path(parsed_args: argparse.Namespace) -> tuple[str, ...]:
    """Return the directories of further scenarios, as absolute paths.

    :raises: :class:`errors.UsageError` if a scenario is invalid, or the
        selection of scenarios matches none
    """
    further = (catalogue.paths(map(str, parsed_args.scenario_path), {})
               or catalogue.paths())
    entries = scenarios_of(further)
    selection = re.compile(f'(?=.*(?:{parsed_args.scenarios})).')
    matching = [entry for entry in entries
                if any(map(selection.search, entry.tests))]
    if not any(parsed_args.tier in entry.tiers for entry in matching):
        names = ', '.join(entry.name for entry in entries
                          if parsed_args.tier in entry.tiers)
        raise errors.UsageError(
            f'{parsed_args.scenarios!r} matches no scenario; there are: '
            f'{names} in the tier {parsed_args.tier}')
    return tuple(map(str, further))


def profile(text: str) -> str:
    """Return the names of profiles unchanged, if they can be combined.

    :raises: argparse.ArgumentTypeError if not
    """
    try:
        return profiles.parse(text).name
    except errors.UsageError as exc:
        raise argparse.ArgumentTypeError(str(exc)) from exc


def add_work_dir(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--work-dir', type=pathlib.Path, default=work_dir(), metavar='DIR',
        help='parent directory of the run directories (default: '
             '%(default)s)')


def add_constraints(parser: argparse.ArgumentParser, *, release: str) -> None:
    """Add the option that replaces the lock file of a series.

    Its default is the variable that OpenStack's tox.ini files and jobs set.
    That file belongs to one branch of OpenStack, so it does not apply to a
    base, which is from another branch.

    :param release: the noun for the help text, such as 'the target'
    """
    parser.add_argument(
        '--constraints', metavar='FILE',
        default=os.environ.get('TOX_CONSTRAINTS_FILE') or None,
        help=f'constraints file or URL for {release}, instead of the lock '
             'file of its series (default: $TOX_CONSTRAINTS_FILE)')


def count(text: str) -> int:
    """Return a number that is not negative.

    :raises: argparse.ArgumentTypeError if it is another one
    """
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(
            f'{text!r} is not a number of 0 or more')
    return int(text)


def shard(text: str) -> sharding.Shard:
    """Return the shard of a command line.

    :raises: argparse.ArgumentTypeError if it is invalid
    """
    try:
        return sharding.parse(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(str(exc)) from exc


def add_shard(parser: argparse.ArgumentParser, runs: str) -> None:
    """Add the option that selects a share of independent runs.

    :param runs: the noun for the help text, in the plural
    """
    parser.add_argument(
        '--shard', type=shard, metavar='I/N',
        help=f'split the {runs} into N shares, and run only share I (from 1 '
             'to N), for N machines')


def add_runs(parser: argparse.ArgumentParser) -> None:
    """Add the options of every command that executes plans."""
    add_constraints(parser, release='the target')
    parser.add_argument(
        '--base-constraints', metavar='FILE',
        help='constraints file or URL for the base (default: the lock file '
             'of its series)')
    parser.add_argument(
        '--known-failures', type=pathlib.Path, default=known_failures.FILE,
        metavar='FILE',
        help='list of known failures, which are reported but not counted '
             '(default: the list of this tool)')


def words_of_runs(parsed_args: argparse.Namespace) -> list[str]:
    """Return the command line words of the options of :func:`add_runs`."""
    words = []
    for option in ('constraints', 'base_constraints'):
        if getattr(parsed_args, option):
            words += [f'--{option.replace("_", "-")}',
                      str(getattr(parsed_args, option))]
    if parsed_args.known_failures != known_failures.FILE:
        words += ['--known-failures', str(parsed_args.known_failures)]
    return words


def add_releases(parser: argparse.ArgumentParser) -> None:
    """Add the options for the two releases of an upgrade."""
    parser.add_argument(
        '--from', dest='base', metavar='REL',
        help='the base: a series (2026.1), a release (26.0.2), a git '
             'checkout, an sdist or a wheel (default: the newest series '
             'before the target)')
    parser.add_argument(
        '--to', dest='target', metavar='REL',
        help='the target, in the same form (default: the newest series)')


def add_selectors(parser: argparse.ArgumentParser) -> None:
    """Add the options from which a plan is made."""
    add_releases(parser)
    parser.add_argument(
        '--strategy', choices=planner.STRATEGIES, default=planner.COLD,
        help='cold: stop all nodes, migrate, start all nodes (default); '
             'rolling: upgrade node by node, with mixed versions; partial: '
             'rolling, and run the last tests half way, with mixed versions')
    parser.add_argument(
        '--seed', type=int, default=0, metavar='N',
        help="seed for random choices; 0 follows the procedure of Heat's "
             'upgrade guide, without faults (default: 0)')
    parser.add_argument(
        '--nodes', type=int, metavar='N',
        help='number of nodes that Heat runs on, at most '
             f'{planner.MOST_NODES} (default: 1; for a rolling upgrade 2)')
    parser.add_argument(
        '--vhost', choices=planner.VHOSTS, default=planner.PER_RELEASE,
        help='in a rolling upgrade, use one RabbitMQ virtual host for each '
             "release, as Heat's guide requires (default), or one for both")
    parser.add_argument(
        '--profile', type=profile, default=profiles.STANDARD,
        metavar='NAME[,NAME...]',
        help='variants of the configuration of Heat, see heat-upgrade '
             'profile list (default: %(default)s)')
    services_option.add(parser, release='the base, also after the upgrade')
    parser.add_argument(
        '--in-flight', choices=planner.IN_FLIGHT,
        help='number of operations in flight while engines stop (default: '
             'sample; with --scenarios: none)')
    parser.add_argument(
        '--stop', choices=planner.STOPS,
        help='how a cold upgrade stops the engine of one node: gracefully, '
             'or with SIGKILL (default: chosen by the seed; seed 0: '
             'gracefully)')
    parser.add_argument(
        '--quick', action='store_true',
        help='leave out the smoke tests and the mixed-version tests')
    parser.add_argument(
        '--checks-only', action='store_true',
        help='stop after the static checks (see heat-upgrade check)')
    parser.add_argument(
        '--rollback',
        metavar='NODE',
        nargs='?',
        const=planner.RANDOM,
        help='in a rolling upgrade, return to the base after this node, then '
        'upgrade again (without a name: after a node that the seed chooses; '
        f'{planner.NEVER}: no rollback; default: chosen by the seed)',
    )
    parser.add_argument(
        '--volume', type=count, metavar='N',
        help='fill the database of the base with N cloned stacks, and '
             'measure both releases on it; 0 measures them without clones '
             '(default: no measurement)')
    parser.add_argument(
        '--volume-events', type=count, metavar='N',
        help='with --volume, add N events to the cloned stacks')
    parser.add_argument(
        '--budget', type=float, metavar='SECONDS',
        help='leave out steps until the predicted time fits into this budget')
    parser.add_argument(
        '--scenarios', type=pattern, default='', metavar='REGEX',
        help='run only the scenarios whose test ID matches, and no smoke '
             'tests')
    parser.add_argument(
        '--tier', choices=catalogue.TIERS, default=catalogue.STANDARD,
        help='scenarios to run: quick has few, and no static checks, smoke '
             'tests or operations in flight; standard (default); thorough '
             'has all, with all operations in flight')
    add_scenario_path(parser)


def add_scenario_path(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--scenario-path', type=pathlib.Path, action='append', default=[],
        metavar='DIR', help='directory with further scenarios by data, one '
        'directory for each; repeatable (default: '
        f'${catalogue.PATH_VARIABLE})')


def add_operator_files(parser: argparse.ArgumentParser) -> None:
    """Add the options that name an operator's own files."""
    for option, metavar, text in (
            ('--config-file', 'FILE', 'configuration file of Heat, or a '
             'directory of such files: report only findings that affect it; '
             'repeatable'),
            ('--target-config-file', 'FILE', 'configuration file that the '
             'target will read in place of --config-file: report the '
             'differences that users notice; repeatable'),
            ('--config-dir', 'DIR', 'directory of configuration files; '
             'repeatable'),
            ('--root', 'DIR', 'directory with the files of the node, or of '
             'its /etc/heat, that the configuration names by absolute paths; '
             'repeatable (default: a file of the same name beside the '
             'configuration file)'),
            ('--template', 'FILE', 'template, directory of templates, or '
             'glob pattern: report only findings that affect them; '
             'repeatable'),
            ('--environment', 'FILE', 'environment of the templates: its '
             'parameters and resource types; repeatable, in order')):
        parser.add_argument(option, action='append', default=[],
                            metavar=metavar, type=pathlib.Path, help=text)
    parser.add_argument(
        '--stacks-from', metavar='DUMP', type=pathlib.Path,
        help='database dump: report only findings that affect its stacks')
    parser.add_argument(
        '--postgresql', action='store_true',
        help='check the schema on PostgreSQL too')
    parser.add_argument(
        '--database-of', metavar='FILE', type=pathlib.Path,
        help='configuration file of Heat: check the schema on the server of '
             'its [database] connection, instead of a private MariaDB; uses '
             'new databases there, and drops them')
    parser.add_argument(
        '--preflight-of', metavar='FILE', type=pathlib.Path,
        help='configuration file of Heat: count the objects to settle before '
             'the upgrade, in the database of its [database] connection; '
             'only reads')
    parser.add_argument(
        '--queues', metavar='FILE', type=pathlib.Path,
        help='output of "rabbitmqctl list_queues -q -p VHOST name type '
             'messages": count the messages of Heat, and compare the types of '
             'its queues with the configuration')


def operator_inputs(parsed_args: argparse.Namespace
                    ) -> check_context.OperatorInputs:
    """Return the values of the options of :func:`add_operator_files`.

    :raises: :class:`heat_upgrade.errors.UsageError` that names all files
        that do not exist
    """
    return check_context.OperatorInputs(
        config_files=operator_files.configuration(parsed_args.config_file),
        target_config_files=operator_files.configuration(
            parsed_args.target_config_file),
        config_dirs=tuple(parsed_args.config_dir),
        roots=operator_files.existing(parsed_args.root),
        templates=operator_files.existing(parsed_args.template,
                                          patterns=True),
        environments=operator_files.existing(parsed_args.environment),
        stacks_from=parsed_args.stacks_from,
        postgresql=parsed_args.postgresql,
        server=(external_database.url_of(parsed_args.database_of)
                if parsed_args.database_of else ''),
        live_database=(external_database.url_of(parsed_args.preflight_of)
                       if parsed_args.preflight_of else ''),
        queues=parsed_args.queues)


def plan_of(parsed_args: argparse.Namespace, base: releases.Release,
            target: releases.Release, *, seed: int | None = None
            ) -> planner.Plan:
    """Return the plan that the selectors of a command line describe.

    :param seed: replaces the seed of the command line
    """
    return planner.make(
        parsed_args.strategy, base=base.name, target=target.name,
        seed=parsed_args.seed if seed is None else seed,
        scenarios=parsed_args.scenarios, nodes=parsed_args.nodes,
        vhost=parsed_args.vhost, in_flight=parsed_args.in_flight,
        rollback=parsed_args.rollback, budget=parsed_args.budget,
        quick=parsed_args.quick, checks_only=parsed_args.checks_only,
        profile=parsed_args.profile, stop=parsed_args.stop,
        tier=parsed_args.tier, scenario_path=_scenario_path(parsed_args),
        volume=parsed_args.volume, volume_events=parsed_args.volume_events,
        services=parsed_args.services)


def base_and_target(base: str | None, target: str | None
                    ) -> tuple[releases.Release, releases.Release]:
    """Return the two named releases; None selects the default.

    :raises: :class:`heat_upgrade.errors.UsageError` that lists the accepted
        names
    """
    upgraded = (releases.newest_two()[1] if target is None
                else releases.parse(target))
    original = (releases.before(upgraded) if base is None
                else releases.parse(base))
    releases.check_order(original, upgraded)
    return original, upgraded
