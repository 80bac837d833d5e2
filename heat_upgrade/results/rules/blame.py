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

"""Rules about programs that fail in one release, or in both.

Each check runs the same program with the code of the base and of the target.
The comparison of the two shows whose failure it is.
"""

from heat_upgrade.results.rules import model

RULES = (
    model.Rule(
        'target.program-fails',
        "A check cannot use the target's code, while the same program works "
        'with the code of the base.',
        'The part of Heat that the title names fails after the upgrade.',
        'Do not upgrade before the cause is known: the evidence is the error '
        'of the target.',
        '27.0.1 cannot load stacks that 26.0.2 stored',
        docs='reference/checks/blame'),
    model.Rule(
        'target.input-fails',
        'The target fails on a file of the operator that the base reads.',
        'Heat refuses this file after the upgrade.',
        'Change the file as the error of the target requires, and run the '
        'check again.',
        '27.0.1 cannot read your configuration: heat.conf',
        failure_class=model.FailureClass.OPTIONS,
        docs='reference/checks/blame'),
    model.Rule(
        'target.breaks-base',
        'The base fails on data that the target writes, and reads its own.',
        'Engines of the base fail while both releases run.',
        'Do not run both releases at the same time: upgrade while Heat is '
        'down.',
        '26.0.2 cannot load stacks that 27.0.1 stored',
        failure_class=model.FailureClass.RPC,
        docs='reference/checks/blame'),
    model.Rule(
        'target.does-not-start',
        'Heat of the target does not start in the lab of a check, while the '
        'base starts there.',
        'Heat stays down after the upgrade.',
        'Do not upgrade before the cause is known: the evidence is the error '
        'of the service.',
        'Heat 27.0.1 does not start in the lab, where 26.0.2 starts',
        failure_class=model.FailureClass.API,
        docs='reference/checks/blame'),
    model.Rule(
        'both.program-fails',
        'The program of a check fails with the code of both releases.',
        'The check reports nothing: it cannot compare the two releases.',
        'The cause is the lab or the check, not the upgrade: read the log '
        'that the finding names.',
        'neither 26.0.2 nor 27.0.1 can load its resource types',
        origin=model.Origin.LAB, docs='reference/checks/blame'),
    model.Rule(
        'both.input-fails',
        'Both releases fail on a file of the operator.',
        'The file is wrong today, before any upgrade.',
        'Correct the file, and run the check again.',
        'neither 26.0.2 nor 27.0.1 can read your configuration: heat.conf',
        origin=model.Origin.INPUT, docs='reference/checks/blame'),
    model.Rule(
        'base.program-fails',
        'The program of a check fails with the code of the base alone.',
        'The check reports nothing: the base works today, so the cause is '
        'the lab or the check.',
        'Read the log that the finding names.',
        '26.0.2 cannot load its policies, while 27.0.1 can',
        origin=model.Origin.LAB, docs='reference/checks/blame'),
)
