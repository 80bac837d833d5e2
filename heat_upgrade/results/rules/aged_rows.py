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

"""Rules about rows that old clouds hold."""

from heat_upgrade.results.rules import model

_DOCS = 'reference/aged-rows'
_REPAIR = ('Look for such rows with the statements in stacks.yaml, and '
           'repair them before the upgrade.')


def _rule(slug: str, summary: str, impact: str, example: str,
          failure_class: model.FailureClass, remedy: str = _REPAIR
          ) -> model.Rule:
    return model.Rule(f'aged-rows.{slug}', summary, impact, remedy, example,
                      failure_class=failure_class, docs=_DOCS)


RULES = (
    _rule('unloadable',
          'The target does not show or list a stack with rows that the base '
          'serves.',
          'Stacks with such rows cannot be used after the upgrade.',
          'null-columns: the target does not serve it',
          model.FailureClass.OLD_STACKS),
    _rule('answer-changed',
          'The target answers a request about a stack with aged rows '
          'otherwise than the base.',
          'Users see changed values of stacks that they did not change.',
          'leftovers: the API answers otherwise',
          model.FailureClass.API),
    _rule('not-updatable',
          'The target cannot update a stack with rows that the base serves.',
          'Stacks with such rows cannot be changed after the upgrade.',
          'nested-locked: the stack cannot be updated',
          model.FailureClass.OLD_STACKS),
    _rule('not-converted',
          'heat-manage migrate_convergence_1 of the target does not convert a '
          'stack of the legacy engine.',
          'The stack keeps the deprecated engine.',
          'legacy-converted: the stack cannot be converted',
          model.FailureClass.OLD_STACKS,
          'Convert stacks of the legacy engine with the base.'),
    _rule('replaced',
          'An update replaces a resource with aged rows, although the request '
          'does not ask for it.',
          'The physical resource and its data are lost.',
          'legacy-columns: an update replaces a resource',
          model.FailureClass.PHYSICAL,
          'Do not update stacks with such rows before they are repaired: '
          'the statements in stacks.yaml show how to find them.'),
    _rule('not-deletable',
          'The target cannot delete a stack with rows that the base serves.',
          'Stacks with such rows, and their resources, stay for ever.',
          'old-snapshots: the stack cannot be deleted',
          model.FailureClass.OLD_STACKS),
    _rule('not-purged',
          'heat-manage purge_deleted of the target does not purge a deleted '
          'stack with aged rows.',
          'The database grows for ever.',
          'odd-template: the stack is not purged',
          model.FailureClass.MIGRATION),
)
