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

from heat_upgrade import findings
from heat_upgrade.ledger import audit
from heat_upgrade.ledger import comparison
from heat_upgrade import leftovers

# What a difference between the ledger and Heat's database means.
_TITLES = {
    comparison.LEFT_BEHIND: 'things exist that Heat does not know',
    comparison.SNAPSHOT_LEFT_BEHIND:
        'snapshots of things exist that Heat does not know',
    comparison.LOST: 'things do not exist that Heat calls complete',
    comparison.MADE_TWICE: 'things were made twice',
}


def account(run, step):
    """Compare what exists with what Heat knows: the ledger, and Keystone."""
    differences = audit.audit(run.cloud.mariadb, run.cloud.ledger.client)
    found = [(_TITLES[kind], [one.text for one in differences
                              if one.kind == kind]) for kind in _TITLES]
    left = leftovers.of_keystone(run.cloud.identity, run.cloud.mariadb)
    found.append(('accounts of stacks exist in Keystone that Heat does not '
                  'know', left))
    for title, texts in found:
        if texts:
            run.finding(findings.Finding(
                origin=findings.HEAT, failure_class=step.failure_class,
                severity=findings.ERROR, title=f'{title} ({len(texts)})',
                evidence='\n'.join(texts), step=step.name))
    return {'ledger': len(differences), 'keystone': len(left)}
