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

"""Which findings count for the verdict, and which are only shown."""

from heat_upgrade import findings

# The step of the static checks.
CHECKS = 'checks'

# Of origins that make no failure: what is said of them, in their order.
NOT_COUNTED = {
    findings.KNOWN: 'known, and not counted',
    findings.RESTART: 'a plain restart of the base shows it too: not counted',
}

# Warnings of the static checks: there may be dozens, and none is of this run.
TO_KNOW = 'to know before the upgrade, from the static checks'


def counted(report):
    """Return the findings that count, and then the warnings.

    :param report: dict of :func:`heat_upgrade.report.model.make`
    """
    told = [one for one in report['findings']
            if one['origin'] not in NOT_COUNTED and not _is_to_know(one)]
    return sorted(told, key=lambda one: one['severity'] != findings.ERROR)


def _is_to_know(one):
    return (one['origin'] == findings.HEAT and one['step'] == CHECKS
            and one['severity'] == findings.WARNING)


def folded(report):
    """Return {what is said of them: findings} of those that do not count.

    :param report: dict of :func:`heat_upgrade.report.model.make`
    """
    found = {says: [one for one in report['findings']
                    if one['origin'] == origin]
             for origin, says in NOT_COUNTED.items()}
    found[TO_KNOW] = [one for one in report['findings'] if _is_to_know(one)]
    return {says: ones for says, ones in found.items() if ones}
