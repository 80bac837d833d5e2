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

# Notes how it was called, and starts Keystone, which this node has in one
# release only.
# shellcheck disable=SC1091,SC2154

source "$(dirname "$0")/note.sh"

source "$TARGET_DEVSTACK_DIR/stackrc"
if $SYSTEMCTL cat devstack@keystone; then
    $SYSTEMCTL enable devstack@keystone
    $SYSTEMCTL start devstack@keystone
fi
