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

"""The reference run: the same plan with another target, for a comparison.

Its report depends only on the plan, the two releases and this tool, so it is
made once and cached by their content.
"""

import dataclasses
import functools
import hashlib
import json
import os
import pathlib
import shutil

from packaging import version

from heat_upgrade.install import cache
from heat_upgrade.install import environments
from heat_upgrade.install import releases
from heat_upgrade.plan import planner

# Inside the directory of the compared run: the report of the reference, and
# its run directory, unless its report was in the cache.
DIRECTORY = 'against'
REPORT = 'report.json'
RUN = 'run'

# Part of the key: raise it when cached reports become unusable.
RECIPE = 1

# The fields of a plan that do not change its steps: the names of its
# releases, and its command line options.
_NAMES = ('base', 'target', 'options')

# The packages and files of this tool that influence a run.
_TOOL = ('heat_upgrade', 'heat_integrationtests')
_SUFFIXES = ('.py', '.yaml')
_TESTS = 'tests'


def plan_of(plan: planner.Plan, target: releases.Release) -> planner.Plan:
    """Return the same plan with another target."""
    return dataclasses.replace(plan, target=target.name)


def is_unreleased(release: releases.Release) -> bool:
    """Return True for a checkout, a file, or a pre-release."""
    return (release.source is not None or release.version is None
            or version.Version(release.version).is_prerelease)


def key(plan: planner.Plan, base: environments.Spec,
        target: environments.Spec) -> str:
    """Return the name of a reference's report in the cache.

    :param plan: that of the run or of its reference: both give one name
    :param base: the environment of the base
    :param target: the environment of the reference
    """
    chosen = {name: value for name, value in json.loads(
        plan.as_json()).items() if name not in _NAMES}
    content = json.dumps([RECIPE, _tool(), chosen, base.key, target.key],
                         sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:32]


@functools.cache
def _tool() -> str:
    """Return a digest of the sources of this tool, without its tests."""
    root = pathlib.Path(__file__).parents[2]
    digest = hashlib.sha256()
    for package in _TOOL:
        for path in sorted((root / package).rglob('*')):
            name = path.relative_to(root)
            if path.suffix in _SUFFIXES and _TESTS not in name.parts:
                digest.update(f'{name}\0'.encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


def place(name: str) -> pathlib.Path:
    """Return the directory of a cached report; it may not exist.

    :param name: from :func:`key`
    """
    return cache.directory() / 'controls' / name


def use(name: str, run_dir: pathlib.Path) -> bool:
    """Copy a cached report into the directory of a run.

    :param name: from :func:`key`
    :param run_dir: directory of the compared run
    :returns: False if there is no such report
    """
    cached = place(name)
    if not (cached / REPORT).is_file():
        return False
    os.utime(cached)
    _copy(cached / REPORT, run_dir)
    return True


def keep(name: str, run_dir: pathlib.Path, report: pathlib.Path) -> None:
    """Cache a report, and copy it into the directory of a run.

    :param name: from :func:`key`
    :param run_dir: directory of the compared run
    :param report: the file that the reference run has written
    """
    cached = place(name)
    with cache.fresh_directory(cached) as fresh:
        shutil.copyfile(report, fresh / REPORT)
    _copy(report, run_dir)
    cache.prune(cached.parent)


def _copy(report: pathlib.Path, run_dir: pathlib.Path) -> None:
    directory = run_dir / DIRECTORY
    directory.mkdir(mode=0o700, exist_ok=True)
    shutil.copyfile(report, directory / REPORT)
