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

"""Imports the factories that an api-paste.ini names.

PasteDeploy resolves ``use = egg:...``; factories of Heat's own keys
(``heat.filter_factory``) are imported as ``heat.common.wsgi`` imports them.
"""

import importlib
import importlib.util
import os
import re

from heat.common import wsgi
import heat_upgrade_program
from oslo_config import cfg
from paste.deploy import loadwsgi

_KINDS = {'app': loadwsgi.APP, 'application': loadwsgi.APP,
          'composite': loadwsgi.APP, 'composit': loadwsgi.APP,
          'pipeline': loadwsgi.APP, 'filter-app': loadwsgi.APP,
          'filter': loadwsgi.FILTER, 'server': loadwsgi.SERVER}

_FACTORY = re.compile(r'[A-Za-z_][\w.]*:[A-Za-z_][\w.]*')
_LONGEST = 300


def read(given):
    """Check every section of an api-paste.ini.

    :param given: {path: its path, code: [directories of own packages]}
    :returns: {error: class of PasteDeploy's error, or null; entries:
        [{section, key, value, error: text or null, package: "own" or
        "release" by the place of the package that the value names, or null
        if it is not here; used: whether an API loads the section}]}
    """
    return heat_upgrade_program.apart('reading api-paste.ini', _read, given)


def _read(_, given):
    heat_upgrade_program.use_code(given['code'])
    path = given['path']
    try:
        parser = loadwsgi.ConfigLoader(path).parser
    except Exception as exc:
        # The message may quote a line of the file.
        return {'error': type(exc).__name__, 'entries': []}
    # The module has these names only while Heat loads an application.
    wsgi.setup_paste_factories(cfg.CONF)
    try:
        return {'error': None,
                'entries': _entries(parser, path, given['code'])}
    finally:
        wsgi.teardown_paste_factories()


def _entries(parser, path, code):
    sections = {}
    for section in parser.sections():
        kind, mark, name = section.partition(':')
        if mark and kind in _KINDS:
            sections[name.strip()] = section
    entries = []
    used = _used(parser, sections)
    for section in parser.sections():
        kind = section.partition(':')[0]
        if kind in _KINDS:
            entries += ({**entry, 'used': section in used}
                        for entry in _of_section(parser, section, kind,
                                                 sections, path, code))
    return entries


def _used(parser, sections):
    """Return the sections that the applications of the APIs load.

    heat.common.config adds the flavor to the names heat-api and heat-api-cfn.
    """
    found = set()
    waiting = [name for name in sections if name.startswith('heat-api')]
    while waiting:
        section = sections[waiting.pop()]
        if section not in found:
            found.add(section)
            waiting += (word for key in parser.options(section)
                        for word in parser.get(section, key, raw=True).split()
                        if word in sections)
    return found


def _of_section(parser, section, kind, sections, path, code):
    defaults = parser.defaults()
    values = {key: parser.get(section, key, raw=True)
              for key in parser.options(section)
              if key not in defaults
              or defaults[key] != parser.get(section, key, raw=True)}
    for key, value in values.items():
        if key == 'use' or key.endswith('_factory'):
            yield {'section': section, 'key': key, 'value': value,
                   'error': _imported(key, value, kind, sections, path),
                   'package': _package(value, code)}
        elif _names_sections(kind, key, values):
            for name in value.split():
                known = name in sections or name.startswith(
                    ('egg:', 'config:', 'call:'))
                yield {'section': section, 'key': key, 'value': name,
                       'error': None if known else 'there is no section of '
                       'this name in the file', 'package': 'release'}


def _package(value, code):
    """Return the place of the package of a factory: own, release or None."""
    top = re.split(r'[.:#]', value.removeprefix('egg:').strip(),
                   maxsplit=1)[0]
    if value.startswith('egg:') or not top.isidentifier():
        return 'release'
    spec = importlib.util.find_spec(top)
    places = [] if spec is None else [
        spec.origin or '', *(spec.submodule_search_locations or ())]
    if any(place.startswith(f'{directory}{os.sep}')
           for place in places for directory in code):
        return 'own'
    return 'release' if spec else None


def _names_sections(kind: str, key: str, values: dict[str, str]) -> bool:
    if kind == 'pipeline':
        return key == 'pipeline'
    if kind not in ('composite', 'composit'):
        return False
    factory = values.get('paste.composite_factory', values.get('use', ''))
    return (key.startswith('/') or 'pipeline_factory' in factory
            or ('urlmap' in factory and '/' in key))


def _imported(key, value, kind, sections, path):
    """Return the reason that a factory cannot be had, None if it can."""
    try:
        if key == 'use' and not value.startswith(('egg:', 'call:')):
            if value in sections or value.startswith('config:'):
                return None
            return 'there is no section of this name in the file'
        if key == 'use':
            loadwsgi.loadcontext(_KINDS[kind], value, global_conf={},
                                 relative_to=os.path.dirname(path))
        elif _FACTORY.fullmatch(value.strip()):
            module, _, name = value.strip().partition(':')
            thing = importlib.import_module(module)
            for part in name.split('.'):
                thing = getattr(thing, part)
    except Exception as exc:
        return f'{type(exc).__name__}: {" ".join(str(exc).split())}'[:_LONGEST]
    return None
