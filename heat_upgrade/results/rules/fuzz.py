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

"""Rules of ``heat-upgrade fuzz``: differences between two releases."""

import functools

from heat_upgrade.results.rules import model

_stored = functools.partial(
    model.Rule, failure_class=model.FailureClass.OLD_STACKS,
    docs='user/fuzz')
_template = functools.partial(
    model.Rule, failure_class=model.FailureClass.TYPES, docs='user/fuzz')

_COPY = ('Do not upgrade such stacks; try it on a copy first (heat-upgrade '
         'rehearse).')

RULES = (
    _template('fuzz.template-refused',
              'The target refuses a template that the base accepts.',
              'Stacks with such a template can be neither created nor '
              'updated after the upgrade.',
              'Change such templates before the upgrade, and update their '
              'stacks.',
              '[StackValidationFailed in heat/engine/stack.py: validate] the '
              'target refuses a template that the base accepts'),
    _template('fuzz.template-read-differently',
              'The target gives other values for the same template.',
              'An update without a change may change resources and outputs.',
              'Compare the values that the template gives; set them '
              'explicitly where they differ.',
              '[outputs] the target reads a template differently'),
    _stored('fuzz.stored-stack-not-loaded',
            'The target cannot load a stack that the base stored.',
            'The stack can be neither shown nor updated nor deleted.', _COPY,
            '[KeyError in heat/engine/template.py: load] the target cannot '
            'load a stored stack'),
    _stored('fuzz.stored-stack-read-differently',
            'The target reads other values from the rows of a stack.',
            'Operations on the stack behave wrongly.', _COPY,
            '[resources: properties] the target reads a stored stack '
            'differently'),
    _stored('fuzz.unchanged-resource-updated',
            'An update without a change updates or replaces a resource.',
            'Physical resources are changed or lost in the first update '
            'after the upgrade.', _COPY,
            '[resources: update without change: replaced] the target updates '
            'a resource although nothing changed'),
)
