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

"""Stacks of every template version that the base release knows."""

from collections import abc
import json

from heat_integrationtests import aliases
from heat_integrationtests import scenario

# Templates that are valid in every version of HOT and in every version of the
# CloudFormation format.
_HOT = """
heat_template_version: %s
parameters:
  text: {type: string}
resources:
  kept:
    type: OS::Heat::Value
    properties: {type: string, value: {get_param: text}}
outputs:
  text: {value: {get_attr: [kept, value]}}
"""
_CFN = """
%s
Parameters:
  text: {Type: String}
Resources:
  kept:
    Type: OS::Heat::Value
    Properties: {type: string, value: {Ref: text}}
Outputs:
  text: {Value: {'Fn::GetAtt': [kept, value]}}
"""


def child(version: str) -> str:
    """Return a template of a version.

    :param version: name in Heat's list of versions, such as
        heat_template_version.2018-08-31
    """
    key, _, value = version.partition('.')
    if key == 'heat_template_version':
        return _HOT % f'"{value}"'
    return _CFN % f'{key}: "{value}"'


def parent(versions: abc.Iterable[str]) -> str:
    """Return a template with a nested stack for each version, as text.

    Separate stacks would take four times as long, and nested stacks are rows
    of the same database table. One resource precedes all of them and one
    follows, because Heat starts independent resources a second apart.
    """
    children = {
        _name(version): {
            'type': f'{version}.yaml', 'depends_on': 'first',
            'properties': {'text': {'get_param': 'text'}}}
        for version in versions}
    return json.dumps({
        'heat_template_version': '2018-08-31',
        'parameters': {'text': {'type': 'string', 'default': 'first'}},
        'resources': {
            'first': {'type': 'OS::Heat::None'}, **children,
            'last': {'type': 'OS::Heat::None',
                     'depends_on': sorted(children)}},
        'outputs': {
            name: {'value': {'get_attr': [name, 'text']}}
            for name in children},
    }, indent=1)


def _name(version: str) -> str:
    return version.replace('.', '_')


class TemplateVersionsScenario(scenario.Scenario):

    covers = (78,)
    tiers = ('standard', 'thorough')
    weight = 20
    changed_parameters = {'text': 'second'}

    def check(self, record: aliases.Json, outputs: aliases.Json) -> None:
        self.assertEqual(
            dict.fromkeys(map(_name, self.record.noted('versions')), 'first'),
            outputs)

    def changed_request(self, request: aliases.Json) -> aliases.Json:
        # Each update of the parent updates every nested stack, so the update
        # with no change has tested all versions. This update removes most of
        # the nested stacks, which the deletion would have to do otherwise.
        return {**super().changed_request(request),
                'template': parent(self.kept())}

    def kept(self) -> list[str]:
        """Return the oldest and the newest version of HOT, and one of CFN."""
        versions: list[str] = self.record.noted('versions')
        hot = [version for version in versions
               if version.startswith('heat_template_version.2')]
        return [versions[0], hot[0], hot[-1]]

    def check_changed(self, record: aliases.Json,
                      outputs: aliases.Json) -> None:
        self.assertEqual(
            dict.fromkeys(map(_name, self.kept()), 'second'), outputs)

    def known_versions(self) -> list[str]:
        """Return the names of the versions that Heat knows now, sorted."""
        return sorted(shown.version for shown in
                      self.heat.template_versions.list())

    def pre(self) -> None:
        versions = self.known_versions()
        self.assertIn('heat_template_version.2013-05-23', versions)
        self.record.note('versions', versions)
        self.create_and_record(
            template=parent(versions),
            files={f'{version}.yaml': child(version)
                   for version in versions})

    def verify(self) -> None:
        super().verify()
        self.assertEqual(
            set(),
            set(self.record.noted('versions')) - set(self.known_versions()),
            'Stacks of these versions can no longer be updated')
