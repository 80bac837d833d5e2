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

"""Which checks there are, and running them side by side."""

import importlib

from heat_upgrade.checks import blame
from heat_upgrade.checks import introspection
from heat_upgrade import concurrency

# In the order in which their findings are shown.
# The module of each check, imported when the check is asked for.
MODULES = {'config': 'config.check', 'schema': 'schema.check',
           'rpc': 'rpc.check', 'resources': 'resources.check',
           'policy': 'policy', 'api': 'api.check'}
NAMES = tuple(MODULES)


def run(names, base, target, context):
    """Run some checks.

    A check that cannot read one of the releases reports whose failure that
    is (see :mod:`heat_upgrade.checks.blame`) and nothing else; the other
    checks are not affected.

    :param names: some of NAMES
    :param base: :class:`heat_upgrade.checks.check_context.InstalledRelease`
    :param target: likewise
    :param context: :class:`heat_upgrade.checks.check_context.Context`
    :returns: list of :class:`heat_upgrade.results.findings.Finding`, in the
        order of NAMES
    :raises: :class:`heat_upgrade.errors.LabError` if a check cannot be run
        for a reason of the lab's, :class:`heat_upgrade.errors.UsageError` if
        an operator's file cannot be read
    """
    modules = {name: importlib.import_module(f'heat_upgrade.checks.{module}')
               for name, module in MODULES.items() if name in names}
    found = {}

    def check(name):
        context.progress(f'checking {name}')
        try:
            found[name] = modules[name].check(base, target, context)
        except introspection.ProgramsFailed as exc:
            found[name] = blame.judge(name, exc.failures, base, target,
                                      context)
        except blame.Blamed as exc:
            found[name] = exc.findings

    def check_what_is_read():
        # What they all read of a release is read by one process.
        requests = [
            introspection.Request(program)
            for module in modules.values()
            for program in module.READINGS
        ]
        concurrency.run_parallel(
            *(
                lambda subject=subject: introspection.attempt(
                    subject, requests, context
                )
                for subject in (base, target)
            )
        )
        concurrency.run_parallel(
            *(
                lambda name=name: check(name)
                for name in modules
                if name not in at_once
            )
        )

    # Some read nothing, or need what they read at their end alone.
    at_once = [name for name, module in modules.items()
               if not module.READINGS or getattr(module, 'AT_ONCE', False)]
    concurrency.run_parallel(
        check_what_is_read,
        *(lambda name=name: check(name) for name in at_once),
    )
    return [finding for name in modules for finding in found[name]]
