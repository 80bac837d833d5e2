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

"""Making the lock files: what a series is deployed with, as of its day.

A lock file pins Heat, Keystone and all that they need. The libraries are those
that were on the index on the day after the series' first release, which is
what a stable branch was tested with; Heat and Keystone are the newest point
releases of the series on a later day that the caller chooses and the file's
header records. The same two days give the same file, whoever makes it.
"""

import dataclasses
import os
import pathlib
import re
import tempfile

from heat_upgrade import errors
from heat_upgrade.install import releases

# pkg_resources left setuptools with 82; what runs on uwsgi still looks for it
# in some libraries, and with 84 the engine of Heat 24 dies while its API goes
# on answering.
SETUPTOOLS = 'setuptools<82'

# What a service needs beside its own package: a database driver and a WSGI
# server that comes as a wheel (uwsgi itself wants a C compiler).
TOOLS = ('PyMySQL', 'pyuwsgi')

PYTHON = '3.11'
TOOL = 'tool'

_DAY = re.compile(r'\d{4}-\d{2}-\d{2}')


@dataclasses.dataclass(frozen=True)
class Series:
    """A series of OpenStack, for the resolver.

    :ivar name: 2026.1
    :ivar heat: major version of openstack-heat
    :ivar keystone: major version of keystone
    :ivar day: the day after the first release, ISO format
    :ivar bounds: further requirements, each with a reason beside it
    """

    name: str
    heat: int
    keystone: int
    day: str
    bounds: tuple[str, ...] = ()


# A new series is one line here and a run of `heat-upgrade constraints lock`.
SERIES = (
    # Keystone 26.1 asks for a token at POST /v3/ec2tokens, as a security fix;
    # Heat 23 has none to give, so signals through heat-api-cfn would get 403.
    Series('2024.2', 23, 26, '2024-10-03', bounds=('keystone<26.1',)),
    Series('2025.1', 24, 27, '2025-04-03'),
    Series('2025.2', 25, 28, '2025-10-02'),
    Series('2026.1', 26, 29, '2026-04-02'),
    Series('2026.2', 27, 30, '2026-10-01'),
)


def names():
    """Return what can be locked: the series, and the tool itself."""
    return [series.name for series in SERIES] + [TOOL]


def write_lock(name, directory, *, as_of, uv, log):
    """Resolve and write one lock file.

    :param name: one of :func:`names`
    :param directory: where the file goes
    :param as_of: day (ISO format) whose newest point releases of Heat and
        Keystone, or whose packages for the tool, are taken
    :param uv: callable as :class:`heat_upgrade.install.uv_runner.Uv`
    :param log: path of the file that takes the output of uv
    :returns: path of the file
    :raises: :class:`errors.UsageError` for an unknown name or a bad day,
        :class:`errors.LabError` if it cannot be resolved
    """
    if name not in names():
        raise errors.UsageError(f'there is no recipe for {name!r}; known are '
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
            inputs[0].write_text('\n'.join(requirements(series)) + '\n')
            options = resolver_options(series, as_of)
        uv(['pip', 'compile', '--quiet', '--no-header', '--no-annotate',
            '--upgrade', '--python-version', PYTHON, *options,
            '-o', str(result), *map(str, inputs)], log=log)
        pinned = result.read_text()
    path = pathlib.Path(directory, f'{name}.txt')
    partial = path.with_suffix('.partial')
    partial.write_text(header(name, as_of) + pinned)
    os.replace(partial, path)
    return path


def requirements(series):
    """Return what a lock of a series is resolved from."""
    return [f'{releases.HEAT}=={series.heat}.*',
            f'{releases.KEYSTONE}=={series.keystone}.*', *series.bounds,
            *TOOLS, SETUPTOOLS]


def resolver_options(series, as_of):
    """Return the options that tell uv which day's index to look at."""
    options = ['--exclude-newer', _utc(series.day)]
    for package in (releases.HEAT, releases.KEYSTONE):
        options += ['--exclude-newer-package', f'{package}={_utc(as_of)}']
    return options


def header(name, as_of):
    """Return the comment at the top of a lock file."""
    lines = ['Made by a command, do not edit; this gives the same file again:',
             '',
             f'    heat-upgrade constraints lock {name} --as-of {as_of}', '']
    if name == TOOL:
        lines += ['What the tool and its tests run with: all of',
                  'requirements.txt, test-requirements.txt and '
                  'doc/requirements.txt',
                  f'as of {as_of}, for Python {PYTHON}.']
    else:
        series = _series(name)
        lines += [f'Series {name}: {releases.HEAT} {series.heat}, '
                  f'{releases.KEYSTONE} {series.keystone} as of {as_of};',
                  f'all else as of {series.day}, the day after the first '
                  f'release, for Python {PYTHON}.']
    return ''.join(f'# {line}'.rstrip() + '\n' for line in lines)


def _series(name):
    return next(series for series in SERIES if series.name == name)


def _utc(day):
    # Without a time uv takes the end of the day in the local time zone.
    return f'{day}T00:00:00Z'


def _tool_inputs():
    tree = releases.lock_dir().parent
    found = [path for path in (tree / 'requirements.txt',
                               tree / 'test-requirements.txt',
                               tree / 'doc/requirements.txt')
             if path.exists()]
    if not found:
        raise errors.UsageError(
            f'{tree} holds no requirements.txt: the lock of the tool is made '
            f'in its source tree')
    return found
