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

"""The plugin through which tempest finds these tests and options.

The entry point is heat_upgrade.tempest_plugin.
"""

import os

from oslo_config import cfg
from tempest import config
from tempest.test_discover import plugins

from heat_integrationtests import aliases
from heat_integrationtests import config as own_config


class HeatUpgradeTestsPlugin(
        plugins.TempestPlugin):  # type: ignore[misc]  # tempest has no types
    """Smoke tests and upgrade scenarios of Heat."""

    def load_tests(self) -> tuple[str, str]:
        """Return the directory of the tests and their top-level directory.

        heat_integrationtests.load_tests leaves the unit tests out.
        """
        package = os.path.dirname(os.path.abspath(__file__))
        return package, os.path.dirname(package)

    def register_opts(self, conf: aliases.Configuration) -> None:
        """Register the options of heat_integrationtests, and of Heat."""
        config.register_opt_group(conf, own_config.group, own_config.OPTIONS)
        config.register_opt_group(conf, config.service_available_group,
                                  own_config.SERVICE_AVAILABLE)

    def get_opt_lists(self) -> list[tuple[str, list[cfg.Opt]]]:
        """Return the options for a sample tempest.conf."""
        return own_config.lists()
