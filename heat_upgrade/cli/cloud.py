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

"""heat-upgrade cloud up, env and down."""

import argparse
import pathlib
import shlex
import shutil
import time

from cliff import command

from heat_upgrade.cli import options
from heat_upgrade.cli import services_option
from heat_upgrade import errors
from heat_upgrade.install import cache
from heat_upgrade.install import releases
from heat_upgrade.lab import client_config
from heat_upgrade.lab import cloud_start
from heat_upgrade.lab import kept_cloud
from heat_upgrade.lab import workspace as workspaces

# The default name of the run directory of a cloud.
NAME = 'cloud'


class Up(command.Command):
    """Start a real Heat on this machine, to write tests against."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        parser.add_argument(
            '--release', metavar='REL',
            help='a series, a release, a git checkout, an sdist or a wheel '
                 '(default: the newest series)')
        options.add_constraints(parser, release='the release')
        services_option.add(parser, release='the release')
        add_run_dir(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        release = (releases.parse(parsed_args.release)
                   if parsed_args.release else releases.newest_two()[1])
        run_dir = parsed_args.run_dir
        started = time.monotonic()
        lock = cache.Lock(run_dir)
        if not lock.try_hold():
            raise errors.UsageError(
                f'another command is starting a cloud in {run_dir}; name '
                'another directory')
        try:
            version = start(release, run_dir,
                            constraints=parsed_args.constraints,
                            services=parsed_args.services)
        finally:
            lock.release()
        print(f'Heat {version} is up after '
              f'{time.monotonic() - started:.1f} s. To use it, and to stop '
              f'it:\n\n'
              f'    eval $(heat-upgrade cloud env {shlex.quote(str(run_dir))})'
              f'\n    openstack --os-cloud {client_config.CLOUD} stack list\n'
              f'    heat-upgrade cloud down {shlex.quote(str(run_dir))}\n\n'
              f'clouds.yaml, openrc, tempest.conf and logs: {run_dir}')


def start(release: releases.Release, run_dir: pathlib.Path, *,
          constraints: str | None, services: tuple[str, ...] = ()) -> str:
    """Start a cloud that outlives this process; returns its Heat version.

    :param services: names of other services

    :raises: :class:`heat_upgrade.errors.UsageError` if one runs there already
    """
    if (run_dir / kept_cloud.FILE).exists():
        raise errors.UsageError(
            f'a cloud is running in {run_dir}; stop it with: '
            f'heat-upgrade cloud down {run_dir}')
    # Manifests of an earlier cloud name resources that this one lacks.
    shutil.rmtree(run_dir / 'manifest', ignore_errors=True)
    workspace = workspaces.Workspace(run_dir)
    kept = False
    try:
        cloud = cloud_start.start(workspace, release,
                                  constraints=constraints, services=services)
        client_config.write(
            cloud.access, run_dir, state_dir=run_dir / 'manifest'
        )
        cloud.keep()
        kept = True
        return cloud.release_of('node-1')
    finally:
        if not kept:
            workspace.close()


class Env(command.Command):
    """Print shell commands that configure clients and tests for the cloud."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_run_dir(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        kept_cloud.read(parsed_args.run_dir)
        for name, value in client_config.variables(
            parsed_args.run_dir
        ).items():
            print(f'export {name}={shlex.quote(value)}')


class Down(command.Command):
    """Stop the cloud; its logs are kept."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super().get_parser(prog_name)
        add_run_dir(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        ended = kept_cloud.end(parsed_args.run_dir)
        print(f'{ended} processes ended')


def add_run_dir(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        'run_dir', nargs='?', type=lambda text: pathlib.Path(text).resolve(),
        default=options.work_dir() / NAME, metavar='RUN_DIR',
        help='run directory of the cloud (default: %(default)s)')
