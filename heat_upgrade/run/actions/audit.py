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

"""The action that compares existing resources with Heat's records."""

import typing

from keystoneauth1 import exceptions

from heat_integrationtests import physical
from heat_upgrade import errors
from heat_upgrade.lab import cloud as clouds
from heat_upgrade.lab import keystone_orphans
from heat_upgrade.ledger import access_logs
from heat_upgrade.ledger import audit
from heat_upgrade.ledger import reconciliation
from heat_upgrade.ledger import service_listing
from heat_upgrade.plan import planner
from heat_upgrade.results import findings
from heat_upgrade.run.actions import common

if typing.TYPE_CHECKING:
    from heat_upgrade.run import runner

# The title of each kind of difference between the ledger and Heat's database.
_TITLES = {
    reconciliation.LEFT_BEHIND: 'orphaned resources exist',
    reconciliation.SNAPSHOT_LEFT_BEHIND: 'orphaned snapshots exist',
    reconciliation.LOST: 'resources that Heat calls complete do not exist',
    reconciliation.MADE_TWICE: 'resources were created twice',
}


def account(run: 'runner.Run', step: planner.Step) -> dict[str, typing.Any]:
    """Compare the ledger and Keystone with Heat's records."""
    cloud = common.existing(run.cloud, 'cloud')
    differences = audit.audit(cloud.mariadb, cloud.ledger.client)
    left = keystone_orphans.of_keystone(cloud.identity, cloud.mariadb)
    living = {row.stack for row in audit.rows(cloud.mariadb)
              if not row.deleted} if differences else set()
    for kind, title in _TITLES.items():
        of_kind = [difference for difference in differences
                   if difference.kind == kind]
        if of_kind:
            run.finding(findings.make(
                reconciliation.RULES[kind], 'ledger',
                f'{title} ({len(of_kind)})',
                '\n'.join(difference.text for difference in of_kind),
                step=step.name,
                facts={'number': len(of_kind), 'of_deleted_stacks': sum(
                    difference.stack not in living
                    for difference in of_kind)}))
    if left:
        run.finding(findings.make(
            'keystone.left-behind', 'keystone',
            f'orphaned accounts of stacks exist in Keystone ({len(left)})',
            '\n'.join(left), step=step.name, facts={'number': len(left)}))
    return {'ledger': len(differences), 'keystone': len(left),
            **(_services(run, step, cloud) if cloud.services else {})}


def _services(run: 'runner.Run', step: planner.Step, cloud: clouds.Cloud
              ) -> dict[str, typing.Any]:
    """Compare the other services with Heat's records and requests."""
    left = sorted(set(_left_behind(cloud)) & set(_left_behind(cloud)))
    if left:
        run.finding(findings.make(
            'physical.left-behind', 'services',
            f'orphaned resources exist in their services ({len(left)})',
            '\n'.join(left), step=step.name, facts={'number': len(left)}))
    written = access_logs.writes(run.workspace.logs)
    if not written:
        raise errors.LabError(
            f'no file {access_logs.PATTERN} in {run.workspace.logs} has a '
            'request that changes a resource; expected those that created '
            'the resources of the stacks')
    unasked = access_logs.unasked(
        written, access_logs.updates(run.workspace.run_dir / 'manifest'))
    if unasked:
        run.finding(findings.make(
            'physical.unasked-write', 'services',
            f'updates with no change write to services ({len(unasked)})',
            '\n'.join(unasked), step=step.name,
            facts={'number': len(unasked)}))
    return {'services': len(left), 'writes': len(written),
            'unasked': len(unasked)}


def _left_behind(cloud: clouds.Cloud) -> list[str]:
    """Return the orphaned resources of one read."""
    session = cloud.identity.session
    listed = []
    for service, paths in service_listing.COLLECTIONS.items():
        try:
            endpoint = session.get_endpoint(service_type=service,
                                            region_name=cloud.region)
        except exceptions.EndpointNotFound:
            # The run has other services.
            continue
        assert endpoint, service
        for path in paths:
            answer = session.get(physical.base_url(service, endpoint) + path)
            for collection, items in answer.json().items():
                if isinstance(items, list):
                    listed += service_listing.of_answer(collection, items)
    # Heat is read last: it knows the resources that were listed.
    known = {row.item for row in audit.rows(cloud.mariadb)
             if not row.deleted}
    return service_listing.left_behind(listed, known,
                                       cloud.identity.project_id())
