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

A hash of all inputs names an environment, so that the same request finds the
same environment, in this run or in another. A lock file next to it serializes
two runs that need the same environment: one builds, the other waits.
"""

from collections import abc
import concurrent.futures
import dataclasses
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

# Written last; its modification time is that of the last use.
MARKER = '.complete'

# Importing the modules of the services writes their bytecode: 5 s of CPU for
# Heat, where `uv --compile-bytecode` takes 17 s for all installed modules.
# Otherwise the first start compiles them, during the downtime. A failure is
# ignored here: the service will fail with a log of its own.
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
    """The inputs that determine the content of one environment.

    :ivar role: 'heat', 'keystone' or 'services'
    :ivar release: the requested release
    :ivar requirement: its main package as a requirement; None if the main
        package is the release's source or is built from it
    :ivar further: further packages, which the constraints pin
    """

    role: str
    release: releases.Release
    requirement: str | None
    constraints: pinning.Constraints
    further: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Name of its directory: readable, and unique by content."""
        release = self.release
        main: object = self.requirement or [release.version, release.digest]
        if self.further:
            main = [main, *self.further]
        key = cache.key(RECIPE, self.role, main, EXTRAS,
                        self.constraints.lines, python(),
                        platform.python_version(), platform.machine())
        version = (self.requirement.partition('==')[2] if self.requirement
                   else release.version or release.kind)
        return f'{self.role}-{version}-{key}'


class Environment:
    """A complete virtual environment.

    A lock keeps it from prune() for as long as this object lives.

    :ivar path: its directory
    :ivar key: name of that directory
    :ivar version: version of its main package
    """

    def __init__(self, path: pathlib.Path, lock: cache.Lock) -> None:
        self.path = path
        self.key = path.name
        self.version: str = json.loads((path / MARKER).read_text())['version']
        self._lock = lock

    def bin(self, name: str) -> pathlib.Path:
        """Return the path of one of its executables."""
        return self.path / 'bin' / name


def heat(release: releases.Release, *,
         constraints: str | os.PathLike[str] | None = None) -> Spec:
    """Return the spec of the environment of a release of Heat.

    :param constraints: path or URL that replaces the lock file
    :raises: errors.UsageError if there is no such file
    """
    requirement = (None if release.source
                   else f'{releases.HEAT}=={release.version}')
    return Spec('heat', release, requirement,
                pinning.constraints(release.series, constraints))


def keystone(release: releases.Release) -> Spec:
    """Return the spec of the environment of its series's Keystone."""
    version = releases.lock(release.series)[releases.KEYSTONE]
    return Spec('keystone', release, f'{releases.KEYSTONE}=={version}',
                pinning.constraints(release.series))


def services(release: releases.Release,
             distributions: abc.Sequence[str]) -> Spec:
    """Return the spec of the environment of other services of a series.

    :param distributions: their packages; the first gives the version
    :raises: errors.UsageError if the series has no lock file of services
    """
    path = releases.services_lock_file(release.series)
    if not path.exists():
        known = ', '.join(
            series for series in releases.known_series()
            if releases.services_lock_file(series).exists())
        raise errors.UsageError(
            f'there is no lock file of services for {release.series}, the '
            f'series of {release}; they are available with: {known}')
    text = path.read_text()
    first, *further = distributions
    return Spec('services', release, f'{first}=={releases.pins(text)[first]}',
                pinning.of_lock(path), tuple(further))


def python() -> str:
    """Return the interpreter for environments, which is the tool's own."""
    base = getattr(sys, '_base_executable', None) or sys.executable
    return os.path.realpath(base)


def ensure_all(specs: abc.Sequence[Spec], *,
               log_dir: str | os.PathLike[str],
               progress: abc.Callable[[str], object] | None = None,
               marker: str = '', uv: uv_runner.Uv | None = None
               ) -> list[Environment]:
    """Return the environments of several specs, built in parallel.

    Parameters and errors are those of ensure(). A failure or Ctrl-C cancels
    the other builds. Unused environments are removed at the end; see prune().

    :param marker: name of the run, see heat_upgrade.process
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
            environments = [future.result() for future in futures]
        except BaseException:
            uv.cancel()
            raise
    prune()
    return environments


def ensure(spec: Spec, *, log_dir: str | os.PathLike[str],
           progress: abc.Callable[[str], object] | None = None,
           uv: uv_runner.Uv | None = None) -> Environment:
    """Return the environment of a spec; build it if necessary.

    :param log_dir: directory for the output of uv
    :param progress: called with lines for the user
    :param uv: for tests
    :raises: errors.LabError if it cannot be built, errors.UsageError if the
        index has no such release
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
        # The traceback would hold the lock for as long as it exists.
        lock.release()
        raise


def prune() -> None:
    """Remove environments and wheels that no run has used for some days.

    Cached entry points of that age are removed, too. An environment stays if
    a run holds it or if a process runs from it (a cloud that was kept).
    """
    cache.prune(cache.directory() / 'environments', last_used=_last_use,
                is_used=_runs_from)
    cache.prune_files(cache.entry_points())
    cache.prune(cache.directory() / 'wheels')


def _last_use(path: pathlib.Path) -> float:
    marker = path / MARKER
    return cache.last_use(marker if marker.exists() else path)


def _quiet(line: str) -> None:
    pass


def _is_complete(path: pathlib.Path) -> bool:
    # The link is broken if the Python of the environment was removed.
    return (path / MARKER).exists() and (path / 'bin/python').exists()


def _runs_from(path: pathlib.Path) -> bool:
    prefix = f'{path}{os.sep}'
    return any(word.startswith(prefix)
               for process in psutil.process_iter(['cmdline'])
               for word in process.info['cmdline'] or ())


def _build(spec: Spec, path: pathlib.Path, *, uv: uv_runner.Uv,
           log: pathlib.Path, progress: abc.Callable[[str], object]) -> None:
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
                 '--constraints', str(pinned), main, *spec.further, *EXTRAS],
            log=log)
    except uv_runner.UvFailed as exc:
        raise _explained(spec, exc) from exc
    _warm_up(spec, path, uv, log)
    package = (spec.requirement or releases.HEAT).partition('==')[0]
    description = {'version': _installed(path, package),
                   'release': spec.release.describe(),
                   'constraints': spec.constraints.origin}
    partial = path / f'{MARKER}.partial'
    partial.write_text(json.dumps(description, indent=1))
    partial.rename(path / MARKER)
    progress(f'built the environment {path.name} in '
             f'{time.monotonic() - started:.0f} s')


def _warm_up(spec: Spec, path: pathlib.Path, uv: uv_runner.Uv,
             log: pathlib.Path) -> None:
    if spec.role not in _WARM_UP:
        return
    with tempfile.TemporaryDirectory(prefix='heat-upgrade-') as nowhere:
        try:
            uv.run('first import', [path / 'bin/python', '-W', 'ignore', '-c',
                                    _WARM_UP[spec.role]], log=log,
                   cwd=nowhere)
        except uv_runner.UvFailed:
            pass


def _installed(path: pathlib.Path, package: str) -> str:
    """Return the version of a package in an environment."""
    stem = package.replace('-', '_')
    for info in path.glob(f'lib/python*/site-packages/{stem}-*.dist-info'):
        return info.name[len(stem) + 1:-len('.dist-info')]
    raise errors.LabError(f'uv reported no error, but {package} is missing '
                          f'in {path}')


def _explained(spec: Spec, exc: uv_runner.UvFailed
               ) -> errors.HeatUpgradeError:
    """Return the error that explains a failure of uv to the user."""
    output = ' '.join(exc.output.split())
    if spec.requirement and re.search(
            'there is no version of ' + re.escape(spec.requirement), output):
        return errors.UsageError(
            f'the package index has no {spec.requirement}; known series and '
            f'their newest releases are ' + ', '.join(
                f'{series} ({releases.lock(series)[releases.HEAT]})'
                for series in releases.known_series()))
    if 'No solution found' in output:
        return errors.LabError(
            f'the requirements of {spec.release} conflict with '
            f'{spec.constraints.origin}; name others with --constraints '
            f'(a file or a URL):\n{exc}', log=exc.log)
    return errors.LabError(
        f'the {spec.role} environment of {spec.release} cannot be '
        f'installed: {exc}', log=exc.log)
