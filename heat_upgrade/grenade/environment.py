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

"""The settings of a grenade run: directories, branches, topology."""

from collections import abc
import dataclasses
import os
import pathlib
import shlex

from heat_integrationtests import catalogue
from heat_integrationtests import definition
from heat_upgrade import errors

# The names under which the two plugins are registered.
PROJECT, HEAT = 'heat-upgrade-tests', 'heat'

# Seconds; grenaderc sets it.
SERVICE_TIMEOUT = 120

MULTINODE, SUBNODE = 'multinode', 'subnode'

# Prints a line for the user.
Say = abc.Callable[[str], object]
# Has the signature of process.run, which tests replace.
Run = abc.Callable[..., tuple[int, str]]


@dataclasses.dataclass(frozen=True)
class Settings:
    """The settings of a grenade run, from its environment.

    :ivar save_dir: grenade's directory for files that outlive the upgrade
    :ivar base_dir: directory of the base's repositories
    :ivar target_dir: directory of the target's repositories
    :ivar base_branch: the base's branch of devstack
    :ivar target_branch: the target's branch of devstack
    :ivar projects: names of the projects to upgrade, in grenade's order
    :ivar systemctl: words before a verb of systemctl
    :ivar rabbitmqctl: words before a verb of rabbitmqctl
    :ivar timeout: seconds that a service may take to stop or start
    :ivar heat_conf_dir: directory of heat.conf
    :ivar topology: 'multinode', or ''
    :ivar role: this node's role: 'primary', 'subnode', or ''
    :ivar subnodes: addresses of the other nodes
    :ivar venv: DevStack's global virtual environment, None without one
    :ivar environ: the environment variables
    """

    save_dir: pathlib.Path
    base_dir: pathlib.Path
    target_dir: pathlib.Path
    base_branch: str
    target_branch: str
    projects: tuple[str, ...]
    systemctl: tuple[str, ...]
    rabbitmqctl: tuple[str, ...]
    timeout: float
    heat_conf_dir: pathlib.Path
    topology: str
    role: str
    subnodes: tuple[str, ...]
    venv: pathlib.Path | None
    environ: dict[str, str] = dataclasses.field(repr=False)

    @property
    def run_dir(self) -> pathlib.Path:
        """The run directory."""
        return self.save_dir / PROJECT

    @property
    def heat_conf(self) -> pathlib.Path:
        return self.heat_conf_dir / 'heat.conf'

    @property
    def heat_registered(self) -> bool:
        """True if Heat's own plugin is registered, which then upgrades it."""
        return HEAT in self.projects

    @property
    def heat_comes_first(self) -> bool:
        """True if grenade upgrades with Heat's plugin before ours.

        Then it shuts down with ours first: that is the reverse order.
        """
        return (self.heat_registered and PROJECT in self.projects
                and self.projects.index(HEAT)
                < self.projects.index(PROJECT))

    @property
    def static_checks(self) -> bool:
        """True if the static checks are to be run."""
        return self.environ.get('HEAT_UPGRADE_STATIC_CHECKS') != 'False'

    @property
    def tier(self) -> str:
        """The tier of the scenarios to run."""
        return self.environ.get('HEAT_UPGRADE_TIER') or catalogue.STANDARD

    @property
    def multinode(self) -> bool:
        """True if another node continues with the base."""
        return self.topology == MULTINODE

    @property
    def partial(self) -> bool:
        """True if the upgrade of this node leads to mixed versions."""
        return self.multinode and self.role != SUBNODE


def read(environ: abc.Mapping[str, str] = os.environ) -> Settings:
    """Return the settings that the environment describes.

    :raises: :class:`errors.UsageError` that lists the missing variables
    """
    missing = [name for name in (
        'SAVE_DIR', 'BASE_RELEASE_DIR', 'TARGET_RELEASE_DIR')
        if not environ.get(name)]
    if missing:
        raise errors.UsageError(
            f'{", ".join(missing)} not set: `heat-upgrade gate` is run by the '
            'scripts of devstack/upgrade, which set them from grenaderc')
    try:
        timeout = float(environ.get('SERVICE_TIMEOUT') or SERVICE_TIMEOUT)
    except ValueError as exc:
        raise errors.UsageError(
            f'SERVICE_TIMEOUT is not a number of seconds: {exc}') from exc
    tier = environ.get('HEAT_UPGRADE_TIER') or catalogue.STANDARD
    if tier not in catalogue.TIERS:
        raise errors.UsageError(
            f'HEAT_UPGRADE_TIER={tier} is not a tier; there are: '
            + ', '.join(catalogue.TIERS))
    try:
        catalogue.entries(catalogue.paths(environ=environ))
    except definition.Invalid as exc:
        raise errors.UsageError(str(exc)) from exc
    in_venv = environ.get('GLOBAL_VENV') == 'True' and environ.get(
        'DEVSTACK_VENV')
    return Settings(
        save_dir=pathlib.Path(environ['SAVE_DIR']),
        base_dir=pathlib.Path(environ['BASE_RELEASE_DIR']),
        target_dir=pathlib.Path(environ['TARGET_RELEASE_DIR']),
        base_branch=environ.get('BASE_DEVSTACK_BRANCH', ''),
        target_branch=environ.get('TARGET_DEVSTACK_BRANCH', ''),
        projects=tuple(environ.get('UPGRADE_PROJECTS', '').split()),
        systemctl=_words(environ, 'SYSTEMCTL', 'sudo systemctl'),
        rabbitmqctl=_words(environ, 'HEAT_UPGRADE_RABBITMQCTL',
                           'sudo rabbitmqctl'),
        timeout=timeout,
        heat_conf_dir=pathlib.Path(environ.get('HEAT_CONF_DIR')
                                   or '/etc/heat'),
        topology=environ.get('HOST_TOPOLOGY', ''),
        role=environ.get('HOST_TOPOLOGY_ROLE', ''),
        subnodes=tuple(environ.get('HOST_TOPOLOGY_SUBNODES', '')
                       .replace(',', ' ').split()),
        venv=pathlib.Path(in_venv) if in_venv else None,
        environ=dict(environ))


def _words(environ: abc.Mapping[str, str], name: str, default: str
           ) -> tuple[str, ...]:
    return tuple(shlex.split(environ.get(name) or default))
