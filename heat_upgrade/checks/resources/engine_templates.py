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

"""Finds the templates and mappings that a configuration gives to all stacks.

They are in the template_dir and environment_dir of heat.conf. The check
``config`` reports the files that the engine cannot parse.
"""

import dataclasses
import pathlib
import typing

from heat_upgrade.checks import check_context
from heat_upgrade.checks.config import config_files
from heat_upgrade.checks.config import file_places
from heat_upgrade.checks.config import referenced_files
from heat_upgrade.checks import templates
from heat_upgrade import errors


# Heat reads the parameters of environment_dir, and uses the defaults alone.
_USED = ('parameter_defaults',)
_FILE = 'file://'


@dataclasses.dataclass(frozen=True)
class EngineFiles:
    """The engine's own files.

    :ivar paths: directories of templates, and templates of resource types
    :ivar environment: the resource_registry, without files, and the defaults
        of parameters
    """

    paths: tuple[pathlib.Path, ...] = ()
    environment: templates.Environment = templates.Environment()


def of(inputs: check_context.OperatorInputs) -> EngineFiles:
    """Return the files that a configuration gives to all stacks."""
    files = config_files.files(inputs)
    if not files:
        return EngineFiles()
    referenced = referenced_files.files(
        config_files.settings(inputs), files, inputs.roots)
    registry: dict[str, typing.Any] = {}
    defaults: dict[str, typing.Any] = {}
    for path in referenced.environments:
        try:
            environment = templates.environment_of([path], sections=_USED)
        except errors.UsageError:
            continue
        registry |= environment.registry
        defaults |= environment.parameters
    places = file_places.Places(
        tuple(dict.fromkeys(path.parent for path in files)), inputs.roots)
    named = [places.find(value.removeprefix(_FILE))
             for value in registry.values() if _is_file(value)]
    directories = dict.fromkeys(path.parent for path in referenced.templates)
    return EngineFiles(
        (*directories, *(path for path in dict.fromkeys(named)
                         if path and path.parent not in directories)),
        templates.Environment(
            {name: value for name, value in registry.items()
             if not _is_file(value)}, defaults))


def _is_file(value: typing.Any) -> bool:
    return isinstance(value, str) and value.endswith(templates.SUFFIXES)
