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

"""Wheels of Heat made from a checkout or sdist, cached by content."""

import os
import pathlib
import shutil
import tempfile

from packaging import version as pkg_version

from heat_upgrade import errors
from heat_upgrade.install import releases
from heat_upgrade.install import source_metadata
from heat_upgrade.install import uv_runner


def wheel(release: releases.Release, *, cache: str | os.PathLike[str],
          constraints: str | os.PathLike[str], python: str,
          uv: uv_runner.Uv, log: pathlib.Path) -> pathlib.Path:
    """Return the path of a wheel of a release that has a source.

    A checkout is copied and built from the copy, so it stays unchanged.

    :param cache: directory of the cache
    :param constraints: constraints file, also for build requirements
    :param python: path of the interpreter
    :raises: errors.LabError if it cannot be built
    """
    source = release.source
    assert source is not None and release.digest is not None
    if source.suffix == '.whl':
        return source
    kept = pathlib.Path(cache, 'wheels',
                        f'{_label(release)}-{release.digest[:32]}')
    for path in kept.glob('*.whl'):
        os.utime(kept)
        return path
    with tempfile.TemporaryDirectory(prefix='heat-upgrade-wheel-') as scratch:
        env: dict[str, str] = {}
        if release.kind == 'checkout':
            source, env = _copy(release, source, scratch)
        out = pathlib.Path(scratch, 'out')
        uv_runner.offline_first(
            uv, ['build', '--wheel', '--python', python,
                 '--build-constraints', str(constraints),
                 '--out-dir', str(out), str(source)],
            log=log, env=env)
        built = next(out.glob('*.whl'))
        kept.mkdir(parents=True, exist_ok=True)
        partial = kept / f'{built.name}.{os.getpid()}'
        shutil.copyfile(built, partial)
        partial.rename(kept / built.name)
    return kept / built.name


def _label(release: releases.Release) -> str:
    """Return the version of the wheel.

    A checkout without a version counts as newer than all known releases.
    """
    if release.version:
        return release.version
    newest = releases.lock(releases.known_series()[-1])[releases.HEAT]
    return f'{pkg_version.Version(newest).major + 1}.0.0.dev0'


def _copy(release: releases.Release, source: pathlib.Path, scratch: str
          ) -> tuple[pathlib.Path, dict[str, str]]:
    """Copy a checkout; return (directory, variables for its build)."""
    copy = pathlib.Path(scratch, 'source')
    copy.mkdir()
    checkout = source_metadata.read_checkout(source)
    if checkout is None or checkout.copy(copy) != release.digest:
        raise errors.LabError(
            f'{source} was changed after the run had started to '
            f'read it; run again')
    # pbr takes the list of files to package from git.
    source_metadata.make_repository(copy)
    return copy, {'PBR_VERSION': _label(release),
                  'SKIP_GENERATE_AUTHORS': '1',
                  'SKIP_WRITE_GIT_CHANGELOG': '1'}
