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

"""The facts of an upgrade that the tests of the runbook use."""

import dataclasses

from heat_upgrade.runbook import evidence as evidences
from heat_upgrade.runbook import model

EVIDENCE = evidences.Evidence(
    base='2026.1', base_version='26.0.2', target='2026.2',
    target_version='27.0.1', strategy=model.COLD, verdict='pass', nodes=2,
    seconds={'db-sync': 1.5, 'stop-base': 14.0, 'stop-engine-node-2': 16.9,
             'checks': 0.4},
    downtime_s=17.4, hazards=(
        evidences.Hazard('config.option-removed', '[a] b is removed',
                         'remove it'),
        evidences.Hazard('inflight.stuck', 'a stack is stuck', ''),
        evidences.Hazard('resources.type-placeholder', 'OS::A::B is gone',
                         'change the templates')))


def evidence(**changes):
    return dataclasses.replace(EVIDENCE, **changes)
