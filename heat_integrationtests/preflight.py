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

"""Refuses to start where openstack-heat would shadow this package."""

from importlib import metadata
import os

DISTRIBUTION = 'heat-upgrade-tests'
# The wheel of this distribution also installs a top-level package named
# heat_integrationtests: whichever is installed last overwrites the other.
RIVAL = 'openstack-heat'

_ADVICE = (
    'Install heat-upgrade-tests in an environment of its own '
    '(python3 -m venv DIR && DIR/bin/pip install heat-upgrade-tests); it '
    'talks to Heat over its API and needs no Heat beside it.')


class SharedEnvironment(Exception):
    """This package and openstack-heat are installed in one environment."""


def check(*, distribution=metadata.distribution, package_dir=None):
    """Do nothing where this package has its environment to itself.

    :param distribution: what finds an installed distribution by its name
    :param package_dir: the directory that heat_integrationtests was
        imported from
    :raises SharedEnvironment: openstack-heat is installed too, or the
        package that was imported is not this one
    """
    package_dir = package_dir or os.path.dirname(os.path.abspath(__file__))
    try:
        rival = distribution(RIVAL)
    except metadata.PackageNotFoundError:
        rival = None
    if rival is not None:
        raise SharedEnvironment(
            f'{RIVAL} {rival.version} is installed in the environment that '
            f'{DISTRIBUTION} runs in; both bring a top-level package '
            f'heat_integrationtests, so one overwrites the other. {_ADVICE}')
    if not os.path.exists(os.path.join(package_dir, 'preflight.py')):
        raise SharedEnvironment(
            f'The package heat_integrationtests in {package_dir} is not the '
            f'one of {DISTRIBUTION}: another distribution shadows it. '
            f'{_ADVICE}')
