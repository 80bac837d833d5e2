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

"""Refuses to start if openstack-heat would shadow this package."""

from collections import abc
from importlib import metadata
import os

DISTRIBUTION = 'heat-upgrade-tests'
# The wheel of openstack-heat also installs a top-level package named
# heat_integrationtests. The one installed last overwrites the other.
RIVAL = 'openstack-heat'

_ADVICE = (
    'Install heat-upgrade-tests in an environment of its own '
    '(python3 -m venv DIR && DIR/bin/pip install heat-upgrade-tests). It '
    'uses the API of Heat and does not need openstack-heat to be installed.')


class SharedEnvironment(Exception):
    """This package and openstack-heat are installed in one environment."""


def check(*, distribution: abc.Callable[[str], metadata.Distribution]
          = metadata.distribution, package_dir: str | None = None) -> None:
    """Check that openstack-heat is not installed in this environment.

    :param distribution: returns an installed distribution by its name
    :param package_dir: the directory that heat_integrationtests was
        imported from
    :raises SharedEnvironment: openstack-heat is installed too, or the
        imported package belongs to another distribution
    """
    package_dir = package_dir or os.path.dirname(os.path.abspath(__file__))
    try:
        version = distribution(RIVAL).version
    except metadata.PackageNotFoundError:
        pass
    else:
        raise SharedEnvironment(
            f'{RIVAL} {version} is installed in the same environment as '
            f'{DISTRIBUTION}; both install a top-level package '
            f'heat_integrationtests, so one overwrites the other. {_ADVICE}')
    if not os.path.exists(os.path.join(package_dir, 'preflight.py')):
        raise SharedEnvironment(
            f'The package heat_integrationtests in {package_dir} does not '
            f'belong to {DISTRIBUTION}: another distribution shadows it. '
            f'{_ADVICE}')
