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

"""Measures a run."""

import argparse
import contextlib
import os
import sys
import tempfile
import time
import typing

from cliff import lister

from heat_upgrade.cli import options
from heat_upgrade import errors
from heat_upgrade.install import releases
from heat_upgrade.lab import cloud_start
from heat_upgrade.lab import resource_usage
from heat_upgrade.lab import workspace as workspaces
from heat_upgrade.plan import planner
from heat_upgrade.probes import downtime
from heat_upgrade.report import files
from heat_upgrade.report import progress
from heat_upgrade.results import verdict
from heat_upgrade.run import runner

# Our limits on two cores: seconds, and MiB for the memory.
LIMITS: dict[str, float] = {
    'whole run': 90,
    'whole run, empty caches': 300,
    'cloud up': 25,
    'downtime': 20,
    'peak memory, MiB': 2.5 * 1024,
}
# The same for a rolling upgrade: two nodes, each process in two releases.
ROLLING_LIMITS = {'whole run': 240, 'peak memory, MiB': 3.5 * 1024}

# Name, value, and CPU seconds or ''.
Row = tuple[str, float, float | str]


class Run(lister.Lister):
    """Measure a run: seconds and CPU seconds of each step, memory, downtime.

    Use -f json for machine-readable output.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        options.add_selectors(parser)
        options.add_work_dir(parser)
        parser.add_argument(
            '--empty-caches', action='store_true',
            help="start with empty caches, uv's too: download, build and "
                 'prepare everything again')
        return parser

    def take_action(self, parsed_args: argparse.Namespace
                    ) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
        base, target = options.base_and_target(parsed_args.base,
                                               parsed_args.target)
        plan = options.plan_of(parsed_args, base, target)
        with contextlib.ExitStack() as stack:
            if parsed_args.empty_caches:
                _empty_caches(stack)
            rows = [] if parsed_args.empty_caches else _cloud_up(
                base, plan.services, stack.enter_context(
                    tempfile.TemporaryDirectory(prefix='heat-upgrade-')))
            run_dir = runner.make_run_dir(parsed_args.work_dir, plan, base,
                                          target)
            with progress.display(plan, sys.stderr) as show:
                status = runner.execute(plan, run_dir=run_dir, base=base,
                                        target=target, listeners=[show])
        report = files.build(run_dir)
        if status == verdict.INTERRUPTED_STATUS:
            raise KeyboardInterrupt
        if report['verdict'] not in verdict.PASSED:
            raise errors.LabError(
                f'the verdict is {report["verdict"]}; see {run_dir}')
        whole = 'whole run'
        if parsed_args.empty_caches:
            whole += ', empty caches'
        limits = (LIMITS if plan.strategy == planner.COLD
                  else {**LIMITS, **ROLLING_LIMITS})
        return ('what', 'value', 'CPU s', 'limit'), [
            (name, value, cpu, limits.get(name, ''))
            for name, value, cpu in rows + _rows(report, whole)]


def _cloud_up(release: releases.Release, services: tuple[str, ...],
              run_dir: str) -> list[Row]:
    """Return the rows for the start of a cloud, until all services answer.

    :param services: names of other services; each of their programs has a
        row with its memory and its CPU seconds
    """
    with workspaces.Workspace(run_dir) as workspace:
        started = time.monotonic()
        cpu = resource_usage.cpu_seconds(workspace.marker)
        cloud = cloud_start.start(workspace, release, services=services)
        rows: list[Row] = [(
            'cloud up', round(time.monotonic() - started, 1),
            round(resource_usage.cpu_seconds(workspace.marker) - cpu, 1))]
        if cloud.services:
            rows += [
                (f'{child.name}, MiB',
                 round(resource_usage.memory_of_tree(child.pid) / 2**20),
                 round(resource_usage.cpu_seconds_of_tree(child.pid), 1))
                for child in cloud.services.processes
                if child.pid is not None]
        cloud.down()
    return rows


def _rows(report: dict[str, typing.Any], whole: str) -> list[Row]:
    rows: list[Row] = [(step['name'], step['seconds'], step['cpu_s'])
                       for step in report['steps']]
    rows += [('downtime', probe['longest_gap_s'], '')
             for name, probe in report['availability'].items()
             if name == downtime.NAME]
    return rows + [
        ('peak memory, MiB', round(report['peak_memory_bytes'] / 2**20), ''),
        (whole, report['duration_s'],
         report['cpu_s'])]


def _empty_caches(stack: contextlib.ExitStack) -> None:
    """Point our cache and uv's at an empty directory until the stack ends."""
    empty = stack.enter_context(
        tempfile.TemporaryDirectory(prefix='heat-upgrade-'))
    stack.callback(os.environ.update, dict(os.environ))
    stack.callback(os.environ.clear)
    os.environ['XDG_CACHE_HOME'] = empty
    os.environ['UV_CACHE_DIR'] = os.path.join(empty, 'uv')
