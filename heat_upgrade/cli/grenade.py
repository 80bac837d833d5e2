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

"""heat-upgrade gate: called by the scripts of devstack/upgrade."""

import argparse

from cliff import command

from heat_upgrade.grenade import environment
from heat_upgrade.grenade import hooks


def _print(line: str) -> None:
    print(line, flush=True)


class Create(command.Command):
    """Begin the run of a grenade job: create resources and record them."""

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        return hooks.create(environment.read(), say=_print)


class Verify(command.Command):
    """Verify the resources, before or after the upgrade."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument('side', choices=(hooks.PRE, hooks.POST))
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        return hooks.verify(environment.read(), parsed_args.side, say=_print)


class VerifyNoapi(command.Command):
    """Verify the resources that must survive while Heat is down."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        # grenade passes the side, but Heat is down only once.
        parser.add_argument('side', nargs='?')
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        return hooks.verify_noapi(environment.read(), say=_print)


class Shutdown(command.Command):
    """Stop Heat, unless its own plugin does, and prove that it is down."""

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        return hooks.shutdown(environment.read(), say=_print)


class Upgrader(command.Command):
    """Print the name of the project that upgrades Heat."""

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        print(hooks.upgrader(environment.read()))


class PrepareUpgrade(command.Command):
    """Save the old configuration, and compare base and target."""

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        return hooks.prepare_upgrade(environment.read(), say=_print)


class Units(command.Command):
    """Print the systemd units of Heat that ran before the upgrade."""

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        print(*hooks.units(environment.read()))


class Migrate(command.Command):
    """Run Heat's own upgrade check, and migrate its database."""

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        return hooks.migrate(environment.read(), say=_print)


class Started(command.Command):
    """Prove that Heat is up by the answers of its services."""

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        return hooks.started(environment.read(), say=_print)


class Destroy(command.Command):
    """Delete the resources of all phases, and end the run."""

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        return hooks.destroy(environment.read(), say=_print)
