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

"""The choices of a rolling plan: those it states, and those of its steps."""


def drawn(plan):
    """Return the choices that a plan states."""
    choices = plan.choices
    return {'order': choices['order'], 'kills': set(choices['kills']),
            'faults': sorted(choices['faults'].values()),
            'rollback': [choices['rollback']] if choices['rollback'] else [],
            'cases': [tuple(choices['cases'][node])
                      for node in choices['order']
                      if choices['cases'].get(node)]}


def happened(plan, went_back):
    """Return the choices that the steps of a plan carry out.

    :param went_back: names of the nodes that went back to the base
    """
    stops = [step for step in plan.steps if step.action == 'stop_engine']
    return {'order': list(dict.fromkeys(step.node for step in stops)),
            'kills': {step.node for step in stops
                      if step.disruption == 'kill'
                      and not step.name.endswith(('-back', '-again'))},
            'faults': sorted(step.fault for step in plan.steps if step.fault),
            'rollback': went_back,
            'cases': [step.cases for step in plan.steps
                      if step.action == 'park']}
