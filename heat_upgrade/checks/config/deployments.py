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

"""Differences between two configurations that users or stacks notice.

The old configuration runs on the base, the new one on the target. An option
that is not set has the default of its release.
"""

from collections import abc
import dataclasses
import pathlib
import re

from heat_upgrade.checks import check_context
from heat_upgrade.checks.config import config_files
from heat_upgrade.checks.config import deprecations
from heat_upgrade.checks.config import options
from heat_upgrade.checks.config import policies
from heat_upgrade.checks.config import redaction
from heat_upgrade.checks.config import referenced_files
from heat_upgrade.results import findings as results

RABBIT = 'oslo_messaging_rabbit'

# Limits of quantities; 0 and below mean no limit.
_LIMIT = re.compile(r'^max_|_limit$|^limit_|_quota$|_timeout$')
_LIMIT_SECTIONS = ('DEFAULT', 'yaql', 'oslo_middleware')

_SWITCH = {**dict.fromkeys(('true', '1', 'on', 'yes'), 'true'),
           **dict.fromkeys(('false', '0', 'off', 'no'), 'false')}


@dataclasses.dataclass(frozen=True)
class Meaning:
    """The consequence of another value.

    :ivar serious: whether it makes the upgrade unsafe
    """

    keys: tuple[options.Key, ...]
    impact: str
    remedy: str
    serious: bool = False


def _rabbit(*names: str) -> tuple[options.Key, ...]:
    return tuple((RABBIT, name) for name in names)


def _default(*names: str) -> tuple[options.Key, ...]:
    return tuple(('DEFAULT', name) for name in names)


_URLS = (('database', 'connection'), ('DEFAULT', 'transport_url'))

MEANINGS = (
    Meaning(
        _default('auth_encryption_key'),
        'Stored credentials and hidden parameters cannot be decrypted: '
        'existing stacks cannot be updated or deleted.',
        'keep the old key; to replace it, run heat-manage update_params '
        'decrypt with the old key, and encrypt with the new one',
        serious=True),
    Meaning(
        _rabbit('rabbit_quorum_queue', 'rabbit_transient_quorum_queue',
                'rabbit_stream_fanout', 'amqp_durable_queues',
                'amqp_auto_delete'),
        'RabbitMQ refuses to declare an existing queue with another type '
        '(PRECONDITION_FAILED): services of the target get no messages.',
        'keep the old value; or stop all services of Heat, delete its queues '
        'and exchanges, or give it a new virtual host, and then start the '
        'target', serious=True),
    Meaning(
        _rabbit('use_queue_manager', 'hostname', 'processname'),
        'Queues have other names: the old ones stay in the broker.',
        'delete the queues without consumers after the upgrade: rabbitmqctl '
        'list_queues name consumers'),
    Meaning(
        _default('stack_user_domain_id', 'stack_user_domain_name'),
        'Users of existing stacks are in the old domain: their signals and '
        'polls are refused, and they are not deleted with the stack.',
        'keep the old domain', serious=True),
    Meaning(
        _default('convergence_engine'),
        'New stacks run on the other engine; existing ones keep theirs.',
        'do nothing: Heat has both engines. Do not convert stacks: '
        'heat-manage migrate_convergence_1 fails '
        '(doc/source/findings/migrate-convergence.rst)'),
    Meaning(
        _default('deferred_auth_method', 'reauthentication_auth_method',
                 'trusts_delegated_roles', 'heat_stack_user_role'),
        'Existing stacks keep their trusts and users; new stacks differ.',
        'compare the roles of the users who own stacks'),
    Meaning(
        _default('heat_metadata_server_url', 'heat_waitcondition_server_url',
                 'default_software_config_transport',
                 'default_deployment_signal_transport',
                 'server_keystone_endpoint_type', 'region_name_for_services'),
        'Existing servers call the old address; new servers get the new one.',
        'serve the old address until the last such server is gone'),
    Meaning(
        _URLS,
        'The target connects to another place: it sees other stacks, or '
        'meets no service of the base.',
        'compare host, virtual host and name of the database'),
    Meaning(
        (('oslo_policy', 'enforce_scope'),
         ('oslo_policy', 'enforce_new_defaults'),
         ('oslo_policy', 'policy_default_rule')),
        'The API allows other users than before.',
        'run heat-upgrade check policy, and try the calls of each role'),
)


def findings(old: abc.Sequence[config_files.Setting],
             new: abc.Sequence[config_files.Setting],
             known: tuple[options.Options, options.Options],
             history: deprecations.History) -> list[results.Finding]:
    """Return the differences between two configurations.

    :param old: the settings that the base reads
    :param new: the settings that the target reads
    :param known: the options of the base and of the target
    """
    before, after = Values(old, known[0]), Values(new, known[1])
    result = []
    for meaning in MEANINGS:
        for key in meaning.keys:
            if (before.has(key) and after.has(key)
                    and _meant(key, before) != _meant(key, after)):
                result.append(_differs(meaning, key, before, after, history))
    for key in sorted({setting.key for setting in (*old, *new)}):
        if key[0] in _LIMIT_SECTIONS and _LIMIT.search(key[1]) and _lower(
                before.of(key), after.of(key)):
            result.append(_differs(_LOWER, key, before, after, history))
    return result


_LOWER = Meaning(
    (), 'Users and stacks above the new limit are refused.',
    'count the objects above the new limit before the upgrade')


class Values:
    """The values that a release reads from its settings."""

    def __init__(self, settings: abc.Sequence[config_files.Setting],
                 known: options.Options) -> None:
        self._known = known
        self._set = {setting.key: setting.value for setting in settings}

    def has(self, key: options.Key) -> bool:
        """Return True if an option is set or known to the release.

        A removed option that is not set has no value to compare.
        """
        return key in self._set or key in self._known

    def of(self, key: options.Key) -> str:
        """Return the value of an option in a comparable form."""
        option = self._known.get(key)
        for name in (key, *(option.old_names if option else ())):
            if name in self._set:
                return _comparable(self._set[name])
        default = option.default if option else None
        return '' if default is None else _comparable(
            ','.join(map(str, default)) if isinstance(default, list)
            else str(default))


def _meant(key: options.Key, values: Values) -> object:
    """Return the part of a value that has the meaning of its option."""
    value = values.of(key)
    return _place_of(value) if key in _URLS else value


def _place_of(url: str) -> tuple[str, frozenset[str], str]:
    """Return (kind, hosts, database or virtual host) of a URL.

    Accounts, drivers and options may differ for one place. The URL of
    RabbitMQ has several hosts, each with an account.
    """
    scheme, _, rest = url.partition('://')
    hosts, _, path = rest.partition('?')[0].rpartition('/')
    return (scheme.partition('+')[0],
            frozenset(host.rpartition('@')[2].strip()
                      for host in (hosts or path).split(',')),
            path if hosts else '')


def _comparable(value: str) -> str:
    text = ','.join(part.strip() for part in value.split(','))
    return _SWITCH.get(text.lower(), text)


def _lower(before: str, after: str) -> bool:
    """Return True if a limit is lower, or there was none before."""
    try:
        old, new = float(before), float(after)
    except ValueError:
        return False
    return new > 0 and (old <= 0 or new < old)


def _differs(meaning: Meaning, key: options.Key, before: Values,
             after: Values, history: deprecations.History
             ) -> results.Finding:
    make = check_context.error if meaning.serious else check_context.warning
    secret = redaction.is_secret(key[1])
    name = options.named(key)
    return make(
        'config.deployment-differs', name,
        f'{name} differs between the old and the new configuration',
        '\n'.join(
            f'{version}: {redaction.shown(value, secret) or "not set"}'
            for version, value in ((history.base_version, before.of(key)),
                                   (history.target_version, after.of(key)))),
        own_files=True, impact=meaning.impact, remedy=meaning.remedy)


def policy_findings(old: abc.Iterable[policies.Rule],
                    new: abc.Iterable[policies.Rule],
                    history: deprecations.History) -> list[results.Finding]:
    """Return the rules of policy files that differ."""
    before = {rule.name: rule.text for rule in old}
    after = {rule.name: rule.text for rule in new}
    return [check_context.warning(
        'config.deployment-differs', name,
        f'policy rule {name} differs between the old and the new '
        'configuration',
        f'{history.base_version}: {before.get(name, "the default")}\n'
        f'{history.target_version}: {after.get(name, "the default")}',
        own_files=True, impact='The API allows other users than before.',
        remedy='compare the two rules')
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)]


def file_findings(old_settings: abc.Iterable[config_files.Setting],
                  old: referenced_files.Files,
                  new_settings: abc.Iterable[config_files.Setting],
                  new: referenced_files.Files) -> list[results.Finding]:
    """Return the files for all stacks that the new configuration lacks.

    Directories that no option names, and those that are not here, are not
    judged: the configuration may have been copied without them.
    """
    result = []
    for option, word, before, after in (
            ('plugin_dirs', 'plug-ins', _modules(old), _modules(new)),
            ('environment_dir', 'environments', _names(old.environments),
             _names(new.environments)),
            ('template_dir', 'templates', _names(old.templates),
             _names(new.templates))):
        key = ('DEFAULT', option)
        lost = sorted(before - after)
        if lost and _sets(old_settings, key) and (
                after or not _sets(new_settings, key)):
            result.append(check_context.error(
                'config.deployment-differs', f'[DEFAULT] {option}',
                f'{len(lost)} {word} of the old configuration are not in the '
                'new one', '\n'.join(lost), own_files=True,
                impact='Stacks with their resource types cannot be loaded, '
                       'updated or deleted.',
                remedy=f'copy them, and set [DEFAULT] {option}'))
    return result


def _sets(settings: abc.Iterable[config_files.Setting],
          key: options.Key) -> bool:
    return any(setting.key == key for setting in settings)


def _modules(files: referenced_files.Files) -> set[str]:
    return {str(path.relative_to(directory)) for directory in files.plugins
            for path in directory.rglob('*.py')}


def _names(paths: abc.Iterable[pathlib.Path]) -> set[str]:
    return {path.name for path in paths}


def queue_manager(settings: abc.Sequence[config_files.Setting],
                  known: options.Options, commands: abc.Container[str],
                  history: deprecations.History) -> list[results.Finding]:
    """Return the finding of queues that two services share.

    oslo.messaging names queues by host and process. Under uWSGI both APIs
    have the process name uwsgi, under Apache apache2 or httpd.

    :param commands: the commands of the target
    """
    values = Values(settings, known)
    named = any(setting.group == RABBIT
                and setting.name in ('processname', 'hostname')
                for setting in settings)
    if (values.of((RABBIT, 'use_queue_manager')) != 'true' or named
            or 'heat-api' in commands):
        return []
    return [check_context.warning(
        'config.queues-shared', f'[{RABBIT}] use_queue_manager',
        'heat-api and heat-api-cfn share their reply queues under a WSGI '
        'server',
        f'[{RABBIT}] use_queue_manager = true, without processname\n'
        f'{history.target_version}: has no command heat-api; the process '
        'of each API is named after the WSGI server',
        own_files=True,
        remedy=f'write [{RABBIT}] processname = heat-api and processname = '
               'heat-api-cfn into a configuration file of each service')]
