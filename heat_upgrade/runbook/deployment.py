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

"""The commands of each kind of deployment: systemd or containers."""

from collections import abc
import dataclasses

from packaging import version as pkg_version

from heat_upgrade.runbook import model

API, CFN, ENGINE = 'heat-api', 'heat-api-cfn', 'heat-engine'
SERVICES = (API, CFN, ENGINE)

# Heat 25 (2025.2) removed the commands heat-api and heat-api-cfn, which are
# WSGI applications since Heat 24 (2025.1).
FIRST_APPLICATIONS, LAST_COMMANDS = 24, 24

_APPLICATIONS = {
    API: 'uwsgi --http-socket :8004 --master --processes 4 --threads 16 '
         '--module heat.wsgi.api:application',
    CFN: 'uwsgi --http-socket :8000 --master --processes 1 --threads 16 '
         '--module heat.wsgi.cfn:application',
}


@dataclasses.dataclass(frozen=True)
class Deployment:
    """How one kind of deployment runs the programs of Heat.

    :ivar kind: SYSTEMD or CONTAINERS
    :ivar vhost: RabbitMQ's virtual host of the base
    """

    kind: str
    base_version: str
    target_version: str
    vhost: str = '/'

    @property
    def target_vhost(self) -> str:
        """The virtual host of the target in a rolling upgrade."""
        return f'heat-{self.target_version}'

    @property
    def _systemd(self) -> bool:
        return self.kind == model.SYSTEMD

    @property
    def in_place(self) -> bool:
        """Whether the target replaces the files of the base."""
        return self._systemd

    def stop(self, services: abc.Sequence[str]) -> tuple[str, ...]:
        """Return the commands that stop services gracefully."""
        if self._systemd:
            return (f'systemctl stop {" ".join(services)}',)
        # Podman kills a container after 10 s; an engine needs up to a minute.
        return (f'podman stop --time 90 {" ".join(services)}',)

    def start(self, services: abc.Sequence[str]) -> tuple[str, ...]:
        """Return the commands that start the target's services."""
        if self._systemd:
            return (f'systemctl start {" ".join(services)}',)
        return tuple(
            command for service in services for command in (
                f'podman rename {service} {service}-{self.base_version}',
                f'podman run --detach --name {service} --network host '
                f'--volume /etc/heat:/etc/heat:ro "$HEAT_IMAGE" '
                f'{self._program(service)}'))

    def _program(self, service: str) -> str:
        """Return the command of a service in the target's image."""
        if _major(self.target_version) < FIRST_APPLICATIONS:
            return service
        return _APPLICATIONS.get(service, service)

    def start_base(self, services: abc.Sequence[str] = SERVICES
                   ) -> tuple[str, ...]:
        """Return the commands that start services of the base again."""
        if self._systemd:
            return self.start(services)
        return tuple(
            command for service in services for command in (
                f'podman rm {service}',
                f'podman rename {service}-{self.base_version} {service}',
                f'podman start {service}'))

    def manage_base(self, command: str) -> str:
        """Return a command that runs heat-manage of the running base."""
        return (command if self._systemd
                else f'podman exec {ENGINE} {command}')

    def manage(self, command: str) -> str:
        """Return a command that runs a program of the target."""
        if self._systemd:
            return command
        return ('podman run --rm --network host --volume '
                f'/etc/heat:/etc/heat:ro "$HEAT_IMAGE" {command}')

    def install(self, where: str = model.EVERY_NODE) -> model.Action:
        """Return the action that installs the target without starting it."""
        version = self.target_version
        if self._systemd:
            return model.Action(
                f'Install Heat {version} without starting it',
                where=where, commands=('heat-manage --version',),
                expected=f'The command prints {version}.',
                notes=('Install it as you installed the base: with the '
                       'packages of your distribution, or in its virtual '
                       f'environment with openstack-heat=={version}. '
                       'Packages must not restart the services.',))
        return model.Action(
            f'Pull the image of Heat {version}', where=where,
            commands=(f'export HEAT_IMAGE=registry.example.org/heat:{version}',
                      'podman pull "$HEAT_IMAGE"',
                      self.manage('heat-manage --version')),
            expected=f'The last command prints {version}.',
            notes=('Write the name of your own image. Repeat the first '
                   'command in each shell of the window.',))

    def reinstall(self, where: str = model.EVERY_NODE
                  ) -> model.Action | None:
        """Return the action that installs the base again, if one must."""
        if not self._systemd:
            return None
        return model.Action(
            f'Install Heat {self.base_version} again',
            where=where, commands=('heat-manage --version',),
            expected=f'The command prints {self.base_version}.',
            notes=('Restore the files of /etc/heat and the units that you '
                   'changed for the target.',))

    def wsgi(self) -> model.Action | None:
        """Return the change to uWSGI, None if the target does not need it."""
        if not (_major(self.base_version) <= LAST_COMMANDS
                < _major(self.target_version)):
            return None
        early = (f' Heat {self.base_version} has the applications too: '
                 'change the units in an earlier window.'
                 if _major(self.base_version) >= FIRST_APPLICATIONS else '')
        return model.Action(
            'Prepare heat-api and heat-api-cfn for uWSGI',
            where=model.EVERY_NODE,
            expected='Each unit or container starts the command of the '
                     'target; the ports stay the same.',
            notes=(f'The commands heat-api and heat-api-cfn are gone in '
                   f'{self.target_version}: a unit that runs one of them '
                   f'does not start.{early}',),
            literal=(_APPLICATIONS[API], _APPLICATIONS[CFN]))


def _major(version: str) -> int:
    return pkg_version.Version(version).major
