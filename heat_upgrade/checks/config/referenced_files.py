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

"""The files that a configuration of Heat refers to: what the target takes.

api-paste.ini, files of policy, of the engine's environment and templates. As
Heat does, a relative path is looked for beside the configuration files.
"""

import dataclasses
import pathlib

from heat_upgrade.checks import check_context
from heat_upgrade.checks.config import config_files as ini
from heat_upgrade.checks.config import policies
from heat_upgrade.checks import introspection

PASTE = ('paste_deploy', 'api_paste_config')
POLICY_FILE = ('oslo_policy', 'policy_file')
POLICY_DIRS = ('oslo_policy', 'policy_dirs')
ENVIRONMENTS = ('DEFAULT', 'environment_dir')
TEMPLATES = ('DEFAULT', 'template_dir')

# What each is called where nothing is set.
_DEFAULTS = {PASTE: 'api-paste.ini', POLICY_FILE: 'policy.yaml',
             POLICY_DIRS: 'policy.d', ENVIRONMENTS: 'environment.d',
             TEMPLATES: 'templates'}

# What programs/config_engine_files says of an unknown type.
_NO_TYPE = 'no type of this name'

_TEMPLATE_NAMES = ('.yaml', '.yml', '.template', '.json')


@dataclasses.dataclass(frozen=True)
class Files:
    """What is referred to and is there.

    :ivar paste: path of api-paste.ini, or None
    :ivar rules: list of :class:`policies.Rule`
    :ivar policy_json: path of a policy.json that is only read where there
        is no policy.yaml, or None
    :ivar json: paths of files of policy that are written as JSON
    :ivar environments: paths
    :ivar templates: paths
    :ivar missing: (name of the option, value) of what is not there
    """

    paste: pathlib.Path | None = None
    rules: tuple = ()
    policy_json: pathlib.Path | None = None
    json: tuple = ()
    environments: tuple = ()
    templates: tuple = ()
    missing: tuple = ()


def files(settings, config_files):
    """Return what the configuration refers to: :class:`Files`.

    :param settings: list of :class:`ini.Setting`
    :param config_files: paths of the configuration files
    :raises: :class:`heat_upgrade.errors.UsageError` for a file of policy
        that cannot be read
    """
    places = list(dict.fromkeys(path.parent for path in config_files))
    missing = []

    def find(key):
        setting = next((setting for setting in reversed(settings)
                        if setting.key == key), None)
        wanted = setting.value if setting else _DEFAULTS[key]
        if '$' in wanted:
            missing.append((f'[{key[0]}] {key[1]}', wanted))
            return None
        for place in places:
            if (place / wanted).exists():
                return (place / wanted).resolve()
        if setting:
            missing.append((f'[{key[0]}] {key[1]}', wanted))
        return None

    paste = find(PASTE)
    if paste:
        ini.read_text(paste, 'the api-paste file')
    policy_paths, policy_json = _policy_files(
        find, any(setting.key == POLICY_FILE for setting in settings), places)
    rules, json = policies.read(policy_paths)
    return Files(paste, rules, policy_json, json,
                 _in(find(ENVIRONMENTS)),
                 _in(find(TEMPLATES), _TEMPLATE_NAMES), tuple(missing))


def _policy_files(find, is_set, places):
    path = find(POLICY_FILE)
    fallback = None
    if path is None and not is_set:
        fallback = next((place / 'policy.json' for place in places
                         if (place / 'policy.json').is_file()), None)
    directory = find(POLICY_DIRS)
    found = [path] if path else [fallback] if fallback else []
    return [*found, *_in(directory)], fallback


def _in(directory, names=('',)):
    """Return the files of a directory, as Heat lists them."""
    if directory is None or not directory.is_dir():
        return ()
    return tuple(sorted(path for path in directory.iterdir()
                        if path.is_file() and not path.name.startswith('.')
                        and path.name.endswith(names)))


def requests(found):
    """Return the requests that let a release look at the files."""
    asked = []
    if found.paste:
        asked.append(introspection.Request('config_paste', str(found.paste),
                                           kept=False, about=str(found.paste)))
    if found.rules:
        asked.append(introspection.Request(
            'config_policy', {rule.name: rule.text for rule in found.rules},
            kept=False, about=_paths(rule.path for rule in found.rules)))
    if found.environments or found.templates:
        asked.append(introspection.Request('config_engine_files', {
            'environments': [str(path) for path in found.environments],
            'templates': [str(path) for path in found.templates]},
            kept=False, about=_paths((*found.environments,
                                      *found.templates))))
    return asked


def _paths(paths):
    return ', '.join(dict.fromkeys(str(path) for path in paths))


def findings(found, answers, history):
    """Return the findings of the files.

    :param found: :class:`Files`
    :param answers: (of the base, of the target), each {name of the program:
        what it said}
    :param history: :class:`history.History`
    """
    ours, theirs = answers
    result = [_missing(*item) for item in found.missing]
    if found.paste:
        result += paste(found.paste, ours['config_paste'],
                        theirs['config_paste'], history)
    if found.rules:
        result += policies.findings(found, ours['config_policy'],
                                    theirs['config_policy'], history)
    if found.environments or found.templates:
        result += _engine_files(ours['config_engine_files'],
                                theirs['config_engine_files'], history)
    return result


def _missing(name, value):
    return check_context.warning(
        'config.file-not-here', name,
        f'{name} names what is not here: it was not checked',
        f'{name} = {value}', own_files=True)


def paste(path, ours, theirs, history):
    """Return the findings of an api-paste.ini.

    :param path: of the file
    :param ours: what ``inspectors/config_paste`` of the base says of it; None
        for a file that the base itself brings, which it can load
    :param theirs: likewise, of the target
    :param history: :class:`history.History`
    """
    if theirs['error']:
        return [_told(ours is None or not ours['error'],
                      'config.paste-not-read', 'api-paste.ini',
                      'api-paste.ini cannot be read',
                      [f'File: {path}', f'{history.target_version}: '
                       f'{theirs["error"]}'], own_files=ours is not None)]
    failed = {} if ours is None else {
        (entry['section'], entry['key'], entry['value']): entry['error']
        for entry in ours['entries'] if entry['error']}
    by_value = {}
    for entry in theirs['entries']:
        if entry['error']:
            by_value.setdefault(entry['value'], []).append(entry)
    return [_paste_entry(path, value, entries, failed, history,
                         own_files=ours is not None)
            for value, entries in by_value.items()]


def _paste_entry(path, value, entries, failed, history, *, own_files):
    first = entries[0]
    before = failed.get((first['section'], first['key'], value))
    lines = [f'File: {path}',
             *(f'[{entry["section"]}] {entry["key"]} = {value}'
               for entry in entries),
             f'{history.base_version}: {before or "loads it"}',
             f'{history.target_version}: {first["error"]}']
    if before:
        remedy = ('if it is a module of your own, install it '
                  f'with {history.target_version} and try it there')
    else:
        remedy = (f'take the api-paste.ini of {history.target_version} and '
                  'put your changes into it; with this one the API does not '
                  'start')
    return _told(not before, 'config.paste-not-loaded', value,
                 f'api-paste.ini: {value} cannot be loaded', lines, remedy,
                 own_files=own_files)


def _engine_files(ours, theirs, history):
    """Return the findings of the engine's environments and templates."""
    result = []
    problems = {}
    for path, said in theirs.items():
        before = ours[path]
        if said['error']:
            result.append(_told(
                not before['error'], 'config.engine-file-not-parsed',
                pathlib.Path(path).name,
                f'{pathlib.Path(path).name} cannot be parsed by the engine',
                [f'File: {path}',
                 f'{history.base_version}: '
                 f'{before["error"] or "parses it"}',
                 f'{history.target_version}: {said["error"]}'],
                'mend it; the engine leaves such a file out, and says so in '
                'its log only'))
        for name, problem in said['types'].items():
            if problem and problem != before['types'].get(name):
                problems.setdefault((name, problem), []).append(path)
            elif problem and problem == _NO_TYPE:
                problems.setdefault((name, problem, 'too'), []).append(path)
    for (name, problem, *too), paths in sorted(problems.items()):
        word = ('unknown' if too else 'gone' if problem == _NO_TYPE
                else 'hidden')
        result.append(_told(
            not too and problem == _NO_TYPE, f'config.engine-type-{word}',
            name, f'{name} is named by files of the engine and {word}',
            [*(f'File: {path}' for path in paths),
             f'{history.base_version}: '
             f'{problem if too else "has this type"}',
             f'{history.target_version}: {problem}'],
            'if it is of a plugin of your own, try it with '
            f'{history.target_version}' if too else
            'map to another type, or remove the mapping'))
    return result


def _told(serious, rule, subject, title, lines, remedy='', *,
          own_files=True):
    tell = check_context.error if serious else check_context.warning
    return tell(rule, subject, title, '\n'.join(lines), remedy=remedy,
                own_files=own_files)
