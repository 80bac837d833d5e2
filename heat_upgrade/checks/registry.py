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

"""The list of the checks, and a function that runs them in parallel."""

from collections import abc
import dataclasses
import functools
import importlib

from heat_upgrade.checks import blame
from heat_upgrade.checks import check_context
from heat_upgrade.checks import introspection
from heat_upgrade import concurrency
from heat_upgrade import errors
from heat_upgrade.results import findings

# The module of each check, imported when the check is run. Findings are shown
# in this order.
MODULES = {'config': 'config.check', 'schema': 'schema.check',
           'rpc': 'rpc.check', 'resources': 'resources.check',
           'policy': 'policy', 'api': 'api.check', 'preflight': 'preflight'}
NAMES = tuple(MODULES)


def run(names: abc.Container[str], base: check_context.InstalledRelease,
        target: check_context.InstalledRelease,
        context: check_context.Context) -> list[findings.Finding]:
    """Run some checks.

    A check that cannot inspect one of the releases reports only the cause of
    that (see :mod:`heat_upgrade.checks.blame`), and a check that cannot read
    an operator's file reports only that; the others are not affected.

    :param names: some of NAMES
    :returns: the findings, in the order of NAMES
    :raises: :class:`heat_upgrade.errors.LabError` if the lab cannot run a
        check, :class:`heat_upgrade.errors.UsageError` if an operator's file
        cannot be read and no other check was asked for
    """
    modules = {name: importlib.import_module(f'heat_upgrade.checks.{module}')
               for name, module in MODULES.items() if name in names}
    context = dataclasses.replace(context, checks=frozenset(modules))
    results: dict[str, list[findings.Finding]] = {}

    def check(name: str) -> None:
        context.progress(f'checking {name}')
        try:
            results[name] = modules[name].check(base, target, context)
        except introspection.ProgramsFailed as exc:
            results[name] = blame.judge(name, exc.failures, base, target,
                                        context)
        except blame.Blamed as exc:
            results[name] = exc.findings
        except errors.UsageError as exc:
            if len(modules) == 1:
                raise
            results[name] = [findings.make(
                'both.input-fails', name,
                f'the check {name} cannot read one of your files', str(exc),
                step=f'{check_context.STEP}{name}')]

    def check_after_inspection() -> None:
        # One process of each release answers all checks.
        requests = [
            introspection.Request(program)
            for module in modules.values()
            for program in module.READINGS
        ]
        concurrency.run_parallel(
            *(
                functools.partial(
                    introspection.attempt, subject, requests, context
                )
                for subject in (base, target)
            )
        )
        concurrency.run_parallel(
            *(
                functools.partial(check, name)
                for name in modules
                if name not in at_once
            )
        )

    # These checks need no shared inspection, or need it only at their end.
    at_once = [name for name, module in modules.items()
               if not module.READINGS or getattr(module, 'AT_ONCE', False)]
    concurrency.run_parallel(
        check_after_inspection,
        *(functools.partial(check, name) for name in at_once),
    )
    return [finding for name in modules for finding in results[name]]
