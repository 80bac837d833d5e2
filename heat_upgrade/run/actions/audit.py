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

"""The action that compares what exists with what Heat knows."""

from heat_upgrade.lab import keystone_orphans
from heat_upgrade.ledger import audit
from heat_upgrade.ledger import reconciliation
from heat_upgrade.results import findings

# What a difference between the ledger and Heat's database means.
_TITLES = {
    reconciliation.LEFT_BEHIND: 'things exist that Heat does not know',
    reconciliation.SNAPSHOT_LEFT_BEHIND:
        'snapshots of things exist that Heat does not know',
    reconciliation.LOST: 'things do not exist that Heat calls complete',
    reconciliation.MADE_TWICE: 'things were made twice',
}


def account(run, step):
    """Compare what exists with what Heat knows: the ledger, and Keystone."""
    differences = audit.audit(run.cloud.mariadb, run.cloud.ledger.client)
    left = keystone_orphans.of_keystone(run.cloud.identity, run.cloud.mariadb)
    living = {row.stack for row in audit.rows(run.cloud.mariadb)
              if not row.deleted} if differences else set()
    for kind, title in _TITLES.items():
        ones = [one for one in differences if one.kind == kind]
        if ones:
            run.finding(findings.make(
                reconciliation.RULES[kind], 'ledger', f'{title} ({len(ones)})',
                '\n'.join(one.text for one in ones), step=step.name,
                facts={'number': len(ones), 'of_deleted_stacks': sum(
                    one.stack not in living for one in ones)}))
    if left:
        run.finding(findings.make(
            'keystone.left-behind', 'keystone', 'accounts of stacks exist in '
            f'Keystone that Heat does not know ({len(left)})',
            '\n'.join(left), step=step.name, facts={'number': len(left)}))
    return {'ledger': len(differences), 'keystone': len(left)}
