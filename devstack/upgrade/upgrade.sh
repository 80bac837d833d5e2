#!/bin/bash
#
# upgrade.sh - upgrades Heat, unless Heat's own plugin does: new code with the
# old configuration
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

set -o xtrace

# Run the tool with the credentials of the base.
function gate {
    (
        set +o xtrace
        export TOP_DIR=$BASE_DEVSTACK_DIR
        # shellcheck source=/dev/null
        source "$BASE_DEVSTACK_DIR/openrc" admin admin >&2
        heat_upgrade_gate "$@"
    )
}

# Run from-RELEASE or within-RELEASE/upgrade-heat: Heat's own, then ours.
function exceptions {
    local dir
    for dir in "$TARGET_RELEASE_DIR/heat/devstack/upgrade" "$HERE"; do
        upgrade_project heat "$dir" "$BASE_DEVSTACK_BRANCH" \
            "$TARGET_DEVSTACK_BRANCH"
    done
}

if [[ ! -d "$TARGET_RELEASE_DIR/heat" ]]; then
    # Not cloned yet if grenade starts DevStack itself.
    git_clone "$GIT_BASE/openstack/heat" "$TARGET_RELEASE_DIR/heat" \
        "$TARGET_DEVSTACK_BRANCH"
fi
gate prepare-upgrade
upgrader=$(gate upgrader)
if [[ "$upgrader" != "heat-upgrade-tests" ]]; then
    # Heat's own plugin upgrades it, before or after this script.
    # "verify post-upgrade" verifies afterwards that Heat is up.
    exit 0
fi

# DevStack's settings contain passwords, which a trace would show.
set +o xtrace
for file in functions stackrc lib/tls lib/stack lib/apache lib/rpc_backend; do
    # shellcheck source=/dev/null
    source "$TARGET_DEVSTACK_DIR/$file"
done
# shellcheck source=/dev/null
source "$TARGET_RELEASE_DIR/heat/devstack/lib/heat"
set -o xtrace
# Enable the services of the base, which any plugin may have enabled.
units=$(gate units)
for unit in $units; do
    enable_service "$unit"
done

if [[ "$BASE_DEVSTACK_BRANCH" == "$TARGET_DEVSTACK_BRANCH" ]]; then
    exceptions
fi
stack_install_service heat
if [[ "$BASE_DEVSTACK_BRANCH" != "$TARGET_DEVSTACK_BRANCH" ]]; then
    exceptions
fi
gate migrate
start_heat
gate started
