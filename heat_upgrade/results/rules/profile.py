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

"""Rules about the configuration of a profile."""

from heat_upgrade.results.rules import model

RULES = (
    model.Rule(
        'profile.not-kept',
        'The target does not follow a profile of the configuration, and the '
        'base does.',
        'The target ignores or misreads an option, a policy rule or a file '
        'that operators have.',
        'Look for the option or rule in your own files; keep the base until '
        'the target follows it.',
        'the profile is not kept: a member may list the engines',
        failure_class=model.FailureClass.OPTIONS, docs='reference/profiles'),
)
