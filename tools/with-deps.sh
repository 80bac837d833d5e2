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

# Installs what is missing, then runs the command it was given:
#
#   ./tools/with-deps.sh tox -e upgrade
#
# What is missing may be system packages (bindep.txt; as root, or by sudo) and
# tox, which goes into a private environment in ~/.cache/heat-upgrade. When all
# is there it says nothing and takes no time. It starts no system service.
# PYTHON chooses the interpreter (default: python3). BINDEP_PROFILES names
# profiles of bindep.txt whose packages are wanted too:
#
#   BINDEP_PROFILES=postgresql ./tools/with-deps.sh tox -e functional

set -euo pipefail
: "${HOME:=$(getent passwd "$EUID" | cut -d: -f6)}"
export HOME

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
python=${PYTHON:-python3}
read -ra profiles <<< "${BINDEP_PROFILES:-}"
cache=${XDG_CACHE_HOME:-$HOME/.cache}/heat-upgrade
policy=/usr/sbin/policy-rc.d
# By which we know our own file again, should a power cut leave it there.
mark='of heat-upgrade, for a moment'

die() {
    echo "with-deps.sh: $*" >&2
    exit 2
}

as_root() {
    if [[ $EUID -eq 0 ]]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "needs root or sudo for: $*"
    fi
}

restore_policy() {
    as_root rm -f "$policy"
    if [[ -e $policy.heat-upgrade ]]; then
        as_root mv "$policy.heat-upgrade" "$policy"
    fi
}

# Debian's packages start their services unless this file forbids it
# (invoke-rc.d(8)); what stood there before comes back.
install_packages() {
    command -v apt-get >/dev/null || die "please install: $*"
    echo "with-deps.sh: installing $*" >&2
    as_root apt-get update -qq
    if [[ -e $policy ]] && ! grep -q "$mark" "$policy"; then
        as_root mv "$policy" "$policy.heat-upgrade"
    fi
    trap restore_policy EXIT
    printf '#!/bin/sh\n# %s\nexit 101\n' "$mark" | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -o DPkg::Lock::Timeout=300 install -y -qq \
        --no-install-recommends "$@" >&2
    restore_policy
    trap - EXIT
}

# What decides whether a package is missing: the list, what of it is wanted, and
# what is installed.
packages_seen() {
    cat "$top/bindep.txt" <(stat -c %y /var/lib/dpkg/status 2>&1) - \
        <<< "${profiles[*]}" | sha256sum
}

missing_packages() {
    "$tools/bin/bindep" -b -f "$top/bindep.txt" "${profiles[@]}"
}

make_tools() {
    echo "with-deps.sh: installing tox into $tools" >&2
    # Debian's own python3 comes without the module that makes environments
    # with pip in them.
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        install_packages python3-venv
    rm -rf "$tools"
    "$python" -m venv "$tools"
    "$tools/bin/pip" install --quiet --disable-pip-version-check \
        -r "$top/tools/requirements.txt" >&2
    # uv does not read pip's configuration, where a node names its mirror.
    (umask 077
        "$tools/bin/pip" config get global.index-url > "$tools/.index" \
            2>/dev/null || true)
    touch "$tools/.complete"
}

[[ $# -gt 0 ]] || die "usage: tools/with-deps.sh COMMAND [ARGUMENT...]"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    die "Python 3.11 or newer is needed; $python is $("$python" -V 2>&1)"

# One environment for each interpreter and each list of tools.
interpreter=$("$python" -c 'import sys; print(sys.version, sys.base_prefix)')
key=$(cat "$top/tools/requirements.txt" - <<< "$interpreter" | sha256sum)
key=${key:0:16}
tools=$cache/tools/$key
mkdir -p "$cache/tools"
(
    # Two of us at once: one installs, the other waits.
    flock -w 1800 9 || die "another with-deps.sh has been at work for too long"
    [[ -e $tools/.complete ]] || make_tools

    # Nothing was installed or removed since all was there: nothing to ask.
    seen=$(packages_seen)
    if [[ $(cat "$tools/.packages" 2>/dev/null) != "$seen" ]]; then
        if ! missing=$(missing_packages); then
            [[ -n $missing ]] || die "bindep failed"
            # shellcheck disable=SC2086  # it is a list
            install_packages $missing
            missing_packages || die "these packages are still missing"
        fi
        packages_seen > "$tools/.packages"
    fi
) 9> "$cache/tools/.lock"

if [[ -z ${UV_DEFAULT_INDEX:-} ]]; then
    index=${PIP_INDEX_URL:-$(cat "$tools/.index")}
    [[ -z $index ]] || export UV_DEFAULT_INDEX=$index
fi

PATH=$tools/bin:$PATH exec "$@"
