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

# Notes how the script that sources this was called: the directory, the
# arguments, the environment. Then it does what each script of grenade's begins
# with.
# shellcheck shell=bash disable=SC1091,SC2154

_call="${0##*/}${1:+ $*}"
_names=$(env | sed -n 's/=.*//p' | sort -u | tr '\n' ' ')
_projects=$UPGRADE_PROJECTS
_top=$TOP_DIR
_cwd=$PWD
source "$GRENADE_DIR/grenaderc"
source "$GRENADE_DIR/functions"
echo "$_call|$_cwd|$_top|$_projects|$_names" >>"$SAVE_DIR/calls"
