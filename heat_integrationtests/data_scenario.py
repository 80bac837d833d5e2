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

"""A scenario by data: its stack, history and expectations come from files."""

from collections import abc
import re
import typing

from tempest import config

from heat_integrationtests import aliases
from heat_integrationtests import config as own_config
from heat_integrationtests import definition
from heat_integrationtests import facts
from heat_integrationtests import history
from heat_integrationtests import scenario
from heat_integrationtests import stacks

CONF = config.CONF


class DataScenario(scenario.Scenario):
    """The base class of the generated test classes."""

    defined: definition.Definition

    @classmethod
    def attributes(cls, defined: definition.Definition) -> aliases.Json:
        """Return the class attributes that a definition sets."""
        expect = defined.expect
        return {
            'defined': defined, '__doc__': expect['reason'],
            'name': classmethod(lambda cls: defined.name),
            'tags': tuple(expect['tags']),
            'changed_parameters': defined.changed_parameters,
            'changed_tags': tuple(expect['changed_tags']),
            'created': expect['status'],
            'as_operator': expect['as_operator'],
            'weight': expect['weight'], 'tiers': tuple(expect['tiers']),
            'covers': tuple(expect['covers']),
            'exceptions': tuple(expect['exceptions']),
            'needs': tuple(expect['needs']),
        }

    @property
    def expect(self) -> aliases.Json:
        """The content of expect.yaml."""
        return self.defined.expect

    def request(self, **fields: typing.Any) -> aliases.Json:
        defined = self.defined
        request: aliases.Json = {
            'template': defined.template,
            'parameters': {**defined.parameters, **self._cloud_values()},
            'files': {**defined.files, **defined.environments},
            'environment': dict(defined.environment),
            'disable_rollback': not self.expect['rollback']}
        if defined.environments:
            request['environment_files'] = sorted(defined.environments)
        if self.tags:
            request['tags'] = ','.join(self.tags)
        return {**request, **fields}

    def _cloud_values(self) -> aliases.Json:
        """Return the parameters that tempest.conf sets."""
        values = {}
        for parameter, name in self.expect['cloud_parameters'].items():
            group, option = own_config.CLOUD_VALUES[name]
            values[parameter] = getattr(CONF, group)[option]
            self.assertTrue(values[parameter], (
                f'the option {option} of [{group}] in tempest.conf is empty; '
                f'the scenario {self.name()} needs it'))
        return values

    def after_create(self, stack: stacks.Stack,
                     record: aliases.Json) -> None:
        history.perform(self, self.expect['history'])

    def record_facts(self, stack: stacks.Stack,
                     key: str = scenario.MAIN) -> aliases.Json:
        # The history may have replaced the stack by an adopted one.
        return super().record_facts(self.stack(key), key)

    def check(self, record: aliases.Json, outputs: aliases.Json) -> None:
        self._check_outputs('outputs', 'output_patterns', outputs)
        recorded = record['facts']
        self._match('stack', self.expect['stack_patterns'],
                    recorded['stack'])
        self._check_physical('physical', recorded.get('physical', {}))
        missing = set(self.expect['resources']) - set(recorded['resources'])
        self.assertEqual(set(), missing, 'the stack has no such resources')

    def before_update(self, stack: stacks.Stack,
                      record: aliases.Json) -> bool:
        return history.perform(self, self.expect['before_update'])

    def changed_request(self, request: aliases.Json) -> aliases.Json:
        changed = super().changed_request(request)
        if self.defined.changed:
            changed['template'] = self.defined.changed
        changed['files'] = {**request['files'], **self.defined.changed_files}
        if not self.expect['patch']:
            return changed
        # Only the fields that differ, as `stack update --existing` sends.
        return {'existing': True, 'parameters': self.changed_parameters,
                **{field: changed[field] for field in ('template', 'files')
                   if self.defined.changed},
                **({'tags': changed['tags']} if self.changed_tags else {})}

    def update_with_change(self, stack: stacks.Stack, before: aliases.Json,
                           key: str = scenario.MAIN) -> None:
        super().update_with_change(stack, before, key)
        # A PATCH without tags keeps them.
        self.assertEqual([*(self.changed_tags or self.tags)],
                         self.stacks.get(stack).tags or [])
        after = self.capture(stack, content=False)
        self._assert_kept(before['resources'], after['resources'])
        self._check_physical('changed_physical', after['physical'])
        self._assert_physical_kept(before.get('physical', {}),
                                   after['physical'])
        history.perform(self, self.expect['after_change'])

    def _assert_kept(self, before: aliases.Json, after: aliases.Json) -> None:
        for path in self.expect['kept_resources']:
            physical = [resources.get(path, {}).get('physical_resource_id')
                        for resources in (before, after)]
            self.assertEqual(*physical, f'{path} was replaced or lost')

    def check_changed(self, record: aliases.Json,
                      outputs: aliases.Json) -> None:
        self._check_outputs('changed_outputs', 'changed_patterns', outputs)
        for name in self.expect['unchanged_outputs']:
            self.assertEqual(record['facts']['outputs'][name], outputs[name],
                             f'the output {name} has changed')

    def _assert_physical_kept(self, before: aliases.Json,
                              after: aliases.Json) -> None:
        """Assert that an update changed only fields of changed_physical."""
        changed = self.expect['changed_physical']
        self.assert_same(
            {'physical': {path: before[path] for path in before
                          if path in self.expect['kept_resources']}},
            {'physical': after},
            [f'physical.{path}.{field}*' for path, fields in changed.items()
             for field in fields],
            heading=f'An update of {self.name()} has changed more than '
                    'changed_physical names:')

    def _check_physical(self, key: str, shown: aliases.Json) -> None:
        self.assert_same(
            {'physical': self.expect[key]}, {'physical': shown},
            heading=f'The services show other values than {key} names:')

    def _check_outputs(self, values: str, patterns: str,
                       outputs: aliases.Json) -> None:
        expected = self.expect[values]
        self.assertEqual(expected, {
            name: outputs.get(name, facts.ABSENT) for name in expected})
        self._match('output', self.expect[patterns], outputs)

    def _match(self, kind: str, patterns: abc.Mapping[str, str],
               values: aliases.Json) -> None:
        for name, pattern in patterns.items():
            value = str(values.get(name))
            self.assertTrue(
                re.fullmatch(pattern, value, re.DOTALL),
                f'{kind} {name} is {value[:400]!r} and does not match '
                f'{pattern!r}')
