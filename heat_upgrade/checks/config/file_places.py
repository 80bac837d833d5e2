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

"""Finds the files that a configuration names, on another machine too.

A heat.conf is often checked far from its node, where /etc/heat/policy.yaml is
in a directory of a deployment tool, or next to the heat.conf.
"""

from collections import abc
import dataclasses
import pathlib


# Directories of Python of a node: distributions, pip, and the virtual
# environments of openstack-ansible and kolla.
_PREFIXES = ('', 'usr/', 'usr/local/', '*/', 'opt/*/', 'opt/*/*/',
             'openstack/venvs/*/', 'var/lib/*/venv/')


def packages(roots: abc.Iterable[pathlib.Path]) -> tuple[pathlib.Path, ...]:
    """Return the directories below some roots that have Python packages."""
    found = [path.resolve() for root in roots for prefix in _PREFIXES
             for name in ('site', 'dist')
             for path in sorted(root.glob(
                 f'{prefix}lib/python3*/{name}-packages'))]
    return tuple(dict.fromkeys(found))


@dataclasses.dataclass(frozen=True)
class Places:
    """The directories in which files are looked for.

    :ivar directories: those of the configuration files
    :ivar roots: directories that stand for / of the node, or for a part of
        it, such as a copy of /etc/heat
    """

    directories: tuple[pathlib.Path, ...]
    roots: tuple[pathlib.Path, ...] = ()

    def find(self, value: str) -> pathlib.Path | None:
        """Return the path of a file or directory, or None.

        As in Heat, a relative path starts at the configuration files. The
        roots come next. Last is the file of the same name beside the
        configuration files.
        """
        return next((path.resolve() for path in self._candidates(value)
                     if path.exists()), None)

    def _candidates(self, value: str) -> abc.Iterator[pathlib.Path]:
        # With an absolute value, this is the value itself.
        yield from (directory / value for directory in self.directories)
        parts = [part for part in pathlib.PurePath(value).parts
                 if part not in ('/', '..')]
        for root in self.roots:
            # The longest part first: etc/heat/policy.yaml, policy.yaml.
            yield from (root.joinpath(*parts[start:])
                        for start in range(len(parts)))
        if parts:
            yield from (directory / parts[-1]
                        for directory in self.directories)
