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

"""The options of an operator's configuration that loading stacks needs.

All other options are ignored, above all the address of a database.
"""

from collections import abc
import pathlib

from oslo_config import cfg

from heat_upgrade import errors

# They decrypt the rows, and find the operator's own resource types.
_OPTIONS = (
    cfg.StrOpt('auth_encryption_key', secret=True),
    cfg.ListOpt('plugin_dirs'),
    cfg.StrOpt('environment_dir'),
    cfg.StrOpt('template_dir'),
)
KEY = 'auth_encryption_key'
_DIRECTORIES = ('plugin_dirs', 'environment_dir', 'template_dir')

# heat.common.config.startup_sanity_check accepts keys of these lengths.
_KEY_LENGTHS = (16, 24, 32)


def of_files(paths: abc.Sequence[pathlib.Path | str]) -> dict[str, str]:
    """Return the options that configuration files set.

    :param paths: configuration files of Heat, in their order
    :returns: {option: value as in the file}, without unset options
    :raises: :class:`errors.UsageError`, which quotes nothing from the files
    """
    if not paths:
        return {}
    conf = cfg.ConfigOpts()
    conf.register_opts(_OPTIONS)
    words = [word for path in paths
             for word in ('--config-file', str(path))]
    try:
        conf(words, project='heat', default_config_files=[],
             default_config_dirs=[])
        values = {option.name: getattr(conf, option.name)
                  for option in _OPTIONS}
    except cfg.ConfigFilesNotFoundError as exc:
        raise errors.UsageError(
            f'cannot find {", ".join(exc.config_files)}') from None
    except cfg.ConfigFilesPermissionDeniedError as exc:
        raise errors.UsageError(
            f'cannot read {", ".join(exc.config_files)}') from None
    except (cfg.Error, UnicodeDecodeError, ValueError, OSError):
        # The texts of these errors quote lines, which have passwords.
        raise errors.UsageError(
            f'{", ".join(map(str, paths))}: not all of them can be read as '
            'configuration files; run oslo-config-validator to find the '
            'wrong lines') from None
    key = values[KEY]
    if key and len(key) not in _KEY_LENGTHS:
        raise errors.UsageError(
            f'{", ".join(map(str, paths))}: {KEY} has {len(key)} characters, '
            'and Heat starts with a key of 32 alone (or 16 or 24, of earlier '
            'releases); give the configuration of a running engine')
    return {name: _located(name, value, paths)
            for name, value in values.items() if value}


def _located(name: str, value: str | list[str],
             paths: abc.Iterable[pathlib.Path | str]) -> str:
    """Return a value; a relative directory starts at the files, if there."""
    each = value if isinstance(value, list) else [value]
    if name in _DIRECTORIES:
        each = [next((str(found) for path in paths if (
            found := pathlib.Path(path).absolute().parent / directory
        ).is_dir()), directory) for directory in each]
    return ','.join(each)
