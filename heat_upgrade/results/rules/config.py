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

"""Rules of the check ``config``: options, values, commands and files."""

import functools

from heat_upgrade.results.rules import model

_error = functools.partial(
    model.Rule, failure_class=model.FailureClass.OPTIONS,
    docs='reference/checks/config')
_warning = functools.partial(_error, severity=model.Severity.WARNING)
_policy = functools.partial(_warning, failure_class=model.FailureClass.API)

_IGNORED = 'The line is ignored silently: Heat works as if it were not there.'
_STARTS_NOT = 'The service does not start with the old value.'
_CONVERT = ('Convert it with oslopolicy-convert-json-to-yaml --namespace '
            'heat --policy-file policy.json --output-file policy.yaml.')

RULES = (
    _error('config.option-removed-unannounced',
           'An option is removed that no earlier release has deprecated.',
           _IGNORED,
           'Remove it from the files before the upgrade.',
           '[clients_vitrage] endpoint_type is removed without a deprecation',
           plural='{count} options of {family} are removed without a '
                  'deprecation'),
    _warning('config.option-removed',
             'An option is removed, as an earlier release has announced.',
             _IGNORED,
             'Remove it from the files before the upgrade.',
             '[DEFAULT] stack_scheduler_hints is removed, as announced',
             plural='{count} options of {family} are removed, as announced'),
    _warning('config.option-renamed',
             'An option is renamed; the target still reads the old name.',
             'Nothing yet: a later release ignores the old name.',
             'Write the new name once all services run the target.',
             '[clients] url is renamed to [clients] endpoint',
             plural='{count} options of {family} are renamed'),
    _warning('config.old-name-removed',
             'The old name of an option is no longer read.', _IGNORED,
             'Write the new name before the upgrade.',
             '[DEFAULT] size_limit, the old name of [limits] size, is '
             'removed, as announced',
             plural='{count} old names of options of {family} are removed, '
                    'as announced'),
    _warning('config.option-unlisted',
             'Heat no longer lists an option of a library.',
             'The library still reads it; Heat may not.',
             'Test the behaviour that you have set it for, on the target.',
             '[ssl] ca_file of oslo.service is no longer listed by Heat',
             plural='{count} options of {family} are no longer listed by '
                    'Heat'),
    _error('config.option-retyped', 'An option has another type.',
           'The value means something else, or is refused.',
           'Let the target check your value: pass your files with '
           '--config-file.', '[DEFAULT] workers has another type',
           plural='{count} options of {family} have another type'),
    _error('config.option-narrowed', 'An option takes fewer values.',
           'The service does not start with a value that is refused.',
           'Let the target check your value: pass your files with '
           '--config-file.',
           '[cache] backend of oslo.cache takes fewer values',
           plural='{count} options of {family} take fewer values'),
    _warning('config.default-changed', 'An option has another default.',
             'Heat behaves differently where the option is not set.',
             'Set the old default in the files before the upgrade, if you '
             'rely on it.', '[DEFAULT] max_resources has another default',
             plural='{count} options of {family} have another default'),
    _error('config.option-required', 'An option must be set that was '
           'optional before.', 'The service does not start without it.',
           'Set it before the upgrade.', '[auth] url must be set',
           plural='{count} options of {family} must be set'),
    _warning('config.option-deprecated', 'An option is now deprecated.',
             'Nothing yet: a later release ignores it.',
             'Plan its removal; this upgrade needs no action.',
             '[DEFAULT] heat_metadata_server_url is deprecated for removal',
             plural='{count} options of {family} are deprecated for removal'),
    _warning('config.limit-added',
             'An option sets a limit where there was none.',
             'Requests are refused where there is more than the limit.',
             'Count the existing objects; if there are more, set a higher '
             'limit with the upgrade.',
             '[DEFAULT] max_software_configs_per_tenant is a new limit',
             plural='{count} options of {family} are new limits'),
    _error('config.options-not-listed',
           'The code that lists options of the target cannot be loaded.',
           'Nothing is known about its options.',
           'Correct the code that the error names, and run the check again.',
           'the options of heat.common.config cannot be listed'),
    _error('config.command-removed-unannounced',
           'A command is removed without an earlier warning.',
           'Units, containers and cron jobs that call it fail.',
           'Look for it in your units, containers, cron jobs and scripts. '
           'For an API, let a WSGI server load heat.wsgi.api or '
           'heat.wsgi.cfn.',
           'the command heat-api is removed without a deprecation'),
    _warning('config.command-removed',
             'A command is removed, as an earlier release has announced.',
             'Units, containers and cron jobs that call it fail.',
             'Look for it in your units, containers, cron jobs and scripts. '
             'For an API, let a WSGI server load heat.wsgi.api or '
             'heat.wsgi.cfn.',
             'the command heat-api-cfn is removed, as announced'),
    _error('config.service-command-removed',
           'The command that starts a service is removed.',
           'The unit or container that runs the command does not start.',
           'Run the application under a WSGI server before the upgrade.',
           'the command heat-api is removed: its unit does not start'),
    _error('config.set-up-fails',
           "The set-up code of the target's services fails with your files.",
           'The service or the operation that the title names fails.',
           'Correct the lines that the error names, and check again.',
           'the messaging driver cannot be loaded'),
    _error('config.ec2-credentials-missing',
           'heat-api-cfn of the target cannot log in to validate a signature.',
           'Every signed call fails with MissingAuthPlugin or an internal '
           'error: wait conditions, and the signals and the polling of '
           'servers and software deployments by CFN_SIGNAL and '
           'POLL_SERVER_CFN, which are the defaults.',
           'Write auth_section = keystone_authtoken into [ec2authtoken], or '
           'credentials of a user with the role service or admin.',
           '[ec2authtoken] has no valid credentials: heat-api-cfn refuses '
           'every signed request'),
    _warning('config.ec2-unauthenticated',
             'heat-api-cfn validates signatures without a login.',
             'A Keystone with the fix of OSSA-2025-002 refuses these calls, '
             'and Heat 27 no longer makes them: wait conditions, CFN_SIGNAL '
             'and POLL_SERVER_CFN fail then.',
             'Write auth_section = keystone_authtoken into [ec2authtoken] '
             'now.',
             '[ec2authtoken] has no credentials: heat-api-cfn validates '
             'signatures without a login'),
    _warning('config.deployment-differs',
             'The new configuration differs from the old one in a way that '
             'users or stacks notice.',
             'The target behaves differently from the base.',
             'Keep the old value, unless the difference is intended.',
             '[DEFAULT] auth_encryption_key differs between the old and the '
             'new configuration',
             plural='{count} options of {family} differ between the old and '
                    'the new configuration'),
    _warning('config.queues-shared',
             'Two services on one host use the same queues.',
             'A reply may reach the wrong service: calls of users time out.',
             'Give each service a process name of its own.',
             'heat-api and heat-api-cfn share their reply queues under a '
             'WSGI server'),
    _warning('config.option-retired',
             'Your files set an option that an earlier release removed.',
             _IGNORED,
             'Remove it, or write its replacement: the remedy of each finding '
             'names it.',
             '[database] idle_timeout was an option until oslo.db 9.1.0',
             plural='{count} options of {family} were options of earlier '
                    'releases'),
    _error('config.option-fixed',
           'A removed switch is set to the value that is no longer possible.',
           'Heat behaves as if the switch had the other value.',
           'Run the base with the other value first, correct the failures, '
           'and then remove the line.',
           '[oslo_policy] enforce_scope = false loses its effect: 27.0.1 '
           'always behaves as true'),
    _error('config.names-disagree',
           'Your files set one option under several names, with different '
           'values.',
           'The target reads one of the values and ignores the others.',
           'Keep one line, with the value that is right.',
           '[cache] memcache_password wins over [cache] redis_password: both '
           'are [cache] password now'),
    _warning('config.option-unknown',
             'Your files set an option that neither release knows.', _IGNORED,
             'Correct its name, or remove it unless a plugin of your own '
             'reads it.', '[limits] widht is known to neither release',
             plural='{count} options of {family} are known to neither '
                    'release'),
    _error('config.value-refused',
           'Your files have a value that the target refuses.', _STARTS_NOT,
           'Set a value that the target takes; the evidence lists them.',
           '[limits] size has a value that the target refuses',
           plural='{count} options of {family} have a value that the target '
                  'refuses'),
    _warning('config.value-refused-by-both',
             'Your files have a value that neither release takes.',
             'Nothing new: it is as wrong on the base.',
             'Set a value that the target takes; the evidence lists them.',
             '[limits] size has a value that neither release takes',
             plural='{count} options of {family} have a value that neither '
                    'release takes'),
    _warning('config.file-not-here',
             'Your files name a file that is missing here.',
             'Nothing is known about that file.',
             'Copy it beside the configuration file, name the directory with '
             'the files of the node with --root, or run the check where it '
             'is.',
             '[oslo_policy] policy_file names a missing file: it was not '
             'checked'),
    _error('config.policy-file-not-read', 'A policy file cannot be read.',
           'Heat refuses requests, or applies its defaults.',
           'Correct the line that the error names. The other files were '
           'checked.', 'the policy file policy.yaml cannot be read'),
    _error('config.plugin-not-loaded',
           'The target cannot import a plug-in of plugin_dirs.',
           'heat-engine does not start.',
           'Correct the plug-in for the target, as the error describes, or '
           'take it out of plugin_dirs.',
           'plug-in my_alarm.py cannot be loaded: heat-engine does not start'),
    _warning('config.minimum-raised',
             'The target needs newer versions of Python or of libraries.',
             'The target cannot be installed beside older ones.',
             'Install Python and the libraries with the target, in an '
             'environment or image of its own.',
             '27.0.1 needs Python 3.11 and 12 newer libraries'),
    _warning('config.upgrade-notes',
             "Heat's upgrade notes that no line of a file touches.",
             'Some need an action that no check can derive from a file.',
             'Read the notes in the evidence before the upgrade.',
             '6 upgrade notes since 26.0.2 to read'),
    _error('config.entry-point-not-loaded',
           'An entry point of an own package cannot be loaded.',
           'Heat works without it, and logs an error: stacks that need the '
           'client, the constraint or the sink fail.',
           'Correct the package for the target, as the error describes.',
           'acme of heat.clients cannot be loaded'),
    _error('config.plugin-types-lost',
           'A plug-in provides fewer resource types with the target.',
           'Stacks with such a type cannot be loaded.',
           'Correct the plug-in for the target.',
           'plug-in my_alarm.py no longer provides My::Alarm'),
    _error('config.plugin-type-changed',
           'A type of a plug-in changes with the class that it extends.',
           'Templates that use these parts are refused; a placeholder creates '
           'nothing, and its stack is complete.',
           'Base the plug-in on another class, or copy the lost parts into '
           'it.',
           'My::Alarm of plug-in my_alarm.py loses property name'),
    _warning('config.plugin-never-loaded',
             'Neither release can import a plug-in of plugin_dirs.',
             'heat-engine starts with neither release.',
             'Correct the plug-in, or take it out of plugin_dirs.',
             'plug-in my_alarm.py can be loaded by neither release'),
    _warning('config.plugin-not-checked',
             'A plug-in needs a module that is not part of Heat.',
             'Nothing is known about that plug-in.',
             'Import it in the environment in which the target will run.',
             'plug-in my_alarm.py needs acme, which is not here'),
    _error('config.paste-not-read', 'The target cannot read api-paste.ini.',
           'The API does not start.',
           'Compare it with the api-paste.ini of the target.',
           'api-paste.ini cannot be read'),
    _error('config.paste-not-loaded',
           'The target cannot load a factory that api-paste.ini names.',
           'The API does not start.',
           'Take the api-paste.ini of the target and put your changes into '
           'it.', 'api-paste.ini: heat.api.middleware:fault cannot be loaded'),
    _error('config.engine-file-not-parsed',
           'The engine of the target cannot parse a file of environment_dir '
           'or template_dir.',
           'The engine ignores the file, and reports it in its log only.',
           'Correct the file as the error describes.',
           'default.yaml cannot be parsed by the engine'),
    _error('config.engine-type-gone',
           'A file of the engine maps to a type that is gone.',
           'Stacks that use the mapping cannot be created or updated.',
           'Map to another type, or remove the mapping.',
           'OS::Old::Thing is gone, but engine files use it'),
    _error('config.engine-type-hidden',
           'A file of the engine maps to a type that is now hidden.',
           'Stacks that use it meet a placeholder: Heat creates nothing, '
           'and reports them complete.',
           'Map to another type, or remove the mapping.',
           'OS::Old::Thing is hidden, but engine files use it'),
    _warning('config.engine-type-unknown',
             'A file of the engine maps to a type that neither release has.',
             'Nothing new: it is as wrong on the base.',
             'If it belongs to a plugin of your own, try it with the target.',
             'My::Own::Thing is unknown, but engine files use it'),
    _policy('config.policy-file-json', 'A policy file is in JSON.',
            'Nothing yet: oslo.policy deprecates JSON.', _CONVERT,
            'the policy file policy.json is in JSON'),
    _policy('config.policy-json-not-read',
            'policy.json is no longer read in place of policy.yaml.',
            'All rules in it are silently ignored: users that they deny get '
            'access.', _CONVERT,
            'policy.json is no longer read in place of policy.yaml'),
    _policy('config.policy-rule-deprecated',
            'A rule of your policy is now deprecated.',
            'Nothing yet: a later release does not check it.',
            'Plan its removal; this upgrade needs no action.',
            'policy rule stacks:old is deprecated for removal'),
    _policy('config.policy-rule-renamed', 'A rule of your policy is renamed.',
            'Nothing yet: the target still reads the old name.',
            'Write the new name.',
            'policy rule stacks:old is renamed to stacks:new'),
    _policy('config.policy-rule-gone',
            'The target never checks a rule of your policy.',
            'The default of its replacement applies silently: it may allow '
            'users that the rule denied.',
            'Remove it, and find the rule that decides now: '
            'oslopolicy-list-redundant --namespace heat.',
            'policy rule stacks:old is removed',
            severity=model.Severity.ERROR),
    _policy('config.policy-rule-unknown',
            'Neither release checks a rule of your policy.',
            'The rule is silently ignored.',
            'Correct its name, or remove it.',
            'policy rule stacks:oold is known to neither release'),
    _policy('config.policy-rule-not-parsed',
            'The target cannot parse a rule of your policy.',
            'The rule refuses every user.', 'Correct the rule.',
            'policy rule stacks:show cannot be parsed',
            severity=model.Severity.ERROR),
)
