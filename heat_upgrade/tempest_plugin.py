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

"""The entry point of tempest: the plugin, or nothing beside openstack-heat.

The wheel of openstack-heat also installs a top-level package
heat_integrationtests. Tempest ends if a plugin cannot be imported, so the
entry point is outside that package.
"""

import pathlib

from oslo_config import cfg
from oslo_log import log
from tempest.test_discover import plugins

LOG = log.getLogger(__name__)

# A directory without Python files, in which unittest discovers no tests.
NO_TESTS = pathlib.Path(__file__).resolve().parent / 'no_tests'


class NoTests(
        plugins.TempestPlugin):  # type: ignore[misc]  # tempest has no types
    """A plugin without tests and options."""

    def load_tests(self) -> tuple[str, str]:
        """Return a directory without tests, as both directories."""
        return str(NO_TESTS), str(NO_TESTS)

    def register_opts(self, conf: cfg.ConfigOpts) -> None:
        """Register no option."""

    def get_opt_lists(self) -> list[tuple[str, list[cfg.Opt]]]:
        """Return no options for a sample tempest.conf."""
        return []


def load() -> plugins.TempestPlugin:
    """Return the plugin; NoTests, with a warning, beside openstack-heat."""
    try:
        from heat_integrationtests import preflight
    except ImportError as error:
        LOG.warning(
            'heat-upgrade-tests offers no tests: another distribution, such '
            'as openstack-heat, shadows its package heat_integrationtests '
            '(%s). Install heat-upgrade-tests in an environment of its own.',
            error)
        return NoTests()
    try:
        preflight.check()
    except preflight.SharedEnvironment as error:
        LOG.warning('heat-upgrade-tests offers no tests: %s', error)
        return NoTests()
    from heat_integrationtests import plugin
    return plugin.HeatUpgradeTestsPlugin()
