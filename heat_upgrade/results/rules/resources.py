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
"""Rules of the check ``resources``: the building blocks of templates."""

import functools

from heat_upgrade.results.rules import model

_error = functools.partial(
    model.Rule, failure_class=model.FailureClass.TYPES,
    docs='reference/checks/resources')
_warning = functools.partial(_error, severity=model.Severity.WARNING)
_physical = functools.partial(
    _error, failure_class=model.FailureClass.PHYSICAL)

_FIND = ('Before the upgrade, find the stacks that have it (heat-upgrade '
         'check resources --stacks-from DUMP), and take it out of their '
         'templates.')
_NOT_LOADED = 'A stack with it cannot be loaded: not even deleted.'
_LEFT = ('Heat creates nothing for it in a new stack, which is complete. Its '
         'existing resources are no longer updated or deleted, and get_attr '
         'returns null for them.')
_REFUSED = 'An update or creation of a stack with it is refused.'
_SET = ('Before the upgrade, change the templates that set it, and update '
        'their stacks.')
_REWRITE = ('Before the upgrade, rewrite the templates that use it and '
            'update their stacks.')
_LATER = 'Nothing yet: it may go with a later release.'
_REPLACED = 'The physical resource is replaced, and its data is lost.'

RULES = (
    _error('resources.plugin-not-imported',
           'A plugin of resource types cannot be imported.',
           'heat-engine does not start.', 'Do not upgrade.',
           'resource plugin heat.engine.resources.x cannot be imported'),
    _error('resources.type-removed-unannounced',
           'A resource type is gone that was not deprecated.', _NOT_LOADED,
           _FIND, 'OS::Old::Thing is gone without a deprecation',
           plural='{count} types of {family} are gone without a '
                  'deprecation'),
    _warning('resources.type-removed',
             'A resource type is gone, as was announced.', _NOT_LOADED,
             _FIND, 'OS::Old::Thing is gone, as announced',
             plural='{count} types of {family} are gone, as announced'),
    _error('resources.type-placeholder-unannounced',
           'A resource type that was not deprecated became a placeholder.',
           _LEFT, _FIND,
           'OS::Old::Thing became a placeholder without a deprecation: a '
           'delete leaves its physical resources',
           plural='{count} types of {family} became placeholders without a '
                  'deprecation: a delete leaves their physical resources'),
    _warning('resources.type-placeholder',
             'A resource type became a placeholder, as was announced.',
             _LEFT, _FIND,
             'OS::Old::Thing became a placeholder: a delete leaves its '
             'physical resources',
             plural='{count} types of {family} became placeholders: a '
                    'delete leaves their physical resources'),
    _warning('resources.type-mapped-elsewhere',
             'A resource type is mapped to another one.',
             'Existing resources are handled by the other one.',
             'Compare both types with a test stack.',
             'OS::Nova::Net is mapped to another type'),
    _warning('resources.type-deprecated', 'A resource type is deprecated.',
             _LATER, 'Replace it in templates in time.',
             'OS::Old::Thing is now deprecated',
             plural='{count} types of {family} are now deprecated'),
    _error('resources.type-without-client',
           'The client that a resource type needs is gone.',
           'No operation on such a resource can succeed.', _FIND,
           'OS::Old::Thing has lost its client old',
           plural='{count} types of {family} have lost their client'),
    _physical('resources.type-not-taken-over',
              'A change to a substitute type replaces the resource.',
              _REPLACED,
              'Change the type in templates before the upgrade.',
              'OS::A::B: a change to OS::C::D replaces the resource'),
    _physical('resources.check-failed-replaced',
              'A resource whose check failed is replaced by an update.',
              _REPLACED,
              'Before an update of a stack, look for resources in '
              'CHECK_FAILED, and mark those healthy that are.',
              'OS::A::B: a resource whose check failed is replaced'),
    _error('resources.method-misfits',
           'A method of a resource type does not accept the arguments of '
           'its callers.', 'An operation on such a resource fails.',
           'Do not upgrade while stacks have such resources.',
           'OS::A::B: handle_delete does not accept the arguments of its '
           'callers',
           plural='methods of {count} types of {family} do not accept the '
                  'arguments of their callers'),
    _error('resources.glob-unmapped',
           'Types of a pattern are no longer mapped.',
           'Templates with such a type are refused.',
           'Keep the line in environment.d, or change templates.',
           'types OS::Networking::* are no longer mapped to OS::Neutron::*'),
    _error('resources.property-removed-unannounced',
           'A property is gone that was not deprecated.', _REFUSED, _SET,
           'OS::A::B: property c is gone without a deprecation',
           plural='{count} properties of {family} are gone without a '
                  'deprecation'),
    _warning('resources.property-removed',
             'A property is gone, as was announced.', _REFUSED, _SET,
             'OS::A::B: property c is gone, as announced',
             plural='{count} properties of {family} are gone, as announced'),
    _warning('resources.property-deprecated', 'A property is deprecated.',
             _LATER, 'Use the replacement that its documentation names.',
             'OS::A::B: property c is now deprecated',
             plural='{count} properties of {family} are now deprecated'),
    _error('resources.property-keys-closed',
           'A property takes only its own keys.', _REFUSED, _SET,
           'OS::A::B: property c takes its own keys alone'),
    _error('resources.property-required-new',
           'A new property must be set.',
           'Templates without it are refused by the next create or update.',
           'Set it as soon as the target runs, in the same update as any '
           'other change.', 'OS::A::B: property c is new and required',
           plural='{count} properties of {family} are new and required'),
    _error('resources.property-required',
           'A property must be set that was optional before.',
           'Templates without it are refused by the next create or update.',
           'Set it in the templates that do not, before the upgrade.',
           'OS::A::B: property c is now required',
           plural='{count} properties of {family} are now required'),
    _error('resources.property-retyped', 'A property is of another type.',
           _REFUSED, _SET, 'OS::A::B: property c is Integer, was String'),
    _warning('resources.property-taken-as-text',
             'A property is now a string.',
             'Heat gives the value to the service as text.',
             'Set it as a string in templates, if the service does not take '
             'the value as text.',
             'OS::A::B: property c is String, was Integer'),
    _error('resources.property-values-narrowed',
           'A property accepts fewer values.', _REFUSED, _SET,
           'OS::Neutron::SecurityGroup: property rules.*.protocol accepts '
           'less: values',
           plural='{count} properties of {family} accept less'),
    _warning('resources.property-constraint-changed',
             'A property has another constraint, which may refuse more '
             'values.', 'A value may be refused.',
             'Validate the templates that set it with the target.',
             'OS::A::B: property c has another pattern',
             plural='{count} properties of {family} have other '
                    'constraints'),
    _warning('resources.property-default-changed',
             'A property has another default.',
             'Resources that are created or updated after the upgrade have '
             'the new default.',
             'Set it in templates that rely on the old one.',
             'OS::A::B: property c has another default',
             plural='{count} properties of {family} have another default'),
    _physical('resources.property-replaces',
              'A change of a property replaces the resource.', _REPLACED,
              'Change this property in no stack after the upgrade; openstack '
              'stack update --dry-run shows replacements.',
              'OS::A::B: a change of property c replaces the resource',
              plural='changes of {count} properties of {family} replace the '
                     'resource'),
    _error('resources.property-immutable',
           'A change of a property is refused.',
           'An update that changes it fails.', _SET,
           'OS::A::B: a change of property c is refused',
           plural='changes of {count} properties of {family} are refused'),
    _error('resources.attribute-removed-unannounced',
           'An attribute is gone that was not deprecated.',
           'A template that reads it is refused when it is validated.',
           'Take it out of templates before the upgrade.',
           'OS::A::B: attribute c is gone without a deprecation',
           plural='{count} attributes of {family} are gone without a '
                  'deprecation'),
    _warning('resources.attribute-removed',
             'An attribute is gone, as was announced.',
             'A template that reads it is refused when it is validated.',
             'Take it out of templates before the upgrade.',
             'OS::A::B: attribute c is gone, as announced',
             plural='{count} attributes of {family} are gone, as '
                    'announced'),
    _error('resources.attribute-retyped',
           'An attribute is of another type.',
           'Resources that depend on its value are updated or replaced by '
           'the next update.', 'Change templates that work with its value.',
           'OS::A::B: attribute c is Map, was List',
           failure_class=model.FailureClass.API,
           plural='{count} attributes of {family} are of another type'),
    _warning('resources.attribute-deprecated', 'An attribute is deprecated.',
             _LATER, 'Use the replacement that its documentation names.',
             'OS::A::B: attribute c is now deprecated',
             plural='{count} attributes of {family} are now deprecated'),
    _error('resources.template-version-removed',
           'A template version is gone.', _NOT_LOADED, _REWRITE,
           'template version heat_template_version.2013-05-23 is gone'),
    _error('resources.function-removed',
           'A function of template versions is gone.', _NOT_LOADED, _REWRITE,
           'function str_split of heat_template_version.2015-10-15 is gone'),
    _error('resources.language-part-removed',
           'A key or other part of the language of templates is gone.',
           _NOT_LOADED, _REWRITE,
           'resource key external_id of heat_template_version.2016-10-14 is '
           'gone'),
    _warning('resources.function-changed',
             'A function has another implementation.',
             'A value that differs updates or replaces dependent resources.',
             'Preview an update of stacks that use it.',
             'function yaql of heat_template_version.2016-10-14 is another '
             'implementation'),
    _error('resources.value-changed',
           'The target refuses a value that the base accepts, or reads '
           'another value.',
           'Stacks whose templates have such a value cannot be loaded or '
           'updated, or their resources change.', _REWRITE,
           'function list_join of heat_template_version.2014-10-16 refuses '
           '[",", ["a", null]]'),
    _error('resources.pseudo-parameter-removed',
           'A pseudo parameter is gone.', _NOT_LOADED, _REWRITE,
           'pseudo parameter OS::project_id is gone'),
    _error('resources.constraint-removed-unannounced',
           'A custom constraint is gone without a deprecation.',
           'A value of a parameter with it is refused.',
           'Take it out of the constraints of parameters.',
           'custom constraint a.b is gone without a deprecation',
           plural='{count} custom constraints of {family} are gone without '
                  'a deprecation'),
    _warning('resources.constraint-removed',
             'A custom constraint is gone, as was announced.',
             'A value of a parameter with it is refused.',
             'Take it out of the constraints of parameters.',
             'custom constraint a.b is gone, as announced',
             plural='{count} custom constraints of {family} are gone, as '
                    'announced'),
    _error('resources.action-removed',
           'An action or status of stacks or resources is gone.',
           'A stack that is in it cannot be loaded or stored.',
           'Have no stack or resource in it when upgrading.',
           'stack action CHECK is gone'),
    _warning('resources.value-not-known',
             'Whether templates break depends on a value of a stack.',
             'A stack whose value the target does not accept is refused.',
             'Check the values of the running stacks: pass a dump with '
             '--stacks-from, or the environment with --environment.',
             '2 of your templates may break: OS::A::B: property c accepts '
             'less: values'),
    _warning('resources.type-unknown',
             'Templates use types that neither release has.',
             'Heat refuses such a template, with either release.',
             'Pass the environment that maps them with --environment; test a '
             'plug-in of your own with the target.',
             '2 of your templates use My::Type that neither release has'),
    _warning('resources.constraint-unknown',
             'Templates use custom constraints that neither release has.',
             'Heat refuses each value of the parameter, with either release.',
             'Correct the name; test a constraint of your own with the '
             'target.',
             '2 of your templates use custom constraint nova.flavr, which '
             'neither release has'),
    _warning('resources.part-unknown',
             'Templates use properties or attributes that neither release '
             'has.',
             'Heat refuses such a template, with either release.',
             'Correct the name, or remove it from the template.',
             '2 of your templates use a property of OS::A::B that neither '
             'release has'),
    _warning('resources.type-hidden',
             'Templates use types that both releases hide.', _LEFT, _REWRITE,
             '2 of your templates use OS::Old::Type that both releases hide'),
    _error('resources.template-not-read', 'A template cannot be read.',
           'It was not checked, and Heat refuses it.',
           'Correct the file, or name a template in HOT or CFN, YAML or '
           'JSON. The other templates were checked.',
           'bad.yaml cannot be read'),
    _warning('resources.template-not-here',
             'Templates that others use as types are not there.',
             'They were not checked.',
             'Check them where their files are, or pass the environment '
             'that maps them with --environment.',
             'nested.yaml is used as types, but not there'),
)
