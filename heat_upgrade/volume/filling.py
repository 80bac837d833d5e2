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

"""Fills the database of the base with clones of real stacks."""

from collections import abc
import dataclasses
import time

from heat_upgrade.lab import cloud as clouds
from heat_upgrade.lab import heat_client
from heat_upgrade.lab import node as nodes
from heat_upgrade.volume import cloning
from heat_upgrade.volume import measurement
from heat_upgrade.volume import source_stacks


@dataclasses.dataclass(frozen=True)
class Volume:
    """The clones in a database.

    :ivar api: Heat in their project
    :ivar shown: (name, id) of the clone to show, None without clones
    :ivar stacks: number of clones, with nested and deleted ones
    :ivar rows: {table: number of new rows}
    :ivar seconds: duration of the cloning
    """

    api: heat_client.Api
    shown: tuple[str, str] | None
    stacks: int
    rows: abc.Mapping[str, int]
    seconds: float


def fill(cloud: clouds.Cloud, *, stacks: int, events: int, seed: int
         ) -> Volume:
    """Clone stacks until there are as many new ones as wanted.

    :param stacks: number of clones; it is rounded up to whole generations
    :param events: number of additional events of the first clones
    :raises: errors.LabError if a stack to be cloned cannot be made
    """
    identity = cloud.user(source_stacks.OWNER)
    api = heat_client.Api(identity, cloud.nodes['node-1'].api_url)
    measurement.start_counters(cloud.mariadb)
    if not stacks:
        return Volume(api, None, 0, {}, 0.0)
    source_stacks.create(api)
    with cloud.mariadb.connection(nodes.DATABASE) as connection:
        cloner = cloning.Cloner(connection, project=identity.project_id(),
                                seed=seed)
        generations = -(-stacks // cloner.stacks)
        started = time.monotonic()
        rows = cloner.clone(generations)
        source = cloner.source(source_stacks.SHOWN)
        if events:
            cloner.add_events(source, events, generations)
            rows['event'] += events
    return Volume(
        api,
        (f'{source_stacks.SHOWN}-1', cloning.clone_of(seed, source, 1)),
        rows['stack'], rows, time.monotonic() - started)
