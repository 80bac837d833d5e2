#!/bin/bash
#
# shutdown.sh - stops Heat, unless Heat's own plugin does, and proves it down
#
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

set -o errexit

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# grenaderc empties it: only settings are to fill it.
projects=$UPGRADE_PROJECTS
# shellcheck source=/dev/null
source "$GRENADE_DIR/grenaderc"
# shellcheck source=/dev/null
source "$GRENADE_DIR/functions"
export UPGRADE_PROJECTS=$projects

# shellcheck source=/dev/null
source "$BASE_DEVSTACK_DIR/openrc" admin admin
# shellcheck source=devstack/lib/heat-upgrade-tests
source "$HERE/../lib/heat-upgrade-tests"

set -o xtrace

heat_upgrade_gate shutdown
