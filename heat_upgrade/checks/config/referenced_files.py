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

"""Checks the files that a configuration of Heat refers to.

These are api-paste.ini, policy files, and the engine's environments and
templates. As in Heat, a relative path starts at the configuration files.
"""

from collections import abc
import dataclasses
import pathlib
import typing

from heat_upgrade.checks import check_context
from heat_upgrade.checks.config import config_files as ini
from heat_upgrade.checks.config import deprecations
from heat_upgrade.checks.config import file_places
from heat_upgrade.checks.config import options
from heat_upgrade.checks.config import plugins
from heat_upgrade.checks.config import policies
from heat_upgrade.checks import introspection
from heat_upgrade import errors
from heat_upgrade.results import findings as results

PASTE = ('paste_deploy', 'api_paste_config')
POLICY_FILE = ('oslo_policy', 'policy_file')
POLICY_DIRS = ('oslo_policy', 'policy_dirs')
ENVIRONMENTS = ('DEFAULT', 'environment_dir')
TEMPLATES = ('DEFAULT', 'template_dir')
PLUGINS = ('DEFAULT', 'plugin_dirs')
LOGGING = ('DEFAULT', 'log_config_append')

# The values of options that are not set.
_DEFAULTS = {PASTE: 'api-paste.ini', POLICY_FILE: 'policy.yaml',
             POLICY_DIRS: 'policy.d', ENVIRONMENTS: 'environment.d',
             TEMPLATES: 'templates'}

# The answer of inspectors/config_engine_files for an unknown type.
_NO_TYPE = 'no type of this name'

_TEMPLATE_NAMES = ('.yaml', '.yml', '.template', '.json')

# The answer of a program in a release.
Answer = dict[str, typing.Any]


@dataclasses.dataclass(frozen=True)
class Files:
    """The existing files that a configuration refers to.

    :ivar paste: api-paste.ini, or None
    :ivar policy: the file of [oslo_policy] policy_file, or None; None if a
        policy file cannot be read
    :ivar policy_dirs: the directories of [oslo_policy] policy_dirs
    :ivar logging: the file of log_config_append, or None
    :ivar rules: the rules of all policy files
    :ivar policy_json: a policy.json that is read only if there is no
        policy.yaml, or None
    :ivar json: policy files in JSON
    :ivar plugins: directories of plug-ins
    :ivar code: directories that may have an operator's own packages
    :ivar missing: (option, value) of each missing file
    :ivar checked: (option, path) of each file or directory that was found
    :ivar refused: (path, error) of each policy file that cannot be read
    """

    paste: pathlib.Path | None = None
    policy: pathlib.Path | None = None
    policy_dirs: tuple[pathlib.Path, ...] = ()
    logging: pathlib.Path | None = None
    rules: tuple[policies.Rule, ...] = ()
    policy_json: pathlib.Path | None = None
    json: tuple[pathlib.Path, ...] = ()
    environments: tuple[pathlib.Path, ...] = ()
    templates: tuple[pathlib.Path, ...] = ()
    plugins: tuple[pathlib.Path, ...] = ()
    code: tuple[pathlib.Path, ...] = ()
    missing: tuple[tuple[str, str], ...] = ()
    checked: tuple[tuple[str, pathlib.Path], ...] = ()
    refused: tuple[tuple[pathlib.Path, str], ...] = ()


def files(settings: abc.Sequence[ini.Setting],
          config_files: abc.Iterable[pathlib.Path],
          roots: abc.Iterable[pathlib.Path] = ()) -> Files:
    """Return the files that a configuration refers to.

    :param roots: see :class:`file_places.Places`
    """
    directories = tuple(dict.fromkeys(path.parent for path in config_files))
    places = file_places.Places(directories, tuple(roots))
    missing: list[tuple[str, str]] = []
    checked: list[tuple[str, pathlib.Path]] = []

    def locate(key: options.Key, value: str,
               is_set: bool) -> pathlib.Path | None:
        if '$' in value:
            missing.append((options.named(key), value))
            return None
        found = places.find(value)
        if found:
            checked.append((options.named(key), found))
            return found
        if is_set:
            missing.append((options.named(key), value))
        return None

    def find_each(key: options.Key) -> list[pathlib.Path]:
        values = [setting.value for setting in settings if setting.key == key]
        found = [locate(key, value, bool(values))
                 for value in values or [_DEFAULTS[key]]]
        return [path for path in found if path is not None]

    def find(key: options.Key) -> pathlib.Path | None:
        values = [setting.value for setting in settings if setting.key == key]
        value = values[-1] if values else _DEFAULTS.get(key)
        return locate(key, value, bool(values)) if value else None

    paste = find(PASTE)
    policy = find(POLICY_FILE)
    policy_paths, policy_json = _policy_files(
        policy, any(setting.key == POLICY_FILE for setting in settings),
        directories)
    # oslo.policy reads every directory: policy_dirs is a MultiStrOpt.
    policy_dirs = find_each(POLICY_DIRS)
    for directory in policy_dirs:
        policy_paths += _in(directory)
    rules: list[policies.Rule] = []
    json: list[pathlib.Path] = []
    refused: list[tuple[pathlib.Path, str]] = []
    for path in policy_paths:
        try:
            of_file, in_json = policies.read([path])
        except errors.UsageError as exc:
            refused.append((path, str(exc)))
            continue
        rules += of_file
        json += in_json
    directories_of_plugins = [
        locate(PLUGINS, value.strip(), True)
        for setting in settings if setting.key == PLUGINS
        for value in setting.value.split(',') if value.strip()]
    return Files(
        paste=paste, policy=None if refused else policy,
        policy_dirs=() if refused else tuple(policy_dirs),
        logging=find(LOGGING), rules=tuple(rules), policy_json=policy_json,
        json=tuple(json), environments=_in(find(ENVIRONMENTS)),
        templates=_in(find(TEMPLATES), _TEMPLATE_NAMES),
        plugins=tuple(filter(None, directories_of_plugins)),
        code=(*directories, *file_places.packages(roots)),
        missing=tuple(missing), checked=tuple(checked),
        refused=tuple(refused))


def _policy_files(
    path: pathlib.Path | None,
    is_set: bool,
    directories: abc.Iterable[pathlib.Path],
) -> tuple[list[pathlib.Path], pathlib.Path | None]:
    """Return the policy file as a list, and policy.json if it is that file.

    :param path: the file of [oslo_policy] policy_file, None if it is missing
    :param is_set: whether that option is set
    """
    fallback = None
    if path is None and not is_set:
        fallback = next((directory / 'policy.json'
                         for directory in directories
                         if (directory / 'policy.json').is_file()), None)
    return [path] if path else [fallback] if fallback else [], fallback


def _in(directory: pathlib.Path | None,
        names: tuple[str, ...] = ('',)) -> tuple[pathlib.Path, ...]:
    """Return the files of a directory, as Heat lists them."""
    if directory is None or not directory.is_dir():
        return ()
    return tuple(sorted(path for path in directory.iterdir()
                        if path.is_file() and not path.name.startswith('.')
                        and path.name.endswith(names)))


def requests(referenced: Files) -> list[introspection.Request]:
    """Return the requests that let a release read the files."""
    result = []
    if referenced.paste:
        result.append(introspection.Request(
            'config_paste', paste_argument(referenced.paste, referenced.code),
            kept=False, about=str(referenced.paste)))
    if referenced.rules:
        result.append(introspection.Request(
            'config_policy',
            {rule.name: rule.text for rule in referenced.rules},
            kept=False, about=_paths(rule.path for rule in referenced.rules)))
    if referenced.environments or referenced.templates:
        result.append(introspection.Request('config_engine_files', {
            'environments': [str(path) for path in referenced.environments],
            'templates': [str(path) for path in referenced.templates]},
            kept=False, about=_paths((*referenced.environments,
                                      *referenced.templates))))
    if referenced.plugins:
        result.append(introspection.Request(
            'config_plugins', {
                'directories': [str(path) for path in referenced.plugins],
                'code': [str(path) for path in referenced.code]},
            kept=False, about=_paths(referenced.plugins)))
    if referenced.code:
        result.append(introspection.Request(
            'config_entry_points', [str(path) for path in referenced.code],
            kept=False, about=_paths(referenced.code)))
    return result


def paste_argument(path: pathlib.Path, code: abc.Iterable[pathlib.Path] = ()
                   ) -> dict[str, typing.Any]:
    """Return the argument of ``inspectors/config_paste``."""
    return {'path': str(path), 'code': [str(each) for each in code]}


def _paths(paths: abc.Iterable[pathlib.Path]) -> str:
    return ', '.join(dict.fromkeys(str(path) for path in paths))


def findings(referenced: Files,
             answers: abc.Sequence[dict[str, typing.Any]],
             history: deprecations.History) -> list[results.Finding]:
    """Return the findings of the files.

    :param answers: of the base and of the target, each {program: answer}
    """
    base, target = answers
    result = [_missing(*option) for option in referenced.missing]
    result += [check_context.error(
        'config.policy-file-not-read', path.name,
        f'the policy file {path.name} cannot be read', text, own_files=True)
        for path, text in referenced.refused]
    if referenced.plugins:
        result += plugins.findings(base['config_plugins'],
                                   target['config_plugins'], history)
    result += plugins.entry_points(base.get('config_entry_points', ()),
                                   target.get('config_entry_points', ()),
                                   history)
    if referenced.paste:
        result += paste(referenced.paste, base['config_paste'],
                        target['config_paste'], history)
    if referenced.rules:
        result += policies.findings(referenced, base['config_policy'],
                                    target['config_policy'], history)
    if referenced.environments or referenced.templates:
        result += _engine_files(base['config_engine_files'],
                                target['config_engine_files'], history)
    return result


def _missing(name: str, value: str) -> results.Finding:
    return check_context.warning(
        'config.file-not-here', name,
        f'{name} names a missing file: it was not checked',
        f'{name} = {value}', own_files=True)


def paste(path: pathlib.Path, base: Answer | None, target: Answer,
          history: deprecations.History) -> list[results.Finding]:
    """Return the findings of an api-paste.ini.

    :param base: answer of ``inspectors/config_paste`` in the base; None for
        the base's own file, which it can load
    :param target: the same in the target
    """
    if target['error']:
        return [_finding(base is None or not base['error'],
                         'config.paste-not-read', 'api-paste.ini',
                         'api-paste.ini cannot be read',
                         [f'File: {path}', f'{history.target_version}: '
                          f'{target["error"]}'], own_files=base is not None)]
    failed = {} if base is None else {
        (entry['section'], entry['key'], entry['value']): entry['error']
        for entry in base['entries'] if entry['error']}
    by_value: dict[str, list[Answer]] = {}
    for entry in target['entries']:
        if entry['error']:
            by_value.setdefault(entry['value'], []).append(entry)
    return [_paste_entry(path, value, entries, failed, history,
                         own_files=base is not None)
            for value, entries in by_value.items()]


# {package of a factory, of ``inspectors/config_paste``: remedy}
_PASTE_REMEDIES = {
    'own': 'correct your module for {target}, as the error describes',
    'release': 'take the api-paste.ini of {target} and apply your changes to '
               'it; with this one, the API does not start',
    None: 'if it is a module of your own, copy its package next to the '
          'configuration file, and check again; otherwise remove its section',
}


def _paste_entry(path: pathlib.Path, value: str, entries: list[Answer],
                 failed: dict[tuple[str, str, str], str],
                 history: deprecations.History, *,
                 own_files: bool) -> results.Finding:
    """Return the finding of a factory that the target cannot load.

    :param failed: {(section, key, value): error} in the base
    """
    first = entries[0]
    before = failed.get((first['section'], first['key'], value))
    lines = [f'File: {path}',
             *(f'[{entry["section"]}] {entry["key"]} = {value}'
               for entry in entries),
             f'{history.base_version}: {before or "loads it"}',
             f'{history.target_version}: {first["error"]}']
    used = any(entry['used'] for entry in entries)
    remedy = _PASTE_REMEDIES[first['package']].format(
        target=history.target_version)
    return _finding(not before and used, 'config.paste-not-loaded', value,
                    f'api-paste.ini: {value} cannot be loaded'
                    + ('' if used else ', and no pipeline uses it'), lines,
                    remedy if used else 'remove its section',
                    own_files=own_files)


def _engine_files(base: dict[str, Answer], target: dict[str, Answer],
                  history: deprecations.History) -> list[results.Finding]:
    """Return the findings of the engine's environments and templates.

    :param base: {path: answer} in the base
    :param target: the same in the target
    """
    result = []
    # {(type, problem, whether the base has the problem too): paths}
    problems: dict[tuple[str, str, bool], list[str]] = {}
    for path, after in target.items():
        before = base[path]
        if after['error']:
            result.append(_finding(
                not before['error'], 'config.engine-file-not-parsed',
                pathlib.Path(path).name,
                f'{pathlib.Path(path).name} cannot be parsed by the engine',
                [f'File: {path}',
                 f'{history.base_version}: '
                 f'{before["error"] or "parses it"}',
                 f'{history.target_version}: {after["error"]}'],
                'correct the file; the engine ignores it, with a message in '
                'its log only'))
        for name, problem in after['types'].items():
            if problem and problem != before['types'].get(name):
                problems.setdefault((name, problem, False), []).append(path)
            elif problem and problem == _NO_TYPE:
                problems.setdefault((name, problem, True), []).append(path)
    for (name, problem, in_both), paths in sorted(problems.items()):
        word = ('unknown' if in_both else 'gone' if problem == _NO_TYPE
                else 'hidden')
        result.append(_finding(
            not in_both, f'config.engine-type-{word}',
            name, f'{name} is {word}, but engine files use it',
            [*(f'File: {path}' for path in paths),
             f'{history.base_version}: '
             f'{problem if in_both else "has this type"}',
             f'{history.target_version}: {problem}'],
            'if it belongs to a plugin of your own, test it with '
            f'{history.target_version}' if in_both else
            'map to another type, or remove the mapping'))
    return result


def _finding(serious: bool, rule: str, subject: str, title: str,
             lines: abc.Iterable[str], remedy: str = '', *,
             own_files: bool = True) -> results.Finding:
    make = check_context.error if serious else check_context.warning
    return make(rule, subject, title, '\n'.join(lines), remedy=remedy,
                own_files=own_files)
