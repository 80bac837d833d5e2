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

"""Compares a run with the same plan for another target: --against."""

import argparse
import pathlib
import shutil
import typing

from heat_upgrade import errors
from heat_upgrade.install import cache
from heat_upgrade.install import environments
from heat_upgrade.install import releases
from heat_upgrade.judgement import judge
from heat_upgrade.judgement import known_failures
from heat_upgrade.plan import planner
from heat_upgrade.report import files
from heat_upgrade.report import progress
from heat_upgrade.results import verdict
from heat_upgrade.run import reference_run
from heat_upgrade.run import runner


def add_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        '--against', metavar='REL',
        help='also upgrade to this release, and compare the findings; its '
             'report is reused if an earlier run kept it')
    group.add_argument(
        '--no-against', action='store_true',
        help='do not run a published release for comparison; by default an '
             'unreleased target is compared where a known failure could '
             'excuse one of its findings')


def check(parsed_args: argparse.Namespace, base: releases.Release,
          target: releases.Release) -> None:
    """Refuse a reference that is not an upgrade, or is the target itself.

    :raises: :class:`heat_upgrade.errors.UsageError`
    """
    if not parsed_args.against:
        return
    other = releases.parse(parsed_args.against)
    releases.check_order(base, other)
    if (other.version, other.digest) == (target.version, target.digest):
        raise errors.UsageError(
            f'--against {parsed_args.against} is the target itself: {target}')


def compare(plan: planner.Plan, run_dir: pathlib.Path, base: releases.Release,
            target: releases.Release, parsed_args: argparse.Namespace,
            stream: typing.TextIO) -> int:
    """Put the report of the reference into the directory of a run.

    Does nothing if no reference is named or needed, or if the lab failed.

    :param stream: text stream for the progress
    :returns: 0, or INTERRUPTED_STATUS after a Ctrl-C
    """
    other = _reference(run_dir, base, target, parsed_args)
    if other is None or (
            files.make(run_dir)['verdict'] == verdict.LAB_ERROR):
        return 0
    # Each series has constraints of its own; the target's apply to a source.
    constraints = parsed_args.constraints if other.source else None
    name = reference_run.key(
        plan,
        environments.heat(base, constraints=parsed_args.base_constraints),
        environments.heat(other, constraints=constraints))
    with cache.Lock(reference_run.place(name)):
        if reference_run.use(name, run_dir):
            print(f'compared with an earlier run to {other}', file=stream)
            return 0
        return _execute(
            reference_run.plan_of(plan, other),
            name,
            run_dir,
            stream,
            base=base,
            target=other,
            constraints=constraints,
            base_constraints=parsed_args.base_constraints,
            known_failures=known_failures.load(parsed_args.known_failures),
        )


def _reference(run_dir: pathlib.Path, base: releases.Release,
               target: releases.Release, parsed_args: argparse.Namespace
               ) -> releases.Release | None:
    """Return the release to compare with, or None."""
    if parsed_args.against:
        return releases.parse(parsed_args.against)
    if parsed_args.no_against or not reference_run.is_unreleased(target):
        return None
    name = judge.wants_reference(run_dir)
    if name is None:
        return None
    try:
        other = releases.parse(name)
        releases.check_order(base, other)
    except errors.UsageError:
        # The base is the newest release of its series: no comparison.
        return None
    return other


def _execute(plan: planner.Plan, name: str, run_dir: pathlib.Path,
             stream: typing.TextIO, **options: typing.Any) -> int:
    """Run the reference; keep its report unless it is a LAB-ERROR.

    :param name: from :func:`reference.key`
    :param options: of :func:`runner.execute`
    """
    print(f'reference run: the same upgrade to {options["target"]}',
          file=stream)
    reference_dir = run_dir / reference_run.DIRECTORY / reference_run.RUN
    shutil.rmtree(reference_dir, ignore_errors=True)
    reference_dir.mkdir(parents=True, mode=0o700)
    (reference_dir / planner.FILE).write_text(plan.as_json())
    with progress.display(plan, stream) as show:
        status: int = runner.execute(plan, run_dir=reference_dir,
                                     listeners=[show], **options)
    report = files.build(reference_dir)
    if status:
        return status
    if report['verdict'] == verdict.LAB_ERROR:
        print('the reference run broke, so no findings are compared: '
              f'{reference_dir}', file=stream)
        return 0
    reference_run.keep(name, run_dir, reference_dir / reference_run.REPORT)
    return 0
