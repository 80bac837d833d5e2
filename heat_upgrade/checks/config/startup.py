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

"""The services' own set-up code, run by both releases on operators' files.

A value may be valid by itself, and the service still does not work: in Heat
27 heat-api-cfn signs its requests with [ec2authtoken] alone.
"""

from collections import abc
import dataclasses
import pathlib
import typing

from heat_upgrade.checks import check_context
from heat_upgrade.checks.config import config_files
from heat_upgrade.checks.config import deprecations
from heat_upgrade.checks.config import referenced_files
from heat_upgrade.checks import introspection
from heat_upgrade.results import findings as results

PROGRAM = 'config_startup'
EC2 = 'ec2authtoken'
AUTHTOKEN = 'keystone_authtoken'

# Sections that heat-api-cfn needs to reach Keystone.
_WITH_CFN = (EC2, AUTHTOKEN, 'clients_keystone')

# The answer of the program: {step: {error, kind, facts}}.
Answer = dict[str, dict[str, typing.Any]]

# Exceptions of a library or a file that is not on this machine, and of a name
# that is not resolved here. If the base raises the same, nothing is known.
_NOT_HERE = ('ModuleNotFoundError', 'PluginNotFound', 'FileNotFoundError',
             'PermissionError', 'ConnectionRefusedError', 'gaierror')

# The messaging driver comes first in both.
_AFTER_MESSAGING = ('heat-api', 'heat-api-cfn')

# Login options that auth_section does not share between sections: they
# belong to the session and to the adapter (keystoneauth1.loading).
_NOT_SHARED = ('cafile', 'certfile', 'keyfile', 'insecure', 'timeout',
               'region_name', 'interface', 'valid_interfaces')

_LOGIN = ('auth_type = password', 'auth_url', 'username', 'password',
          'project_name', 'user_domain_name', 'project_domain_name')

_ROLE = ('The account needs the role that Keystone demands for /v3/ec2tokens: '
         'service or admin')

# The shortest value that is masked in an error. A shorter one would mask
# parts of words.
_SHORTEST = 4
# Names that the errors of Heat contain.
_PUBLIC = ('heat',)


@dataclasses.dataclass(frozen=True)
class Step:
    """A part of the set-up.

    :ivar sections: sections that configure it; none if a file does
    :ivar title: statement about the failure, for a finding
    :ivar impact: its consequence
    :ivar remedy: the operator's action
    :ivar serious_on_both: whether a failure on both releases is an error: the
        services may run today without this part
    """

    sections: tuple[str, ...]
    title: str
    impact: str
    remedy: str
    serious_on_both: bool = True


_LINES = ('correct the lines of {sections} that the error names, and check '
          'again')

STEPS = {
    'logging': Step(
        (), 'the logging configuration cannot be loaded',
        'Neither the APIs nor heat-engine start.',
        'correct the file of [DEFAULT] log_config_append: name classes that '
        'exist, or use the options of [DEFAULT]', serious_on_both=False),
    'database': Step(
        ('database',), 'the driver of the database cannot be loaded',
        'Neither heat-manage db_sync nor heat-engine work.',
        'name a driver that is installed in [database] connection, such as '
        'mysql+pymysql:// or postgresql+psycopg2://'),
    'policy': Step(
        (), 'the policy file has rules that refer to no rule',
        'Calls that these rules decide are refused for every user.',
        'correct the references in the rules that the error names, and check '
        'again', serious_on_both=False),
    'encryption': Step(
        ('DEFAULT',), 'the set-up of heat-engine fails',
        'heat-engine does not start.', _LINES),
    'messaging': Step(
        ('DEFAULT', 'oslo_messaging_notifications', 'oslo_messaging_rabbit'),
        'the messaging driver cannot be loaded',
        'Neither the APIs nor heat-engine start.', _LINES),
    'queues': Step(
        ('DEFAULT', 'oslo_messaging_rabbit'),
        'the queues of RabbitMQ cannot be made',
        'The services of Heat get no messages: every call times out.',
        'keep one type of queue in [oslo_messaging_rabbit]: with '
        'rabbit_quorum_queue, set rabbit_ha_queues = false; '
        'rabbit_stream_fanout needs rabbit_transient_quorum_queue = true and '
        'a rabbit_qos_prefetch_count above 0; use_queue_manager needs '
        '[oslo_concurrency] lock_path; ssl_version is TLSv1_2, or not set'),
    'cache': Step(
        ('cache',), 'the cache cannot be set up',
        'heat-engine fails when it validates a property against a service.',
        _LINES),
    'clients': Step(
        ('clients',), 'a client plug-in cannot be loaded',
        'Operations on resources of that service fail.', _LINES),
    'trustee': Step(
        ('trustee',), '[trustee] cannot log in',
        'Each operation with a trust fails: creating a stack, and all '
        'deferred work, such as autoscaling.',
        'write auth_type, auth_url, username, password and user_domain_name '
        'of the service user into [trustee]'),
    'token_cache': Step(
        (AUTHTOKEN,), 'the cache of tokens cannot be set up',
        'Neither API starts.',
        'write memcache_secret_key into [keystone_authtoken], or remove '
        'memcache_security_strategy'),
    AUTHTOKEN: Step(
        (AUTHTOKEN,), '[keystone_authtoken] cannot log in',
        'Both APIs answer 503 to every request: they cannot validate tokens.',
        'write auth_type, auth_url, username, password, project_name, '
        'user_domain_name and project_domain_name into '
        '[keystone_authtoken]'),
    'stack_domain_admin': Step(
        ('DEFAULT',), '[DEFAULT] stack_domain_admin cannot log in',
        'Stacks with a server, a wait condition or a signal cannot be '
        'created.',
        'correct stack_domain_admin, stack_domain_admin_password, '
        'stack_user_domain_id and [clients_keystone] auth_uri'),
    'heat-api': Step(
        ('paste_deploy',), 'heat-api cannot be built',
        'heat-api does not start.', _LINES, serious_on_both=False),
    'heat-api-cfn': Step(
        ('paste_deploy',), 'heat-api-cfn cannot be built',
        'heat-api-cfn does not start.', _LINES, serious_on_both=False),
}


def request(files: abc.Iterable[pathlib.Path],
            settings: abc.Iterable[config_files.Setting],
            referenced: referenced_files.Files) -> introspection.Request:
    """Return the request that runs the set-up in a release.

    :param referenced: the files that the settings refer to; without an
        api-paste.ini, the release takes its own
    """
    paths = [str(path) for path in files]
    return introspection.Request(PROGRAM, {
        'files': paths,
        'regions': sorted({setting.value for setting in settings
                           if setting.name.startswith('region_name')}),
        'paste': _path(referenced.paste),
        'policy': _path(referenced.policy),
        'policy_dirs': [str(path) for path in referenced.policy_dirs],
        'logging': _path(referenced.logging),
        'code': [str(path) for path in referenced.code],
    }, kept=False, about=', '.join(paths))


def _path(path: pathlib.Path | None) -> str | None:
    return str(path) if path else None


def findings(base: Answer, target: Answer,
             settings: abc.Sequence[config_files.Setting],
             history: deprecations.History,
             is_secret: abc.Callable[[config_files.Setting], bool],
             named: abc.Iterable[str] = ()) -> list[results.Finding]:
    """Return the findings of the set-up.

    A failure of the target alone is an error. A failure of both releases is
    an error in the files; it is reported if they configure that part.

    :param is_secret: returns whether the value of a setting must be hidden
    :param named: sections of the files, also those without a setting
    """
    hidden = sorted({setting.value for setting in settings
                     if is_secret(setting)
                     and len(setting.value) >= _SHORTEST
                     and setting.value not in _PUBLIC},
                    key=len, reverse=True)
    sections = {*named, *(setting.group for setting in settings)}
    result = _ec2(base[EC2], target[EC2], target[AUTHTOKEN], settings,
                  history, hidden)
    reported: set[str] = set()
    for name, step in STEPS.items():
        before, after = base[name], target[name]
        if not after['error'] or _is_not_known(before, after):
            continue
        # A later step fails with the error of an earlier one.
        if after['error'] in reported:
            continue
        if name in _AFTER_MESSAGING and target['messaging']['error']:
            continue
        if before['error'] and step.sections and not (
                sections.intersection(step.sections)):
            continue
        reported.add(after['error'])
        same = _is_same(before, after)
        make = (check_context.error if step.serious_on_both or not same
                else check_context.warning)
        result.append(make(
            'config.set-up-fails', name,
            step.title + (' on both releases' if same else ''),
            '\n'.join(_lines(before, after, history, hidden)),
            own_files=True, impact=step.impact,
            remedy=_remedy(step, before, after, history)))
    return result


def _is_not_known(before: dict[str, typing.Any],
                  after: dict[str, typing.Any]) -> bool:
    """Return True if a failure of the target may be this machine's.

    A module of an installed package is missing everywhere.
    """
    return (after['kind'] in _NOT_HERE and before['kind'] in _NOT_HERE
            and before['missing'] == after['missing']
            and '.' not in (after['missing'] or ''))


def _is_same(before: dict[str, typing.Any],
             after: dict[str, typing.Any]) -> bool:
    """Return True if both releases fail, and not for want of two modules."""
    return bool(before['error']) and before['missing'] == after['missing']


def _remedy(step: Step, before: dict[str, typing.Any],
            after: dict[str, typing.Any],
            history: deprecations.History) -> str:
    remedy = step.remedy.format(
        sections=', '.join(f'[{name}]' for name in step.sections))
    if not after['missing'] or _is_same(before, after):
        return remedy
    instead = (f' in place of {before["missing"]}' if before['missing']
               else '')
    return (f'install {after["missing"]} with {history.target_version}'
            f'{instead}, or {remedy}')


def _lines(before: dict[str, typing.Any], after: dict[str, typing.Any],
           history: deprecations.History, hidden: list[str]) -> list[str]:
    """Return the lines that show the outcome in each release."""
    lines = [f'{version}: {_masked(outcome["error"] or "works", hidden)}'
             for version, outcome in ((history.base_version, before),
                                      (history.target_version, after))]
    if _is_same(before, after) and before['kind'] == after['kind']:
        lines.append('It fails on both releases: the cause is in the files, '
                     'not in the upgrade')
    return lines


def _masked(text: str, hidden: list[str]) -> str:
    for value in hidden:
        text = text.replace(value, '***')
    return text


def _ec2(before: dict[str, typing.Any], after: dict[str, typing.Any],
         authtoken: dict[str, typing.Any],
         settings: abc.Sequence[config_files.Setting],
         history: deprecations.History,
         hidden: list[str]) -> list[results.Finding]:
    """Return the finding of requests that are signed with an EC2 key.

    Without credentials, Heat up to 26 calls Keystone without a login, which
    a Keystone with the fix of OSSA-2025-002 refuses. Heat 27 raises
    MissingAuthPlugin.
    """
    # A file without these sections is a part of a configuration.
    complete = any(setting.group in _WITH_CFN for setting in settings)
    lines = _lines(before, after, history, hidden)
    if after['error'] and _is_not_known(before, after):
        return []
    if after['error'] and (complete or not before['error']):
        return [check_context.error(
            'config.ec2-credentials-missing', f'[{EC2}]',
            f'[{EC2}] has no valid credentials: heat-api-cfn refuses every '
            'signed request', '\n'.join(lines), own_files=True,
            remedy=_credentials(authtoken, settings))]
    if not after['error'] and not after['facts']['authenticated']:
        return [check_context.warning(
            'config.ec2-unauthenticated', f'[{EC2}]',
            f'[{EC2}] has no credentials: heat-api-cfn validates signatures '
            'without a login',
            '\n'.join([*lines, f'{history.target_version}: sends /v3/ec2tokens'
                       ' without a token, and logs a warning']),
            own_files=True, remedy=_credentials(authtoken, settings))]
    return []


def _credentials(authtoken: dict[str, typing.Any],
                 settings: abc.Iterable[config_files.Setting]) -> str:
    """Return the lines that [ec2authtoken] needs."""
    if authtoken['error']:
        return (f'write {", ".join(_LOGIN)} of the service user into '
                f'[{EC2}]. {_ROLE}')
    more = sorted({setting.name for setting in settings
                   if setting.group == AUTHTOKEN
                   and setting.name in _NOT_SHARED})
    copied = (f', and copy {", ".join(more)} from [{AUTHTOKEN}]'
              .replace('interface', 'interface (as valid_interfaces)')
              if more else '')
    return (f'write auth_section = {AUTHTOKEN} into [{EC2}]{copied}. {_ROLE}')
