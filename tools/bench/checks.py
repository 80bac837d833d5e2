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

"""Measures the static checks."""

import argparse
from collections import abc
import contextlib
import os
import pathlib
import sys
import tempfile
import time

from cliff import lister

from heat_upgrade.checks import check_context
from heat_upgrade.checks import registry
from heat_upgrade.cli import options
from heat_upgrade.install import cache
from heat_upgrade.install import environments
from heat_upgrade.lab import resource_usage
from heat_upgrade.lab import workspace as workspaces

# Our limits in seconds on two cores, for two installed releases.
FIRST, WARM = 'all checks, the first time', 'all checks, again'
LIMITS = {FIRST: 40, WARM: 15}

# Caches of installed packages, which the measurement does not include.
_INSTALLED = ('environments', 'wheels', 'sdists', 'prepared', 'tools')

Row = tuple[str, float, float, int]


class Checks(lister.Lister):
    """Measure the static checks: the first time, again, and one by one.

    Use -f json for machine-readable output.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        options.add_releases(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace
                    ) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
        base, target = options.base_and_target(parsed_args.base,
                                               parsed_args.target)
        with tempfile.TemporaryDirectory(prefix='heat-upgrade-') as temporary:
            directory = pathlib.Path(temporary)
            with workspaces.Workspace(directory / 'run') as workspace:
                installed = environments.ensure_all(
                    [environments.heat(base), environments.heat(target)],
                    log_dir=workspace.logs, marker=workspace.marker)
                subjects = (
                    check_context.InstalledRelease(base, installed[0]),
                    check_context.InstalledRelease(target, installed[1]))
                with _empty_results(directory):
                    rows = [_measure(FIRST, registry.NAMES, subjects,
                                     workspace),
                            _measure(WARM, registry.NAMES, subjects,
                                     workspace)]
                    rows += [_measure(f'{name}, again', (name,), subjects,
                                      workspace) for name in registry.NAMES]
        return ('what', 'seconds', 'CPU s', 'findings', 'limit'), [
            (*row, LIMITS.get(row[0], '')) for row in rows]


def _measure(title: str, names: abc.Sequence[str],
             subjects: tuple[check_context.InstalledRelease,
                             check_context.InstalledRelease],
             workspace: workspaces.Workspace) -> Row:
    print(title, file=sys.stderr, flush=True)
    context = check_context.Context(workspace)
    started = time.monotonic()
    cpu = resource_usage.cpu_seconds(workspace.marker)
    found = registry.run(names, *subjects, context)
    return (
        title,
        round(time.monotonic() - started, 1),
        round(resource_usage.cpu_seconds(workspace.marker) - cpu, 1),
        len(found),
    )


@contextlib.contextmanager
def _empty_results(directory: pathlib.Path) -> abc.Iterator[None]:
    """Point our cache at one that has the installed packages alone."""
    fresh = directory / 'cache' / 'heat-upgrade'
    fresh.mkdir(parents=True)
    for name in _INSTALLED:
        if (cache.directory() / name).is_dir():
            (fresh / name).symlink_to(cache.directory() / name)
    before = os.environ.get('XDG_CACHE_HOME')
    os.environ['XDG_CACHE_HOME'] = str(fresh.parent)
    try:
        yield
    finally:
        if before is None:
            del os.environ['XDG_CACHE_HOME']
        else:
            os.environ['XDG_CACHE_HOME'] = before
