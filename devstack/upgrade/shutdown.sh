#!/bin/bash
#
# shutdown.sh - stops Heat, unless Heat's own plugin does, and verifies that it
# is down
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

# shellcheck source=/dev/null
source "$BASE_DEVSTACK_DIR/openrc" admin admin

set -o xtrace

# With VERIFY_RESOURCES=False this may be the first installation.
install_heat_upgrade
heat_upgrade_gate shutdown
