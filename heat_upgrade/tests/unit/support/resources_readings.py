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

"""Readings of releases, as checks/inspectors/resources.py returns them."""

import copy

from heat_upgrade.checks.resources import model

SUPPORTED = {'status': 'SUPPORTED', 'version': '5.0.0', 'message': None,
             'substitutes': []}
DEPRECATED = {'status': 'DEPRECATED', 'version': '22.0.0',
              'message': 'Use another', 'substitutes': ['OS::New::Thing'],
              'previous': SUPPORTED}
HIDDEN = {'status': 'HIDDEN', 'version': '25.0.0', 'message': 'Retired',
          'substitutes': [], 'previous': DEPRECATED}

HOT, CFN = ('heat_template_version.2018-08-31',
            'AWSTemplateFormatVersion.2010-09-09')


def prop(kind='String', **changed):
    """Return a property."""
    return {'type': kind, 'required': False, 'implemented': True,
            'update_allowed': False, 'immutable': False, 'default': None,
            'constraints': [], 'status': SUPPORTED, 'schema': None, **changed}


def attribute(kind=None, status=SUPPORTED):
    """Return an attribute."""
    return {'type': kind, 'status': status}


def thing(properties=None, **changed):
    """Return a type."""
    return {'class': 'heat.engine.resources.thing.Thing',
            'status': SUPPORTED, 'placeholder': False, 'accepts_all': False,
            'client': None, 'replaced_when_check_failed': True,
            'misfits': [], 'properties': properties or {}, 'attributes': {},
            'update_policy': {}, **changed}


def version(language, functions=(), conditions=()):
    """Return a template version."""
    hot = language == 'hot'
    return {'class': f'heat.{language}.Template', 'language': language,
            'functions': {name: f'f.{name}' for name in functions},
            'condition_functions': {name: f'c.{name}' for name in conditions},
            'parameter_types': ['string', 'boolean'] if hot else ['String'],
            'parameter_keys': ['type', 'tags'] if hot else ['Type'],
            'parameter_constraints': ['modulo', 'custom_constraint'],
            'sections': ['resources', 'conditions'] if hot else ['Resources'],
            'resource_keys': ['type', 'condition'] if hot else ['Type'],
            'output_keys': ['value'] if hot else ['Value'],
            'deletion_policies': ['Delete', 'Retain']}


def reading(types=None, **changed):
    """Return the reading of a release."""
    return copy.deepcopy({
        'types': types or {}, 'broken': {}, 'globs': {}, 'constraints': {},
        'clients': {},
        'templates': {
            HOT: version('hot', ('get_attr', 'get_param', 'if', 'digest'),
                         ('equals', 'not')),
            CFN: version('cfn', ('Ref', 'Fn::GetAtt', 'Fn::If'),
                         ('Fn::Equals',))},
        'samples': {}, 'implementations': [], 'pseudo_parameters': {
            'hot': ['OS::stack_id'], 'cfn': ['AWS::StackId']},
        'stack': {'actions': ['CREATE', 'RESTORE'], 'statuses': ['COMPLETE']},
        'resource': {'actions': ['CREATE'], 'statuses': ['COMPLETE']},
        **changed})


def pair(base, target, names=('26.0.2', '27.0.1')):
    """Return two releases, from readings or from types."""
    return model.Pair(*(each if 'templates' in each else reading(each)
                        for each in (base, target)), names)
