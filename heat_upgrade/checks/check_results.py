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


"""Counts each static check of a run as a test, in its journal."""

import dataclasses

from heat_upgrade.checks import check_context
from heat_upgrade.checks import registry
from heat_upgrade.lab import stestr_runner
from heat_upgrade.results import findings


def journal(record, step, names, found, *, command):
    """Journal what checks have found, and each check as a test.

    A test fails with any error; whether its findings are known failures is
    for the report to tell.

    :param record: :class:`runner.Run`, or whatever journals as it does
    :param step: :class:`plan.Step` in which they were run
    :param names: names of the checks that were run
    :param found: list of their :class:`findings.Finding`
    :param command: function that returns the command of the check of a name
    :returns: whether anything was found that counts
    """
    wrong = dict.fromkeys(names, '')
    counts = False
    for finding in found:
        name = finding.step.removeprefix(check_context.STEP)
        finding = dataclasses.replace(
            finding, step=step.name, reproduce=command(name),
            test=_test(name))
        # A run is judged after its end.
        judged = record.finding(finding) or finding
        counts = counts or judged.counts
        if judged.severity == findings.ERROR:
            wrong[name] += f'{judged.title}\n'
    record.tests(
        step,
        [
            stestr_runner.Test(
                _test(name),
                stestr_runner.FAILED if titles else stestr_runner.PASSED,
                0,
                titles,
            )
            for name, titles in wrong.items()
        ],
    )
    return counts


def _test(name):
    """Return the id of the test that a check counts as."""
    return f'{registry.__package__}.{name}'
