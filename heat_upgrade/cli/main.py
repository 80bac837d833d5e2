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

import os
import signal
import sys
import traceback

from cliff import app
from cliff import commandmanager
import pbr.version

from heat_upgrade import errors
from heat_upgrade import process
from heat_upgrade.results import verdict

NAMESPACE = 'heat_upgrade.commands'

# Whoever ends us by SIGTERM (a CI system, systemd) wants what Ctrl-C does.
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class App(app.App):
    """Tells whether an upgrade of OpenStack Heat is safe."""

    # Whatever the file is called that started us.
    NAME = 'heat-upgrade'

    # Logging to the terminal is the business of the progress list.
    CONSOLE_MESSAGE_FORMAT = '%(message)s'

    # Whether it came as far as a command.
    ran = False

    def __init__(self):
        super().__init__(
            description=self.__doc__,
            version=pbr.version.VersionInfo(
                'heat-upgrade-tests').version_string(),
            command_manager=commandmanager.CommandManager(NAMESPACE),
            deferred_help=True)

    def run_subcommand(self, argv):
        """Run a command; returns its exit status.

        What the tool raises on purpose is told in its own words, without a
        traceback.
        """
        try:
            matched = self.command_manager.find_command(argv)
        except ValueError:
            # cliff suggests what may have been meant
            return super().run_subcommand(argv) and errors.UsageError(
            ).exit_status
        self.ran = True
        factory, name, rest = matched
        command = factory(self, self.options, cmd_name=name)
        parser = command.get_parser(f'{self.NAME} {name}')
        try:
            return command.run(parser.parse_args(rest))
        except errors.HeatUpgradeError as exc:
            print(f'heat-upgrade: {exc}', file=sys.stderr)
            return exc.exit_status
        except OSError as exc:
            # A place that cannot be written to, a disk that is full.
            print(f'heat-upgrade: {exc}', file=sys.stderr)
            return errors.UsageError.exit_status
        except KeyboardInterrupt:
            print('heat-upgrade: interrupted', file=sys.stderr)
            return verdict.INTERRUPTED_STATUS
        except Exception:
            # A mistake of ours says nothing of Heat, as status 1 would.
            traceback.print_exc()
            return errors.LabError.exit_status


def _interrupted(signum, frame):
    # Nobody interrupts the clean-up: tox, for one, asks three times.
    for one in _SIGNALS:
        signal.signal(one, signal.SIG_IGN)
    raise KeyboardInterrupt


def _check_preflight():
    """Refuse an environment that we share with openstack-heat.

    Its wheel installs a top-level package heat_integrationtests too, and one
    overwrites the other.
    """
    try:
        from heat_integrationtests import preflight
    except ImportError:
        raise errors.UsageError(
            'the package heat_integrationtests is not ours: openstack-heat, '
            'whose wheel has one of that name, is installed in the same '
            'environment. Install heat-upgrade-tests in one of its own.'
        ) from None
    try:
        preflight.check()
    except preflight.SharedEnvironment as exc:
        raise errors.UsageError(str(exc)) from exc


def main(argv=None):
    """Run the command; returns its exit status."""
    before = {one: signal.signal(one, _interrupted) for one in _SIGNALS}
    try:
        return _main(sys.argv[1:] if argv is None else argv)
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _main(words):
    try:
        _check_preflight()
    except errors.UsageError as exc:
        print(f'heat-upgrade: {exc}', file=sys.stderr)
        return exc.exit_status
    if not words:
        # cliff would open a prompt of its own.
        App().run(['--help'])
        return errors.UsageError.exit_status
    # Our own requests never leave this machine, whatever proxy there is.
    process.without_proxy(os.environ)
    app = App()
    status = app.run(words)
    if status == 1 and not app.ran:
        # cliff's word for an error of its own; ours for an unsafe upgrade.
        return errors.UsageError.exit_status
    return status


if __name__ == '__main__':
    sys.exit(main())
