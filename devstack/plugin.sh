#!/bin/bash
#
# plugin.sh - installs the upgrade tests next to tempest, and configures
# tempest for this cloud
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

_XTRACE_HEAT_UPGRADE_PLUGIN=$(set +o | grep xtrace)
set -o xtrace

# shellcheck source=devstack/lib/heat-upgrade-tests
source "$(dirname "${BASH_SOURCE[0]}")/lib/heat-upgrade-tests"

function configure_tempest_for_heat_upgrade {
    local cfn=False
    is_service_enabled h-api-cfn && cfn=True
    local group=heat_integrationtests
    iniset "$TEMPEST_CONFIG" $group state_dir \
        "$DATA_DIR/heat-upgrade-tests/state"
    iniset "$TEMPEST_CONFIG" $group region "$REGION_NAME"
    iniset "$TEMPEST_CONFIG" $group cfn_api $cfn
    # DevStack creates no role heat_stack_owner.
    iniset "$TEMPEST_CONFIG" $group account_roles member
    iniset "$TEMPEST_CONFIG" service_available heat True
}

case "$1 $2" in
    "stack install")
        echo_summary "Installing heat-upgrade-tests"
        install_heat_upgrade
        ;;
    "stack test-config")
        if is_service_enabled tempest; then
            echo_summary "Configuring tempest for heat-upgrade-tests"
            install_heat_upgrade_in_tempest "$TEMPEST_DIR"
            configure_tempest_for_heat_upgrade
        fi
        ;;
    "clean "*)
        rm -rf "$DATA_DIR/heat-upgrade-tests"
        ;;
    *)
        # unstack: this plugin runs no service
        ;;
esac

$_XTRACE_HEAT_UPGRADE_PLUGIN
