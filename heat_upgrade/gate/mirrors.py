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

"""A machine's pip configuration, for uv, which does not read it.

A node of a gate reaches the package index through a mirror alone, and only
pip.conf names it.
"""

import configparser
import os
import pathlib

# Options of pip, and the variables by which uvtool passes them on.
_OPTIONS = {'index-url': 'PIP_INDEX_URL',
            'extra-index-url': 'PIP_EXTRA_INDEX_URL',
            'cert': 'PIP_CERT', 'find-links': 'UV_FIND_LINKS'}

_SECTIONS = ('global', 'install')


def variables(environ=os.environ):
    """Return what the environment lacks of what pip.conf says.

    :returns: {name: value}; what is set already is left out
    """
    found = {}
    for path in _files(environ):
        # pip reads what it can of them, in this order.
        parser = configparser.RawConfigParser(strict=False)
        parser.read(path)
        for section in _SECTIONS:
            for option, name in _OPTIONS.items():
                if parser.has_option(section, option):
                    found[name] = ' '.join(
                        parser.get(section, option).split())
    if 'PIP_EXTRA_INDEX_URL' in found:
        # As pip does: the best of all, not all of the first that has any.
        found['UV_INDEX_STRATEGY'] = 'unsafe-best-match'
    return {name: value for name, value in found.items()
            if not environ.get(name)}


def _files(environ):
    home = pathlib.Path(environ.get('HOME') or '/')
    settings = environ.get('XDG_CONFIG_HOME')
    places = [pathlib.Path('/etc/pip.conf'), home / '.pip/pip.conf',
              (pathlib.Path(settings) if settings else home / '.config')
              / 'pip/pip.conf']
    if environ.get('PIP_CONFIG_FILE'):
        places.append(pathlib.Path(environ['PIP_CONFIG_FILE']))
    return [place for place in places if place.is_file()]
