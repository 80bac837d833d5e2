#!/bin/bash
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

# Runs an upgrade in grenade's order.
# shellcheck disable=SC1091,SC2154

GRENADE_DIR=$(cd "$(dirname "$0")" && pwd)
export GRENADE_DIR
export DSTOOLS_VERSION=${DSTOOLS_VERSION:-0.4.0}
source "$GRENADE_DIR/grenaderc"
source "$GRENADE_DIR/inc/bootstrap"

mkdir -p "$BASE_RELEASE_DIR" "$TARGET_RELEASE_DIR"
LOGDIR=$(dirname "$LOGFILE")
mkdir -p "$LOGDIR"
exec 3>&1
exec 1>>"$LOGFILE" 2>&1
exec 6>>"$LOGFILE.summary"

set -o errexit
set -o xtrace

devstacks_setup_environment
source "$GRENADE_DIR/functions"
export PS4='+ $(short_source):   '
export TOP_DIR=$TARGET_DEVSTACK_DIR

source "$TARGET_DEVSTACK_DIR/inc/meta-config"
extract_localrc_section "$BASE_DEVSTACK_DIR"
ENABLED_SERVICES=$(set +o xtrace && source "$BASE_DEVSTACK_DIR/stackrc" &&
    echo "$ENABLED_SERVICES")

fetch_grenade_plugins
load_settings
extract_localrc_section "$TARGET_DEVSTACK_DIR"

if [[ $RUN_BASE == True ]]; then
    init_grenade_db
    if [[ $GRENADE_USE_EXTERNAL_DEVSTACK != True ]]; then
        echo_summary "Running base stack.sh"
        cd "$BASE_DEVSTACK_DIR"
        ./stack.sh
    fi
    if [[ $BASE_RUN_SMOKE == True ]]; then
        echo_summary "Running base smoke test"
        run_tempest "$BASE_RELEASE_DIR"
    fi
    resources early_create
    resources create
    resources verify pre-upgrade
    echo_summary "Saving current state information"
    "$GRENADE_DIR/save-state"
    echo_summary "Shutting down all services on base devstack..."
    shutdown_services
    resources verify_noapi pre-upgrade
fi

if [[ $RUN_TARGET == True ]]; then
    echo_summary "Preparing the target devstack environment"
    "$GRENADE_DIR/prep-target"
    echo "Upgrade projects: $UPGRADE_PROJECTS"
    for project in $UPGRADE_PROJECTS; do
        upgrade_service "$project"
    done
    if [[ $ENABLE_TEMPEST == True ]]; then
        echo_summary "Running upgrade-tempest"
        cp "$BASE_RELEASE_DIR/tempest/etc/tempest.conf" \
            "$TARGET_RELEASE_DIR/tempest/etc/tempest.conf"
    fi
    resources verify post-upgrade
    if [[ $TARGET_RUN_SMOKE == True ]]; then
        run_tempest "$TARGET_RELEASE_DIR"
    fi
    save_data "$TARGET_RELEASE" "$TARGET_DEVSTACK_DIR"
    resources destroy
fi

echo_summary "Grenade has completed the pre-programmed upgrade scripts."
