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

"""Virtual environments for the services, made by uv and reused.

An environment is named by a hash of all that went into it, so that the same
request finds the same environment, in this run or in another. Two runs that
need the same one meet at a lock file beside it: one builds, the other waits.
"""

import concurrent.futures
import dataclasses
import hashlib
import json
import os
import pathlib
import platform
import re
import shutil
import sys
import tempfile
import time

import psutil

from heat_upgrade import errors
from heat_upgrade.install import cache
from heat_upgrade.install import constraints as pinning
from heat_upgrade.install import releases
from heat_upgrade.install import uv_runner
from heat_upgrade.install import wheels

# Part of every key: raise it when environments are made differently.
RECIPE = 1

# pyuwsgi is uwsgi as a wheel: no compiler, and the same `uwsgi` script.
EXTRAS = ('PyMySQL', 'pyuwsgi')

# Written last; its time is that of the last use.
MARKER = '.complete'

# Importing what the services import writes the bytecode of just that: 5 s of
# CPU for Heat, where `uv --compile-bytecode` takes 17 s for all that is
# installed. Without it the first start pays, in the midst of the downtime.
# That it fails says nothing here: the service will, with its own log.
_WARM_UP = {
    'heat': """
import importlib
for name in ('cmd.engine', 'cmd.manage', 'cmd.status', 'engine.service',
             'api.openstack.v1', 'api.cfn.v1', 'api.openstack.wsgi'):
    try:
        importlib.import_module('heat.' + name)
    except ImportError:
        pass
from heat.engine import resources
resources.initialise()
""",
    'keystone': """
import keystone.cmd.manage
import keystone.server.flask.application
""",
}


@dataclasses.dataclass(frozen=True)
class Spec:
    """One environment to be: everything that decides what is in it.

    :ivar role: 'heat' or 'keystone'
    :ivar release: :class:`releases.Release` that was asked for
    :ivar requirement: its main package as a requirement; None if it is to be
        built from, or is, the release's source
    :ivar constraints: :class:`pinning.Constraints`
    """

    role: str
    release: releases.Release
    requirement: str | None
    constraints: pinning.Constraints

    @property
    def key(self):
        """Name of its directory: readable, and unique by content."""
        release = self.release
        what = self.requirement or [release.version, release.digest]
        whole = json.dumps([RECIPE, self.role, what, EXTRAS,
                            self.constraints.lines, python(),
                            platform.python_version(), platform.machine()])
        version = (self.requirement.partition('==')[2] if self.requirement
                   else release.version or release.kind)
        return (f'{self.role}-{version}-'
                f'{hashlib.sha256(whole.encode()).hexdigest()[:16]}')


class Environment:
    """A virtual environment that is there.

    A lock keeps it from :func:`prune` for as long as this object lives.

    :ivar path: its directory
    :ivar key: name of that directory
    :ivar version: version of its main package
    """

    def __init__(self, path, lock):
        self.path = path
        self.key = path.name
        self.version = json.loads((path / MARKER).read_text())['version']
        self._lock = lock

    def bin(self, name):
        """Return the path of an executable in it."""
        return self.path / 'bin' / name


def heat(release, *, constraints=None):
    """Return the environment of Heat of a release.

    :param constraints: path or URL that replaces the lock file
    :raises: :class:`errors.UsageError` if there is no such file
    """
    requirement = (None if release.source
                   else f'{releases.HEAT}=={release.version}')
    return Spec('heat', release, requirement,
                pinning.constraints(release.series, constraints))


def keystone(release, *, constraints=None):
    """Return the environment of the Keystone of a release's series.

    Takes and raises the same as :func:`heat`.
    """
    version = releases.lock(release.series)[releases.KEYSTONE]
    return Spec('keystone', release, f'{releases.KEYSTONE}=={version}',
                pinning.constraints(release.series, constraints))


def python():
    """Return the interpreter that environments are made with: our own."""
    base = getattr(sys, '_base_executable', None) or sys.executable
    return os.path.realpath(base)


def ensure_all(specs, *, log_dir, progress=None, marker='', uv=None):
    """Return the environments of several specs, built side by side.

    Takes and raises the same as :func:`ensure`. When one fails, or on Ctrl-C,
    the others are given up. What nobody uses any more is removed on the way
    (:func:`prune`).

    :param marker: name of the run, see :mod:`heat_upgrade.process`
    """
    uv = uv or uv_runner.Uv(marker=marker)
    if not specs:
        return []
    with concurrent.futures.ThreadPoolExecutor(len(specs)) as pool:
        try:
            futures = [pool.submit(ensure, spec, log_dir=log_dir,
                                   progress=progress, uv=uv)
                       for spec in specs]
            done, _ = concurrent.futures.wait(
                futures, return_when=concurrent.futures.FIRST_EXCEPTION)
            for future in done:
                future.result()
            found = [future.result() for future in futures]
        except BaseException:
            uv.cancel()
            raise
    prune()
    return found


def ensure(spec, *, log_dir, progress=None, uv=None):
    """Return the environment of a spec; build it if it is not there.

    :param log_dir: directory that takes the output of uv
    :param progress: callable that takes a line for the user, or None
    :param uv: for tests, see :class:`uvtool.Uv`
    :raises: :class:`errors.LabError` if it cannot be built,
        :class:`errors.UsageError` if the index has no such release
    """
    uv = uv or uv_runner.Uv()
    path = cache.directory() / 'environments' / spec.key
    log = pathlib.Path(log_dir, f'environment-{path.name}.log')
    lock = cache.Lock(path, check=uv.check)
    try:
        if lock.share_or_hold(lambda: _is_complete(path)):
            try:
                _build(spec, path, uv=uv, progress=progress or _quiet,
                       log=log)
            except BaseException:
                shutil.rmtree(path, ignore_errors=True)
                raise
            lock.share()
        os.utime(path / MARKER)
        return Environment(path, lock)
    except BaseException:
        # The traceback would keep it for as long as anybody looks at it.
        lock.release()
        raise


def prune(days=cache.KEEP_DAYS):
    """Remove environments and wheels that nobody has used for some days.

    Of entry points: those that were found so long ago. An environment that a
    run holds, or that a process runs from (a cloud that was kept), stays.

    :returns: the paths that were removed
    """
    removed = []
    oldest = time.time() - days * 86400
    for path in sorted((cache.directory() / 'environments').glob('*/')):
        marker = path / MARKER
        if (marker if marker.exists() else path).stat().st_mtime > oldest:
            continue
        lock = cache.Lock(path)
        if lock.try_hold() and not _runs_from(path):
            shutil.rmtree(path, ignore_errors=True)
            removed.append(path)
        lock.release()
    for path in cache.entry_points().rglob('*'):
        if path.is_file() and path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)
            removed.append(path)
    return removed + wheels.prune(cache.directory(), oldest)


def _quiet(line):
    pass


def _is_complete(path):
    # The link is broken when the Python that it was made with is gone.
    return (path / MARKER).exists() and (path / 'bin/python').exists()


def _runs_from(path):
    prefix = f'{path}{os.sep}'
    return any(word.startswith(prefix)
               for process in psutil.process_iter(['cmdline'])
               for word in process.info['cmdline'] or ())


def _build(spec, path, *, uv, log, progress):
    started = time.monotonic()
    progress(f'building the environment {path.name}')
    log.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(path, ignore_errors=True)
    uv(['venv', '--quiet', '--python', python(), str(path)], log=log)
    pinned = path / 'constraints.txt'
    pinned.write_text('\n'.join(spec.constraints.lines) + '\n')
    try:
        main = spec.requirement or str(wheels.wheel(
            spec.release, cache=cache.directory(), constraints=pinned,
            python=python(), uv=uv, log=log))
        uv_runner.offline_first(
            uv, ['pip', 'install', '--python', str(path),
                 '--constraints', str(pinned), main, *EXTRAS], log=log)
    except uv_runner.UvFailed as exc:
        raise _explained(spec, exc) from exc
    _warm_up(spec, path, uv, log)
    package = releases.HEAT if spec.role == 'heat' else releases.KEYSTONE
    described = {'version': _installed(path, package),
                 'release': spec.release.describe(),
                 'constraints': spec.constraints.origin}
    partial = path / f'{MARKER}.partial'
    partial.write_text(json.dumps(described, indent=1))
    partial.rename(path / MARKER)
    progress(f'built the environment {path.name} in '
             f'{time.monotonic() - started:.0f} s')


def _warm_up(spec, path, uv, log):
    with tempfile.TemporaryDirectory(prefix='heat-upgrade-') as nowhere:
        try:
            uv.run('first import', [path / 'bin/python', '-W', 'ignore', '-c',
                                    _WARM_UP[spec.role]], log=log,
                   cwd=nowhere)
        except uv_runner.UvFailed:
            pass


def _installed(path, package):
    """Return the version of a package in an environment."""
    stem = package.replace('-', '_')
    for found in path.glob(f'lib/python*/site-packages/{stem}-*.dist-info'):
        return found.name[len(stem) + 1:-len('.dist-info')]
    raise errors.LabError(f'{package} was installed into {path}, but is not '
                          f'there')


def _explained(spec, exc):
    """Return the error that says what a failure of uv means."""
    said = ' '.join(exc.output.split())
    if spec.requirement and re.search(
            'there is no version of ' + re.escape(spec.requirement), said):
        return errors.UsageError(
            f'the package index has no {spec.requirement}; known series and '
            f'their newest releases are ' + ', '.join(
                f'{series} ({releases.lock(series)[releases.HEAT]})'
                for series in releases.known_series()))
    if 'No solution found' in said:
        return errors.LabError(
            f'the requirements of {spec.release} conflict with '
            f'{spec.constraints.origin}; name others with --constraints '
            f'(a file or a URL):\n{exc}', log=exc.log)
    return errors.LabError(
        f'the {spec.role} environment of {spec.release} cannot be '
        f'installed: {exc}', log=exc.log)
