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

"""Runs the default upgrade to a copy of the target with a seeded bug.

The static checks need no cloud, so they run first and without the lock. A bug
that they do not find needs the whole run, which repeats them from the cache
and ends after the first step that fails.
"""

from collections import abc
import contextlib
import dataclasses
import fcntl
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import typing

import heat_upgrade
from heat_upgrade.tests.functional import heat_source
from heat_upgrade.tests.seeded_bugs import bugs
from heat_upgrade.tests.seeded_bugs import judging

# Seconds. A default run takes 90 to 160; a run that waits for lost operations
# takes longer.
RUN_TIMEOUT = 900
# Seconds for an interrupted tool to stop its cloud and write its report.
END_TIMEOUT = 120

# Environment variable with the path of a file to lock during each run, for
# machines with several users of a lab.
LOCK_VARIABLE = 'LAB_LOCK'

COPIES, RUNS, OUTPUTS = 'copies', 'runs', 'outputs'


def run(bug: bugs.Bug, directory: pathlib.Path, *, base: str,
        checks_only: bool = False) -> judging.Result:
    """Seed a bug, run the upgrade, and judge its report.

    :param directory: directory for the copies, the run directories and the
        output of the tool
    :param base: release to upgrade from
    :param checks_only: return the result of the static checks
    :raises: ValueError if the bug does not fit the sources
    """
    target = seeded_copy(bug, directory)
    checked = _attempt(bug, directory, base, target, '--checks-only')
    if checks_only or checked.outcome not in (judging.MISSED,
                                              judging.SILENT):
        return checked
    with lab_lock():
        whole = _attempt(bug, directory, base, target,
                         '--stop-at-first-failure')
    return dataclasses.replace(whole,
                               seconds=checked.seconds + whole.seconds)


def seeded_copy(bug: bugs.Bug, directory: pathlib.Path) -> pathlib.Path:
    """Make a copy of the target with a seeded bug; returns its path.

    :param directory: as for :func:`run`
    :raises: ValueError if the bug does not fit the sources
    """
    for name in (COPIES, RUNS, OUTPUTS):
        (directory / name).mkdir(parents=True, exist_ok=True)
    copy = directory / COPIES / bug.name
    shutil.rmtree(copy, ignore_errors=True)
    return heat_source.checkout(copy, bugs.TARGET, prepare=bug.seed)


def _attempt(bug: bugs.Bug, directory: pathlib.Path, base: str,
             target: pathlib.Path, option: str) -> judging.Result:
    """Run the tool with an option, and judge its report."""
    known = set(_run_dirs(directory, bug))
    started = time.monotonic()
    _upgrade(base, target, directory / RUNS / bug.name,
             directory / OUTPUTS / f'{bug.name}.log', option,
             *(('--profile', bug.profile) if bug.profile else ()),
             *(('--with', bug.services) if bug.services else ()))
    seconds = time.monotonic() - started
    new = [run_dir for run_dir in _run_dirs(directory, bug)
           if run_dir not in known]
    return _judge(bug, new, seconds)


def rejudge(bug: bugs.Bug,
            directory: pathlib.Path) -> judging.Result | None:
    """Judge the latest run of a seeded bug again.

    :param directory: the directory of an earlier :func:`run`
    :returns: None if there is no run of the bug
    """
    kept = _run_dirs(directory, bug)
    return _judge(bug, kept) if kept else None


def _judge(bug: bugs.Bug, run_dirs: list[pathlib.Path],
           seconds: float | None = None) -> judging.Result:
    """Judge the last of some runs; without a run there is no report."""
    run_dir = run_dirs[-1] if run_dirs else None
    report = _report(run_dir) if run_dir else None
    if seconds is None:
        seconds = report['duration_s'] if report else 0
    return judging.judge(bug, report, seconds=seconds,
                         run_dir=str(run_dir or ''))


def _run_dirs(directory: pathlib.Path,
              bug: bugs.Bug) -> list[pathlib.Path]:
    """Return the run directories of a seeded bug, the latest last."""
    work_dir = directory / RUNS / bug.name
    return sorted(work_dir.iterdir()) if work_dir.is_dir() else []


def _report(run_dir: pathlib.Path) -> dict[str, typing.Any] | None:
    path = run_dir / 'report.json'
    return json.loads(path.read_text()) if path.exists() else None


def _upgrade(base: str, target: pathlib.Path, work_dir: pathlib.Path,
             log: pathlib.Path, *options: str) -> None:
    # The run must also start the tests of this tree.
    tree = str(pathlib.Path(heat_upgrade.__file__).parents[1])
    env = dict(os.environ, PYTHONUNBUFFERED='1', PYTHONPATH=os.pathsep.join(
        filter(None, (tree, os.environ.get('PYTHONPATH')))))
    with open(log, 'a') as output:
        tool = subprocess.Popen(
            [sys.executable, '-m', 'heat_upgrade.cli.main', 'run',
             '--from', base, '--to', str(target),
             '--work-dir', str(work_dir), *options],
            cwd=tree, env=env, stdin=subprocess.DEVNULL, stdout=output,
            stderr=subprocess.STDOUT, start_new_session=True)
        try:
            tool.wait(RUN_TIMEOUT)
        except subprocess.TimeoutExpired:
            output.write(f'\nnot done after {RUN_TIMEOUT} s: interrupted\n')
        finally:
            _end(tool)


def _end(tool: subprocess.Popen[bytes]) -> None:
    """End a tool that still runs: with SIGINT, then with SIGKILL."""
    for number in (signal.SIGINT, signal.SIGKILL):
        if tool.poll() is None:
            os.killpg(tool.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                tool.wait(END_TIMEOUT)


@contextlib.contextmanager
def lab_lock() -> abc.Iterator[None]:
    """Hold the lock that LOCK_VARIABLE names, if the variable is set."""
    path = os.environ.get(LOCK_VARIABLE)
    if not path:
        yield
        return
    with open(path, 'a') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
