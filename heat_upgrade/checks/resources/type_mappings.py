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

"""Maps resource types as a registry of an environment does."""

import fnmatch
import typing


def mapped(registry: dict[str, typing.Any], name: str,
           resource: str | None) -> str | None:
    """Return the type to which a stack's environment maps a type, or None."""
    special = registry.get('resources')
    for pattern, mapping in (special.items() if isinstance(special, dict)
                             else ()):
        if resource is not None and isinstance(mapping, dict) and (
                fnmatch.fnmatchcase(str(resource), str(pattern))) and (
                isinstance(other := mapping.get(name), str)):
            return other
    if isinstance(other := registry.get(name), str):
        return other
    return globbed(registry, name)[1]


def globbed(registry: dict[str, typing.Any],
            name: str) -> tuple[str, str] | tuple[None, None]:
    """Return (pattern, type) if a pattern of a registry maps a type."""
    for pattern, target in sorted(registry.items(), key=str):
        if (isinstance(pattern, str) and pattern.endswith('*') and
                isinstance(target, str) and target != name and
                name.startswith(pattern[:-1])):
            return pattern, (target[:-1] + name[len(pattern) - 1:]
                             if target.endswith('*') else target)
    return None, None
