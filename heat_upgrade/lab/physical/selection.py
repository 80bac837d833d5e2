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

"""The services that a cloud can have, and their choice by name."""

from collections import abc

from heat_upgrade import errors
from heat_upgrade.install import environments
from heat_upgrade.install import releases
from heat_upgrade.lab.physical import cinder
from heat_upgrade.lab.physical import glance
from heat_upgrade.lab.physical import neutron
from heat_upgrade.lab.physical import nova
from heat_upgrade.lab.physical import placement
from heat_upgrade.lab.physical import preparation
from heat_upgrade.lab.physical import swift

# In the order of their dependencies.
SERVICES = {service.name: service for service in (
    placement.SERVICE, glance.SERVICE, neutron.SERVICE, nova.SERVICE,
    cinder.SERVICE, swift.SERVICE)}

ALL = 'all'

GROUPS = {
    'compute': ('placement', 'glance', 'neutron', 'nova', 'cinder'),
    'object': ('swift',),
    ALL: tuple(SERVICES),
}


def parse(text: str) -> tuple[str, ...]:
    """Return the services that a list of names selects.

    :param text: names of services and of groups, separated by commas
    :returns: names, with those of the services that they need, in the order
        of SERVICES
    :raises: errors.UsageError for an unknown name
    """
    chosen: set[str] = set()
    for name in filter(None, (word.strip() for word in text.split(','))):
        if name not in GROUPS and name not in SERVICES:
            raise errors.UsageError(
                f'there is no service {name!r}; there are: '
                f'{", ".join(SERVICES)}, and the groups '
                f'{", ".join(GROUPS)}')
        _add(GROUPS.get(name, (name,)), chosen)
    return tuple(name for name in SERVICES if name in chosen)


def _add(names: abc.Iterable[str], chosen: set[str]) -> None:
    """Add services and the services that they need, in place."""
    for name in names:
        if name not in chosen:
            chosen.add(name)
            _add(SERVICES[name].needs, chosen)


def specs(names: abc.Collection[str], release: releases.Release
          ) -> list[environments.Spec]:
    """Return the spec of the environment with all services.

    It does not depend on the choice, so that two choices share it.

    :param names: names of services; without any, there is no environment
    :param release: the services are of its series
    :raises: errors.UsageError if the series has no lock file of services
    """
    if not names:
        return []
    return [environments.services(release, [
        name for service in SERVICES.values()
        for name in (service.distribution, *service.more_distributions)])]


def prepared(names: abc.Collection[str],
             environment: environments.Environment | None
             ) -> preparation.Preparation | None:
    """Return the services of some names, None for no name.

    :param environment: the environment of specs(), None for no name
    """
    if environment is None:
        return None
    return preparation.Preparation(
        environment, tuple(SERVICES[name] for name in names))
