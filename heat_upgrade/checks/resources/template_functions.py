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

"""Compares template versions, functions, keys, constraints and actions."""

from collections import abc

from heat_upgrade.checks.resources import model

# {list in the reading of a version: name of its members}; the name is also the
# kind of ``touches``.
LISTS = {'parameter_types': 'parameter type',
         'parameter_keys': 'parameter key',
         'parameter_constraints': 'parameter constraint',
         'sections': 'section', 'resource_keys': 'resource key',
         'output_keys': 'output key', 'deletion_policies': 'deletion policy'}

FUNCTIONS = {'functions': 'function',
             'condition_functions': 'condition function'}

# (word, name, implementation before, implementation after; None if gone)
_Change = tuple[str, str, str | None, str | None]


def differences(pair: model.Pair) -> list[model.Difference]:
    """Return the differences between the template languages."""
    return [*_versions(pair), *_pseudo_parameters(pair), *_constraints(pair),
            *_actions(pair)]


def _versions(pair: model.Pair) -> abc.Iterator[model.Difference]:
    """Yield the parts of versions that are removed or reimplemented."""
    changed: dict[_Change, list[str]] = {}
    for version, before in sorted(pair.base['templates'].items()):
        after = pair.target['templates'].get(version)
        if after is None:
            yield _gone(pair, 'resources.template-version-removed', version,
                        f'template version {version}', before['class'],
                        (model.VERSION, version))
            continue
        for change in (*_functions(before, after), *_lists(before, after)):
            changed.setdefault(change, []).append(version)
    for (word, name, was, now), versions in changed.items():
        touches = (model.ANY, *((word, version, name)
                                for version in versions))
        part = f'{word} {name} of {_some(versions)}'
        if now is None:
            yield _gone(pair, 'resources.function-removed'
                        if word in FUNCTIONS.values()
                        else 'resources.language-part-removed',
                        f'{word} {name}', part, ', '.join(versions), touches)
        # Otherwise only its name in the code has changed.
        elif was in pair.target['implementations']:
            yield model.Difference(
                'resources.function-changed', f'{word} {name}',
                f'{part} is another implementation',
                (f'in {", ".join(versions)}', *pair.values(was, now),
                 'as with LP 1623707'), touches)


def _functions(before: model.Reading,
               after: model.Reading) -> abc.Iterator[_Change]:
    """Yield the functions that are removed or reimplemented."""
    for section, word in FUNCTIONS.items():
        for name, was in before[section].items():
            now = after[section].get(name)
            if now != was:
                yield word, name, was, now


def _lists(before: model.Reading,
           after: model.Reading) -> abc.Iterator[_Change]:
    """Yield the names that are removed from a list."""
    for section, word in LISTS.items():
        for name in before.get(section, ()):
            if name not in after.get(section, ()):
                yield word, name, None, None


def _some(versions: list[str]) -> str:
    """Return versions in short; most have two names."""
    more = len(versions) - 1
    return versions[0] + (f' and {more} more' if more else '')


def _pseudo_parameters(pair: model.Pair) -> abc.Iterator[model.Difference]:
    for language, names in sorted(pair.base['pseudo_parameters'].items()):
        for name in names:
            if name not in pair.target['pseudo_parameters'].get(language, ()):
                yield _gone(pair, 'resources.pseudo-parameter-removed', name,
                            f'pseudo parameter {name}', language,
                            (model.PSEUDO, name))


def _constraints(pair: model.Pair) -> abc.Iterator[model.Difference]:
    """Yield the custom constraints that are removed."""
    for name, implementation in sorted(pair.base['constraints'].items()):
        if name in pair.target['constraints']:
            continue
        words = _constraint_announced(pair, name)
        yield model.Difference(
            'resources.constraint-removed' if words
            else 'resources.constraint-removed-unannounced', name,
            f'custom constraint {name} is gone' +
            (', as announced' if words else ' without a deprecation'),
            (*pair.values(implementation, 'not registered'),
             words or 'not announced: types that are not deprecated use it, '
             'or none does'),
            (model.CONSTRAINT, name))


def _constraint_announced(pair: model.Pair, name: str) -> str | None:
    """Return the announcements of the types that use a constraint.

    :returns: None if a type that uses it was not announced to go
    """
    announced = set()
    for type_name, each in pair.base['types'].items():
        if any(map(_user_of(name), each['properties'].values())):
            after = pair.target['types'].get(type_name)
            words = model.announced(each['status'], after and after['status'],
                                    pair.names)
            if words is None:
                return None
            announced.add(f'{type_name} uses it; {words}')
    return '; '.join(sorted(announced)) or None


def _user_of(name: str) -> abc.Callable[[model.Reading], bool]:
    def uses(schema: model.Reading) -> bool:
        return (['custom_constraint', name] in schema['constraints'] or
                any(map(uses, (schema['schema'] or {}).values())))
    return uses


def _actions(pair: model.Pair) -> abc.Iterator[model.Difference]:
    for owner in ('stack', 'resource'):
        for kind, word in (('actions', 'action'), ('statuses', 'status')):
            for name in pair.base[owner][kind]:
                if name not in pair.target[owner][kind]:
                    yield model.Difference(
                        'resources.action-removed', f'{owner} {name}',
                        f'{owner} {word} {name} is gone',
                        pair.values('known', 'not known'), model.STACKS)


def _gone(pair: model.Pair, rule: str, subject: str, part: str, where: str,
          touches: model.Touches) -> model.Difference:
    return model.Difference(
        rule, subject, f'{part} is gone', pair.values(where, 'not there'),
        touches)
