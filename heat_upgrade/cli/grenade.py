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

"""heat-upgrade gate: what the scripts of devstack/upgrade call."""

from cliff import command

from heat_upgrade.grenade import environment
from heat_upgrade.grenade import hooks


def _say(line):
    print(line, flush=True)


class Create(command.Command):
    """Begin the run of a grenade job: create and record."""

    def take_action(self, parsed_args):
        return hooks.create(environment.read(), say=_say)


class Verify(command.Command):
    """Verify the resources, before or after the upgrade."""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument('side', choices=(hooks.PRE, hooks.POST))
        return parser

    def take_action(self, parsed_args):
        return hooks.verify(environment.read(), parsed_args.side, say=_say)


class VerifyNoapi(command.Command):
    """Verify what outlives Heat, while it is down."""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        # grenade says where in the upgrade; Heat is down but once.
        parser.add_argument('side', nargs='?')
        return parser

    def take_action(self, parsed_args):
        return hooks.verify_noapi(environment.read(), say=_say)


class Shutdown(command.Command):
    """Stop Heat, unless its own plugin does, and prove it down."""

    def take_action(self, parsed_args):
        return hooks.shutdown(environment.read(), say=_say)


class Who(command.Command):
    """Print the name of the project that upgrades Heat."""

    def take_action(self, parsed_args):
        print(hooks.who(environment.read()))


class PrepareUpgrade(command.Command):
    """Keep the old configuration, and compare base and target."""

    def take_action(self, parsed_args):
        return hooks.prepare_upgrade(environment.read(), say=_say)


class Units(command.Command):
    """Print the units of Heat that ran before the upgrade."""

    def take_action(self, parsed_args):
        print(*hooks.units(environment.read()))


class Migrate(command.Command):
    """Run Heat's own check, and migrate its database."""

    def take_action(self, parsed_args):
        return hooks.migrate(environment.read(), say=_say)


class Started(command.Command):
    """Prove that Heat is up: by what it answers."""

    def take_action(self, parsed_args):
        return hooks.started(environment.read(), say=_say)


class Destroy(command.Command):
    """Remove what the phases have left, and end the run."""

    def take_action(self, parsed_args):
        return hooks.destroy(environment.read(), say=_say)
