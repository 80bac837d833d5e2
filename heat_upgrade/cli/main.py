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

"""The command heat-upgrade."""

import argparse
import os
import signal
import sys
import traceback
import types
import typing

from cliff import app
from cliff import commandmanager
import pbr.version

from heat_upgrade import errors
from heat_upgrade.results import verdict

NAMESPACE = 'heat_upgrade.commands'

# A CI system or systemd sends SIGTERM; it has the same effect as Ctrl-C.
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class App(app.App):
    """Test whether an upgrade of OpenStack Heat is safe."""

    # The name in messages, even if the file has another name.
    NAME = 'heat-upgrade'

    # The progress list uses the terminal; the log does not.
    CONSOLE_MESSAGE_FORMAT = '%(message)s'

    # True once a command was found and started.
    ran = False

    def __init__(self) -> None:
        super().__init__(
            description=self.__doc__,
            version=pbr.version.VersionInfo(
                'heat-upgrade-tests').version_string(),
            command_manager=self.commands(), deferred_help=True)

    def commands(self) -> commandmanager.CommandManager:
        """Return the commands."""
        return commandmanager.CommandManager(NAMESPACE)

    def build_option_parser(
            self, *words: typing.Any, **options: typing.Any
    ) -> argparse.ArgumentParser:
        """Return the parser of the global options."""
        parser: argparse.ArgumentParser = super().build_option_parser(
            *words, **options)
        parser.prog = self.NAME
        return parser

    def run_subcommand(self, argv: list[str]) -> int:
        """Run a command; returns its exit status.

        Errors of our own are printed without a traceback.
        """
        try:
            matched = self.command_manager.find_command(argv)
        except ValueError:
            # cliff prints similar commands.
            return super().run_subcommand(argv) and errors.UsageError(
            ).exit_status
        self.ran = True
        factory, name, rest = matched
        command = factory(self, self.options, cmd_name=name)
        parser: argparse.ArgumentParser = command.get_parser(
            f'{self.NAME} {name}')
        try:
            status: int = command.run(parser.parse_args(rest))
            return status
        except errors.HeatUpgradeError as exc:
            print(f'heat-upgrade: {exc}', file=sys.stderr)
            return exc.exit_status
        except OSError as exc:
            # For example, the disk is full or a directory is read-only.
            print(f'heat-upgrade: {exc}', file=sys.stderr)
            return errors.UsageError.exit_status
        except KeyboardInterrupt:
            print('heat-upgrade: interrupted', file=sys.stderr)
            return verdict.INTERRUPTED_STATUS
        except Exception:
            # A bug in this tool; status 1 would blame Heat.
            traceback.print_exc()
            return errors.LabError.exit_status


def _interrupted(signum: int, frame: types.FrameType | None) -> None:
    # Further signals must not interrupt the clean-up: tox sends three.
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _check_preflight() -> None:
    """Refuse an environment that contains openstack-heat.

    The wheel of openstack-heat installs a top-level package
    heat_integrationtests too, and one overwrites the other.
    """
    try:
        from heat_integrationtests import preflight
    except ImportError:
        raise errors.UsageError(
            'this environment also contains openstack-heat, and its package '
            'heat_integrationtests overwrote ours. Install '
            'heat-upgrade-tests in an environment of its own.'
        ) from None
    try:
        preflight.check()
    except preflight.SharedEnvironment as exc:
        raise errors.UsageError(str(exc)) from exc


def main(argv: list[str] | None = None, *, app: type[App] = App) -> int:
    """Run the command; returns its exit status."""
    before = {number: signal.signal(number, _interrupted)
              for number in _SIGNALS}
    try:
        return _main(sys.argv[1:] if argv is None else argv, app())
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _main(words: list[str], app: App) -> int:
    try:
        _check_preflight()
    except errors.UsageError as exc:
        print(f'heat-upgrade: {exc}', file=sys.stderr)
        return exc.exit_status
    if not words:
        # Without arguments, cliff would open an interactive prompt.
        app.run(['--help'])
        return errors.UsageError.exit_status
    # Below it is heat_integrationtests, which the preflight has checked.
    from heat_upgrade import process
    # Our requests stay on this machine: no proxy applies to them.
    process.without_proxy(os.environ)
    status: int = app.run(words)
    if status == 1 and not app.ran:
        # cliff uses 1 for its own errors; for us 1 is an unsafe upgrade.
        return errors.UsageError.exit_status
    return status


if __name__ == '__main__':
    sys.exit(main())
