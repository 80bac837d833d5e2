#!/bin/bash
#
# resources.sh PHASE [SIDE] - the phases of the upgrade tests
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
# shellcheck source=devstack/lib/heat-upgrade-grenade
source "$HERE/../lib/heat-upgrade-grenade"

# From the base, even after the upgrade: the target has no .stackenv.
# shellcheck source=/dev/null
source "$BASE_DEVSTACK_DIR/openrc" admin admin

set -o xtrace

case $1 in
    early_create)
        # No other project needs resources of these tests.
        ;;
    create)
        install_heat_upgrade
        install_heat_upgrade_in_tempest "$BASE_RELEASE_DIR/tempest"
        heat_upgrade_gate create
        ;;
    verify | verify_noapi | destroy)
        heat_upgrade_gate "${1//_/-}" ${2:+"$2"}
        ;;
    *)
        die $LINENO "Unknown phase '$1' of resources.sh; grenade's phases are \
early_create, create, verify, verify_noapi and destroy"
        ;;
esac
