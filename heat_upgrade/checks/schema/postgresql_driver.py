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

"""Installs the driver for PostgreSQL, which Heat does not require.

It is installed once, outside of the environments: these hold exactly the
packages that an operator has, by their lock files.
"""

import dataclasses
import os
import pathlib

from heat_upgrade.checks import check_context
from heat_upgrade.install import cache
from heat_upgrade.install import environments
from heat_upgrade.install import uv_runner

# As a wheel, without a compiler; it needs no other package.
REQUIREMENT = 'psycopg2-binary>=2.9.10,<3'


def psycopg2(context: check_context.Context) -> pathlib.Path:
    """Return the directory with the driver; install it if it is missing.

    :raises: UvFailed if it cannot be installed
    """
    python = environments.python()

    def install(directory: pathlib.Path) -> None:
        uv_runner.offline_first(
            uv_runner.Uv(marker=context.workspace.marker),
            ['pip', 'install', '--python', python, '--target', str(directory),
             '--no-deps', '--only-binary', ':all:', REQUIREMENT],
            log=context.workspace.log('check-psycopg2'))
    return cache.ensure(
        cache.directory() / 'databases'
        / f'psycopg2-{cache.key(REQUIREMENT, python)}', install)


def with_path(subject: check_context.InstalledRelease,
              packages: pathlib.Path) -> check_context.InstalledRelease:
    """Return a release whose processes also find the packages of a path."""
    return _WithPath(**{field.name: getattr(subject, field.name)
                        for field in dataclasses.fields(subject)},
                     packages=packages)


@dataclasses.dataclass(frozen=True)
class _WithPath(check_context.InstalledRelease):
    packages: pathlib.Path | None = None

    def variables(self) -> dict[str, str]:
        paths = [path for path in (self.overlay, self.packages) if path]
        return {'PYTHONPATH': os.pathsep.join(map(str, paths))}
