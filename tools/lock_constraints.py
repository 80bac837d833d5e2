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

"""Makes the lock files, which pin the packages of a series as of a day.

    python -m tools.lock_constraints [--as-of DAY] [SERIES...]

A lock file pins Heat, Keystone and their requirements. The libraries are those
that were on the index on the day after the series' first release: a stable
branch was tested with those. Heat and Keystone are the newest point releases
of the series on a later day that the caller chooses and the file's header
records. The lock file of the services, which the lab runs besides these two,
takes the same libraries. The same days always give the same file. The package
index is
that of uv (its variables UV_* select it).
"""

import argparse
from collections import abc
import dataclasses
import datetime
import os
import pathlib
import re
import sys
import tempfile

from heat_upgrade import errors
from heat_upgrade.install import constraints
from heat_upgrade.install import releases
from heat_upgrade.install import uv_runner

# setuptools 82 dropped pkg_resources, which some libraries of the uWSGI
# services still import. With 84 the engine of Heat 24 dies while its API
# continues to answer.
SETUPTOOLS = 'setuptools<82'

# Packages that a service needs besides its own: a database driver and a WSGI
# server that comes as a wheel (uwsgi itself needs a C compiler).
TOOLS = ('PyMySQL', 'pyuwsgi')

# Neutron 29 (2026.2) imports pyroute2 without requiring it.
NOT_REQUIRED = ('pyroute2',)

PROGRAM = 'python -m tools.lock_constraints'
PYTHON = '3.11'
TOOL = 'tool'
SERVICES = 'services-'

# The header of constraints/tool.txt.
_TOOL = 'What the tool and its tests run with: all of'  # language: quoted

_DAY = re.compile(r'\d{4}-\d{2}-\d{2}')


@dataclasses.dataclass(frozen=True)
class Series:
    """A series of OpenStack, for the resolver.

    :ivar name: 2026.1
    :ivar heat: major version of openstack-heat
    :ivar keystone: major version of keystone
    :ivar day: the day after the first release, ISO format
    :ivar services: {distribution: version of its series}; empty for a series
        without a lock file of services
    :ivar bounds: further requirements, each with a comment that gives the
        reason
    """

    name: str
    heat: int
    keystone: int
    day: str
    services: dict[str, str] = dataclasses.field(default_factory=dict)
    bounds: tuple[str, ...] = ()


def _services(nova: int, glance: int, neutron: int, placement: int,
              cinder: int, swift: str) -> dict[str, str]:
    return {'openstack-placement': f'{placement}', 'glance': f'{glance}',
            'neutron': f'{neutron}', 'nova': f'{nova}',
            'cinder': f'{cinder}', 'swift': swift}


# A new series is one line here and a run of this program.
SERIES = (
    # As a security fix, Keystone 26.1 requires a token at POST /v3/ec2tokens.
    # Heat 23 sends none, so signals through heat-api-cfn would get 403.
    Series('2024.2', 23, 26, '2024-10-03', bounds=('keystone<26.1',)),
    Series('2025.1', 24, 27, '2025-04-03',
           _services(31, 30, 26, 13, 26, '2.35')),
    Series('2025.2', 25, 28, '2025-10-02',
           _services(32, 31, 27, 14, 27, '2.36')),
    Series('2026.1', 26, 29, '2026-04-02',
           _services(33, 32, 28, 15, 28, '2.37')),
    Series('2026.2', 27, 30, '2026-10-01',
           _services(34, 33, 29, 16, 29, '2.38')),
)


def names() -> list[str]:
    """Return the names of the lock files: of series, services, the tool."""
    return [*(series.name for series in SERIES),
            *(f'{SERVICES}{series.name}' for series in SERIES
              if series.services),
            TOOL]


def write_lock(name: str, directory: str | os.PathLike[str], *, as_of: str,
               uv: uv_runner.Uv, log: pathlib.Path) -> pathlib.Path:
    """Resolve and write one lock file, and return its path.

    :param name: one of names()
    :param as_of: day (ISO format) of the newest point releases of Heat and
        Keystone, or of the tool's packages
    :param log: path of the file for the output of uv
    :raises: errors.UsageError for an unknown name or a bad day,
        errors.LabError if it cannot be resolved
    """
    if name not in names():
        raise errors.UsageError(f'unknown lock file {name!r}; known are '
                                f'{", ".join(names())}')
    if not _DAY.fullmatch(as_of):
        raise errors.UsageError(f'{as_of!r} is not a day as in 2026-11-22')
    with tempfile.TemporaryDirectory(prefix='heat-upgrade-lock-') as scratch:
        result = pathlib.Path(scratch, 'lock.txt')
        if name == TOOL:
            inputs, options = _tool_inputs(), ['--exclude-newer', _utc(as_of)]
        else:
            series = _series(name)
            inputs = [pathlib.Path(scratch, 'in.txt')]
            if name.startswith(SERVICES):
                lines = services_requirements(series)
                options = [*resolver_options(series, as_of, series.services),
                           '--constraints', _without_main(series, scratch)]
            else:
                lines = requirements(series)
                options = resolver_options(series, as_of)
            inputs[0].write_text('\n'.join(lines) + '\n')
        uv(['pip', 'compile', '--quiet', '--no-header', '--no-annotate',
            '--upgrade', '--python-version', PYTHON, *options,
            '-o', str(result), *map(str, inputs)], log=log)
        pinned = result.read_text()
    path = pathlib.Path(directory, f'{name}.txt')
    partial = path.with_suffix('.partial')
    partial.write_text(header(name, as_of) + pinned)
    os.replace(partial, path)
    return path


def requirements(series: Series) -> list[str]:
    """Return the requirements from which a series is resolved."""
    return [f'{releases.HEAT}=={series.heat}.*',
            f'{releases.KEYSTONE}=={series.keystone}.*', *series.bounds,
            *TOOLS, SETUPTOOLS]


def services_requirements(series: Series) -> list[str]:
    """Return the requirements of the services of a series."""
    return [*(f'{name}=={version}.*'
              for name, version in series.services.items()),
            *NOT_REQUIRED, *TOOLS, SETUPTOOLS]


def _without_main(series: Series, scratch: str) -> str:
    """Write the libraries of a series' own lock file; return the path."""
    path = pathlib.Path(scratch, 'libraries.txt')
    path.write_text('\n'.join(
        constraints.of_lock(releases.lock_file(series.name)).lines))
    return str(path)


def resolver_options(series: Series, as_of: str, packages:
                     abc.Iterable[str] = (releases.HEAT, releases.KEYSTONE)
                     ) -> list[str]:
    """Return uv's options for the index as of the two days.

    :param packages: those whose newest point releases are taken
    """
    options = ['--exclude-newer', _utc(series.day)]
    for package in packages:
        options += ['--exclude-newer-package', f'{package}={_utc(as_of)}']
    return options


def header(name: str, as_of: str) -> str:
    """Return the comment at the top of a lock file."""
    lines = ['Made by a command, do not edit; this gives the same file again:',
             '',
             f'    {PROGRAM} {name} --as-of {as_of}', '']
    if name == TOOL:
        lines += [_TOOL, 'requirements.txt, test-requirements.txt and '
                  'doc/requirements.txt',
                  f'as of {as_of}, for Python {PYTHON}.']
    elif name.startswith(SERVICES):
        series = _series(name)
        lines += [f'Series {series.name}: ' + ', '.join(
            f'{package} {version}'
            for package, version in series.services.items()),
            f'as of {as_of}; libraries as in {series.name}.txt, all else as '
            f'of {series.day}.']
    else:
        series = _series(name)
        lines += [f'Series {name}: {releases.HEAT} {series.heat}, '
                  f'{releases.KEYSTONE} {series.keystone} as of {as_of};',
                  f'all else as of {series.day}, the day after the first '
                  f'release, for Python {PYTHON}.']
    return ''.join(f'# {line}'.rstrip() + '\n' for line in lines)


def _series(name: str) -> Series:
    return next(series for series in SERIES
                if series.name == name.removeprefix(SERVICES))


def _utc(day: str) -> str:
    # Without a time uv uses the end of the day in the local time zone.
    return f'{day}T00:00:00Z'


def _tool_inputs() -> list[pathlib.Path]:
    tree = releases.lock_dir().parent
    paths = [path for path in (tree / 'requirements.txt',
                               tree / 'test-requirements.txt',
                               tree / 'doc/requirements.txt')
             if path.exists()]
    if not paths:
        raise errors.UsageError(
            f'{tree} has no requirements.txt; make the lock of the tool in '
            f'its source tree')
    return paths


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description='Make the lock files of series, or of the tool itself.')
    parser.add_argument(
        'names', nargs='*', metavar='SERIES',
        help=f'lock files to make, from: {", ".join(names())} (default: all)')
    parser.add_argument(
        '--output', metavar='DIR', type=pathlib.Path,
        default=releases.lock_dir(),
        help='directory to write the files to (default: %(default)s)')
    parser.add_argument(
        '--as-of', metavar='DAY',
        default=datetime.datetime.now(datetime.UTC).date().isoformat(),
        help='use the point releases of Heat and Keystone, and the packages '
             'of the tool, that existed at the start of this day (UTC; '
             'default: today)')
    args = parser.parse_args(argv)
    args.output.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix='heat-upgrade-') as scratch:
            for name in args.names or names():
                print(write_lock(
                    name, args.output, as_of=args.as_of, uv=uv_runner.Uv(),
                    log=pathlib.Path(scratch, 'uv.log')))
    except errors.HeatUpgradeError as exc:
        print(f'{parser.prog}: {exc}', file=sys.stderr)
        return exc.exit_status
    return 0


if __name__ == '__main__':
    sys.exit(main())
