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

# Starts the base: what the lab has prepared takes the place of most of it.
# shellcheck disable=SC1091

TOP_DIR=$(cd "$(dirname "$0")" && pwd)
cd "$TOP_DIR" || exit 1
rm -f "$TOP_DIR/.stackenv"
source "$TOP_DIR/functions"
extract_localrc_section "$TOP_DIR"
source "$TOP_DIR/stackrc"
source "$TOP_DIR/lib/stack"
source "$TOP_DIR/lib/apache"
source "$TOP_DIR/lib/tls"
source "$TOP_DIR/lib/rpc_backend"
source "$TOP_DIR/lib/tempest"
mkdir -p "$DEST/logs"
set -o xtrace

source "$DEST/heat/devstack/settings"
load_plugin_settings
run_plugins stack pre-install
source "$DEST/heat/devstack/lib/heat"
stack_install_service heat
run_plugins stack install
run_plugins stack post-config

for name in DATA_DIR DEST ENABLED_SERVICES HOST_IP KEYSTONE_SERVICE_URI \
    LOGFILE OS_CACERT SERVICE_HOST STACK_USER; do
    echo "$name=${!name}" >>"$TOP_DIR/.stackenv"
done
mkdir -p "$TOP_DIR/accrc"

start_heat
run_plugins stack extra
# lib/tempest has configured it by now.
mkdir -p "$TEMPEST_CONFIG_DIR"
cp "$NODE_ROOT/tempest.conf" "$TEMPEST_CONFIG"
run_plugins stack test-config
"$NODE_ROOT/bin/wait-for-heat"
