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

"""Validates the values of an operator's configuration files in a release.

The types of the release's own options parse the values, as when Heat reads
them. A value may be a secret: nothing is printed, and the caller must redact
the errors.
"""

import copy
import importlib
import importlib.metadata
import importlib.util
import os

from oslo_config import cfg

# Sections whose auth_type selects further options.
_AUTHENTICATED = ('keystone_authtoken', 'trustee', 'ec2authtoken')
_AUTH_TYPE = ('auth_type', 'auth_plugin')

# Options whose value names an entry point, with its group. For transport_url,
# the scheme is the name.
_ENTRY_POINTS = {
    'auth_type': 'keystoneauth1.plugin',
    'driver': 'oslo.messaging.notify.drivers',
    'transport_url': 'oslo.messaging.drivers',
}
_DRIVERS = 'oslo_messaging_notifications'

# ConfigOpts registers them itself, and does not allow it twice.
_BUILT_IN = ('config_file', 'config_dir', 'config_source')

_LONGEST = 300


def read(given):
    """Validate settings.

    :param given: {settings: [[group, name, value]], files: [paths],
        dirs: [paths]}
    :returns: for each setting {known: whether an option has this name or
        old name, secret: whether the option is secret, error: text or null}
    """
    settings = given['settings']
    options = _options()
    _add_auth_plugins(options, settings)
    named = {}
    for (group, _), opt in options.items():
        for key in _names(group, opt):
            named.setdefault(key, (group, opt))
    for key, opt in options.items():
        # The name of an option takes precedence over the old name of another.
        named[key] = (key[0], opt)
    conf = None
    answers = []
    for group, name, value in settings:
        where, opt = named.get((group, name), (None, None))
        answer = {'known': opt is not None, 'secret': False, 'error': None}
        if opt is not None:
            answer['secret'] = bool(opt.secret)
            if '$' in value and conf is None:
                conf = _parsed(options, given)
            answer['error'] = _error(opt, where, value, conf)
        answers.append(answer)
    return answers


def _options():
    """Return {(group, name): option} of all namespaces."""
    path = os.path.join(os.path.dirname(__file__), 'config_options.py')
    spec = importlib.util.spec_from_file_location('heat_config_options',
                                                  path)
    listing = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(listing)
    options = {}
    for _, group, opt in listing.listed({}):
        options.setdefault((group, opt.dest), opt)
    return options


def _names(group, opt):
    yield group, opt.dest
    for old in opt.deprecated_opts:
        yield old.group or group, old.name or opt.dest


def _add_auth_plugins(options, settings):
    """Add the options of the plugins that the files select.

    A section with credentials may refer to another one by auth_section.
    """
    from keystoneauth1 import loading
    sections = {*_AUTHENTICATED, *(
        value.strip() for group, name, value in settings
        if group in _AUTHENTICATED and name == 'auth_section')}
    for group, name, value in settings:
        if group not in sections or name not in _AUTH_TYPE:
            continue
        opts = loading.get_auth_common_conf_options()
        try:
            opts = [*opts, *loading.get_auth_plugin_conf_options(value)]
        except Exception:
            # Without the plugin, its settings are unknown.
            pass
        for opt in opts:
            options.setdefault((group, opt.dest), opt)


def _parsed(options, given):
    """Return the configuration as Heat reads it, for $ references."""
    conf = cfg.ConfigOpts()
    for (group, name), opt in options.items():
        if name in _BUILT_IN:
            continue
        opt = copy.copy(opt)
        opt.required = False
        try:
            conf.register_opt(opt, group=None if group == 'DEFAULT'
                              else group)
        except cfg.Error:
            continue
    try:
        conf([], project='heat', default_config_files=given['files'],
             default_config_dirs=given['dirs'])
    except (Exception, SystemExit):
        return None
    return conf


def _error(opt, group, value, conf):
    """Return the reason that a value is rejected, None if it is not."""
    try:
        if '$' in value:
            # The value depends on other options. Of several settings of an
            # option, the last one counts.
            if conf is not None:
                section = conf if group == 'DEFAULT' else conf[group]
                getattr(section, opt.dest)
        else:
            opt.type(value)
            return _missing(opt, group, value)
    except (cfg.NoSuchOptError, cfg.TemplateSubstitutionError):
        return 'there is no option that it refers to'
    except (ValueError, TypeError, cfg.Error) as exc:
        # Some errors have further arguments, some wrap another error; the
        # message comes first.
        while (isinstance(exc, Exception) and exc.args
               and not isinstance(exc, cfg.Error)):
            exc = exc.args[0]
        return ' '.join(str(exc).split())[:_LONGEST] or 'refused'
    except AttributeError:
        # A setting of ConfigOpts itself, such as config_dir.
        return None
    return None


def _missing(opt, group, value):
    """Return the error of a driver or class that a value names, or None.

    Drivers and classes moved between releases, and Heat started without them
    or not at all: LP 1355250.
    """
    if not value:
        return None
    points = _ENTRY_POINTS.get(opt.dest)
    if points and (opt.dest != 'driver' or group == _DRIVERS):
        name = value.partition('://')[0].partition('+')[0]
        names = {point.name for point
                 in importlib.metadata.entry_points(group=points)}
        return None if name in names else f'there is no {name} in {points}'
    if isinstance(opt.default, str) and opt.default.startswith('heat.'):
        module, _, name = value.rpartition('.')
        try:
            getattr(importlib.import_module(module), name)
        except Exception as exc:
            return f'{type(exc).__name__}: {exc}'[:_LONGEST]
    return None
