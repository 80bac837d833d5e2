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

"""Lists the options of an unpacked wheel, in an environment of Heat 24.

    list_wheel_options.py DIRECTORY

It prints {"section/name": the option that this old name stands for, or null}.
tools.record_option_history runs it; Heat 24 is the last release whose
environment has eventlet, which the older wheels import.
"""

import collections
import collections.abc
import fnmatch
import importlib.metadata
import json
import logging
import pathlib
import sys
import types

import oslo_utils

# Parts of Python and of libraries that the older wheels import.
_ABSTRACT = ('Mapping', 'MutableMapping', 'Iterable', 'Sequence', 'Callable',
             'Set', 'Hashable')


def listed(directory: pathlib.Path) -> dict[str, str | None]:
    """Return the options that the entry points of a wheel list."""
    names: dict[str, str | None] = {}
    info, = directory.glob('*.dist-info')
    for point in importlib.metadata.PathDistribution(info).entry_points:
        if (point.group != 'oslo.config.opts'
                or point.name.startswith('heat_integrationtests')):
            continue
        for group, opts in point.load()():
            section = str(getattr(group, 'name', group) or 'DEFAULT')
            for opt in opts:
                key = f'{section}/{opt.dest}'
                names[key] = None
                for old in opt.deprecated_opts:
                    name = (old.name or opt.dest).replace('-', '_')
                    names.setdefault(f'{old.group or section}/{name}', key)
    return names


def main(directory: str) -> None:
    logging.disable(logging.CRITICAL)
    for name in _ABSTRACT:
        if not hasattr(collections, name):
            setattr(collections, name, getattr(collections.abc, name))
    sys.modules['oslo_db.sqlalchemy.migration'] = types.ModuleType('migration')
    sys.modules['oslo_utils.fnmatch'] = fnmatch
    oslo_utils.fnmatch = fnmatch  # type: ignore[attr-defined]
    sys.path.insert(0, directory)
    print(json.dumps(listed(pathlib.Path(directory))))


if __name__ == '__main__':
    main(sys.argv[1])
