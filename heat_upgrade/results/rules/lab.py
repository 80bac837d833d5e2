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

"""Rules about the tool itself: their findings prove nothing about Heat."""

import functools

from heat_upgrade.results.rules import model

_Rule = functools.partial(model.Rule, origin=model.Origin.LAB)
_IMPACT = 'The upgrade is proved only up to this point.'

RULES = (
    _Rule('lab.broken', 'The lab failed in a step.', _IMPACT,
          'Read the log that the finding names, repair the machine, and run '
          'the command again.',
          'base-up: mariadb did not start within 90 s'),
    _Rule('lab.bug', 'The tool raised an unexpected error.',
          _IMPACT, 'This is a bug of heat-upgrade: report it with the '
          'traceback.', 'settle: KeyError: stack'),
    _Rule('lab.service-died', 'A service that Heat needs ended by itself.',
          _IMPACT, 'Read the last lines of its log.',
          'mariadb ended by itself with status -9'),
    _Rule('lab.no-test', 'No test was executed in a step.', _IMPACT,
          'Read the log of the step; check whether --scenarios matches any '
          'test.', 'no test was executed in post-upgrade'),
    _Rule('lab.probe-mistake', 'A probe failed in its own code.', _IMPACT,
          'This is a bug of heat-upgrade: report it.',
          'probe signal broke in its own code'),
    _Rule('lab.destroy-failed', "The removal of the tests' account failed.",
          _IMPACT, 'Read the log of the step.',
          'destroy ended with status 3'),
    _Rule('scenario.failed', 'A test failed before the upgrade, or because '
          'of a bug in its own code.', _IMPACT,
          'Correct the test, or the cloud that it runs on.',
          'scenarios.test_random_string.RandomStringScenario.'
          'test_the_stack_is_created_and_recorded failed',
          origin=model.Origin.SCENARIO),
    _Rule('known.absent', 'A known failure that is expected in every run did '
          'not happen.', 'None: the failure may be fixed.',
          'Remove its entry from known-failures.yaml if Heat is fixed.',
          'the known failure yaql-mixed-up did not happen',
          severity=model.Severity.WARNING, origin=model.Origin.KNOWN),
    _Rule('known.expired', 'An entry of the known failures has passed its '
          'review date.', 'None: the entry is still used.',
          'Review the entry in known-failures.yaml: prove it again, or '
          'remove it.',
          'the known failure killed-engine was due for review by 2027-06-01',
          severity=model.Severity.WARNING, origin=model.Origin.KNOWN),
)
