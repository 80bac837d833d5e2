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

"""Makes a test class for each scenario by data and of other projects.

A class has the name of its scenario, so that the IDs of its tests contain it.
"""

import importlib.util
import sys
import unittest

from tempest import config

from heat_integrationtests import catalogue
from heat_integrationtests import data_scenario
from heat_integrationtests import scenario

CONF = config.CONF


def test_class(entry: catalogue.Entry) -> type[unittest.TestCase]:
    """Return the test class of a scenario."""
    if entry.definition:
        base: type[scenario.Scenario] = data_scenario.DataScenario
        attributes = base.attributes(entry.definition)
    else:
        base = _class_of(entry)
        attributes = {'name': classmethod(lambda cls: entry.name)}
    made: type[unittest.TestCase] = type(
        entry.name, (base,), {'__module__': __name__, **attributes})
    return made


def _class_of(entry: catalogue.Entry) -> type[scenario.Scenario]:
    """Import the module of another project, and return its scenario."""
    name = f'{entry.source}_{entry.path.stem}'
    spec = importlib.util.spec_from_file_location(name, entry.path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    found: type[scenario.Scenario] = next(
        value for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == name
        and issubclass(value, scenario.Scenario))
    return found


for _entry in catalogue.entries(catalogue.paths(
        CONF.heat_integrationtests.scenario_path)):
    if _entry.test_class == f'{__name__}.{_entry.name}':
        globals()[_entry.name] = test_class(_entry)
