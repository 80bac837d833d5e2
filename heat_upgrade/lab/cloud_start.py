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

"""Installs a release, and starts a cloud with it."""

from collections import abc
import os

from heat_upgrade.install import environments
from heat_upgrade.install import releases
from heat_upgrade.lab import cloud as clouds
from heat_upgrade.lab.physical import selection
from heat_upgrade.lab import profiles
from heat_upgrade.lab import workspace as workspaces


def start(workspace: workspaces.Workspace, release: releases.Release, *,
          constraints: str | os.PathLike[str] | None = None, size: int = 1,
          profile: str = profiles.STANDARD,
          services: abc.Collection[str] = ()) -> clouds.Cloud:
    """Install a release, and start a cloud with it.

    :param constraints: replace those of the release; see environments.heat
    :param size: number of nodes
    :param services: names of other services, of the release's series
    """
    keystone_environment, heat_environment, *others = (
        environments.ensure_all(
            [environments.keystone(release),
             environments.heat(release, constraints=constraints),
             *selection.specs(services, release)],
            log_dir=workspace.logs, marker=workspace.marker))
    cloud = clouds.Cloud(
        workspace, keystone_environment=keystone_environment,
        heat_environment=heat_environment, size=size, profile=profile,
        further=selection.prepared(services, next(iter(others), None)))
    cloud.up()
    return cloud
